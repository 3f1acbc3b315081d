/** Writes `ENV key value` as `ENV key=value`. */
import type { Diagnostic, Edit } from '../../diagnostic/diagnostic.ts';
import type { Dockerfile, EnvInstruction, LabelInstruction } from '../../parser/ast.ts';
import { parseDockerfile } from '../../parser/parse.ts';
import { createShellLex, type Env } from '../../parser/words.ts';
import { instructionOf } from '../instruction-at.ts';
import { headOf, type Solution, textOf } from './edits.ts';

/** Writes an equals sign, and quotes or escapes blanks, if the value then stays the same. */
export function writeEquals(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  if (instruction?.kind !== 'env' && instruction?.kind !== 'label') return undefined;
  const [pair, ...others] = instruction.pairs;
  if (!pair?.noDelim || others.length > 0) return undefined;
  const { start, end } = pair.range;
  const written = textOf(dockerfile, pair.range);
  const [gap] = /^\s+/.exec(written.slice(pair.key.length)) ?? [];
  if (!written.startsWith(pair.key) || gap === undefined) return undefined;
  const value = written.slice(pair.key.length + gap.length);
  const gapRange = { start: start + pair.key.length, end: start + pair.key.length + gap.length };
  const quoted: Edit[] = [
    { range: gapRange, text: '="' },
    { range: { start: end, end }, text: '"' },
  ];
  const blanks = bareBlanks(value, dockerfile.escape).map((index): Edit => {
    const at = gapRange.end + index;
    return { range: { start: at, end: at }, text: dockerfile.escape };
  });
  const ways: Edit[][] = [[{ range: gapRange, text: '=' }], quoted, [{ range: gapRange, text: '=' }, ...blanks]];
  const edits = ways.find((it) => meansTheSame(dockerfile, instruction, it));
  return edits && { title: `Write ${instruction.keyword} ${pair.key}=…`, edits, safety: 'safe' };
}

/** Offsets of the blanks outside of quotes. */
function bareBlanks(text: string, escapeToken: string): number[] {
  const found: number[] = [];
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === escapeToken && quote !== "'") at++;
    else if (character === quote) quote = '';
    else if (quote !== '') continue;
    else if (character === '"' || character === "'") quote = character;
    else if (character === ' ' || character === '\t') found.push(at);
  }
  return found;
}

/** Whether an instruction has the same name and value after the edits, whatever its variables are. */
function meansTheSame(
  dockerfile: Dockerfile,
  instruction: EnvInstruction | LabelInstruction,
  edits: readonly Edit[],
): boolean {
  const { at, text } = headOf(dockerfile, instruction);
  const directive = dockerfile.escape === '\\' ? '' : `# escape=${dockerfile.escape}\n`;
  const stage = parseDockerfile(`${directive}FROM scratch\n${applied(text, at, edits)}\n`);
  const [before] = instruction.pairs;
  const [changed, ...rest] = stage.stages[0]?.instructions ?? [];
  if (stage.diagnostics.length > 0 || rest.length > 0 || changed?.kind !== instruction.kind) return false;
  const [after, ...more] = (changed as EnvInstruction).pairs;
  if (!after || more.length > 0 || after.noDelim || after.key !== before!.key) return false;
  return environments.every(
    (env) => expanded(before!.value, env, dockerfile) === expanded(after.value, env, dockerfile),
  );
}

/** In a value that ends with an escape or has a quote, variables show what is quoted. */
const environments: readonly Env[] = [
  { get: () => undefined, keys: () => [] },
  { get: (name) => `<${name}>`, keys: () => [] },
  { get: () => ' a  "b\' ', keys: () => [] },
];

function expanded(value: string, env: Env, dockerfile: Dockerfile): string | undefined {
  try {
    return createShellLex({ escape: dockerfile.escape }).processWord(value, env).result;
  } catch {
    return undefined;
  }
}

function applied(text: string, offset: number, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const { range, text: added } of edits) {
    result += text.slice(at, range.start - offset) + added;
    at = range.end - offset;
  }
  return result + text.slice(at);
}
