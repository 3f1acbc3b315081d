/**
 * Explains why a here-document is not recognised, so that its lines are read as instructions, and why one has no end.
 */
import type { LineRange } from '../../diagnostic/source-file.ts';
import type { CstInstruction } from '../cst.ts';
import type { HeredocMark } from '../heredoc.ts';
import { canHaveHeredocs } from '../keywords.ts';

/** A here-document that the reference does not recognize. */
export interface MissedHeredoc {
  /** The lines that were meant as its content, including its end. */
  readonly lines: LineRange;
  /** The mistake, and what to write instead. */
  readonly hint: string;
}

/**
 * Explains why `<<NAME` does not begin a here-document, if a later line consists of that name.
 *
 * @param lineAt returns the text of a line, from 1; undefined after the last line
 */
export function explainMissedHeredoc(
  { head, arguments: parts, heredocs }: CstInstruction,
  lineAt: (line: number) => string | undefined,
): MissedHeredoc | undefined {
  const { original, lines } = head;
  if (heredocs.length > 0 || parts.form === 'json' || !original.includes('<<')) return undefined;
  let name = head.name;
  if (parts.form === 'onbuild' && parts.instruction) name = parts.instruction.head.name;
  const match = /(?<!<)(<<+)(?!<)(-?)([\t ]*)(["']?)\\?([A-Za-z_][\w.-]*)(["']?)/.exec(original);
  if (!match || name === '') return undefined;
  const [, arrows = '', dash, blanks = '', open = '', end = '', close = ''] = match;
  const before = /\S{0,100}$/.exec(original.slice(Math.max(0, match.index - 100), match.index))![0];
  const last = findEnd(end, lines.end, lineAt);
  if (last === undefined) return undefined;
  const found = (hint: string): MissedHeredoc => ({
    lines: { start: lines.end + 1, end: last },
    hint: `Line ${lines.start} seems to begin a here-document, but does not: ${hint}`,
  });

  const written = `<<${dash}${open || close}${end}${open || close}`;
  if (!canHaveHeredocs(name)) return found(`${name.toUpperCase()} cannot have one, only RUN, COPY and ADD can.`);
  if (arrows.length > 2) return found(`${arrows} does not begin one. Write ${written}.`);
  if (dash !== '' && blanks !== '') return found(`there is a blank between <<- and the name. Write ${written}.`);
  if (open !== close) return found(`a quote around its name is missing. Write ${written}.`);
  if (!/^\d*$/.test(before)) return found(`<< needs a blank before it. Write ${before} ${written}.`);
  const quote = openQuote(original);
  if (quote) return found(`a ${quote} on that line is not closed, so that the rest of the line is in quotes.`);
  return undefined;
}

/** Maximum number of lines that are searched for the end of a here-document. */
const maxLines = 10_000;

function findEnd(name: string, after: number, lineAt: (line: number) => string | undefined): number | undefined {
  for (let line = after + 1; line <= after + maxLines; line++) {
    const text = lineAt(line);
    if (text === undefined) return undefined;
    if (text.trim() === name) return line;
  }
  return undefined;
}

function openQuote(line: string): string | undefined {
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === '\\' && quote !== "'") at++;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
  }
  return quote === '' ? undefined : quote === '"' ? 'double quote' : 'single quote';
}

/** Explains why a here-document has no end: which line was probably meant as its end. */
export function explainMissingEnd(mark: HeredocMark, first: number, content: string): string {
  for (const [index, text] of content.split('\n', maxLines).entries()) {
    const hint = explainWrongEnd(mark, text, first + index);
    if (hint !== undefined) return hint;
  }
  return `There is no line that consists of ${mark.name} alone.`;
}

/** Explains why a line does not end a here-document; undefined if it was not meant to. */
export function explainWrongEnd({ name, chomp }: HeredocMark, text: string, number: number): string | undefined {
  const plain = /^-?["'“”‘’]?([\w.-]+)/.exec(name)?.[1] ?? name;
  const line = `Line ${number}`;
  const trimmed = text.trim();
  if (trimmed === name) {
    if (/^\s/.test(text))
      return /^\t*\S/.test(text) && !chomp
        ? `${line} has tabs before ${name}: take them out, or write <<-${name}, which takes tabs before lines away.`
        : `${line} has blanks before ${name}: the name must be at the beginning of the line${chomp ? ' (<<- takes tabs away, not spaces)' : ''}.`;
    return `${line} has blanks after ${name}: nothing else may be on the line.`;
  }
  if (trimmed === plain && trimmed !== name) {
    if (name.startsWith('-')) return `The name is ${name}: there is a blank between << and the -. Write <<-${plain}.`;
    return `The name is ${name}, and line ${number} has ${plain}: write <<${plain}, with a blank after it.`;
  }
  if (trimmed.toLowerCase() === name.toLowerCase()) return `${line} has ${trimmed}: names are case-sensitive.`;
  if (trimmed.startsWith(name) && /^[\s;)&|#]/.test(trimmed.slice(name.length)))
    return `${line} has more than ${name}: nothing else may be on the line; what follows goes after <<${name}.`;
  return undefined;
}
