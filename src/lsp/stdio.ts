/** The language server on standard input and output: what `tsfront lsp` and the extension of VS Code run. */
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './server.ts';

/**
 * Serves the editor on standard input and output. It never returns: the process ends with the connection, when the
 * editor says so, and when the editor's process is gone. The exit code is 0 after `shutdown`, and 1 otherwise.
 *
 * @param version of the program, for the editor's log
 */
export function serveStdio(version: string): Promise<never> {
  serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout), version);
  return new Promise(() => {});
}
