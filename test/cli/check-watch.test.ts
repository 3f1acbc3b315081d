/** `tsfront check --watch` checks again when a file changes, and ends with a signal. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

async function directory(): Promise<string> {
  const dir = temporaryDir();
  return dir;
}

/** Starts a watch; `next` gives what it prints until it waits for a change. */
function watch(cwd: string, ...paths: string[]) {
  const args = [cli, 'check', '--offline', '--watch', ...paths];
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args, { cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  let isWaiting = false;
  let changed = () => {};
  child.stdout.on('data', (data) => {
    printed += data;
    changed();
  });
  child.stderr.on('data', (data) => {
    if (String(data).includes('watching for changes')) isWaiting = true;
    printed += data;
    changed();
  });
  return {
    child,
    async next(wanted: string): Promise<string> {
      while (!isWaiting || !printed.includes(wanted)) await new Promise<void>((resolve) => (changed = resolve));
      const text = printed;
      printed = '';
      isWaiting = false;
      return text;
    },
  };
}

test('it checks again after a file, the configuration and a new Dockerfile, and ends with Ctrl-C', async () => {
  const dir = await directory();
  const write = (name: string, text: string) => writeFile(path.join(dir, name), text);
  await write('Dockerfile', 'FROM scratch\n');
  const { child, next } = watch(dir);
  expect(await next('no problems')).toContain('Dockerfile: no problems');

  await write('Dockerfile', 'FROM scratch AS A\n');
  expect(await next('StageNameCasing')).toContain('1 warning');

  await write('tsfront.json', '{ "lint": { "rules": { "StageNameCasing": "off" } } }');
  expect(await next('no problems')).toContain('Dockerfile: no problems');

  await write('tsfront.json', '{ "lint": 1 }');
  expect(await next('lint must be an object')).not.toContain('no problems');
  await write('tsfront.json', '{}');
  expect(await next('StageNameCasing')).toContain('1 warning');

  // As editors save: another file takes the place.
  await write('new', 'FROM scratch\n');
  await rename(path.join(dir, 'new'), path.join(dir, 'Dockerfile'));
  expect(await next('no problems')).not.toContain('StageNameCasing');

  await write('Dockerfile.more', 'FROM scratch AS B\n');
  expect(await next('2 files')).toContain('Dockerfile.more:1:17: warning[StageNameCasing]');

  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGINT');
  expect(await ended).toBe(130);
});

test.each([
  ['below a directory', []],
  ['that a pattern matches', ['*/**/Dockerfile']],
])('it checks a new Dockerfile %s, in directories that were there and in new ones', async (_, paths) => {
  const dir = await directory();
  const make = (name: string) => mkdir(path.join(dir, name), { recursive: true });
  const write = (name: string, text: string) => writeFile(path.join(dir, name), text);
  await make('one');
  await make('empty/deep');
  await write('one/Dockerfile', 'FROM scratch\n');
  const { next } = watch(dir, ...paths);
  expect(await next('no problems')).toContain('one/Dockerfile: no problems');

  await write('empty/deep/Dockerfile', 'FROM scratch AS A\n');
  expect(await next('2 files')).toContain('empty/deep/Dockerfile:1:');

  await make('new/deep');
  await write('new/deep/Dockerfile', 'FROM scratch AS B\n');
  expect(await next('3 files')).toContain('new/deep/Dockerfile:1:');

  // A directory that takes the place of another is watched as well.
  await rm(path.join(dir, 'new'), { recursive: true });
  expect(await next('2 files')).not.toContain('new/deep');
  await make('new/deep');
  await write('new/deep/Dockerfile', 'FROM scratch AS C\n');
  expect(await next('3 files')).toContain('new/deep/Dockerfile:1:');
});

test.each([
  [['-', '--watch'], '--watch takes files, not standard input'],
  [['.', '--watch', '--fix', '--dry-run'], '--watch and --dry-run exclude each other'],
])('%j is wrong usage', async (args, message) => {
  expect(await runCli(['check', ...args])).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` });
});
