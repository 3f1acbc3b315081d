/** The language server in the extension. */
import { readFileSync } from 'node:fs';
import { serveStdio } from '../../../src/lsp/stdio.ts';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
await serveStdio(manifest.version);
