import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { unsupportedNode } from '../../src/system/node-version.ts';

const root = path.resolve(import.meta.dirname, '../..');

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node)!.map(Number) as [number, number, number];

test('the Node that package.json asks for is new enough, and older ones are told so', () => {
  for (const version of [`${major}.${minor}.0`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`, '100.0.0-nightly'])
    expect(unsupportedNode(version)).toBeUndefined();
  for (const version of [`${major}.${minor - 1}.9`, `${major - 1}.99.0`, '8.0.0'])
    expect(unsupportedNode(version)).toContain(`needs Node ${major}.${minor} or newer, and this is Node ${version}`);
});

test('README promises the Node of package.json, and CI tests on it', () => {
  expect(read('README.md')).toContain(`\nNode ${major}.${minor} or newer.\n`);
  expect(read('.github/workflows/ci.yml')).toContain(`node: ["${major}.${minor}", `);
});

/** The Node of the system, where it is an old one. */
const system = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (file) =>
    existsSync(file) &&
    unsupportedNode(execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()),
);

test.skipIf(!system)('an old Node ends the command line with one line', async () => {
  const { build } = await import('esbuild');
  const { bundles } = await import('../../scripts/bundles.mjs');
  const outdir = path.join(root, 'node_modules/.cache/old-node');
  const cli = bundles.find((options) => 'cli' in (options as { entryPoints: object }).entryPoints);
  await build({ ...cli, outdir });
  let told = '';
  try {
    execFileSync(system!, [path.join(outdir, 'cli.js'), 'compile', '.'], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    told = (error as { stderr: string }).stderr;
  }
  expect(told).toMatch(/^error: tsfront needs Node \S+ or newer, and this is Node \S+: install a newer one \(.*\)\n$/);
});
