// Writes docs/api, a page for each entry point, from the docstrings, and docs/cli.md from the commands. With --check it fails when the pages are out of date.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatReference } from './docs/cli.mjs';
import { readDeclarations } from './docs/declarations.mjs';
import { formatPage } from './docs/page.mjs';

const root = path.resolve(import.meta.dirname, '..');
const pages = [
  ['tsfront', 'index'],
  ['tsfront/parser', 'parser/index'],
  ['tsfront/llb', 'llb/index'],
  ['tsfront/client', 'client/index'],
];
const check = process.argv.includes('--check');

const types = mkdtempSync(path.join(tmpdir(), 'tsfront-docs-'));
try {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', path.join(root, 'tsconfig.build.json'), '--outDir', types];
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) throw new Error('tsc failed');
  mkdirSync(path.join(root, 'docs/api'), { recursive: true });
  for (const [entry, file] of pages) {
    const page = formatPage(entry, readDeclarations(path.join(types, `${file}.d.ts`)));
    write(path.join(root, 'docs/api', `${entry.replace('/', '-')}.md`), page);
  }
  write(path.join(root, 'docs/cli.md'), formatReference());
} finally {
  rmSync(types, { recursive: true, force: true });
}

function write(target, page) {
  if (!check) writeFileSync(target, page);
  else if (!existsSync(target) || readFileSync(target, 'utf8') !== page) {
    console.error(`${path.relative(root, target)} does not match the sources; run "npm run docs"`);
    process.exitCode = 1;
  }
}
