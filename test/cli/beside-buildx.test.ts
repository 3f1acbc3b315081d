import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { resourceAttrs } from '../../src/cli/build/resources.ts';
import { temporaryDir } from '../client/temporary-dir.ts';
import { onEngines } from '../engine/on-engines.ts';
import { runCli } from './run-cli.ts';

describe('what is refused or answered without a daemon', () => {
  test('a bare tsfront prints its help', async () => {
    const run = await runCli([]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('Usage: tsfront');
  });

  test.each([
    [['du', '--format', '{{.ID}}'], 'Templates of Go are not evaluated: --format json'],
    [['history', 'ls', '--format', 'table {{.Ref}}'], 'Templates of Go are not evaluated'],
    [['history', 'inspect', '--format', '{{.}}', 'x'], 'Templates of Go are not evaluated'],
    [['du', '--format', 'yaml'], 'Allowed choices are table, pretty, json'],
    [['du', '--verbose', '--format', 'json'], '--format and --verbose cannot be used together'],
  ])('%j', async (args, message) => {
    const run = await runCli(args);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(message);
  });

  test('limits of RUN become frontend options', () => {
    expect(resourceAttrs(['memory=2g', 'memory-swap=-1', 'cpu-quota=50000', 'cpuset-cpus=0-1', 'cpu-shares=0'])).toEqual({
      memory: '2147483648', memswap: '-1', cpuquota: '50000', cpusetcpus: '0-1',
    }); // biome-ignore format: a list
    expect(() => resourceAttrs(['memory'])).toThrow('invalid resource "memory", expected key=value');
    expect(() => resourceAttrs(['cpus=2'])).toThrow('unknown resource "cpus": known are memory');
    expect(() => resourceAttrs(['__proto__=2'])).toThrow('unknown resource "__proto__"');
    expect(() => resourceAttrs(['memory=much'])).toThrow('invalid value "much" for resource memory: ');
  });
});

await onEngines('as with buildx', { suites: ['forky', 'trixie'] }, (engine) => {
  const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
  const tsfront = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    engine.run(process.execPath, [cli, ...args], { env: { BUILDKIT_HOST: engine.buildkitHost, ...env } });

  test('limits and an empty BUILDKIT_SYNTAX', async () => {
    const dir = temporaryDir();
    writeFileSync(path.join(dir, 'Dockerfile'), `FROM ${await engine.baseImage()}\nRUN true\n`);
    const built = await tsfront(['build', '-o', 'type=cacheonly', '--resource', 'memory=256m', '-c', '512', dir]);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).not.toContain('has no effect');
    const empty = await tsfront(['build', '--build-arg', 'BUILDKIT_SYNTAX=', dir]);
    expect(empty.status).toBe(2);
    expect(empty.stderr).toContain('empty BUILDKIT_SYNTAX build-arg is invalid');
  });

  test('the call names the path of the Dockerfile', async () => {
    const dir = temporaryDir();
    mkdirSync(path.join(dir, 'sub'));
    writeFileSync(path.join(dir, 'sub/Dockerfile'), 'FROM scratch as a\nCOPY sub /\n');
    const checked = await tsfront(['build', '--call=check', '-f', `${dir}/sub/Dockerfile`, dir]);
    if (engine.suite === 'forky') expect(checked.stdout).toContain(`${dir}/sub/Dockerfile:1`);
  });

  test.skipIf(!engine.dockerHost)('a build on a builder by its name is named and noted as buildx does', async () => {
    const dir = temporaryDir();
    writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nLABEL a=b\n');
    const config = temporaryDir();
    mkdirSync(path.join(config, 'instances'));
    const nodes = [{ Name: 'mine0', Endpoint: engine.dockerHost }];
    writeFileSync(
      path.join(config, 'instances/mine'),
      JSON.stringify({ Name: 'mine', Driver: 'docker', Nodes: nodes }),
    );
    const args = ['build', '--progress=plain', `--metadata-file=${dir}/meta.json`, '-o', 'type=cacheonly', dir];
    const built = await tsfront(args, { BUILDX_CONFIG: config, BUILDX_BUILDER: 'mine', DOCKER_HOST: '' });
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).toContain('#0 building with "mine" instance using docker driver');
    const ref = JSON.parse(readFileSync(`${dir}/meta.json`, 'utf8'))['buildx.build.ref'] as string;
    expect(ref).toMatch(/^mine\/mine0\/[a-z0-9]{25}$/);
    expect(JSON.parse(readFileSync(path.join(config, 'refs', ref), 'utf8'))).toEqual({
      Target: 'default',
      LocalPath: dir,
      DockerfilePath: '',
    });
    // a build at an address is none of a builder
    const other = temporaryDir();
    expect((await tsfront(['build', '-o', 'type=cacheonly', dir], { BUILDX_CONFIG: other })).status).toBe(0);
    expect(existsSync(path.join(other, 'refs'))).toBe(false);
  });
});
