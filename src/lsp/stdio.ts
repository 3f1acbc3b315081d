/** The language server on standard input and output: what `tsfront lsp` and the extension of VS Code run. */
import { readFileSync } from 'node:fs';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './server.ts';

/**
 * Serves the editor on standard input and output. It never returns: the process ends with the connection, when the
 * editor says so, and when the editor's process is gone. The exit code is 0 after `shutdown`, and 1 otherwise.
 */
export function serveStdio(): Promise<never> {
  serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout), version());
  return new Promise(() => {});
}

// package.json is two directories up from here, and from dist/chunks as well.
const version = () =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version as string;
