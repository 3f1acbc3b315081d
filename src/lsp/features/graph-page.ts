/** The graph of a build as a page, which is a request of our own: the extension of VS Code shows it. */
import {
  LSPErrorCodes,
  ProtocolRequestType,
  ResponseError,
  type TextDocumentIdentifier,
} from 'vscode-languageserver/node';
import { errorMessage } from '../../text/error-message.ts';
import type { DocumentSession } from '../session.ts';

/** The request. Its result is the page in HTML, or null for a document that is not open. */
export const graphPageRequest = new ProtocolRequestType<
  { readonly textDocument: TextDocumentIdentifier },
  string | null,
  never,
  void,
  void
>('tsfront/graphPage');

/** The page of `tsfront graph` for a document. @throws Error for the editor that says what fails the build */
export async function graphPage(session: DocumentSession): Promise<string> {
  try {
    return await session.graphPage();
  } catch (error) {
    session.signal.throwIfAborted();
    throw new ResponseError(LSPErrorCodes.RequestFailed, errorMessage(error));
  }
}
