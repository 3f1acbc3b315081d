/** Formats a document as `tsfront fmt` does. */
import type { TextEdit } from 'vscode-languageserver/node';
import { formatDockerfile } from '../../format/format-dockerfile.ts';
import type { Session } from '../session.ts';

/** The edits that format a document; undefined for one with syntax errors, which stays as it is. */
export function formatting({ document }: Session): TextEdit[] | undefined {
  const { text, parsed } = document;
  if (parsed.diagnostics.some(({ severity }) => severity === 'error')) return undefined;
  const formatted = formatDockerfile(text);
  if (formatted === text) return [];
  // Only what changes, so that the place in the editor stays.
  const shorter = Math.min(text.length, formatted.length);
  let start = 0;
  while (start < shorter && text[start] === formatted[start]) start++;
  let end = 0;
  while (end < shorter - start && text.at(-1 - end) === formatted.at(-1 - end)) end++;
  const newText = formatted.slice(start, formatted.length - end);
  return [{ range: document.range({ start, end: text.length - end }), newText }];
}
