/** The extension of VS Code: starts the language server, and says which documents it is for. */
import { commands, type ExtensionContext, ViewColumn, window, workspace } from 'vscode';
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  TransportKind,
} from 'vscode-languageclient/node';

let client: LanguageClient | undefined;

/** Called by the editor when a Dockerfile is opened first. */
export async function activate(context: ExtensionContext): Promise<void> {
  const module = context.asAbsolutePath('dist/server.js');
  const options: LanguageClientOptions = {
    documentSelector: [{ language: 'dockerfile' }, { pattern: '**/{.dockerignore,.containerignore,*.dockerignore}' }],
    initializationOptions: { ...safeSettings(), suggestCommand: 'editor.action.triggerSuggest' },
    middleware: {
      workspace: {
        // The server asks for settings; a workspace that is not trusted cannot allow the network.
        async configuration(params, token, next) {
          const found = await next(params, token);
          if (!Array.isArray(found)) return found;
          return found.map((it) => (workspace.isTrusted ? it : { ...(it as object), registry: false }));
        },
      },
    },
  };
  client = new LanguageClient('tsfront', 'tsfront', serverOptions(module), options);
  context.subscriptions.push(
    commands.registerCommand('tsfront.restart', () => client?.restart()),
    commands.registerCommand('tsfront.showGraph', showGraph),
    commands.registerCommand('tsfront.showLog', () => client?.outputChannel.show()),
  );
  try {
    await client.start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    void window.showErrorMessage(`The language server of tsfront does not start: ${reason}`);
  }
}

/** Called by the editor when it ends. */
export async function deactivate(): Promise<void> {
  // A server that did not start cannot be stopped.
  if (client?.isRunning()) await client.stop();
  client = undefined;
}

/** Shows the graph of the Dockerfile in the editor, as `tsfront graph` draws it, beside it. */
async function showGraph(): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (!document || !client?.isRunning()) return;
  const uri = client.code2ProtocolConverter.asUri(document.uri);
  try {
    const page = await client.sendRequest<string | null>('tsfront/graphPage', { textDocument: { uri } });
    if (page === null) return;
    const title = `Graph of ${document.fileName.replace(/^.*[\\/]/, '')}`;
    const panel = window.createWebviewPanel('tsfront.graph', title, ViewColumn.Beside, { enableScripts: true });
    panel.webview.html = page;
  } catch (error) {
    void window.showErrorMessage(`There is no graph: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function safeSettings(): object {
  const settings = workspace.getConfiguration('tsfront');
  return { ...settings, ...(!workspace.isTrusted && { registry: false }) };
}

function serverOptions(module: string): ServerOptions {
  const [command, ...args] = workspace.getConfiguration('tsfront').get<string[]>('server.command') ?? [];
  if (command !== undefined) return { command, args, transport: TransportKind.stdio };
  return { module, transport: TransportKind.stdio };
}
