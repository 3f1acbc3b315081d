/**
 * Finds text that is allowed but does not mean what it seems to mean. The reference has no rules for it:
 * `tsfront check` and the hints of errors report it, and the warnings of a build do not.
 */
import type { AdviceCode } from '../diagnostic/codes.ts';
import { type Diagnostic, type Fix, warningDiagnostic } from '../diagnostic/diagnostic.ts';
import { lineColumn, rangeLines, type SourceFile, type SourceRange } from '../diagnostic/source-file.ts';
import type { AddInstruction, CopyInstruction, Dockerfile, Instruction, SourceContent } from '../parser/ast.ts';
import { explainBrokenArray } from '../parser/hints/broken-array.ts';
import { otherEncoding } from '../parser/hints/encoding.ts';
import { instructionRange, nameCharacters } from '../parser/hints/explain-error.ts';
import { findOddCharacters, type Meaning, type OddCharacter } from '../parser/hints/odd-characters.ts';

/** Maximum number of reports: a file with more of them is not a Dockerfile. */
const maxFound = 1000;

/** The advice about a file, in order. Instructions with errors are skipped, because the errors have hints. */
export function findAdvice(dockerfile: Dockerfile): Diagnostic[] {
  const { source, instructions, diagnostics } = dockerfile;
  // The error has a hint about the encoding, and every letter would be odd.
  if (otherEncoding(source.text)) return [];
  const failing = new Set<number>();
  for (const { severity, range, lines } of diagnostics) {
    if (severity !== 'error') continue;
    if (range) failing.add(lineColumn(source, range.start).line);
    if (lines[0]) failing.add(lines[0].start);
  }
  const good = instructions.filter(({ lines }) => !failing.has(lines.start));
  const found = [
    ...good.flatMap((instruction) => oddCharacters(source, instruction)),
    ...reordering(source, instructions),
    ...good.flatMap((instruction) => oddArray(instruction)),
    ...good.flatMap((instruction) => oddOwner(instruction)),
    ...good.flatMap((instruction) => dividedHeredoc(instruction)),
    ...heredocLineEnds(dockerfile),
  ];
  return found.sort((a, b) => a.range!.start - b.range!.start).slice(0, maxFound);
}

function warning(code: AdviceCode, message: string, hint: string, range: SourceRange, source?: SourceFile): Diagnostic {
  const lines = source && rangeLines(source, range);
  return warningDiagnostic(code, message, { hint, range, lines: [lines] });
}

function oddCharacters(source: SourceFile, instruction: Instruction): Diagnostic[] {
  const { range, lines } = instruction;
  const head = instructionRange(source, instruction);
  const find = (start: number, end: number, meaning: Meaning) => findOddCharacters(source.text, start, end, meaning);
  const found = find(head.start, head.end, 'instruction');
  if (head.end < range.end) {
    const isScript = instruction.kind === 'run' || source.text.startsWith('#!', head.end);
    found.push(...find(head.end, range.end, isScript ? 'script' : 'text'));
  }
  return reportCharacters(source, found, lines);
}

function reportCharacters(
  source: SourceFile,
  found: readonly OddCharacter[],
  lines?: Instruction['lines'],
): Diagnostic[] {
  return (['byte', 'hidden', 'visible'] as const).flatMap((kind): Diagnostic[] => {
    const characters = found.filter((it) => kindOf(it) === kind);
    const [first] = characters;
    if (!first) return [];
    const isOne = characters.length === 1;
    const hidden = kind !== 'visible';
    const fix = plainCharacters(characters, hidden);
    const message =
      kind === 'byte'
        ? isOne
          ? 'a byte that is not UTF-8'
          : `${characters.length} bytes that are not UTF-8`
        : hidden
          ? `${isOne ? 'a character' : `${characters.length} characters`} that cannot be seen`
          : `${isOne ? 'a character that looks like another one, and is' : `${characters.length} characters that look like others, and are`} not the same to a program`;
    return [
      warningDiagnostic(hidden ? 'HiddenCharacter' : 'TypographicCharacter', message, {
        hint: nameCharacters(source, characters),
        range: { start: first.at, end: first.at + 1 },
        lines: [lines],
        ...(fix && { fix }),
      }),
    ];
  });
}

const kindOf = ({ hidden, name }: OddCharacter) => (name.startsWith('byte ') ? 'byte' : hidden ? 'hidden' : 'visible');

