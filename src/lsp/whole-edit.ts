/** The one edit that gives a document another text. */
import type { TextEdit } from 'vscode-languageserver/node';
import type { OpenDocument } from './documents.ts';

/** Replaces only what changes, so that the place in the editor stays; no edit if the text is the same. */
export function wholeEdit(document: OpenDocument, newText: string): TextEdit[] {
  const { text } = document;
  if (newText === text) return [];
  const shorter = Math.min(text.length, newText.length);
  let start = 0;
  while (start < shorter && text[start] === newText[start]) start++;
  let end = 0;
  while (end < shorter - start && text.at(-1 - end) === newText.at(-1 - end)) end++;
  // A position between CR and LF does not exist.
  if (text[start - 1] === '\r') start--;
  if (text.at(-end) === '\n' && end > 0) end--;
  return [
    { range: document.range({ start, end: text.length - end }), newText: newText.slice(start, newText.length - end) },
  ];
}
