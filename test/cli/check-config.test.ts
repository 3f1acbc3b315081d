/** The configuration file of `tsfront check`. */
import { expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const off = '{ "lint": { "rules": { "StageNameCasing": "off" } } }';
const capitals = 'FROM scratch AS A\n';
const check = (...args: string[]) => runCli(['check', '--offline', ...args]);

test('it is found in the directory of the Dockerfile or above', async () => {
  const dir = temporaryDir({ 'tsfront.json': off, 'a/b/Dockerfile': capitals, Dockerfile: capitals });
  expect((await check(`${dir}/Dockerfile`)).code).toBe(0);
  expect((await check(`${dir}/a/b`)).code).toBe(0);
});

test('that of another repository does not count', async () => {
  const dir = temporaryDir({ 'tsfront.json': off, 'a/.git/HEAD': '', 'a/b/Dockerfile': capitals });
  expect((await check(`${dir}/a/b`)).code).toBe(1);
});

test('the nearest one counts', async () => {
  const error = off.replace('off', 'error');
  const dir = temporaryDir({ 'tsfront.json': off, 'a/tsfront.json': error, 'a/Dockerfile': capitals });
  const { code, stdout } = await check(`${dir}/a`);
  expect(code).toBe(1);
  expect(stdout).toContain("error[StageNameCasing]: Stage name 'A' should be lowercase");
  expect(stdout).toMatch(/\n1 error, 0 warnings\n--fix solves 1 of them\n$/);
});

test('--config names one, and --no-config uses none', async () => {
  const dir = temporaryDir({ 'tsfront.json': off, 'b/ours.json': '{}', Dockerfile: capitals });
  expect((await check(dir, '--no-config')).code).toBe(1);
  expect((await check(dir, '--config', `${dir}/b/ours.json`)).code).toBe(1);
  expect((await check('-', '--config', `${dir}/tsfront.json`)).code).toBe(1);
});

test('one with mistakes is wrong usage, and all of them are shown', async () => {
  const dir = temporaryDir({ 'tsfront.json': '{ "lint": { "rules": { "A": 1, "B": 2 } } }', Dockerfile: capitals });
  const { code, stdout, stderr } = await check(dir);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.match(/^.*tsfront.json:.*$/gm)).toEqual([
    `${dir}/tsfront.json:1:24: error[bad-lint-config]: there is no rule with the name A`,
    `${dir}/tsfront.json:1:32: error[bad-lint-config]: there is no rule with the name B`,
  ]);
});

test('one that cannot be read is wrong usage', async () => {
  const { code, stderr } = await check('.', '--config', '/missing/tsfront.json');
  expect(code).toBe(2);
  expect(stderr).toBe(
    'error: --config: cannot read the configuration /missing/tsfront.json: no such file or directory\n',
  );
});

test('a build does not read it', async () => {
  const dir = temporaryDir({ 'tsfront.json': off, Dockerfile: 'FROM scratch AS A\nCOPY Dockerfile /\n' });
  const { stderr } = await runCli(['compile', dir, '--offline', '-o', '/dev/null']);
  expect(stderr).toContain('StageNameCasing');
});

test('the JSON says what the configuration counts as an error', async () => {
  const dir = temporaryDir({ 'tsfront.json': off.replace('off', 'error'), Dockerfile: capitals });
  const { stdout } = await check(dir, '--format=json');
  expect(JSON.parse(stdout)).toMatchObject([{ warnings: [{ ruleName: 'StageNameCasing', level: 'error' }] }]);
});
