/** The open documents with their analyses: each version is analysed when no edit comes, and its problems are sent. */
import { pathToFileURL } from 'node:url';
import type { Connection, TextDocumentContentChangeEvent, TextDocumentItem } from 'vscode-languageserver/node';
import type { AnalysisRequest } from './analysis.ts';
import { createAnalysisThread } from './analysis-thread.ts';
import { inFile, problemsNow, toLspDiagnostics } from './diagnostics.ts';
import { changeDocument, type OpenDocument, openDocument } from './documents.ts';
import type { Editor } from './editor.ts';
import { ignoreFileProblems } from './ignore-files.ts';
import type { Analysis, DocumentSession } from './session.ts';
import type { Settings } from './settings.ts';
import { symbolsOf } from './symbols.ts';
import { findSurroundings, type OpenText } from './workspace.ts';

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

/** The documents that are open in an editor. */
export class OpenDocuments {
  private readonly connection: Connection;
  private readonly editor: Editor;
  private readonly thread = createAnalysisThread();
  private readonly tracked = new Map<string, Tracked>();
  /** Configuration files whose mistakes are shown. */
  private readonly configurations = new Set<string>();

  constructor(connection: Connection, editor: Editor) {
    this.connection = connection;
    this.editor = editor;
  }

  /** Opens a document. */
  open({ uri, languageId, version, text }: TextDocumentItem): void {
    const tracked: Tracked = {
      document: openDocument(uri, languageId, version, text),
      settings: this.editor.settings,
      analysis: undefined,
      timer: undefined,
      controller: new AbortController(),
      pending: Promise.resolve(undefined),
      begin: () => {},
    };
    this.forget(uri);
    this.tracked.set(uri, tracked);
    this.schedule(tracked);
    if (this.editor.asksForSettings) void this.loadSettings(tracked);
  }

  /** Edits a document. */
  change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): void {
    const tracked = this.tracked.get(uri);
    // A change of an earlier version is about a text that is no longer there.
    if (!tracked || version <= tracked.document.version) return;
    tracked.document = changeDocument(tracked.document, changes, version);
    this.schedule(tracked);
  }

  /** Closes a document. Its problems are no longer shown. */
  close(uri: string): void {
    this.forget(uri);
    void this.connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  /** Analyses all documents again. @param except what is left out: what has changed does not depend on itself */
  analyseAgain(except?: string): void {
    for (const tracked of this.tracked.values()) if (tracked.document.uri !== except) this.schedule(tracked);
  }

  /** Takes new settings of all documents, and analyses them again. */
  async reloadSettings(): Promise<void> {
    await Promise.all([...this.tracked.values()].map((tracked) => this.loadSettings(tracked)));
  }

  /**
   * What a feature works on; undefined for a document that is not open, and for an ignore file.
   *
   * @param signal aborted when the editor no longer wants the answer
   */
  session(uri: string, signal: AbortSignal): DocumentSession | undefined {
    const tracked = this.tracked.get(uri);
    if (!tracked || tracked.document.isIgnoreFile) return undefined;
    const { document, settings } = tracked;
    return {
      document,
      settings,
      abilities: this.editor.abilities,
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
      graphPage: () => this.thread.ask('graphPage', this.request(document, settings), signal),
      ask: (method, params) => this.thread.ask(method, params, signal),
      surroundings: () => findSurroundings(document, settings, this.editor.folders, this.texts()),
      signal,
    };
  }

  private forget(uri: string): void {
    const tracked = this.tracked.get(uri);
    if (!tracked) return;
    clearTimeout(tracked.timer);
    tracked.controller.abort(new Error('the document was closed'));
    this.tracked.delete(uri);
    this.thread.forget(uri);
  }

  private async loadSettings(tracked: Tracked): Promise<void> {
    const { uri } = tracked.document;
    tracked.settings = this.editor.asksForSettings ? await this.editor.askSettings(uri) : this.editor.settings;
    if (this.tracked.get(uri) === tracked) this.schedule(tracked);
  }

  /** Sends the problems that are known at once, and finds the others when no edit comes. */
  private schedule(tracked: Tracked): void {
    clearTimeout(tracked.timer);
    tracked.controller.abort(new Error('another version of the document'));
    tracked.controller = new AbortController();
    const {
      document,
      controller: { signal },
    } = tracked;
    this.publish(document, problemsNow(document, tracked.analysis));
    let hasBegun = false;
    tracked.pending = new Promise((resolve) => {
      const begin = async () => {
        if (hasBegun) return;
        hasBegun = true;
        clearTimeout(tracked.timer);
        resolve(await this.analyse(tracked, document, signal));
      };
      tracked.begin = () => void begin();
      tracked.timer = setTimeout(tracked.begin, patienceMs);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
  }

  /**
   * Analyses a version of a document and sends its problems.
   *
   * @returns undefined for an ignore file, if the signal is aborted, and after an error, which is in the log
   */
  private async analyse(tracked: Tracked, document: OpenDocument, signal: AbortSignal): Promise<Analysis | undefined> {
    try {
      if (document.isIgnoreFile) {
        this.publish(document, await ignoreFileProblems(document));
        return undefined;
      }
      const result = await this.thread.ask('analyse', this.request(document, tracked.settings), signal);
      if (signal.aborted) return undefined;
      const analysis: Analysis = { document, ...result };
      tracked.analysis = analysis;
      this.publish(document, analysis.problems);
      this.publishConfiguration(analysis);
      return analysis;
    } catch (error) {
      if (!signal.aborted) this.editor.report('the analysis', error);
      return undefined;
    }
  }

  private request({ uri, version, text }: OpenDocument, settings: Settings): AnalysisRequest {
    return { uri, version, text, settings, folders: this.editor.folders, open: this.texts() };
  }

  private texts(): OpenText[] {
    return [...this.tracked.values()].map(({ document: { path, text } }) => ({ path, text }));
  }

  private publish(document: OpenDocument, problems: Parameters<typeof toLspDiagnostics>[1]): void {
    const { uri, version } = document;
    void this.connection.sendDiagnostics({ uri, version, diagnostics: toLspDiagnostics(document, problems) });
  }

  /** Mistakes in a configuration file are shown in that file, open or not. */
  private publishConfiguration({ configuration: file }: Analysis): void {
    if (!file || (file.problems.length === 0 && !this.configurations.has(file.path))) return;
    if (file.problems.length === 0) this.configurations.delete(file.path);
    else this.configurations.add(file.path);
    const diagnostics = file.source ? inFile(file.source, file.problems) : [];
    void this.connection.sendDiagnostics({ uri: pathToFileURL(file.path).href, diagnostics });
  }
}
