/** Adds hints to the errors of a file from the text around them. */
import { type Diagnostic, wireMessage } from '../../diagnostic/diagnostic.ts';
import { lineColumn, lineText, type SourceFile } from '../../diagnostic/source-file.ts';
import type { CstInstruction } from '../cst.ts';
import { encodingHint, otherEncoding } from './encoding.ts';
import { explainError } from './explain-error.ts';
import { explainMissedHeredoc, type MissedHeredoc } from './missed-heredoc.ts';
import { explainSwallowedLine } from './swallowed-line.ts';

/** Maximum number of errors that are explained: each explanation searches the text. */
const maxExplained = 100;
/** Lines that are searched for the end of something that only looks like a here-document. */
const maxSearched = 100_000;

/** Adds hints to errors whose cause is elsewhere or invisible, and removes errors that only follow from others. */
export function explainDiagnostics(
  source: SourceFile,
  instructions: () => Iterable<CstInstruction>,
  diagnostics: readonly Diagnostic[],
): Diagnostic[] {
  const [first] = diagnostics;
  if (!first) return [];
  const encoding = otherEncoding(source.text);
  if (encoding !== undefined) return [{ ...first, hint: encodingHint(encoding) }];

  const missed: MissedHeredoc[] = [];
  let searched = 0;
  const lineToSearch = (line: number) =>
    ++searched > maxSearched || line > source.lineStarts.length ? undefined : lineText(source, line);
  for (const node of instructions()) {
    const found = explainMissedHeredoc(node, lineToSearch);
    if (found && missed.push(found) === maxExplained) break;
  }
  const explainedHeredocs = new Set<MissedHeredoc>();
  let left = maxExplained;
  const explained: Diagnostic[] = [];
  let explainedLines = 0;
  for (const diagnostic of diagnostics) {
    const [lines] = diagnostic.lines;
    if (!lines || !diagnostic.range) {
      explained.push(diagnostic);
      continue;
    }
    const heredoc = missed.find((it) => lines.start >= it.lines.start && lines.start <= it.lines.end);
    if (heredoc) {
      if (!explainedHeredocs.has(heredoc)) explained.push({ ...diagnostic, hint: heredoc.hint });
      explainedHeredocs.add(heredoc);
      continue;
    }
    // The line above ends with a character that looks like a blank.
    const above = diagnostic.code === 'unknown-instruction' && endsWithEscape(source, lines.start - 1) ? 1 : 0;
    const start = source.lineStarts[lines.start - 1 - above] ?? diagnostic.range.start;
    const { line } = lineColumn(source, diagnostic.range.end);
    const range = { start, end: source.lineStarts[line] ?? source.text.length };
    const swallowed = left > 0 ? explainSwallowedLine(source, range) : undefined;
    if (swallowed !== undefined && left-- > 0) {
      // One of them says it.
      if (explainedLines !== lines.start) explained.push({ ...diagnostic, hint: swallowed });
      explainedLines = lines.start;
      continue;
    }
    const hint =
      left-- > 0
        ? (explainError(source, range, wireMessage(diagnostic)) ??
          commentBehindEscape(source, diagnostic, lines.start - 1))
        : undefined;
    // A hint of the rules about something else stays.
    const isGuess = /^(unknown-instruction|missing-(equals|value))$/.test(diagnostic.code);
    const own = isGuess || diagnostic.hint === undefined ? '' : ` ${diagnostic.hint}`;
    explained.push(hint === undefined ? diagnostic : { ...diagnostic, hint: hint + own });
  }
  return explained;
}

/** Whether a line ends with an escape, followed only by characters that look like blanks or cannot be seen. */
function endsWithEscape(source: SourceFile, line: number): boolean {
  const text = lineText(source, line);
  let at = text.length - 1;
  while (at >= 0 && (text[at]! <= ' ' || text[at]! > '~')) at--;
  return (text[at] === '\\' || text[at] === '`') && /[^\0-~]/.test(text.slice(at));
}

/** A comment is one only on a line of its own. */
function commentBehindEscape(source: SourceFile, { code }: Diagnostic, above: number): string | undefined {
  if (code !== 'unknown-instruction' || above < 1) return undefined;
  const text = lineText(source, above);
  const at = text.search(/[\\`][\t ]{1,100}#/);
  if (at < 0) return undefined;
  return `The comment after the ${text[at]} at ${above}:${at + 1} keeps that line from continuing: put it on a separate line.`;
}
