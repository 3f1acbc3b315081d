/** Finds where variables are used in the text of an instruction: `$NAME` and `${NAME…}`. */
import type { SourceRange } from '../diagnostic/source-file.ts';

/** A use of a variable. */
export interface VariableUse {
  readonly name: string;
  /** The name alone. */
  readonly range: SourceRange;
}

/**
 * How the text is read: `words` as Docker expands it, `shell` as a shell does, and `content` as the content of a
 * here-document, where quotes are characters like any other.
 */
export type Reading = 'words' | 'shell' | 'content';

const nameAt = /[A-Za-z_][A-Za-z0-9_]*/y;

/**
 * The uses in `text[start, end)`, in order. Comment lines between continued lines, what is in single quotes, and
 * escaped dollar signs are left out.
 */
export function findVariableUses(
  text: string,
  { start, end }: SourceRange,
  escapeToken: string,
  reading: Reading,
): VariableUse[] {
  const uses: VariableUse[] = [];
  let quote = '';
  for (let at = start; at < end; at++) {
    const char = text[at]!;
    if (char === '\n') {
      if (reading !== 'content') at = skipComments(text, at + 1, end) - 1;
      continue;
    }
    if (quote === "'") {
      if (char === "'") quote = '';
      continue;
    }
    if (char === escapeToken) {
      if (text[at + 1] !== '\n' && text[at + 1] !== '\r') at++;
      continue;
    }
    if (reading !== 'content' && (char === '"' || char === "'")) {
      if (quote === '') quote = char;
      else if (quote === char) quote = '';
      continue;
    }
    if (char !== '$') continue;
    const use = useAt(text, at, end);
    if (use) uses.push(use);
    if (use) at = use.range.end - 1;
    else if (text[at + 1] === '$') at++;
  }
  return uses;
}

const commentLine = /[ \t]*#[^\n]*(?:\n|$)/y;

/** Offset after the comment lines at the start of a line. */
function skipComments(text: string, lineStart: number, end: number): number {
  let at = lineStart;
  for (commentLine.lastIndex = at; at < end && commentLine.test(text); ) at = commentLine.lastIndex;
  return Math.min(at, end);
}

/** The use that begins with a dollar sign. */
function useAt(text: string, dollar: number, end: number): VariableUse | undefined {
  const start = dollar + (text[dollar + 1] === '{' ? 2 : 1);
  nameAt.lastIndex = start;
  const name = nameAt.exec(text)?.[0];
  if (name === undefined || start + name.length > end) return undefined;
  return { name, range: { start, end: start + name.length } };
}

/** The names that a shell command sets itself. */
export function shellAssignments(command: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, name] of command.matchAll(/(?:^|[\s;&|({`])([A-Za-z_]\w*)\+?=/g)) names.add(name!);
  for (const [, name] of command.matchAll(/\b(?:for|select)\s+([A-Za-z_]\w*)\s+in\b/g)) names.add(name!);
  for (const [, name] of command.matchAll(/\bread\s+(?:-\w+\s+)*([A-Za-z_]\w*)/g)) names.add(name!);
  return names;
}
