/** Debian's packages that the frontend image is built with: what happens when they are not those of packages.json. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import pins from '../../scripts/engine/packages.json' with { type: 'json' };
import { temporaryDir } from '../temporary-dir.ts';

const dir = temporaryDir();

const [[name, pin]] = Object.entries(pins.quickjs.amd64) as [[string, string]];
const [version, digest] = pin.split(' ');

/** Unpacks the sources of the engine, with a cache that has them as `found`, or has none. */
function unpack(found?: string): string {
  const cache = mkdtempSync(path.join(dir, 'cache-'));
  mkdirSync(path.join(cache, 'quickjs'), { recursive: true });
  if (found) writeFileSync(path.join(cache, 'quickjs.txt'), `${name} ${found}\n`);
  const script = `
    const { unpackPackages } = await import(${JSON.stringify(path.resolve(import.meta.dirname, '../../scripts/engine/packages.mjs'))});
    try { unpackPackages('quickjs', 'quickjs', 'amd64'); } catch (error) { console.error(error.message); }`;
  const env = { ...process.env, ENGINE_CACHE: cache, DEBIAN_MIRROR: `file://${dir}/none` };
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env }).stderr;
}

test('pinned packages are taken without a message', () => {
  expect(unpack(`${version} ${digest}`)).toBe('');
});

test('another version is told', () => {
  expect(unpack(`0.99.0-1 ${digest}`)).toBe(
    `engine: ${name} is 0.99.0-1, not the one of packages.json: the bytes will be others, too\n`,
  );
});

test('other bytes of the same version are an error', () => {
  expect(unpack(`${version} ${'0'.repeat(64)}`)).toContain(
    `has the digest ${'0'.repeat(64)}, not that of packages.json`,
  );
});

test('a mirror without them is an error that says what helps', () => {
  expect(unpack()).toMatch(
    /forky at this machine's mirrors does not give all of qjs-src\. DEBIAN_MIRROR names another/,
  );
});
