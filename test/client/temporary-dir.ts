import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const dirs: string[] = [];
process.once('exit', () => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

/** A new directory, removed when the process ends. */
export function temporaryDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-test-'));
  dirs.push(dir);
  return dir;
}
