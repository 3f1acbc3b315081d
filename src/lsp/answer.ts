/** Answers a question of the editor: with what a feature finds, unless the editor no longer wants it. */
import { type CancellationToken, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Editor } from './editor.ts';
import type { OpenDocuments } from './open-documents.ts';
import type { DocumentSession } from './session.ts';

/** A question about an open document. */
export interface EditorQuestion<P, R> {
  /** What it asks for, in the log. */
  readonly what: string;
  /** The document; undefined if the question is not about a document. */
  readonly uriOf: (params: P) => string | undefined;
  /** The answer without an open document, without a result, and after an error. */
  readonly none: (params: P) => R;
  /** Finds the result. @throws Error as a ResponseError for what the editor is to show */
  readonly find: (session: DocumentSession, params: P) => R | undefined | Promise<R | undefined>;
}

/** What questions are asked of. */
export interface Answering {
  readonly documents: OpenDocuments;
  readonly editor: Editor;
}

/** Answers a question. Errors other than those for the editor go to the log. */
export async function answer<P, R>(
  { what, uriOf, none, find }: EditorQuestion<P, R>,
  params: P,
  token: CancellationToken,
  { documents, editor }: Answering,
): Promise<R | ResponseError> {
  // A question that was cancelled before its turn tells no listener.
  if (token.isCancellationRequested) return cancelled();
  const controller = new AbortController();
  const listener = token.onCancellationRequested(() => controller.abort(new Error('cancelled')));
  try {
    const uri = uriOf(params);
    const session = uri === undefined ? undefined : documents.session(uri, controller.signal);
    if (!session) return none(params);
    const result = await unlessAborted(Promise.resolve(find(session, params)), controller.signal);
    return result ?? none(params);
  } catch (error) {
    if (token.isCancellationRequested) return cancelled();
    if (error instanceof ResponseError) return error;
    editor.report(what, error);
    return none(params);
  } finally {
    listener.dispose();
  }
}

const cancelled = () => new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');

/** The result, or the reason of the signal if that comes first. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    result.then(resolve, reject);
  });
}
