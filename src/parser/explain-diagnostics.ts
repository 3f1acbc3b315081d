/** Adds to the errors of a file what stands around them. */
import type { CstFile } from './cst.ts';
import type { Diagnostic } from './diagnostic.ts';
import { encodingHint, otherEncoding } from './encoding.ts';
import { explainError } from './explain-error.ts';
import { explainMissedHeredoc, type MissedHeredoc } from './missed-heredoc.ts';
import { lineColumn, lineText, type SourceFile } from './source.ts';

/** So many errors are explained: nobody reads more, and each is looked for in the text. */
const maxExplained = 100;
/** So many lines are searched for ends of here-documents that are none. */
const maxSearched = 100_000;

/** Adds hints to errors whose cause stands elsewhere or cannot be seen, and leaves out what only follows from them. */
export function explainDiagnostics(
  source: SourceFile,
  { instructions }: CstFile,
  diagnostics: readonly Diagnostic[],
): Diagnostic[] {
  const first = diagnostics.find(({ severity }) => severity === 'error');
  if (!first) return [...diagnostics];
  const encoding = otherEncoding(source.text);
  if (encoding !== undefined) return [{ ...first, hint: encodingHint(encoding) }];

  const missed: MissedHeredoc[] = [];
  let searched = 0;
  const lineToSearch = (line: number) =>
    ++searched > maxSearched || line > source.lineStarts.length ? undefined : lineText(source, line);
  for (const node of instructions) {
    const found = missed.length < maxExplained && explainMissedHeredoc(node, lineToSearch);
    if (found) missed.push(found);
  }
  const told = new Set<MissedHeredoc>();
  let left = maxExplained;
  const explained: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const [lines] = diagnostic.locations;
    if (diagnostic.severity !== 'error' || !lines) {
      explained.push(diagnostic);
      continue;
    }
    const heredoc = missed.find((it) => lines.start >= it.lines.start && lines.start <= it.lines.end);
    if (heredoc) {
      if (!told.has(heredoc)) explained.push({ ...diagnostic, hint: heredoc.hint });
      told.add(heredoc);
      continue;
    }
    // a blank that is none keeps the line above from going on
    const above = diagnostic.code === 'unknown-instruction' && endsWithEscape(source, lines.start - 1) ? 1 : 0;
    const start = source.lineStarts[lines.start - 1 - above] ?? diagnostic.range.start;
    const { line } = lineColumn(source, diagnostic.range.end);
    const range = { start, end: source.lineStarts[line] ?? source.text.length };
    const hint =
      left-- > 0
        ? (explainError(source, range, diagnostic.message) ?? commentBehindEscape(source, diagnostic, lines.start - 1))
        : undefined;
    // the rules' own hint stays where it is about something else
    const isGuess = /^(unknown-instruction|missing-(equals|value))$/.test(diagnostic.code);
    const own = isGuess || diagnostic.hint === undefined ? '' : ` ${diagnostic.hint}`;
    explained.push(hint === undefined ? diagnostic : { ...diagnostic, hint: hint + own });
  }
  return explained;
}

/** Whether an escape stands at the end of a line but for characters that are no blanks and look like some, or like none. */
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
  return `The comment behind the ${text[at]} at ${above}:${at + 1} keeps that line from going on: put it on a line of its own.`;
}
