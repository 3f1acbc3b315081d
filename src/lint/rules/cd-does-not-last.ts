import type { Instruction } from '../../parser/ast.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellWord } from '../shell/command.ts';
import { declaredNames, inheritedInstructions } from '../stage-chain.ts';

/** A RUN ends with `cd`. */
export const cdDoesNotLast: LintRule = {
  name: 'CdDoesNotLast',
  summary: 'WORKDIR changes the directory for later instructions.',
  why: 'Each RUN has a shell of its own. A `cd` ends with it: the next instruction is where the last WORKDIR says, so a `cd` as the last command does nothing.',
  bad: [
    'FROM alpine:3.22\nRUN cd /srv\nRUN ls\n',
    'FROM alpine:3.22\nRUN mkdir /srv/app && cd /srv/app\n',
    'FROM alpine:3.22\nRUN cd ~/app\n',
    'FROM alpine:3.22\nRUN cd $HOME\n',
  ],
  good: [
    'FROM alpine:3.22\nWORKDIR /srv\nRUN ls\n',
    'FROM alpine:3.22\nRUN cd /srv && ls\n',
    'FROM alpine:3.22\nRUN ( cd /srv ) || true\n',
    'FROM alpine:3.22\nRUN cd /tmp && make && cd -\n',
  ],
  level: 'warning',
  fix: 'unsafe',
  hadolint: 'DL3003',
  *find({ stages }): Generator<Finding> {
    for (const stage of stages) {
      const { runs } = stage;
      for (const { instruction, script } of runs) {
        const last = script.commands.at(-1);
        if (!script.isValid || last?.name !== 'cd' || last.scopes.length > 0 || last.operator === '||') continue;
        const path = last.args.find(({ text }) => !/^-./.test(text));
        // Back to where the shell was before: that may be the last WORKDIR.
        if (path && /^["']?-["']?$/.test(path.text)) continue;
        const why = path ? notForWorkdir(path, inheritedInstructions(stage)) : undefined;
        const isAlone = script.commands.length === 1 && instruction.flags.length === 0 && last.args.length === 1;
        yield {
          instruction,
          range: last.range,
          message: `cd${path ? ` ${path.text}` : ''} ends with this RUN: the next instruction is in another directory`,
          hint: why ?? `Write WORKDIR ${path?.text ?? '/PATH'} instead.`,
          fix:
            isAlone && path?.value !== undefined && why === undefined
              ? {
                  title: `Write WORKDIR ${path.text}`,
                  edits: [{ range: instruction.range, text: `WORKDIR ${path.text}` }],
                  safety: 'unsafe',
                  changes: 'later instructions and containers are in that directory, which is made if it is missing',
                }
              : undefined,
        };
      }
    }
  },
};

/** What to write if WORKDIR means another directory by the path that `cd` gets; undefined if it means the same. */
function notForWorkdir({ text }: ShellWord, instructions: readonly Instruction[]): string | undefined {
  if (text.startsWith('~')) return 'Write WORKDIR and the whole path instead: it does not know ~.';
  if (/[`*?[]|\$\(/.test(text))
    return 'Write WORKDIR and the path itself instead: it runs no commands and has no patterns.';
  const names = new Set(declaredNames(instructions));
  const unknown = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name!).find((name) => !names.has(name));
  return unknown === undefined
    ? undefined
    : `Write WORKDIR and the path itself instead: it knows only the variables of ARG and ENV, not $${unknown}.`;
}
