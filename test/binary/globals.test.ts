/**
 * What the bundle of the small engine adds to the global scope: timers and their like, which the core expects of a
 * host.
 */
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { bundles } from '../../scripts/bundles.mjs';
import { encoding } from '../../src/host/encoding.ts';

test('the bundle is strict and leaves nothing else in the global scope', async () => {
  const bundle = bundles.find(({ entryPoints = {} }) => 'frontend-engine' in entryPoints)!;
  const { outputFiles } = await build({ ...bundle, write: false });
  const native = {
    ...encoding,
    sha256: () => '0'.repeat(64),
    randomBytes: (size: number) => new Uint8Array(size),
    architecture: () => 'amd64',
    now: () => 0,
    wait: () => {},
    listen: () => {},
  };
  const context = createContext({ native });
  const names = () => runInContext('Object.getOwnPropertyNames(globalThis)', context) as string[];
  const before = new Set(names());
  runInContext(outputFiles![0]!.text, context);
  expect(
    names()
      .filter((name) => !before.has(name))
      .sort(),
  ).toEqual([...['clearInterval', 'clearTimeout', 'performance', 'queueMicrotask', 'setInterval', 'setTimeout']]);
  expect(outputFiles![0]!.text).toMatch(/^"use strict";/);
});
