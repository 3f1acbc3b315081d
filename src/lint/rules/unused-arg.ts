import type { ArgDefinition, ArgInstruction } from '../../parser/ast.ts';
import { hasNamelessError, type LintFile } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';

/** An ARG before the first FROM is used nowhere. */
export const unusedArg: LintRule = {
  name: 'UnusedArg',
  summary: 'An ARG before FROM is used by a FROM, or repeated in a stage.',
  why: 'An ARG before the first FROM is known to FROM instructions only, and to a stage that repeats it without a value. If none does, the argument does nothing: the value of `--build-arg` is ignored without a word, and `$NAME` in a stage is empty.',
  bad: ['ARG VERSION=1.2\nFROM alpine:3.22\nRUN echo $VERSION\n'],
  good: [
    'ARG VERSION=3.22\nFROM alpine:$VERSION\n',
    'ARG VERSION=1.2\nFROM alpine:3.22\nARG VERSION\nRUN echo $VERSION\n',
    'ARG A=3\nARG B=$A.22\nFROM alpine:$B\n',
    'ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nARG SOURCE_DATE_EPOCH\nFROM alpine:3.22\n',
  ],
  level: 'warning',
  *find(file): Generator<Finding> {
    const { dockerfile } = file;
    if (hasNamelessError(file)) return;
    const used = usedNames(file);
    for (const instruction of dockerfile.metaArgs) {
      for (const arg of instruction.args) {
        if (used.has(arg.key) || /^(?:BUILDKIT_|SOURCE_DATE_EPOCH$)/.test(arg.key)) continue;
        yield report(instruction, arg);
      }
    }
  },
};

function report(instruction: ArgInstruction, { key, range }: ArgDefinition): Finding {
  return {
    instruction,
    range,
    message: `no FROM uses ${key}, and no stage repeats it, so its value is never read`,
    hint: `Repeat ARG ${key} in the stage that needs it, or remove it.`,
  };
}

function usedNames({ dockerfile, unclear }: LintFile): ReadonlySet<string> {
  const { metaArgs, stages, instructions, source } = dockerfile;
  const used = new Set<string>();
  const before = new Set<unknown>(metaArgs);
  const use = (text: string | undefined): void => {
    for (const [, name] of (text ?? '').matchAll(/\$\{?(\w+)/g)) used.add(name!);
  };
  for (const { args } of metaArgs) for (const { value } of args) use(value);
  for (const { from } of stages) for (const text of [from.image.text, from.platform]) use(text);
  for (const { range } of unclear)
    for (const name of source.text.slice(range.start, range.end).match(/\w+/g) ?? []) used.add(name);
  for (const it of instructions) {
    if (it.kind === 'arg' && !before.has(it)) for (const { key } of it.args) used.add(key);
  }
  return used;
}
