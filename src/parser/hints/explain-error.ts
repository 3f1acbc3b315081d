/** Hints for errors that come from invisible characters, or from how words are cut. */
import { lineColumn, lineText, type SourceFile, type SourceRange } from '../../diagnostic/source-file.ts';
import type { Instruction } from '../ast.ts';
import { encodingHint, otherEncoding } from './encoding.ts';
import { findOddCharacters, type OddCharacter } from './odd-characters.ts';
import { explainSwallowedLine } from './swallowed-line.ts';

/** Maximum number of characters that a hint names; it counts the others. */
const maxNamed = 3;
/** Maximum number of characters of an instruction that are examined. */
const maxLength = 65_536;

/**
 * Explains an error from the text that it is about.
 *
 * @param range the instruction without its here-documents, or the part of it up to the error
 * @param part the part of it that the error is about; by default all
 * @returns sentences; undefined if the text explains nothing
 */
export function explainError(
  source: SourceFile,
  range: SourceRange,
  message: string,
  part = range,
): string | undefined {
  const encoding = otherEncoding(source.text);
  if (encoding !== undefined) return encodingHint(encoding);
  const end = Math.min(range.end, range.start + maxLength);
  const text = source.text.slice(range.start, end);
  const odd = findOddCharacters(source.text, range.start, end, 'instruction');
  if (odd.length > 0) return nameCharacters(source, odd);
  const swallowed = explainSwallowedLine(source, { start: range.start, end });
  if (swallowed !== undefined) return swallowed;
  if (/missing '}'|can't find =|requires either one or three|requires exactly one/.test(message)) {
    const from = text.slice(part.start - range.start);
    const cut = /\$\{[^{}"'\n]{0,200}?[\t ][^{}\n]{0,200}\}/.exec(from)?.[0];
    if (cut !== undefined && cut.length < 200)
      return `A blank ends a word, even in ${cut}: put the word in double quotes, as in "${cut}".`;
    const command = /\$\([^()\n]*\)/.exec(text)?.[0];
    if (command !== undefined && command.length < 200)
      return `${command} is not run here: only the shell of a RUN runs commands. Write a value, or an ARG that the build is given.`;
  }
  const own = source.text.slice(part.start, Math.min(part.end, end));
  if (/missing '}'|unsupported modifier \(\uFFFD\)/.test(message)) {
    const open = lastOpenBrace(own);
    if (open >= 0) {
      const { line, column } = lineColumn(source, part.start + open);
      return `The \${ at ${line}:${column} is not closed: add a }.`;
    }
  }
  const quote = /looking for matching (single|double)-quote/.exec(message)?.[1];
  if (quote !== undefined) {
    const open = lastOpen(own, quote === 'single' ? "'" : '"');
    if (open >= 0) {
      const { line, column } = lineColumn(source, part.start + open);
      return `The ${quote} quote at ${line}:${column} is not closed: add the other one, or put a backslash before it.`;
    }
  }
  return undefined;
}

/** The range of an instruction without its here-documents. */
export function instructionRange(
  source: SourceFile,
  { range, lines, code }: Pick<Instruction, 'range' | 'lines' | 'code'>,
): SourceRange {
  if (!code.includes('<<')) return range;
  // Only a comment or a continued line ends with the escape character or is not in the code.
  for (let line = lines.start; line < lines.end; line++) {
    const text = lineText(source, line);
    if (!/^\s*(#|$)/.test(text) && !/[\\`][ \t]*$/.test(text))
      return { start: range.start, end: source.lineStarts[line]! };
  }
  return range;
}

/** Names the first characters with their places, and counts the others. */
export function nameCharacters(source: SourceFile, characters: readonly OddCharacter[]): string {
  const named = characters.slice(0, maxNamed).map(({ at, name, advice }) => {
    const { line, column } = lineColumn(source, at);
    return `${name} at ${line}:${column}: ${advice}`;
  });
  const rest = characters.length - named.length;
  return `${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`;
}

/** Offset of the innermost `${` that is not closed; -1 if absent. */
function lastOpenBrace(text: string): number {
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith('${', at)) open.push(at);
    else if (text[at] === '}') open.pop();
  }
  return open.at(-1) ?? -1;
}

/** Offset of the quote that is not closed; -1 if absent. */
function lastOpen(text: string, mark: string): number {
  let open = -1;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '\\' && quote !== "'") at++;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      open = at;
    }
  }
  return quote === mark ? open : -1;
}
