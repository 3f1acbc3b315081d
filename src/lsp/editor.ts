/** The editor: what it can do, its workspace directories, its settings, and its log. */
import {
  type Connection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
  MarkupKind,
  type WorkspaceFoldersChangeEvent,
} from 'vscode-languageserver/node';
import { watchedFiles } from './capabilities.ts';
import { filePath } from './documents.ts';
import type { Abilities } from './session.ts';
import { defaultSettings, readSettings, type Settings } from './settings.ts';

/** An editor on the other end of a connection. */
export class Editor {
  /** The workspace directories. */
  folders: readonly string[] = [];
  /** The settings of documents for which the editor gives no others. */
  settings: Settings = defaultSettings;
  /** Whether it gives the settings of a document when it is asked for them. */
  asksForSettings = false;
  /** What answers may contain. */
  abilities: Abilities = { snippets: false, markdownHover: false, markdownItems: false, suggestCommand: undefined };
  private readonly connection: Connection;
  private readonly canRegister = { settings: false, files: false };

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Takes what the editor says of itself at first. */
  introduce({ capabilities: { workspace, textDocument }, initializationOptions, ...params }: InitializeParams): void {
    this.folders = workspaceDirectories(params);
    this.asksForSettings = workspace?.configuration === true;
    const { snippetSupport, documentationFormat } = textDocument?.completion?.completionItem ?? {};
    const suggestCommand: unknown = initializationOptions?.suggestCommand;
    this.abilities = {
      snippets: snippetSupport === true,
      markdownHover: takesMarkdown(textDocument?.hover?.contentFormat),
      markdownItems: takesMarkdown(documentationFormat),
      suggestCommand: typeof suggestCommand === 'string' ? suggestCommand : undefined,
    };
    this.canRegister.settings = workspace?.didChangeConfiguration?.dynamicRegistration === true;
    this.canRegister.files = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    this.settings = readSettings(initializationOptions);
  }

  /** Asks to be told of changes of settings and of files. */
  register(): void {
    const { client } = this.connection;
    const ask = (registered: Promise<unknown>) => void registered.catch((error) => this.report('registration', error));
    if (this.canRegister.settings)
      ask(client.register(DidChangeConfigurationNotification.type, { section: 'tsfront' }));
    const watchers = watchedFiles.map((globPattern) => ({ globPattern }));
    if (this.canRegister.files) ask(client.register(DidChangeWatchedFilesNotification.type, { watchers }));
  }

  /** Takes workspace directories that came and went. */
  changeFolders({ added, removed }: WorkspaceFoldersChangeEvent): void {
    const gone = new Set(removed.map(({ uri }) => filePath(uri)));
    this.folders = [...this.folders.filter((it) => !gone.has(it)), ...added.flatMap(({ uri }) => filePath(uri) ?? [])];
  }

  /** Takes the settings of a notification. Some editors send none, and wait to be asked. */
  changeSettings(all: { readonly tsfront?: unknown } | null): void {
    if (all?.tsfront !== undefined) this.settings = readSettings(all.tsfront);
  }

  /** Asks for the settings of a document. */
  async askSettings(uri: string): Promise<Settings> {
    const given = await this.connection.workspace
      .getConfiguration({ scopeUri: uri, section: 'tsfront' })
      .catch(() => null);
    return given === null ? this.settings : readSettings(given);
  }

  /** Writes an error into the log. @param what has failed */
  report(what: string, error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.connection.console.error(`${what} failed: ${reason}`);
  }
}

const takesMarkdown = (formats: unknown) => Array.isArray(formats) && formats.includes(MarkupKind.Markdown);

function workspaceDirectories({
  workspaceFolders,
  rootUri,
}: Pick<InitializeParams, 'workspaceFolders' | 'rootUri'>): string[] {
  const uris = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri ? [rootUri] : []);
  return uris.flatMap((uri) => filePath(uri) ?? []);
}
