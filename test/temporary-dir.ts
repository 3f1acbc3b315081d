import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Contents of files, by their paths below a directory. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

const dirs: string[] = [];

/** A new directory with these files, removed when the tests of the file are done. */
export function temporaryDir(files: Files = {}): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-test-'));
  dirs.push(dir);
  writeFiles(dir, files);
  return dir;
}

/** Removes the directories that were made so far. */
export function removeTemporaryDirs(): void {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
}

/** Writes files below a directory, with the directories that they are in. */
export function writeFiles(dir: string, files: Files): void {
  for (const [name, data] of Object.entries(files)) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, data);
  }
}
