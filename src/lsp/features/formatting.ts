/** Formats a document as `tsfront fmt` does. */
import type { TextEdit } from 'vscode-languageserver/node';
import type { Session } from '../session.ts';
import { wholeEdit } from '../whole-edit.ts';

/** The edits that format a document; undefined for one with syntax errors, which stays as it is. */
export async function formatting({ document, ask }: Session): Promise<TextEdit[] | undefined> {
  if (document.parsed.diagnostics.some(({ severity }) => severity === 'error')) return undefined;
  return wholeEdit(document, await ask('format', document.text));
}
