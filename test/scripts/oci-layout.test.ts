import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createLayout } from '../../scripts/image/oci-layout.mjs';
import { temporaryDir } from '../client/temporary-dir.ts';

test('a layout replaces another one, and nothing else', () => {
  const folder = temporaryDir();
  createLayout(folder).finish([], 'first');
  writeFileSync(path.join(folder, 'beside'), '');
  createLayout(folder);
  expect(readdirSync(folder).sort()).toEqual(['beside', 'blobs', 'oci-layout']);
  expect(readdirSync(path.join(folder, 'blobs/sha256'))).toEqual([]);

  const other = temporaryDir();
  writeFileSync(path.join(other, 'mine'), '');
  expect(() => createLayout(other)).toThrow('holds something else than an image layout');
  expect(existsSync(path.join(other, 'mine'))).toBe(true);
});
