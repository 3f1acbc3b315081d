/**
 * What is allowed and means something else than it looks like. These are no rules of the reference: they are told by
 * `tsfront check` and beside errors, never among the warnings of a build.
 */
import type { Dockerfile, Instruction } from '../parser/ast.ts';
import { explainBrokenArray } from '../parser/broken-array.ts';
import type { Diagnostic } from '../parser/diagnostic.ts';
import { instructionText, nameCharacters } from '../parser/explain-error.ts';
import { findOddCharacters, type Meaning, type OddCharacter } from '../parser/odd-characters.ts';
import { lineColumn, type SourceFile, type SourceRange } from '../parser/source.ts';

/** So many are told: more are of a file that is no Dockerfile. */
const maxFound = 1000;

/** The oddities of a file, in order. Instructions with errors are left out: their errors have hints. */
export function findOddities(dockerfile: Dockerfile): Diagnostic[] {
  const { source, instructions, diagnostics } = dockerfile;
  const failing = new Set<number>();
  for (const { severity, range, locations } of diagnostics) {
    if (severity !== 'error') continue;
    failing.add(lineColumn(source, range.start).line);
    if (locations[0]) failing.add(locations[0].start);
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
  return found.sort((a, b) => a.range.start - b.range.start).slice(0, maxFound);
}

function warning(code: string, message: string, hint: string, range: SourceRange, source?: SourceFile): Diagnostic {
  const lines = source && { start: lineColumn(source, range.start).line, end: lineColumn(source, range.end).line };
  return { code, severity: 'warning', message, hint, range, locations: [lines] };
}

function oddCharacters(source: SourceFile, instruction: Instruction): Diagnostic[] {
  const { range, lines } = instruction;
  const head = instructionText(source, instruction);
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
  return [true, false].flatMap((hidden): Diagnostic[] => {
    const characters = found.filter((it) => it.hidden === hidden);
    const [first] = characters;
    if (!first) return [];
    const isOne = characters.length === 1;
    const message = hidden
      ? `${isOne ? 'a character' : `${characters.length} characters`} that cannot be seen`
      : `${isOne ? 'a character that looks like another one, and is' : `${characters.length} characters that look like others, and are`} not the same to a program`;
    return [
      {
        code: hidden ? 'HiddenCharacter' : 'TypographicCharacter',
        severity: 'warning',
        message,
        hint: nameCharacters(source, characters),
        range: { start: first.at, end: first.at + 1 },
        locations: [lines],
      },
    ];
  });
}

/** Also comments are not to look like something else: what is read is not what runs. */
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
  const name = /^\S+/.exec(text)![0].toLowerCase();
  text = text.slice(name.length).replace(/^(?:\s+--\w\S*)*\s+/, '');
  const isCheck = name === 'healthcheck';
  if (isCheck) text = text.replace(/^CMD\s+/i, '');
  if (!/^[["({]/.test(text)) return [];
  const array = tryParseArray(text);
  const written = isCheck ? 'HEALTHCHECK CMD' : name.toUpperCase();
  const at = { start: range.start, end: Math.min(range.end, range.start + code.length) };
  const report = (message: string, hint: string) => [
    { ...warning('BrokenArray', message, hint, at), locations: [lines] },
  ];
  if (withoutArray.has(name)) {
    if (!text.startsWith('[')) return [];
    const words = array ?? (/^\[\s*["']/.test(text) ? undefined : []);
    if (words?.length === 0) return [];
    return report(
      `${written} takes no array: brackets and quotes are taken as they stand`,
      words ? `Write ${written} ${words.join(' ')}.` : `Write ${written} with plain words.`,
    );
  }
  const isShell = isCheck || shellForms.has(name);
  if (array || (!isShell && !wordForms.has(name))) return [];
  const broken = explainBrokenArray(text, name !== 'copy' && name !== 'add');
  if (!broken) return [];
  const taken = isShell ? 'a shell runs it as it stands' : 'its words are taken as they stand';
  return report(
    `this is no JSON array, so ${taken}: ${broken.what}`,
    broken.meant === undefined
      ? 'Write an array of strings in double quotes, with nothing behind it; or a line for the shell, without brackets.'
      : `Write ${written} ${broken.meant}.`,
  );
}

function tryParseArray(text: string): string[] | undefined {
  try {
    return JSON.parse(text) as string[];
  } catch {
    return undefined;
  }
}

/** The words of COPY and ADD are divided at blanks, whatever may begin a here-document. */
function dividedHeredoc(instruction: Instruction): Diagnostic[] {
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return [];
  const [mark, name] = instruction.sources.flatMap((word, at, all) =>
    /^<<-?$/.test(word.text) ? [word, all[at + 1]] : [],
  );
  if (!mark) return [];
  const message = `${mark.text} is taken for the name of a file, since a blank stands behind it`;
  const hint = `Write ${mark.text}${name?.text ?? 'EOF'}.`;
  return [{ ...warning('DividedHeredoc', message, hint, mark.range), locations: [instruction.lines] }];
}

/** What later versions of the reference refuse, or take in another way: docs/compatibility.md. */
function oddOwner(instruction: Instruction): Diagnostic[] {
  if ((instruction.kind !== 'copy' && instruction.kind !== 'add') || instruction.chown.includes('$')) return [];
  const { chown, chmod, link, lines, flags, range } = instruction;
  const at = flags.find(({ name }) => name === 'chown')?.range ?? range;
  const report = (code: string, message: string, hint: string) => [
    { ...warning(code, message, hint, at), locations: [lines] },
  ];
  const [user = '', ...rest] = chown.split(':');
  const group = rest.length > 0 ? rest.join(':') : undefined;
  const isName = (text: string | undefined) =>
    text !== undefined && text !== '' && text !== 'root' && !/^[-+]?\d+$/.test(text);
  // with --chmod the copy is a plain one
  if (link && chmod === '' && (isName(user) || isName(group)))
    return report(
      'LinkedOwner',
      `--chown=${chown} names what --link does not see: the users of the image (the build fails with "invalid user index: -1", and Dockerfile 1.28 refuses it)`,
      'Write numbers, as in --chown=1000:1000, or leave out --link.',
    );
  if (group === '' && user !== '')
    return report(
      'EmptyGroup',
      `--chown=${chown} gives the files to the group root; from Dockerfile 1.28 on to the group of the user`,
      `Write --chown=${user}${isName(user) ? ' for the group of the user' : `:${user}`}, or --chown=${user}:root.`,
    );
  return [];
}

/** A shell takes the CR at the end of a line for a part of its last word. */
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
        .filter(({ data }) => /^#![^\n]*\r\n/.test(data))
        .map(({ path }) =>
          warning(
            'CarriageReturn',
            `the lines of ${path} ${crlfTrouble}`,
            crlfAdvice(source.filename),
            instruction.range,
            source,
          ),
        );
    });
  });
}

/** What happens to a script whose lines end with CR LF. */
export const crlfTrouble =
  'end with CR LF, and Linux takes the CR for a part of the last word: the container says "not found" or "no such file or directory" of what is there';

/** What to do about a script whose lines end with CR LF. */
export function crlfAdvice(file: string): string {
  return `Save it with LF alone: dos2unix ${file}, and a line "${file} text eol=lf" in .gitattributes, so that git leaves it so.`;
}
