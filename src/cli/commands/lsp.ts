/** `tsfront lsp`: the language server for editors. */
import { Command } from '@commander-js/extra-typings';
import { options } from '../options/options.ts';
import { packageVersion } from '../package-version.ts';

export function lspCommand() {
  return (
    new Command('lsp')
      .summary('serve an editor')
      .description(
        'Runs the language server for Dockerfiles: problems, completion, hover, definitions and more in editors (docs/editors.md). An editor starts it.',
      )
      .addOption(options.stdio)
      // vscode-languageserver reads it; editors append it.
      .addOption(options.clientProcessId)
      .action(async () => (await import('../../lsp/stdio.ts')).serveStdio(packageVersion()))
  );
}
