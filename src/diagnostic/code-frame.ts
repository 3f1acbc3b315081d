/** Formats diagnostics for people: the place, the message, the lines with a mark, and the hint. */
import { anything, aString, checkArgument, listOf, objectWith, validator } from '../text/arguments.ts';
import { type HideSecrets, hideSecretsOf } from '../text/hide-secrets.ts';
import { printable, printableLine } from '../text/printable.ts';
import { displayWidth } from '../text/width.ts';
import { type Diagnostic, wireMessage } from './diagnostic.ts';
import { withOneGuess } from './shown-message.ts';
import { lineColumn, lineText, type SourceFile, type SourceRange } from './source-file.ts';

/** Options of {@link formatDiagnostic}. */
export interface FormatOptions {
  /** Mark up with terminal colours; default false. */
  readonly color?: boolean;
  /** Lines to show above and below; default 1. */
  readonly context?: number;
}

/** Codes of terminals that begin and end a style. */
const styles = { bold: [1, 22], red: [31, 39], yellow: [33, 39], cyan: [36, 39], gray: [90, 39] } as const;

type Style = keyof typeof styles;
type Paint = (style: Style, text: string) => string;

/** Lines are cut to this many characters around the mark. */
const maxWidth = 160;
/** Maximum number of lines of a range that a frame shows. */
const maxLines = 6;
/** Maximum number of characters of a message: it may quote an instruction as long as the file. */
const maxMessage = 4096;

const aSourceFile = objectWith(
  { filename: aString, text: aString, lineStarts: validator('an array of offsets', Array.isArray) },
  'a source file, as `parseDockerfile` and `createSourceFile` give',
);
const aDiagnostic = objectWith(
  { severity: aString, code: aString, message: aString, lines: listOf(anything) },
  'a diagnostic',
);

/**
 * Formats a diagnostic as several lines without a line break at the end:
 *
 *     Dockerfile:3:5: error[unknown-flag]: dockerfile parse error on line 3: unknown flag: --form
 *       2 | WORKDIR /app
 *     > 3 | COPY --form=build a b
 *         |      ^^^^^^^^^^^^
 *       hint: …
 *
 * A problem without a place has no frame. Tokens, and values of variables with the names of secrets, are hidden.
 */
export function formatDiagnostic(
  source: SourceFile,
  diagnostic: Diagnostic,
  { color = false, context = 1 }: FormatOptions = {},
): string {
  checkArgument('formatDiagnostic', 'source', source, aSourceFile);
  checkArgument('formatDiagnostic', 'diagnostic', diagnostic, aDiagnostic);
  const paint: Paint = color ? styled : (_, text) => text;
  const { severity, code, range, related = [], hint, fix, url } = diagnostic;
  const tone: Style = severity === 'error' ? 'red' : 'yellow';
  const hide = secretsOf(source);
  const file = fileWithoutSecrets(diagnostic.file ?? source);
  const printableMessage = (text: string) => printable(hide(shortened(text)));
  const at = range && lineColumn(file, range.start);
  const place = paint('bold', `${file.filename}:${at ? `${at.line}:${at.column}:` : ''}`);
  const parts = [
    `${place} ${paint(tone, `${severity}[${code}]:`)} ${printableMessage(withOneGuess(wireMessage(diagnostic), diagnostic))}`,
  ];
  if (range) parts.push(codeFrame(file, range, context, tone, paint));
  for (const note of related) {
    const at = lineColumn(source, note.range.start);
    parts.push(
      `  ${paint('cyan', 'note:')} ${source.filename}:${at.line}:${at.column}: ${printableMessage(note.message)}`,
      codeFrame(source, note.range, 0, 'cyan', paint),
    );
  }
  if (fix && hint === undefined) parts.push(`  ${paint('cyan', 'fix:')} ${printableMessage(fix.title)}`);
  if (hint !== undefined) parts.push(`  ${paint('cyan', 'hint:')} ${printableMessage(hint)}`);
  if (url !== undefined) parts.push(`  ${paint('cyan', 'see:')} ${url}`);
  return parts.join('\n');
}

function shortened(text: string): string {
  return text.length <= maxMessage ? text : `${text.slice(0, maxMessage)}… (${text.length} characters)`;
}

/** What the last file has hidden: its problems are shown one after the other. */
let last: { readonly text: string; readonly hide: HideSecrets; hidden?: string } | undefined;

function secretsOf({ text }: SourceFile): HideSecrets {
  if (last?.text !== text) last = { text, hide: hideSecretsOf([text]) };
  return last.hide;
}

/** The file with its secrets hidden; offsets stay. */
function fileWithoutSecrets(file: SourceFile): SourceFile {
  const hide = secretsOf(file);
  return { ...file, text: (last!.hidden ??= hide(file.text)) };
}

function styled(style: Style, text: string): string {
  const [begin, end] = styles[style];
  return `\u001b[${begin}m${text}\u001b[${end}m`;
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

/** The offset at which a long line is cut on the left so that the column is visible. */
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
