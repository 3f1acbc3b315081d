/** Formats a document as `tsfront fmt` does. */
import type { TextEdit } from 'vscode-languageserver/node';
import { hasErrors } from '../../diagnostic/diagnostic.ts';
import type { DocumentSession } from '../session.ts';
import { wholeEdit } from '../whole-edit.ts';

/** The edits that format a document; undefined for one with syntax errors, which stays as it is. */
export async function formatting({ document, ask }: DocumentSession): Promise<TextEdit[] | undefined> {
  if (hasErrors(document.parsed.diagnostics)) return undefined;
  return wholeEdit(document, await ask('format', document.text));
}