/** Removes hidden characters, or writes those that are meant, if all are known. */
function plainCharacters(characters: readonly OddCharacter[], hidden: boolean): Fix | undefined {
  const edits = characters.flatMap(({ at, code, plain }) =>
    plain === undefined ? [] : [{ range: { start: at, end: at + (code > 0xffff ? 2 : 1) }, text: plain }],
  );
  if (edits.length < characters.length) return undefined;
  return hidden
    ? {
        title: edits.length === 1 ? 'Remove the character' : 'Remove the characters',
        edits,
        safety: 'safe',
        changes: 'what cannot be seen is no longer part of the text',
      }
    : {
        title: edits.length === 1 ? 'Write the plain character' : 'Write the plain characters',
        edits,
        safety: 'unsafe',
        changes: 'quotes quote, and options begin with a hyphen',
      };
}

/** Characters that reorder text: also in a comment they can hide what runs. */
function reordering(source: SourceFile, instructions: readonly Instruction[]): Diagnostic[] {
  let next = 0; // both are in the order of the file
  const outside = findOddCharacters(source.text, 0, source.text.length, 'text').filter(({ at }) => {
    while (next < instructions.length && instructions[next]!.range.end <= at) next++;
    return !(next < instructions.length && at >= instructions[next]!.range.start);
  });
  const [first] = outside;
  if (!first) return [];
  const { line } = lineColumn(source, first.at);
  return reportCharacters(source, outside, { start: line, end: line });
}

const shellForms: ReadonlySet<string> = new Set(['run', 'cmd', 'entrypoint']);
const wordForms: ReadonlySet<string> = new Set(['copy', 'add', 'volume']);
const withoutArray: ReadonlySet<string> = new Set(['workdir', 'user', 'stopsignal', 'expose', 'from']);

