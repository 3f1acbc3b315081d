/** `tsfront check --fix` writes files. */
import { chmod, lstat, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const check = (...args: string[]) => runCli(['check', '--offline', ...args]);
const read = (...parts: string[]) => readFile(path.join(...parts), 'utf8');

test('it applies the safe fixes, counts them, and reports what is left', async () => {
  const dir = temporaryDir({
    Dockerfile: 'FROM scratch as A\nMAINTAINER me\nFROM scratch\n',
    'b/Dockerfile': 'from scratch AS b\n',
  });
  const { code, stdout } = await check(dir, '--fix');
  expect(await read(dir, 'Dockerfile')).toBe('FROM scratch AS a\nMAINTAINER me\nFROM scratch\n');
  expect(await read(dir, 'b/Dockerfile')).toBe('from scratch as b\n');
  expect(code).toBe(1);
  expect(stdout).toContain(`${dir}/Dockerfile:2:1: warning[MaintainerDeprecated]`);
  expect(stdout).toMatch(/\nfixed 3 problems\n2 files: 0 errors, 1 warning\n--unsafe-fixes solves 1 of them\n$/);
});

test('--unsafe-fixes applies the others too; the exit code is 0 if nothing is left', async () => {
  const dir = temporaryDir({ Dockerfile: 'FROM scratch as a\nMAINTAINER me\n' });
  expect(await check(dir, '--unsafe-fixes')).toMatchObject({
    code: 0,
    stdout: `fixed 2 problems\n1 file: no problems\n`.replace('1 file', `${dir}/Dockerfile`),
  });
  expect(await read(dir, 'Dockerfile')).toBe('FROM scratch AS a\nLABEL org.opencontainers.image.authors="me"\n');
});

test('--dry-run prints the difference and writes nothing', async () => {
  const text = 'FROM scratch as a\n';
  const dir = temporaryDir({ Dockerfile: text });
  const { code, stdout } = await check(dir, '--fix', '--dry-run');
  expect(stdout).toBe(
    `--- ${dir}/Dockerfile\n+++ ${dir}/Dockerfile\n@@ -1,1 +1,1 @@\n-FROM scratch as a\n+FROM scratch AS a\n`,
  );
  expect(code).toBe(0);
  expect(await read(dir, 'Dockerfile')).toBe(text);
});

test('a file without fixes is not written', async () => {
  const dir = temporaryDir({ Dockerfile: 'FROM scratch\n' });
  const before = await stat(path.join(dir, 'Dockerfile'));
  expect((await check(dir, '--fix')).code).toBe(0);
  expect((await stat(path.join(dir, 'Dockerfile'))).ino).toBe(before.ino);
});

test('mode, byte order mark, line endings and bytes that are not UTF-8 stay', async () => {
  const dir = temporaryDir({});
  const file = path.join(dir, 'Dockerfile');
  const [start, end] = ['\ufeffARG V=1\r\nFROM scratch ', ' a\r\nENV X=$V\r\nLABEL x=\xff\r\n'];
  const bytes = (keyword: string, arg = '') =>
    Buffer.concat([Buffer.from(`${start}${keyword} a\r\n${arg}`), Buffer.from(end.slice(4), 'latin1')]);
  await writeFile(file, bytes('as'));
  await chmod(file, 0o754);
  await check(dir, '--unsafe-fixes');
  expect(await readFile(file)).toEqual(bytes('AS', 'ARG V\r\n'));
  expect((await stat(file)).mode & 0o777).toBe(0o754);
});

test('the target of a link is written', async () => {
  const dir = temporaryDir({ 'real/Dockerfile.a': 'FROM scratch as a\n' });
  await symlink('real/Dockerfile.a', path.join(dir, 'Dockerfile'));
  expect((await check(`${dir}/Dockerfile`, '--fix')).code).toBe(0);
  expect((await lstat(path.join(dir, 'Dockerfile'))).isSymbolicLink()).toBe(true);
  expect(await read(dir, 'real/Dockerfile.a')).toBe('FROM scratch AS a\n');
});

test('a fix that brings an error to light is applied', async () => {
  const dir = temporaryDir({ Dockerfile: 'FROM alpine:3 as a\nCOPPY nothing /\nEXPOSE 80/TCP\n' });
  const { stdout } = await check(dir, '--fix');
  expect(await read(dir, 'Dockerfile')).toBe('FROM alpine:3 AS a\nCOPY nothing /\nEXPOSE 80/tcp\n');
  expect(stdout).toContain('error[missing-source]');
  expect(stdout).toContain('\nfixed 3 problems\n');
});

test('a build program is not fixed', async () => {
  const text = "import { scratch } from 'tsfront/build';\nexport default () => scratch().cmd(['x']);\n";
  const dir = temporaryDir({ 'build.ts': text });
  expect((await check(`${dir}/build.ts`, '--fix')).code).toBe(0);
  expect(await read(dir, 'build.ts')).toBe(text);
});

test.each([
  [['-', '--fix'], '--fix takes Dockerfiles on this machine, not standard input'],
  [['.', '--dry-run'], '--dry-run goes with --fix'],
  [['.', '--fix', '--dry-run', '--format=json'], '--dry-run prints a difference, not --format'],
])('%j is wrong usage', async (args, message) => {
  expect(await check(...args)).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` });
});
