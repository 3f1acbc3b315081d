#!/usr/bin/env node
import { unsupportedNode } from './system/node-version.ts';

/** Commands that never ask a daemon. They are bundled in one file, which is quicker to load than a hundred. */
const daemonless = ['compile', 'check', 'context', 'explain', 'graph', 'lock', 'fmt', 'lsp'];
const command = process.argv[2];

// Older versions cannot even load the rest.
const problem = unsupportedNode();
if (problem) {
  process.stderr.write(`error: ${problem}\n`);
  process.exitCode = 1;
} else {
  if (command !== '--version' && command !== '-V') (await import('./cli/code-cache.ts')).keepCompiledCode();
  const { start } = await (daemonless.includes(command!)
    ? import('./cli/start-daemonless.ts')
    : import('./cli/start.ts'));
  await start();
}
