import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createLayout } from '../../scripts/image/oci-layout.mjs';
import { temporaryDir } from '../temporary-dir.ts';

test('a layout replaces another one, and nothing else', () => {
  const dir = temporaryDir();
  createLayout(dir).finish([], 'first');
  writeFileSync(path.join(dir, 'beside'), '');
  createLayout(dir);
  expect(readdirSync(dir).sort()).toEqual(['beside', 'blobs', 'oci-layout']);
  expect(readdirSync(path.join(dir, 'blobs/sha256'))).toEqual([]);

  const other = temporaryDir({ mine: '' });
  expect(() => createLayout(other)).toThrow('holds something else than an image layout');
  expect(existsSync(path.join(other, 'mine'))).toBe(true);
});
