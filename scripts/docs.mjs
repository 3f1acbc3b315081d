// Writes docs/api, a page for each entry point, from the docstrings; docs/cli.md from the commands; docs/errors.md from
// the codes; docs/rules, docs/hadolint.md and tsfront.schema.json from the lint rules. With --check it fails when they
// are out of date. An export without a docstring, a public member without one, an export of tsfront/build without an
// example, and a `@throws` of a class that does not exist are errors either way.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatReference } from './docs/cli.mjs';
import { readDeclarations } from './docs/declarations.mjs';
import { formatErrors } from './docs/errors.mjs';
import { formatPage } from './docs/page.mjs';
import { formatRules } from './docs/rules.mjs';
import { formatSchema } from './docs/schema.mjs';
import { findUnexportedThrown, findUnknownThrown } from './docs/thrown-classes.mjs';
import { findUndocumented, findUndocumentedExports, findWithoutExample } from './docs/undocumented.mjs';

const root = path.resolve(import.meta.dirname, '..');
/** @type {[entry: string, file: string][]} */
const pages = [
  ['tsfront', 'index'],
  ['tsfront/parser', 'parser/index'],
  ['tsfront/format', 'format/index'],
  ['tsfront/llb', 'llb/index'],
  ['tsfront/graph', 'graph/index'],
  ['tsfront/context', 'context/index'],
  ['tsfront/explain', 'explain/index'],
  ['tsfront/lock', 'daemonless/lock/index'],
  ['tsfront/build', 'build-program/index'],
  ['tsfront/client', 'client/index'],
];
const check = process.argv.includes('--check');

const types = mkdtempSync(path.join(tmpdir(), 'tsfront-docs-'));
try {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', path.join(root, 'tsconfig.build.json'), '--outDir', types];
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) throw new Error('tsc failed');
  mkdirSync(path.join(root, 'docs/api'), { recursive: true });
  const modules = pages.map(([entry, file]) => ({ entry, module: readDeclarations(path.join(types, `${file}.d.ts`)) }));
  const exported = new Set(modules.flatMap(({ module }) => module.declarations.map(({ name }) => name)));
  const sources = readSources(path.join(root, 'src'));
  for (const problem of findUnknownThrown(sources)) fail(`src/${problem}`);
  for (const [file, text] of sources)
    for (const name of findUndocumentedExports(text)) fail(`src/${file}: ${name} has no docstring`);
  for (const { entry, module } of modules) {
    for (const name of findUndocumented(module.declarations)) fail(`${entry}: ${name} has no docstring`);
    for (const problem of findUnexportedThrown(module.declarations, exported)) fail(`${entry}: ${problem}`);
    if (entry === 'tsfront/build')
      for (const name of findWithoutExample(module.declarations)) fail(`${entry}: ${name} has no example`);
    write(path.join(root, 'docs/api', `${entry.replace('/', '-')}.md`), formatPage(entry, module));
  }
  write(path.join(root, 'docs/cli.md'), formatReference());
  write(path.join(root, 'docs/errors.md'), formatErrors());
  write(path.join(root, 'tsfront.schema.json'), formatSchema());
  mkdirSync(path.join(root, 'docs/rules'), { recursive: true });
  const rules = await formatRules();
  for (const [name, text] of rules) write(path.join(root, 'docs', name), text);
  const known = new Set(rules.map(([name]) => name));
  for (const name of readdirSync(path.join(root, 'docs/rules')))
    if (!known.has(`rules/${name}`)) fail(`docs/rules/${name} is the page of no rule; remove it`);
} finally {
  rmSync(types, { recursive: true, force: true });
}

/**
 * The modules that people write, with their texts.
 *
 * @param {string} dir
 * @returns {[file: string, text: string][]}
 */
function readSources(dir) {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.startsWith(`gen${path.sep}`))
    .map((file) => [file, readFileSync(path.join(dir, file), 'utf8')]);
}

/**
 * @param {string} target
 * @param {string} page
 */
function write(target, page) {
  if (!check) writeFileSync(target, page);
  else if (!existsSync(target) || readFileSync(target, 'utf8') !== page) {
    fail(`${path.relative(root, target)} does not match the sources; run "npm run docs"`);
  }
}

/** @param {string} problem */
function fail(problem) {
  console.error(problem);
  process.exitCode = 1;
}
