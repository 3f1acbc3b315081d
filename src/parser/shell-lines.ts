/**
 * Finds lines of a Dockerfile that are rather commands of a shell than misspelled instructions: most often the line
 * above them belongs to a RUN and lacks the escape character at its end.
 */
import { toLower, toUpper } from '../go/unicode.ts';
import { suggest } from '../text/suggest.ts';
import type { Dockerfile, Instruction } from './ast.ts';
import { instructionNames, lookUpKeyword } from './keywords.ts';
import { parseDockerfile } from './parse.ts';

/**
 * The lines that are rather text of a shell, by the offset of their first word. Each has the instruction or line above
 * that it probably continues; undefined if its first word alone tells what it is.
 */
export type ShellLines = ReadonlyMap<number, Instruction | undefined>;

type Source = Pick<Dockerfile, 'instructions' | 'source' | 'escape'>;

const searched = new WeakMap<Source, ShellLines>();

/** The lines of a file with errors that are rather text of a shell. Each file is searched once. */
export function shellLinesOf(dockerfile: Source): ShellLines {
  let lines = searched.get(dockerfile);
  if (!lines) {
    lines = findShellLines(dockerfile);
    searched.set(dockerfile, lines);
  }
  return lines;
}

/** Notes the lines of a file that was read in spite of its errors, in which they are no longer seen. */
export function noteShellLines(dockerfile: Source, lines: ShellLines): void {
  searched.set(dockerfile, lines);
}

/** Maximum number of lines of a file that are read as the instruction that they resemble. */
const maxRead = 1000;
/** Maximum length of such a line. */
const maxLength = 10_000;

function findShellLines({ instructions, source, escape: escapeToken }: Source): ShellLines {
  const indentOf = ({ range: { start } }: Instruction) => start - (source.text.lastIndexOf('\n', start - 1) + 1);
  const lines = new Map<number, Instruction | undefined>();
  let left = maxRead;
  /** The instruction whose command the line may continue. */
  let command: Instruction | undefined;
  let above: Instruction | undefined;
  /** The last instruction that is not text of a shell. */
  let before: Instruction | undefined;
  for (const instruction of instructions) {
    const { keyword, code, range } = instruction;
    // Small letters below capital ones.
    const isOther = before !== undefined && isSmall(keyword) && before.keyword === toUpper(before.keyword);
    const isBelowShell = command !== undefined && command !== above;
    const isOpen = command !== undefined && isOpenEnded(above!.code);
    let isShell: boolean;
    if (!isSmall(keyword)) isShell = false;
    else if (lookUpKeyword(keyword).name !== '')
      isShell = isOther && (isOpen || isBelowShell || (command !== undefined && instruction.kind === 'invalid'));
    else
      isShell =
        isOpen ||
        isShellWord(keyword) ||
        (isOther && isBelowShell) ||
        (command !== undefined && indentOf(instruction) > indentOf(command)) ||
        ((isOther || command !== undefined) && (left-- <= 0 || !isReadable(keyword, code, escapeToken)));
    if (isShell) lines.set(range.start, command && above);
    else {
      before = instruction;
      command = takesCommand(instruction) ? instruction : undefined;
    }
    above = instruction;
  }
  return lines;
}

const isSmall = (keyword: string) => keyword === toLower(keyword) && keyword !== toUpper(keyword);

/** Commands of images and shells whose names are near those of instructions, or that scripts often begin lines with. */
const commands: ReadonlySet<string> = new Set(
  (
    'adduser addgroup apk apt awk bash break bunzip2 bzip2 case cat chgrp chmod chown chroot clear comm command continue ' +
    'cp curl cut cmp date deluser diff dnf done echo elif else esac eval exec exit expand export expr false find fold ' +
    'for function gem git go grep groupadd gunzip gzip head hash help id if install java join kill let link ls make ' +
    'mkdir mv node npm paste perl pip printf ps pwd python python3 read return rm rmdir rustup sed service set sh shift ' +
    'sleep sort source stat strip su sudo tail tar tee test then time top touch tr trap true type umask uname unset ' +
    'until unzip update useradd userdel usermod users volname wait wget which while who xargs yarn yum'
  ).split(' '),
);

/** Whether a word in small letters is rather a command of a shell than an instruction with a typing error. */
export function isShellWord(word: string): boolean {
  if (!isSmall(word)) return false;
  return commands.has(word) || (word.length <= 3 && sameLetters(word) === undefined);
}

/** The name of the instruction that has the letters of a word in another order, in capital letters. */
export function sameLetters(word: string): string | undefined {
  const letters = lettersOf(word);
  return instructionNames.find((name) => lettersOf(name) === letters);
}

const lettersOf = (word: string) => [...toLower(word)].sort().join('');

/** Whether a line with a misspelled keyword has no other error, read as the instruction that the keyword resembles. */
function isReadable(keyword: string, code: string, escapeToken: string): boolean {
  const meant = sameLetters(keyword) ?? suggest(keyword, instructionNames, false);
  if (meant === undefined || code.length > maxLength) return false;
  const { diagnostics } = parseDockerfile(
    `# escape=${escapeToken}\nFROM scratch\n${meant}${code.slice(keyword.length)}`,
  );
  return diagnostics.every((it) => it.code === 'unterminated-heredoc');
}

/** Whether an instruction ends with a command of a shell, which the next line may continue. */
function takesCommand(instruction: Instruction): boolean {
  if ('shellForm' in instruction) return instruction.shellForm;
  return /^(?:run|cmd|entrypoint|healthcheck|onbuild)$/.test(lookUpKeyword(instruction.keyword).name);
}

/** Whether a command cannot end here: an operator or a keyword of the shell follows, or a quote is open. */
function isOpenEnded(code: string): boolean {
  if (code.includes('<<')) return false;
  return (
    /(?:[&|;\\({]|(?:^|[\s;&|({])(?:then|do|else|elif|if|while|until|in|!))\s*$/.test(code.slice(-100)) ||
    hasOpenQuote(code)
  );
}

function hasOpenQuote(code: string): boolean {
  let quote = '';
  for (let at = 0; at < code.length; at++) {
    const character = code[at]!;
    if (character === '\\' && quote !== "'") at++;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
  }
  return quote !== '';
}
