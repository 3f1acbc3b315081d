import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundles } from '../../scripts/bundles.mjs';
import { commandTable } from '../../src/cli/command-table.ts';
import type { Io } from '../../src/cli/io.ts';
import { daemonlessCommand } from '../../src/cli/options/daemonless-command.ts';
import { runCli } from './run-cli.ts';

const root = path.resolve(import.meta.dirname, '../..');
mkdirSync(path.join(root, 'node_modules/.cache'), { recursive: true });
// Two directories above the chunks is package.json.
const outdir = path.join(mkdtempSync(path.join(root, 'node_modules/.cache/start-')), 'dist');
const context = path.join(path.dirname(outdir), 'context');

beforeAll(async () => {
  const entries = ['cli', 'chunks/cli-daemonless'];
  const ofCli = bundles.filter(({ entryPoints }) => entries.some((entry) => entry in entryPoints));
  expect(ofCli).toHaveLength(2);
  for (const options of ofCli) await build({ ...options, outdir });
  mkdirSync(context);
  writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch AS Base\nCOPY Dockerfile /\n');
});
afterAll(() => rmSync(path.dirname(outdir), { recursive: true }));

test('the commands in the bundle that asks no daemon are all that have the options of such commands', () => {
  const [, list = ''] =
    /^const daemonless = \[(.*)\];$/m.exec(readFileSync(path.join(root, 'src/cli.ts'), 'utf8')) ?? [];
  const shared = daemonlessCommand('any').options.map(({ long }) => long);
  const commands = commandTable.map(({ create }) => create({} as Io));
  const daemonless = commands.filter(({ options }) => shared.every((it) => options.some(({ long }) => long === it)));
  // Solve asks a daemon afterwards; lock compiles, too, but has no session; fmt formats, and lsp serves an editor.
  const names = [...daemonless.map((it) => it.name()).filter((name) => name !== 'solve'), 'lock', 'fmt', 'lsp'];
  expect(list.match(/\w+/g)).toEqual(names);
});

/** Runs a process. A cache directory that cannot be made is no problem. */
function run(cache: string, ...args: string[]) {
  const env = { PATH: process.env['PATH']!, HOME: '/nonexistent', XDG_CACHE_HOME: cache };
  return spawnSync(process.execPath, args, { cwd: context, env, encoding: 'utf8' });
}

test.each([
  ['compile', ['compile', '--offline', context]],
  ['check', ['check', '--offline', context]],
  ['graph', ['graph', '--offline', context]],
  ['an unknown option', ['compile', '--odd']],
])('%s does in its own bundle what it does elsewhere', async (_, args) => {
  const { status, stdout, stderr } = run('/proc/nowhere', path.join(outdir, 'cli.js'), ...args);
  const expected = await runCli(args);
  expect({ code: status, stdout, stderr }).toEqual(expected);
});

test('compiled code is kept in the cache directory of the user, and not for --version', () => {
  const cache = path.join(path.dirname(outdir), 'own-cache');
  expect(run(cache, path.join(outdir, 'cli.js'), 'compile', '--offline', '.').status).toBe(0);
  expect(readdirSync(path.join(cache, 'tsfront/code'))).toHaveLength(1);
  const other = path.join(path.dirname(outdir), 'other-cache');
  run(other, path.join(outdir, 'cli.js'), '--version');
  expect(existsSync(other)).toBe(false);
});
