/** Diagnostics for people: where, what, the lines themselves with a mark, and what to do about it. */
import { styleText } from 'node:util';
import { printable, printableLine } from '../text/printable.ts';
import { displayWidth } from '../text/width.ts';
import type { Problem } from './diagnostic.ts';
import { lineColumn, lineText, type SourceFile, type SourceRange } from './source.ts';

export interface FormatOptions {
  /** Mark up with terminal colours; default false. */
  readonly color?: boolean;
  /** Lines to show above and below; default 1. */
  readonly context?: number;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** Lines are cut to this many characters around the mark. */
const maxWidth = 160;
/** Of a range over more lines, only the first ones are shown. */
const maxLines = 6;
/** A message may quote a whole instruction, which may be as long as the file: so much of it is shown. */
const maxMessage = 4096;

/**
 * Formats a diagnostic as several lines without a line break at the end:
 *
 *     Dockerfile:3:5: error[unknown-flag]: dockerfile parse error on line 3: unknown flag: --form
 *       2 | WORKDIR /app
 *     > 3 | COPY --form=build a b
 *         |      ^^^^^^^^^^^^
 *       hint: …
 *
 * A problem without a place has no frame.
 */
export function formatDiagnostic(
  source: SourceFile,
  diagnostic: Problem,
  { color = false, context = 1 }: FormatOptions = {},
): string {
  const paint: Paint = color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
  const { severity, code, message, range, related = [], hint, url } = diagnostic;
  const tone: Style = severity === 'error' ? 'red' : 'yellow';
  const file = diagnostic.file ?? source;
  const at = range && lineColumn(file, range.start);
  const place = paint('bold', `${file.filename}:${at ? `${at.line}:${at.column}:` : ''}`);
  const parts = [`${place} ${paint(tone, `${severity}[${code}]:`)} ${shown(message)}`];
  if (range) parts.push(codeFrame(file, range, context, tone, paint));
  for (const note of related) {
    const at = lineColumn(source, note.range.start);
    parts.push(`  ${paint('cyan', 'note:')} ${source.filename}:${at.line}:${at.column}: ${shown(note.message)}`);
  }
  if (hint !== undefined) parts.push(`  ${paint('cyan', 'hint:')} ${shown(hint)}`);
  if (url !== undefined) parts.push(`  ${paint('cyan', 'see:')} ${url}`);
  return parts.join('\n');
}

function shown(text: string): string {
  return printable(text.length <= maxMessage ? text : `${text.slice(0, maxMessage)}… (${text.length} characters)`);
}

function codeFrame(source: SourceFile, range: SourceRange, context: number, tone: Style, paint: Paint): string {
  const first = lineColumn(source, range.start);
  const last = lineColumn(source, Math.max(range.start, range.end - 1));
  const lastShown = Math.min(last.line, first.line + maxLines - 1);
  const from = Math.max(1, first.line - context);
  const to = Math.min(source.lineStarts.length, lastShown + context);
  const width = String(to).length;
  const rows: string[] = [];
  for (let line = from; line <= to; line++) {
    const text = lineText(source, line);
    const isMarked = line >= first.line && line <= lastShown;
    if (!isMarked && text === '' && (line === from || line === to)) continue;
    const shift = cutAt(isMarked && line === first.line ? first.column : 1, text.length);
    const gutter = `${isMarked ? paint(tone, '>') : ' '} ${paint('gray', `${String(line).padStart(width)} |`)}`;
    rows.push(`${gutter} ${printable(text.slice(shift, shift + maxWidth))}`.trimEnd());
    if (!isMarked) continue;
    const start = line === first.line ? first.column - 1 : text.length - text.trimStart().length;
    const end = Math.max(start + 1, line === last.line ? last.column : text.trimEnd().length);
    const indent = blank(text.slice(shift, start));
    const marked = printableLine(text.slice(start, Math.min(end, start + maxWidth)));
    const mark = '^'.repeat(Math.max(1, Math.min(maxWidth, displayWidth(marked))));
    rows.push(`  ${paint('gray', `${' '.repeat(width)} |`)} ${indent}${paint(tone, mark)}`);
  }
  return rows.join('\n');
}

/** Where to cut a long line on the left so that the column is seen. */
function cutAt(column: number, length: number): number {
  return length <= maxWidth || column < maxWidth / 2 ? 0 : column - Math.floor(maxWidth / 2);
}

/** Spaces as wide as a text; tabs stay. */
function blank(text: string): string {
  return printable(text)
    .split('\t')
    .map((part) => ' '.repeat(displayWidth(part)))
    .join('\t');
}
