/** `--build-arg-file`, and build arguments that nothing takes. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const told = (stderr: string) => stderr.split('\n').filter((line) => line.includes('not consumed'));

describe('unused build arguments', () => {
  const unused = async (dockerfile: string, args: readonly string[], images?: object) => {
    const dir = temporaryDir({ Dockerfile: dockerfile, 'images.json': JSON.stringify({ images: images ?? {} }) });
    const flags = args.flatMap((arg) => ['--build-arg', arg]);
    const table = images ? ['--images', path.join(dir, 'images.json')] : [];
    const run = await runCli(['compile', dir, '--offline', ...table, ...flags]);
    return told(run.stderr);
  };

  test.each([
    ['FROM scratch\nARG VERSION\n', 'VERISON=1', ' (did you mean VERSION?)'],
    ['FROM scratch\nARG VERSION\n', 'version=1', ' (did you mean VERSION?)'],
    ['FROM scratch\nARG VERSION\n', 'colour=red', ''],
    ['FROM scratch\n', 'A=', ''],
  ])('unused build arguments are warned of: %j with %s', async (dockerfile, arg, advice) => {
    const name = arg.slice(0, arg.indexOf('='));
    expect(await unused(dockerfile, [arg])).toEqual([
      `WARNING: the build argument "${name}" was not consumed: no ARG has that name${advice}`,
    ]);
  });

  test.each([
    ['ARG BASE=scratch\nFROM $BASE\n', 'BASE=scratch'],
    ['FROM scratch AS other\nARG X\nFROM scratch\n', 'X=1'],
    ['FROM scratch AS base\nONBUILD ARG X\nFROM base\n', 'X=1'],
    ['FROM scratch\n', 'HTTP_PROXY=x'],
    ['FROM scratch\n', 'no_proxy=x'],
    ['FROM scratch\n', 'BUILDKIT_INLINE_CACHE=1'],
    ['FROM scratch\n', 'SOURCE_DATE_EPOCH=1'],
    ['FROM --platform=$TARGETPLATFORM scratch\n', 'TARGETPLATFORM=linux/arm64'],
    ['FROM scratch\n', 'NOT_SET'],
  ])('unused build arguments do not include what %j takes: %s', async (dockerfile, arg) => {
    expect(await unused(dockerfile, [arg])).toEqual([]);
  });

  test('an ARG of the base image takes one', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest] } };
    const image = (onBuild: string[]) => ({
      'docker.io/library/base:latest': {
        digest,
        platforms: { 'linux/amd64': { ...config, config: { OnBuild: onBuild } } },
      },
    });
    expect(await unused('FROM --platform=linux/amd64 base\n', ['X=1'], image(['ARG X']))).toEqual([]);
    expect(await unused('FROM --platform=linux/amd64 base\n', ['X=1'], image(['ARG Y']))).toHaveLength(1);
  });

  test('a failing build reports unused arguments whose name is nearly that of an ARG', async () => {
    const dockerfile = 'FROM unknown.invalid/image\nARG VERSION\n';
    expect(await unused(dockerfile, ['VERISON=1'])).toHaveLength(1);
    expect(await unused(dockerfile, ['OTHER=1'])).toEqual([]);
  });

  test('check tells of what none of its Dockerfiles takes, and finds no problem in it', async () => {
    const dir = temporaryDir({ 'a/Dockerfile': 'FROM scratch\nARG A\n', 'b/Dockerfile': 'FROM scratch\nARG B\n' });
    const args = ['--build-arg', 'A=1', '--build-arg', 'B=1', '--build-arg', 'CCCC=1'];
    const { code, stderr } = await runCli(['check', path.join(dir, 'a'), path.join(dir, 'b'), ...args]);
    expect(told(stderr)).toHaveLength(1);
    expect(stderr).toContain('"CCCC"');
    expect(code).toBe(0);
  });
});

describe('--build-arg-file', () => {
  const compiled = async (file: string | Uint8Array, args: readonly string[] = [], env = {}) => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nARG A\nARG B\nLABEL a=$A b=$B\n', 'args.env': file });
    const run = await runCli(['compile', dir, '--build-arg-file', path.join(dir, 'args.env'), ...args], { env });
    const stderr = run.stderr.replaceAll(`${dir}/`, '');
    if (run.code !== 0) return { code: run.code, stderr };
    return JSON.parse(run.stdout).config.config.Labels as unknown;
  };

  test('--build-arg-file has a line for each, and the command line wins', async () => {
    const text = '\ufeff# comment\r\n\r\n  A=x = y \r\n\t# another\nB=#1';
    expect(await compiled(text)).toEqual({ a: 'x = y ', b: '#1' });
    expect(await compiled(text, ['--build-arg', 'A=mine'])).toEqual({ a: 'mine', b: '#1' });
    expect(await compiled('A=1\nA=2\nB', [], { B: 'of the environment' })).toEqual({ a: '2', b: 'of the environment' });
  });

  test.each([
    ['A=1\n=secret\n', 'args.env:2: no variable name on line "=…"'],
    ['\nA B=1\n', 'args.env:2: variable "A B" contains whitespaces'],
    [Buffer.from('A=1\nB=\xff\n', 'latin1'), 'args.env:2: the line is not in UTF-8'],
  ])('refuses %j and says what is wrong', async (text, message) => {
    const { code, stderr } = (await compiled(text)) as { code: number; stderr: string };
    expect(stderr).toContain(`--build-arg-file: ${message}`);
    expect(stderr).not.toContain('secret');
    expect(code).toBe(2);
  });
});
