/** Contexts that are only large. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../engine/command.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** Lists a context in a process with little memory. */
async function list(dir: string): Promise<number> {
  const args = ['--max-old-space-size=256', path.join(import.meta.dirname, 'list-context.ts'), dir];
  const { status, stdout, stderr } = await runCommand(process.execPath, args, { timeout: 900_000 });
  expect(status, stderr).toBe(0);
  return Number(stdout);
}

test('a million files in a thousand directories are listed', { timeout: 1_800_000 }, async () => {
  const dir = temporaryDir();
  for (let i = 0; i < 1000; i++) {
    mkdirSync(path.join(dir, `d${i}`));
    for (let j = 0; j < 1000; j++) writeFileSync(path.join(dir, `d${i}/f${j}`), '');
  }
  expect(await list(dir)).toBe(1_001_000);
});

test('200,000 links in one directory are listed', { timeout: 900_000 }, async () => {
  const dir = temporaryDir();
  for (let i = 0; i < 200_000; i++) symlinkSync(`l${i + 1}`, path.join(dir, `l${i}`));
  expect(await list(dir)).toBe(200_000);
});
