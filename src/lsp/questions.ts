/** The table of the questions of editors: each with the feature that answers it. */
import {
  type CancellationToken,
  CodeActionRequest,
  CodeLensRequest,
  CodeLensResolveRequest,
  CompletionRequest,
  CompletionResolveRequest,
  type Connection,
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentHighlightRequest,
  DocumentLinkRequest,
  DocumentSymbolRequest,
  ErrorCodes,
  FoldingRangeRequest,
  HoverRequest,
  PrepareRenameRequest,
  type ProtocolRequestType,
  ReferencesRequest,
  RenameRequest,
  type RequestHandler,
  ResponseError,
  SemanticTokensRangeRequest,
  SemanticTokensRequest,
  SignatureHelpRequest,
  type TextDocumentPositionParams,
} from 'vscode-languageserver/node';
import { type Answering, answer, type EditorQuestion } from './answer.ts';
import { codeActions } from './features/code-actions.ts';
import { codeLenses, type LensData, resolveCodeLens } from './features/code-lens.ts';
import { type CompletionData, complete, resolveCompletion } from './features/completion.ts';
import { definition, highlights, prepareRename, references, rename } from './features/definition.ts';
import { folding } from './features/folding.ts';
import { formatting } from './features/formatting.ts';
import { graphPage, graphPageRequest } from './features/graph-page.ts';
import { hover } from './features/hover.ts';
import { links } from './features/links.ts';
import { outline } from './features/outline.ts';
import { semanticTokens } from './features/semantic-tokens.ts';
import { signatureHelp } from './features/signature-help.ts';
import { type DocumentSession, offsetOf } from './session.ts';

/** A line of the table: lets a connection answer one kind of question. */
type Line = (connection: Connection, answering: Answering) => void;

/** What `find` of a question gives. */
type Found<R> = R | undefined | Promise<R | undefined>;

/** A request of the protocol about an open document. */
type Request<P, R, E, O> = ProtocolRequestType<P, R, E, void, O>;

type AboutDocument = { readonly textDocument: { readonly uri: string } };

/** The document of a question. Editors may send anything. */
function uriOf(params: Partial<AboutDocument> | null): string {
  const uri: unknown = params?.textDocument?.uri;
  if (typeof uri === 'string') return uri;
  throw new ResponseError(ErrorCodes.InvalidParams, 'textDocument.uri is missing in the parameters');
}

/** A question with parameters and a neutral answer of its own. */
function asked<P, R, E, O>(request: Request<P, R, E, O>, question: EditorQuestion<P, R>): Line {
  return (connection, answering) => {
    const handle = (params: P, token: CancellationToken) => answer(question, params, token, answering);
    connection.onRequest(request, handle as RequestHandler<P, R, void>);
  };
}

/** A question about a document. Without a result, the answer is null. */
function about<P extends AboutDocument, R, E, O>(
  request: Request<P, R | null, E, O>,
  what: string,
  find: (session: DocumentSession, params: P) => Found<R>,
): Line {
  return asked(request, { what, uriOf, none: () => null, find });
}

/** A question about a place in a document. Without a result, the answer is null. */
function at<P extends TextDocumentPositionParams, R, E, O>(
  request: Request<P, R | null, E, O>,
  what: string,
  find: (session: DocumentSession, offset: number, params: P) => Found<R>,
): Line {
  return about(request, what, (session, params) => find(session, offsetOf(session.document, params.position), params));
}

/** The questions. */
export const questions: readonly Line[] = [
  at(HoverRequest.type, 'hover', hover),
  at(DefinitionRequest.type, 'definition', definition),
  at(ReferencesRequest.type, 'references', (session, offset, { context }) =>
    references(session, offset, context.includeDeclaration),
  ),
  at(DocumentHighlightRequest.type, 'highlights', highlights),
  at(PrepareRenameRequest.type, 'rename', prepareRename),
  at(RenameRequest.type, 'rename', (session, offset, { newName }) => rename(session, offset, newName)),
  at(CompletionRequest.type, 'completion', complete),
  asked(CompletionResolveRequest.type, {
    what: 'completion',
    uriOf: ({ data }) => (data as CompletionData | undefined)?.uri,
    none: (item) => item,
    find: (session, item) => resolveCompletion(session, item, item.data as CompletionData),
  }),
  at(SignatureHelpRequest.type, 'signature help', signatureHelp),
  about(CodeActionRequest.type, 'code actions', codeActions),
  about(DocumentFormattingRequest.type, 'formatting', formatting),
  about(FoldingRangeRequest.type, 'folding', folding),
  about(DocumentSymbolRequest.type, 'the outline', outline),
  about(DocumentLinkRequest.type, 'links', links),
  about(CodeLensRequest.type, 'code lenses', codeLenses),
  asked(CodeLensResolveRequest.type, {
    what: 'code lenses',
    uriOf: ({ data }) => (data as LensData | undefined)?.uri,
    none: (lens) => lens,
    find: (session, lens) => resolveCodeLens(session, lens, lens.data as LensData),
  }),
  asked(SemanticTokensRequest.type, {
    what: 'semantic tokens',
    uriOf,
    none: () => ({ data: [] }),
    find: (session) => semanticTokens(session),
  }),
  asked(SemanticTokensRangeRequest.type, {
    what: 'semantic tokens',
    uriOf,
    none: () => ({ data: [] }),
    find: (session, { range }) =>
      semanticTokens(session, {
        start: offsetOf(session.document, range.start),
        end: offsetOf(session.document, range.end),
      }),
  }),
  about(graphPageRequest, 'the graph', graphPage),
];
