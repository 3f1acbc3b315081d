import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

/** A new directory, removed when the tests of the file are done. */
export function temporaryDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-test-'));
  dirs.push(dir);
  return dir;
}