function oddArray({ code, range, lines }: Instruction): Diagnostic[] {
  let text = code.replace(/^ONBUILD\s+/i, '');
  const trigger = text === code ? '' : 'ONBUILD ';
  const name = /^\S+/.exec(text)![0].toLowerCase();
  text = text.slice(name.length).replace(/^(?:\s+--\w\S*)*\s+/, '');
  const isCheck = name === 'healthcheck';
  if (isCheck) text = text.replace(/^CMD\s+/i, '');
  if (!/^[["({]/.test(text)) return [];
  const array = tryParseArray(text);
  const written = trigger + (isCheck ? 'HEALTHCHECK CMD' : name.toUpperCase());
  const at = { start: range.start, end: Math.min(range.end, range.start + code.length) };
  const report = (message: string, meant: string | undefined, otherwise: string) => {
    const hint = meant === undefined ? otherwise : `Write ${written} ${meant}.`;
    return [{ ...warning('BrokenArray', message, hint, at), facts: { meant }, lines: [lines] }];
  };
  if (withoutArray.has(name)) {
    if (!text.startsWith('[')) return [];
    const words = array ?? (/^\[\s*["']/.test(text) ? undefined : []);
    if (words?.length === 0) return [];
    return report(
      `${written} does not take an array: brackets and quotes are read as plain text`,
      words?.join(' '),
      `Write ${written} with plain words.`,
    );
  }
  const isShell = isCheck || shellForms.has(name);
  if (array || (!isShell && !wordForms.has(name))) return [];
  const broken = explainBrokenArray(text, name !== 'copy' && name !== 'add');
  if (!broken) return [];
  const taken = isShell ? 'a shell runs it as written' : 'its words are read as plain text';
  return report(
    `this is not a JSON array, so ${taken}: ${broken.what}`,
    broken.repaired,
    'Write an array of strings in double quotes, with nothing after it, or a shell command without brackets.',
  );
}

function tryParseArray(text: string): string[] | undefined {
  try {
    return JSON.parse(text) as string[];
  } catch {
    return undefined;
  }
}

/** COPY and ADD divide their words at blanks, even where a here-document seems to begin. */
function dividedHeredoc(instruction: Instruction): Diagnostic[] {
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return [];
  const [mark, name] = instruction.sources.flatMap((word, at, all) =>
    /^<<-?$/.test(word.text) ? [word, all[at + 1]] : [],
  );
  if (!mark) return [];
  const message = `${mark.text} is read as the name of a file, because a blank follows it`;
  const hint = `Write ${mark.text}${name?.text ?? 'EOF'}.`;
  return [{ ...warning('DividedHeredoc', message, hint, mark.range), lines: [instruction.lines] }];
}

/** Owners that later versions of the reference refuse or read differently (docs/compatibility.md). */
function oddOwner(instruction: Instruction): Diagnostic[] {
  if ((instruction.kind !== 'copy' && instruction.kind !== 'add') || instruction.chown.includes('$')) return [];
  const { chown, chmod, link, lines, flags, range } = instruction;
  const at = flags.find(({ name }) => name === 'chown')?.range ?? range;
  const report = (code: AdviceCode, message: string, hint: string) => [
    { ...warning(code, message, hint, at), lines: [lines] },
  ];
  const [user = '', ...rest] = chown.split(':');
  const group = rest.length > 0 ? rest.join(':') : undefined;
  const isName = (text: string | undefined) =>
    text !== undefined && text !== '' && text !== 'root' && !/^[-+]?\d+$/.test(text);
  // With --chmod, --link has no effect.
  if (link && chmod === '' && (isName(user) || isName(group)))
    return report(
      'LinkedOwner',
      `--chown=${chown} names a user of the image, and --link does not see those (the build fails with "invalid user index: -1", and Dockerfile 1.28 refuses it)`,
      'Write numbers, as in --chown=1000:1000, or remove --link.',
    );
  if (group === '' && user !== '')
    return report(
      'EmptyGroup',
      `--chown=${chown} gives the files to the group root, and from Dockerfile 1.28 on to the group of the user`,
      `Write --chown=${user}${isName(user) ? ' for the group of the user' : `:${user}`}, or --chown=${user}:root.`,
    );
  return [];
}

/** Here-documents whose lines end with CR LF: a shell reads the CR as a part of the last word. */
function heredocLineEnds({ source, stages }: Dockerfile): Diagnostic[] {
  return stages.flatMap(({ instructions }) => {
    let isWindows = false;
    return instructions.flatMap((instruction): Diagnostic[] => {
      if (instruction.kind === 'shell') isWindows = /cmd|powershell|pwsh/i.test(instruction.shell[0] ?? '');
      if (isWindows) return [];
      if (instruction.kind === 'run')
        return instruction.heredocs
          .filter(({ content }) => content.includes('\r\n'))
          .slice(0, 1)
          .map(({ contentRange: { start } }) =>
            warning(
              'CarriageReturn',
              `the lines of this here-document ${crlfTrouble}`,
              crlfAdvice(source.filename),
              { start, end: start },
              source,
            ),
          );
      if (instruction.kind !== 'copy' && instruction.kind !== 'add') return [];
      return instruction.contents
        .filter((content) => isCrlfScript(content, instruction))
        .map((content) =>
          warning(
            'CarriageReturn',
            `the lines of ${targetOf(content, instruction)} ${crlfTrouble}`,
            crlfAdvice(source.filename),
            instruction.range,
            source,
          ),
        );
    });
  });
}

/** Whether an inline file is a script (by its first line or its name) whose lines end with CR LF. */
export function isCrlfScript(content: SourceContent, instruction: CopyInstruction | AddInstruction): boolean {
  return (
    content.data.includes('\r\n') && (content.data.startsWith('#!') || isShellScript(targetOf(content, instruction)))
  );
}

/** Whether a file has the name of a shell script. */
export function isShellScript(name: string): boolean {
  return /\.(?:ba|da|k|z)?sh$/.test(name);
}

/** The file that a here-document becomes: the destination, or a file in it with the name of the here-document. */
function targetOf({ path }: SourceContent, instruction: CopyInstruction | AddInstruction): string {
  const { sources, contents, dest } = instruction;
  return /(?:^|\/)\.?$/.test(dest.text) || sources.length + contents.length > 1 ? path : dest.text;
}

/** The effect of CR LF line endings in a script. */
export const crlfTrouble =
  'end with CR LF, and Linux reads the CR as a part of the last word: the container reports "not found" or "no such file or directory" although the file is there';

/** The hint for a script with CR LF line endings. */
export function crlfAdvice(file: string): string {
  return `Save it with LF line endings: dos2unix ${file}, and a line "${file} text eol=lf" in .gitattributes, so that git keeps them.`;
}
