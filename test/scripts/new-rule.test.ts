/** `npm run new:rule`: what it writes compiles as it is. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Makes a rule in a copy of the project. */
function project(...args: readonly string[]): string {
  const dir = temporaryDir();
  for (const part of ['src', 'scripts/new-rule.mjs', 'tsconfig.json', 'package.json'])
    cpSync(path.join(root, part), path.join(dir, part), { recursive: true });
  mkdirSync(path.join(dir, 'test/buildkit-rules/rules'), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/new-rule.mjs', ...args], {
    cwd: dir,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return dir;
}

/** The complaints of the type checker about modules and all that they import. */
function typeErrors(dir: string, ...files: readonly string[]): string {
  writeFileSync(
    path.join(dir, 'tsconfig.rule.json'),
    JSON.stringify({ extends: './tsconfig.json', include: [], files }),
  );
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '-p', 'tsconfig.rule.json'], { cwd: dir, encoding: 'utf8' }).stdout;
}

test('a rule of BuildKit has its definition, its line, its name and its advice', () => {
  const dir = project('--buildkit', 'NoBadWords', "Bad words aren't allowed");
  expect(typeErrors(dir, 'src/buildkit-rules/rules.ts', 'src/diagnostic/texts.ts')).toBe('');
  expect(readFileSync(path.join(dir, 'src/buildkit-rules/rules.ts'), 'utf8')).toContain(
    '{ rule: noBadWords, calledFrom:',
  );
  expect(readFileSync(path.join(dir, 'test/buildkit-rules/rules/no-bad-words.test.ts'), 'utf8')).toContain(
    'NoBadWords',
  );
});

test('a rule of our own has its definition, its line and its name', () => {
  const dir = project('NoBadCommands', "Bad commands aren't run");
  expect(typeErrors(dir, 'src/lint/rules.ts')).toBe('');
  expect(readFileSync(path.join(dir, 'src/lint/rules.ts'), 'utf8')).toContain('  noBadCommands,\n');
});
