import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { unsupportedNode } from '../../src/system/node-version.ts';

const root = path.resolve(import.meta.dirname, '../..');

test('the Node that package.json asks for is new enough, and older ones are told so', () => {
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const minimum = /^>=(\d+)\.(\d+)$/.exec(engines.node)!.slice(1).map(Number);
  const [major, minor] = minimum as [number, number];
  for (const version of [`${major}.${minor}.0`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`, '100.0.0-nightly'])
    expect(unsupportedNode(version)).toBeUndefined();
  for (const version of [`${major}.${minor - 1}.9`, `${major - 1}.99.0`, '8.0.0'])
    expect(unsupportedNode(version)).toContain(`needs Node ${major}.${minor} or newer, and this is Node ${version}`);
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
