/** Corrects misspelled names: instructions, flags, options of mounts, stages and images. */
import type { Diagnostic } from '../../diagnostic/diagnostic.ts';
import { lineColumn } from '../../diagnostic/source-file.ts';
import { toLower } from '../../go/unicode.ts';
import type { Dockerfile, Instruction } from '../../parser/ast.ts';
import { joinedKeyword } from '../../parser/keywords.ts';
import { sameLetters, shellLinesOf } from '../../parser/shell-lines.ts';
import { instructionOf } from '../instruction-at.ts';
import { onlyPlace, type Solution, textOf } from './edits.ts';

/** The keyword of an instruction, unless the line is rather text of a shell. */
export function correctKeyword(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  if (!instruction) return undefined;
  const { keyword, keywordRange } = instruction;
  const near = problem.facts?.meant;
  const same = sameLetters(keyword);
  const joined = same === undefined && near === undefined ? joinedKeyword(keyword) : undefined;
  if (joined !== undefined && /^[^A-Za-z]|^[a-z]/.test(keyword.slice(joined.length))) {
    const end = keywordRange.start + joined.length;
    const title = `Write ${joined} ${keyword.slice(joined.length)}`;
    return { title, edits: [{ range: { start: end, end }, text: ' ' }], safety: 'unsafe' };
  }
  const guess = same ?? near;
  const meant = guess !== undefined && keyword === toLower(keyword) ? toLower(guess) : guess;
  if (meant === undefined) return undefined;
  return { ...(meant !== near && { hint: `Write ${meant}.` }), ...correction(dockerfile, keywordRange, meant) };
}

/** The line of an instruction with an error that is rather text of a shell. */
export function explainShellLine(dockerfile: Dockerfile, problem: Diagnostic): string | undefined {
  if (problem.phase !== 'structure' && problem.phase !== 'instructions') return undefined;
  const instruction = instructionOf(dockerfile, problem);
  // The hint for an unknown word says more.
  if (!instruction || (problem.code === 'unknown-instruction' && problem.hint !== undefined)) return undefined;
  const { start } = instruction.range;
  const shellLines = shellLinesOf(dockerfile);
  return shellLines.has(start) ? explainShellText(dockerfile, instruction.keyword, shellLines.get(start)) : undefined;
}

/** A flag that lacks its equals sign: the next word is its value. */
export function writeFlagValue({ source }: Dockerfile, { range }: Diagnostic): Solution | undefined {
  if (!range || source.text.slice(range.start, range.end).includes('=')) return undefined;
  const [, blanks = '', value = ''] = /^([ \t]+)([^\s\\`"'[-]\S*)[ \t]+\S/.exec(source.text.slice(range.end)) ?? [];
  if (value === '') return undefined;
  return {
    title: `Write ${source.text.slice(range.start, range.end)}=${value}`,
    edits: [{ range: { start: range.end, end: range.end + blanks.length }, text: '=' }],
    safety: 'unsafe',
  };
}

function explainShellText({ escape: token }: Dockerfile, word: string, above: Instruction | undefined): string {
  if (!above) return `${word} looks like a command of a shell: only a RUN runs one, as in RUN ${word}.`;
  return `Line ${above.lines.end} may lack a ${token} at its end: ${word} looks like a part of the command above.`;
}

/** The name of a flag. */
export function correctFlag(
  dockerfile: Dockerfile,
  { facts: { name, meant } = {}, range }: Diagnostic,
): Solution | undefined {
  if (name === undefined || meant === undefined || !range) return undefined;
  const place = { start: range.start + 2, end: range.start + 2 + name.length };
  return textOf(dockerfile, place) === name ? correction(dockerfile, place, meant) : undefined;
}

/** A word of an instruction, such as the type of a mount. */
export function correctWord(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const { name, meant } = problem.facts ?? {};
  const instruction = instructionOf(dockerfile, problem);
  if (name === undefined || meant === undefined || !instruction) return undefined;
  const range = onlyPlace(dockerfile, instruction, name);
  return range && correction(dockerfile, range, meant);
}

/** A file with such a name cannot be built, so a correction cannot break it; it is safe if only one name is so near. */
function correction(dockerfile: Dockerfile, range: { start: number; end: number }, meant: string): Solution {
  const isSafe = isOneSlip(toLower(textOf(dockerfile, range)), toLower(meant));
  return { title: `Write ${meant}`, edits: [{ range, text: meant }], safety: isSafe ? 'safe' : 'unsafe' };
}

/** Whether one character is missing, too many or another, or two have changed places. */
function isOneSlip(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0];
}

/** The name of a stage, or of an image that everybody knows. */
export function correctImage(
  dockerfile: Dockerfile,
  { facts: { name, meant } = {}, range }: Diagnostic,
): Solution | undefined {
  if (name === undefined || meant === undefined || !range) return undefined;
  const index = textOf(dockerfile, range).indexOf(name);
  const own = dockerfile.stages.findLastIndex(({ from }) => from.range.start <= range.start);
  const stage = dockerfile.stages.slice(0, Math.max(0, own)).findLast((it) => it.name === meant);
  const bare = name.replace(/[:@].*$/, '');
  return {
    ...(stage && {
      related: [{ message: `the stage ${meant} begins here`, range: stage.from.as?.name.range ?? stage.from.range }],
    }),
    hint: stage
      ? `The stage ${meant} of line ${lineColumn(dockerfile.source, stage.from.range.start).line} exists: write ${meant}.`
      : `Write ${meant}, or check that the image exists.`,
    ...(index >= 0 && {
      title: `Write ${meant}`,
      edits: [{ range: { start: range.start + index, end: range.start + index + bare.length }, text: meant }],
      safety: 'unsafe',
      changes: `${meant} is used instead of the image ${name}`,
    }),
  };
}

/** A source that is missing in the context and begins with the name of a stage: `COPY builder/app /`. */
export function explainStagePath(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  if (instruction?.kind !== 'copy' || instruction.from !== '' || !problem.range) return undefined;
  const written = textOf(dockerfile, problem.range);
  const [, name, path] = /^\/?([\w.-]+)(?::\/?|\/|$)(.*)$/.exec(written) ?? [];
  const stage =
    name && dockerfile.stages.find((it) => it.name === toLower(name) && it.from.range.end < instruction.range.start);
  if (!stage || stage.instructions.includes(instruction)) return undefined;
  const { line } = lineColumn(dockerfile.source, stage.from.range.start);
  const { start } = problem.range;
  return {
    hint: `The context has no such file, and the stage ${stage.name} of line ${line} exists: did you mean --from=${stage.name} and the path /${path} in it?`,
    related: [{ message: `the stage ${stage.name} begins here`, range: stage.from.as?.name.range ?? stage.from.range }],
    ...(instruction.sources.length === 1 && {
      title: `Write --from=${stage.name} /${path}`,
      edits: [
        {
          range: { start: instruction.keywordRange.end, end: instruction.keywordRange.end },
          text: ` --from=${stage.name}`,
        },
        { range: { start, end: problem.range.end }, text: `/${path}` },
      ],
      safety: 'unsafe',
      changes: `the files come from the stage ${stage.name}`,
    }),
  };
}
