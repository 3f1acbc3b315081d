import { hasNamelessError } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';

/** No other stage uses a stage, and it is not the last. */
export const unusedStage: LintRule = {
  name: 'UnusedStage',
  summary: 'Each stage is part of the last one, or is used by it.',
  why: 'A stage that nothing uses is not built, so nobody notices that it fails. It is right where the stage is a target of its own (`docker build --target test`), so the rule is off by default.',
  bad: ['FROM alpine:3.22 AS tools\nRUN make\n\nFROM alpine:3.22\nRUN id\n'],
  good: [
    'FROM alpine:3.22 AS tools\nRUN make\n\nFROM alpine:3.22\nCOPY --from=tools /a /a\n',
    'FROM alpine:3.22 AS a\nFROM a\n',
    'FROM alpine:3.22 AS a\nFROM alpine:3.22\nRUN --mount=from=a,target=/a id\n',
    'FROM alpine:3.22\nFROM alpine:3.22\nCOPY --from=0 /a /a\n',
  ],
  level: 'off',
  options: {
    targets: { type: 'strings', default: [], description: 'Names of stages that are built with --target.' },
  },
  *find(file, { targets }): Generator<Finding> {
    if (hasNamelessError(file)) return;
    const { stages, unclear, dockerfile } = file;
    const used = new Set((targets as readonly string[]).map((name) => name.toLowerCase()));
    for (const { range } of unclear)
      for (const word of dockerfile.source.text.slice(range.start, range.end).match(/[\w.-]+/g) ?? [])
        used.add(word.toLowerCase());
    for (const { base, instructions } of stages) {
      if (base.kind === 'stage') used.add(base.stage.syntax.name);
      for (const it of instructions) {
        if (it.kind === 'copy' && it.from !== '') used.add(it.from.toLowerCase());
        if (it.kind === 'run') for (const from of it.mountFroms) used.add(from.toLowerCase());
      }
    }
    for (const [index, { syntax, isLast }] of stages.entries()) {
      if (isLast || (syntax.name !== '' && used.has(syntax.name)) || used.has(String(index))) continue;
      yield {
        instruction: syntax.from,
        message: `no other stage uses ${syntax.name === '' ? 'this one' : syntax.name}, so it is not built by default`,
        hint: 'Remove it, or name it in the option targets of this rule if it is built with --target.',
      };
    }
  },
};
