/** Parser directives: comments of the form `# name=value` at the very top of a file. */
import type { LineRange } from '../diagnostic/source-file.ts';
import { aDockerfile } from '../diagnostic/source-file.ts';
import { checkArgument } from '../text/arguments.ts';
import type { Directive } from './ast.ts';
import { parseJsonAny } from './json-any.ts';
import { isLineTooLong } from './line-limit.ts';
import { skipSpace } from './white-space.ts';

/** The names of parser directives. */
export type DirectiveName = Directive['name'];

/** A directive found in a file of any comment style. */
export interface DetectedDirective {
  /** The value up to the first space. */
  readonly value: string;
  /** The whole value. */
  readonly cmdline: string;
  /** Its lines; JSON counts as line 0, or as line 1 after a shebang. */
  readonly lines: LineRange;
}

/** Reads directives line by line and knows when there can be no more of them. */
export interface DirectiveReader {
  /** Whether no further directive can follow. */
  readonly done: boolean;
  /**
   * Reads `text[start, end)`, a line without its line break. Throws for a repeated directive, after
   * which it can continue.
   */
  read(text: string, start: number, end: number): { name: DirectiveName; value: string } | undefined;
}

/** Makes a reader of directives in comments with the given mark. */
export function createDirectiveReader(mark: '#' | '//'): DirectiveReader {
  const seen = new Set<string>();
  let done = false;
  return {
    get done() {
      return done;
    },
    read(text, start, end) {
      if (done) return undefined;
      const found = text.startsWith(mark, start) ? splitDirective(text.slice(start + mark.length, end)) : undefined;
      if (!found) {
        done = true;
        return undefined;
      }
      if (seen.has(found.name)) throw new Error(`only one ${found.name} parser directive can be used`);
      seen.add(found.name);
      return found;
    },
  };
}

const namePart = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=/;

function splitDirective(comment: string): { name: DirectiveName; value: string } | undefined {
  const text = comment.slice(skipSpace(comment, 0, comment.length));
  const match = namePart.exec(text);
  if (!match) return undefined;
  const name = match[1]!.toLowerCase();
  if (name !== 'syntax' && name !== 'escape' && name !== 'check') return undefined;
  const value = text.slice(match[0].length);
  if (value === '') return undefined;
  // The value of a line with only blanks after `=` is its last blank.
  return { name, value: trimAsciiSpace(value) || value.slice(-1) };
}

function trimAsciiSpace(text: string): string {
  const isBlank = (at: number) => '\t\n\f\r '.includes(text[at]!);
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

/**
 * The frontend that a file asks for with `syntax`, in all its forms: `# syntax=`, `// syntax=`, or a JSON object with
 * a member `syntax`; a first line that starts with `#!` is skipped.
 */
export function detectSyntax(text: string): DetectedDirective | undefined {
  checkArgument('detectSyntax', 'text', text, aDockerfile);
  const [start, line] = skipShebang(text);
  return (
    findDirective('syntax', text, start, line, '#') ??
    findDirective('syntax', text, start, line, '//') ??
    jsonDirective('syntax', text.slice(start), line)
  );
}

/** A directive in its usual form, `# name=`; a first line that starts with `#!` is skipped. */
export function parseDirective(name: DirectiveName, text: string): DetectedDirective | undefined {
  checkArgument('parseDirective', 'text', text, aDockerfile);
  const [start, line] = skipShebang(text);
  return findDirective(name, text, start, line, '#');
}

/**
 * A directive of a build program, `// name=`; a first line that starts with `#!` is skipped. For engines before Docker
 * 23 the first directive may be `# syntax=`.
 */
export function programDirective(name: DirectiveName, text: string): DetectedDirective | undefined {
  const [start, line] = skipShebang(text);
  return findDirective(name, text.replace(/^(\ufeff?)#(?=\s*syntax\s*=)/i, '$1//'), start, line, '//');
}

/** Offset after a byte order mark and a shebang line, and the number of lines skipped. */
function skipShebang(text: string): [start: number, line: number] {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  if (!text.startsWith('#!', start)) return [start, 0];
  const end = text.indexOf('\n', start);
  return [end < 0 ? text.length : end + 1, 1];
}

function findDirective(
  name: DirectiveName,
  text: string,
  from: number,
  skippedLines: number,
  mark: '#' | '//',
): DetectedDirective | undefined {
  const reader = createDirectiveReader(mark);
  let line = skippedLines;
  for (let start = from; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const next = newline < 0 ? text.length : newline + 1;
    if (isLineTooLong(text, start, next)) return undefined;
    let end = newline < 0 ? text.length : newline;
    if (end > start && text.charCodeAt(end - 1) === 0x0d) end--;
    line++;
    try {
      const found = reader.read(text, start, end);
      if (!found) return undefined;
      if (found.name === name)
        return { value: found.value.split(' ', 1)[0]!, cmdline: found.value, lines: { start: line, end: line } };
    } catch {
      return undefined;
    }
    start = next;
  }
  return undefined;
}

function jsonDirective(name: DirectiveName, text: string, line: number): DetectedDirective | undefined {
  if (text[skipSpace(text, 0, text.length)] !== '{') return undefined;
  const root = parseJsonAny(text);
  const value = root?.kind === 'object' ? root.members.findLast(([key]) => key === name)?.[1] : undefined;
  if (value?.kind !== 'string') return undefined;
  return { value: value.value, cmdline: value.value, lines: { start: line, end: line } };
}
