/** The language server: says what it can do, and gives each message of the editor to what handles it. */
import {
  type Connection,
  DidChangeWorkspaceFoldersNotification,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { capabilities } from './capabilities.ts';
import { Editor } from './editor.ts';
import { OpenDocuments } from './open-documents.ts';
import { questions } from './questions.ts';

/** Serves an editor until it closes the connection. @param version of this program */
export function serve(connection: Connection, version: string): void {
  const editor = new Editor(connection);
  const documents = new OpenDocuments(connection, editor);
  listenToEditor(connection, editor, documents, version);
  listenToDocuments(connection, documents);
  for (const listen of questions) listen(connection, { documents, editor });
  connection.listen();
}

/** The editor itself: its first words, its workspace, its settings. */
function listenToEditor(connection: Connection, editor: Editor, documents: OpenDocuments, version: string): void {
  connection.onInitialize((params): InitializeResult => {
    editor.introduce(params);
    return { serverInfo: { name: 'tsfront', version }, capabilities };
  });
  connection.onInitialized(() => editor.register());
  connection.onNotification(DidChangeWorkspaceFoldersNotification.type, ({ event }) => {
    editor.changeFolders(event);
    documents.analyseAgain();
  });
  connection.onDidChangeConfiguration(async ({ settings }) => {
    editor.changeSettings(settings as { tsfront?: unknown } | null);
    await documents.reloadSettings();
  });
}

/** The documents and their files. */
function listenToDocuments(connection: Connection, documents: OpenDocuments): void {
  connection.onDidOpenTextDocument(({ textDocument }) => documents.open(textDocument));
  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) =>
    documents.change(uri, version, contentChanges),
  );
  // Other documents may be built on it: an ignore file, a file that COPY takes.
  connection.onDidSaveTextDocument(({ textDocument: { uri } }) => documents.analyseAgain(uri));
  connection.onDidChangeWatchedFiles(() => documents.analyseAgain());
  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => documents.close(uri));
}
