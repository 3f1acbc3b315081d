/** An editor: the protocol's own client library on a language server that was started as a command. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  type Diagnostic,
  type InitializeParams,
  type InitializeResult,
  type Position,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver-protocol/node';

const project = path.resolve(import.meta.dirname, '../..');

/** A document that is open in the editor. */
interface OpenedDocument {
  readonly uri: string;
  /** The position of a mark such as `|` in the text that was opened, or of a text in it. */
  at(text: string, plus?: number): { textDocument: { uri: string }; position: Position };
  /** Replaces a text of the document. */
  edit(from: string, to: string): Promise<void>;
  text(): string;
}

/** An editor with its server. */
export interface Editor {
  readonly connection: ProtocolConnection;
  readonly process: ChildProcess;
  readonly initialized: InitializeResult;
  /** All diagnostics that were sent, in order. */
  readonly published: readonly PublishDiagnosticsParams[];
  /** What the server has logged. */
  readonly log: readonly string[];
  open(file: string, text: string, languageId?: string): Promise<OpenedDocument>;
  /** The last diagnostics of a document, once they fulfil a condition. */
  diagnostics(uri: string, isIt: (found: readonly Diagnostic[]) => boolean): Promise<readonly Diagnostic[]>;
  /** Ends the server as an editor does, and gives its exit code. */
  quit(): Promise<number | null>;
  /** Ends it without a word. */
  kill(): void;
}

/** What an editor says about itself. */
interface EditorOptions {
  readonly folders?: readonly string[];
  readonly settings?: object;
  /** By default the sources; a built command starts faster. */
  readonly command?: readonly string[];
  readonly capabilities?: InitializeParams['capabilities'];
  /** The process that is the editor; by default this one. */
  readonly processId?: number;
}

/** What editors that show Markdown say. */
export const markdownCapabilities: InitializeParams['capabilities'] = {
  textDocument: {
    hover: { contentFormat: ['markdown', 'plaintext'] },
    completion: { completionItem: { documentationFormat: ['markdown', 'plaintext'] } },
  },
};

/** Starts a server and says hello. */
export async function startEditor({
  folders = [],
  settings = {},
  command = [path.join(project, 'src/cli.ts'), 'lsp', '--stdio'],
  capabilities = markdownCapabilities,
  processId = process.pid,
}: EditorOptions = {}): Promise<Editor> {
  const child = spawn(process.execPath, [...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
    { error: () => {}, warn: () => {}, info: () => {}, log: () => {} },
  );
  const published: PublishDiagnosticsParams[] = [];
  const log: string[] = [];
  const waiting = new Set<() => void>();
  connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
    published.push(params);
    for (const look of [...waiting]) look();
  });
  connection.onNotification('window/logMessage', ({ message }: { message: string }) => void log.push(message));
  connection.onRequest('client/registerCapability', () => null);
  connection.onRequest('workspace/configuration', ({ items }: { items: unknown[] }) => items.map(() => settings));
  connection.listen();
  const initialized = await connection.sendRequest<InitializeResult>('initialize', {
    processId,
    rootUri: null,
    workspaceFolders: folders.map((folder) => ({ uri: pathToFileURL(folder).href, name: path.basename(folder) })),
    initializationOptions: settings,
    capabilities,
  });
  await connection.sendNotification('initialized', {});
  const exit = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));

  return {
    connection,
    process: child,
    initialized,
    published,
    log,
    async open(file, text, languageId = 'dockerfile') {
      const uri = file.includes(':') && !path.isAbsolute(file) ? file : pathToFileURL(file).href;
      let version = 1;
      await connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
      const positionAt = (offset: number): Position => {
        const before = text.slice(0, offset).split('\n');
        return { line: before.length - 1, character: before.at(-1)!.length };
      };
      return {
        uri,
        text: () => text,
        at(part, plus = 0) {
          const offset = text.indexOf(part);
          if (offset < 0) throw new Error(`the document has no ${part}`);
          return { textDocument: { uri }, position: positionAt(offset + plus) };
        },
        async edit(from, to) {
          const offset = text.indexOf(from);
          if (offset < 0) throw new Error(`the document has no ${from}`);
          const range = { start: positionAt(offset), end: positionAt(offset + from.length) };
          text = text.slice(0, offset) + to + text.slice(offset + from.length);
          await connection.sendNotification('textDocument/didChange', {
            textDocument: { uri, version: ++version },
            contentChanges: [{ range, text: to }],
          });
        },
      };
    },
    diagnostics(uri, isIt) {
      return new Promise((resolve) => {
        const look = () => {
          const last = published.findLast((it) => it.uri === uri);
          if (!last || !isIt(last.diagnostics)) return;
          waiting.delete(look);
          resolve(last.diagnostics);
        };
        waiting.add(look);
        look();
      });
    },
    async quit() {
      await connection.sendRequest('shutdown');
      await connection.sendNotification('exit');
      return exit;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
