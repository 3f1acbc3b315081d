/** The graph of a build as a page, which is a request of our own: the extension of VS Code shows it. */
import { LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import { errorMessage } from '../../text/error-message.ts';
import type { Session } from '../session.ts';

/** The method of the request. Its parameter is `textDocument`, its result the page in HTML. */
export const graphPageMethod = 'tsfront/graphPage';

/** The page of `tsfront graph` for a document. @throws Error for the editor that says what fails the build */
export async function graphPage(session: Session): Promise<string> {
  try {
    return await session.graphPage();
  } catch (error) {
    session.signal.throwIfAborted();
    throw new ResponseError(LSPErrorCodes.RequestFailed, errorMessage(error));
  }
}
