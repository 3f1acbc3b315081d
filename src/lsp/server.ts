/** The language server: says what it can do, keeps the open documents, and gives each question to its feature. */
import { pathToFileURL } from 'node:url';
import {
  type CancellationToken,
  CodeActionKind,
  type Connection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  type DidChangeWorkspaceFoldersParams,
  type InitializeParams,
  type InitializeResult,
  LSPErrorCodes,
  ResponseError,
  type SemanticTokens,
  type SemanticTokensRangeParams,
  type TextDocumentPositionParams,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import type { AnalysisRequest } from './analysis.ts';
import { createAnalysisThread } from './analysis-thread.ts';
import { inFile, problemsNow, toLspDiagnostics } from './diagnostics.ts';
import { changeDocument, filePath, type OpenDocument, openDocument } from './documents.ts';
import { codeActions, fixAllKind } from './features/code-actions.ts';
import { codeLenses, type LensData, resolveCodeLens } from './features/code-lens.ts';
import { type CompletionData, complete, resolveCompletion } from './features/completion.ts';
import { definition, highlights, prepareRename, references, rename } from './features/definition.ts';
import { folding } from './features/folding.ts';
import { formatting } from './features/formatting.ts';
import { graphPage, graphPageMethod } from './features/graph-page.ts';
import { hover } from './features/hover.ts';
import { links } from './features/links.ts';
import { outline } from './features/outline.ts';
import { semanticTokens, tokenTypes } from './features/semantic-tokens.ts';
import { signatureHelp } from './features/signature-help.ts';
import { ignoreFileProblems } from './ignore-files.ts';
import { type Analysis, offsetOf, type Session } from './session.ts';
import { defaultSettings, readSettings, type Settings } from './settings.ts';
import { symbolsOf } from './symbols.ts';
import { findSurroundings } from './workspace.ts';

/** Milliseconds without an edit after which a document is analysed. */
const patienceMs = 200;

/** An open document and the work on it. */
interface Tracked {
  document: OpenDocument;
  settings: Settings;
  /** The last analysis that came to its end. */
  analysis: Analysis | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the analysis that is running. */
  controller: AbortController;
  /** The analysis of the current version. */
  pending: Promise<Analysis | undefined>;
  /** Begins it at once. */
  begin: () => void;
}

/** Serves an editor until it closes the connection. @param version of this program */
export function serve(connection: Connection, version: string): void {
  const documents = new Map<string, Tracked>();
  const thread = createAnalysisThread();
  const requestOf = ({ uri, version, text }: OpenDocument, settings: Settings): AnalysisRequest => {
    return { uri, version, text, settings, folders, open: openTexts() };
  };
  const openTexts = () => [...documents.values()].map(({ document: { path, text } }) => ({ path, text }));
  /** Configuration files whose mistakes are shown. */
  const configurations = new Set<string>();
  let folders: string[] = [];
  let asksForSettings = false;
  const canRegister = { settings: false, files: false };
  let common: Settings = defaultSettings;

  connection.onInitialize((params): InitializeResult => {
    folders = workspaceDirectories(params);
    asksForSettings = params.capabilities.workspace?.configuration === true;
    const { workspace } = params.capabilities;
    canRegister.settings = workspace?.didChangeConfiguration?.dynamicRegistration === true;
    canRegister.files = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    common = readSettings(params.initializationOptions);
    return { serverInfo: { name: 'tsfront', version }, capabilities };
  });

  connection.onInitialized(() => {
    const register = (registered: Promise<unknown>) => void registered.catch((error) => report('registration', error));
    const { client } = connection;
    if (canRegister.settings)
      register(client.register(DidChangeConfigurationNotification.type, { section: 'tsfront' }));
    const watchers = watchedFiles.map((globPattern) => ({ globPattern }));
    if (canRegister.files) register(client.register(DidChangeWatchedFilesNotification.type, { watchers }));
  });

  connection.onNotification(
    DidChangeWorkspaceFoldersNotification.type,
    ({ event: { added, removed } }: DidChangeWorkspaceFoldersParams) => {
      const gone = new Set(removed.map(({ uri }) => filePath(uri)));
      folders = [...folders.filter((it) => !gone.has(it)), ...added.flatMap(({ uri }) => filePath(uri) ?? [])];
      for (const tracked of documents.values()) schedule(tracked);
    },
  );

  connection.onDidChangeConfiguration(async ({ settings }) => {
    const given = (settings as { tsfront?: unknown } | null)?.tsfront;
    if (given !== undefined) common = readSettings(given);
    await Promise.all([...documents.values()].map((tracked) => loadSettings(tracked)));
  });

  async function loadSettings(tracked: Tracked): Promise<void> {
    const { uri } = tracked.document;
    if (asksForSettings) {
      const given = await connection.workspace
        .getConfiguration({ scopeUri: uri, section: 'tsfront' })
        .catch(() => null);
      tracked.settings = given === null ? common : readSettings(given);
    } else tracked.settings = common;
    if (documents.get(uri) === tracked) schedule(tracked);
  }

  /** Sends the problems that are known at once, and finds the others when no edit comes. */
  function schedule(tracked: Tracked): void {
    clearTimeout(tracked.timer);
    tracked.controller.abort(new Error('another version of the document'));
    const controller = new AbortController();
    tracked.controller = controller;
    const { document } = tracked;
    publish(document, problemsNow(document, tracked.analysis));
    let hasBegun = false;
    tracked.pending = new Promise((resolve) => {
      const begin = async () => {
        if (hasBegun) return;
        hasBegun = true;
        clearTimeout(tracked.timer);
        try {
          if (document.isIgnoreFile) publish(document, await ignoreFileProblems(document));
          else {
            const result = await thread.ask('analyse', requestOf(document, tracked.settings), controller.signal);
            const analysis = { document, ...result };
            if (controller.signal.aborted) return resolve(undefined);
            tracked.analysis = analysis;
            publish(document, analysis.problems);
            publishConfiguration(analysis);
            return resolve(analysis);
          }
        } catch (error) {
          if (!controller.signal.aborted) report('the analysis', error);
        }
        resolve(undefined);
      };
      tracked.begin = () => void begin();
      tracked.timer = setTimeout(tracked.begin, patienceMs);
      controller.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
  }

  function publish(document: OpenDocument, problems: Parameters<typeof toLspDiagnostics>[1]): void {
    const { uri, version } = document;
    void connection.sendDiagnostics({ uri, version, diagnostics: toLspDiagnostics(document, problems) });
  }

  /** Mistakes in a configuration file are shown in that file, open or not. */
  function publishConfiguration({ configuration: file }: Analysis): void {
    if (!file || (file.problems.length === 0 && !configurations.has(file.path))) return;
    if (file.problems.length === 0) configurations.delete(file.path);
    else configurations.add(file.path);
    const diagnostics = file.source ? inFile(file.source, file.problems) : [];
    void connection.sendDiagnostics({ uri: pathToFileURL(file.path).href, diagnostics });
  }

  function report(what: string, error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    connection.console.error(`${what} failed: ${reason}`);
  }

  connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
    const tracked: Tracked = {
      document: openDocument(uri, languageId, version, text),
      settings: common,
      analysis: undefined,
      timer: undefined,
      controller: new AbortController(),
      pending: Promise.resolve(undefined),
      begin: () => {},
    };
    close(uri);
    documents.set(uri, tracked);
    schedule(tracked);
    if (asksForSettings) void loadSettings(tracked);
  });

  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) => {
    const tracked = documents.get(uri);
    if (!tracked) return;
    tracked.document = changeDocument(tracked.document, contentChanges, version);
    schedule(tracked);
  });

  connection.onDidSaveTextDocument(({ textDocument: { uri } }) => {
    // Other documents may be built on it: an ignore file, a file that COPY takes.
    for (const tracked of documents.values()) if (tracked.document.uri !== uri) schedule(tracked);
  });

  connection.onDidChangeWatchedFiles(() => {
    for (const tracked of documents.values()) schedule(tracked);
  });

  function close(uri: string): void {
    const tracked = documents.get(uri);
    if (!tracked) return;
    clearTimeout(tracked.timer);
    tracked.controller.abort(new Error('the document was closed'));
    documents.delete(uri);
    thread.forget(uri);
  }

  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
    close(uri);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });

  /** What a feature works on; undefined for a document that is not open, and for an ignore file. */
  function sessionOf(uri: string, signal: AbortSignal): Session | undefined {
    const tracked = documents.get(uri);
    if (!tracked || tracked.document.isIgnoreFile) return undefined;
    const { document, settings } = tracked;
    return {
      document,
      settings,
      get symbols() {
        return symbolsOf(document, settings);
      },
      get analysis() {
        return tracked.analysis;
      },
      currentAnalysis() {
        if (tracked.document !== document) return Promise.resolve(undefined);
        tracked.begin();
        return tracked.pending;
      },
      graphPage: () => thread.ask('graphPage', requestOf(document, settings), signal),
      ask: (method, params) => thread.ask(method, params, signal),
      surroundings: () => findSurroundings(document, settings, folders, openTexts()),
      signal,
    };
  }

  /** Answers a question; without an answer, or after an error, with `none`. */
  function answering<P, R>(
    what: string,
    uriOf: (params: P) => string,
    none: R,
    answer: (session: Session, params: P) => R | undefined | Promise<R | undefined>,
  ) {
    return async (params: P, token: CancellationToken): Promise<R | ResponseError> => {
      const controller = new AbortController();
      // A question that was cancelled before its turn tells no listener.
      if (token.isCancellationRequested) return new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
      const listener = token.onCancellationRequested(() => controller.abort(new Error('cancelled')));
      try {
        const session = sessionOf(uriOf(params), controller.signal);
        if (!session) return none;
        const result = await unlessAborted(Promise.resolve(answer(session, params)), controller.signal);
        return result ?? none;
      } catch (error) {
        if (token.isCancellationRequested) return new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
        if (error instanceof ResponseError) return error;
        report(what, error);
        return none;
      } finally {
        listener.dispose();
      }
    };
  }

  const uriOf = ({ textDocument }: { readonly textDocument: { readonly uri: string } }) => textDocument.uri;

  /** The same, for a question about a place. */
  function answeringAt<P extends TextDocumentPositionParams, R>(
    what: string,
    none: R,
    answer: (session: Session, offset: number, params: P) => R | undefined | Promise<R | undefined>,
  ) {
    return answering<P, R>(what, uriOf, none, (session, params) =>
      answer(session, offsetOf(session.document, params.position), params),
    );
  }

  connection.onHover(answeringAt('hover', null, hover));
  connection.onDefinition(answeringAt('definition', null, definition));
  connection.onReferences(
    answeringAt('references', null, (session, offset, params) =>
      references(session, offset, params.context.includeDeclaration),
    ),
  );
  connection.onDocumentHighlight(answeringAt('highlights', null, highlights));
  connection.onPrepareRename(answeringAt('rename', null, prepareRename));
  connection.onRenameRequest(
    answeringAt('rename', null, (session, offset, { newName }) => rename(session, offset, newName)),
  );
  connection.onCompletion(answeringAt('completion', null, complete));
  connection.onSignatureHelp(answeringAt('signature help', null, signatureHelp));
  connection.onCodeAction(answering('code actions', uriOf, null, codeActions));
  connection.onDocumentFormatting(answering('formatting', uriOf, null, formatting));
  connection.onFoldingRanges(answering('folding', uriOf, null, folding));
  connection.onDocumentSymbol(answering('the outline', uriOf, null, outline));
  connection.onDocumentLinks(answering('links', uriOf, null, links));
  connection.onCodeLens(answering('code lenses', uriOf, null, codeLenses));
  connection.onCodeLensResolve(async (lens, token) => {
    const data = lens.data as LensData | undefined;
    const resolve = answering(
      'code lenses',
      (it: LensData) => it.uri,
      lens,
      (session, it) => resolveCodeLens(session, lens, it),
    );
    return data ? resolve(data, token) : lens;
  });
  const noTokens: SemanticTokens = { data: [] };
  connection.languages.semanticTokens.on(
    answering('semantic tokens', uriOf, noTokens, (session) => semanticTokens(session)),
  );
  connection.languages.semanticTokens.onRange(
    answering('semantic tokens', uriOf, noTokens, (session, { range }: SemanticTokensRangeParams) =>
      semanticTokens(session, {
        start: offsetOf(session.document, range.start),
        end: offsetOf(session.document, range.end),
      }),
    ),
  );
  connection.onRequest(graphPageMethod, answering('the graph', uriOf, null, graphPage));
  connection.onCompletionResolve((item) => {
    const data = item.data as CompletionData | undefined;
    const session = data && sessionOf(data.uri, new AbortController().signal);
    try {
      return session ? resolveCompletion(session, item, data) : item;
    } catch (error) {
      report('completion', error);
      return item;
    }
  });
  connection.listen();
}

/** Files that decide about problems of Dockerfiles. */
const watchedFiles = ['**/.dockerignore', '**/*.dockerignore', '**/*.lock', '**/tsfront.json'];

/** What the server can do. */
const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  renameProvider: { prepareProvider: true },
  completionProvider: { resolveProvider: true, triggerCharacters: ['$', '{', '=', ',', '-', '/', ' '] },
  signatureHelpProvider: { triggerCharacters: [' '] },
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, fixAllKind] },
  documentFormattingProvider: true,
  foldingRangeProvider: true,
  documentSymbolProvider: true,
  documentLinkProvider: {},
  codeLensProvider: { resolveProvider: true },
  semanticTokensProvider: { legend: { tokenTypes: [...tokenTypes], tokenModifiers: [] }, full: true, range: true },
  workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
};

function workspaceDirectories({ workspaceFolders, rootUri }: InitializeParams): string[] {
  const uris = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri ? [rootUri] : []);
  return uris.flatMap((uri) => filePath(uri) ?? []);
}

/** The result, or the reason of the signal if that comes first. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    result.then(resolve, reject);
  });
}
