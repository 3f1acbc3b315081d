import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { resourceAttrs } from '../../src/cli/options/resources.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { cliOn, runCli } from './run-cli.ts';

describe('what is refused or answered without a daemon', () => {
  test('a bare tsfront prints its help', async () => {
    const run = await runCli([]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('Usage: tsfront');
  });

  test.each([
    [['du', '--format', '{{.ID}}'], 'Go templates are not evaluated: filter the output of --format json'],
    [['history', 'ls', '--format', 'table {{.Ref}}'], 'Go templates are not evaluated'],
    [['history', 'inspect', '--format', '{{.}}', 'x'], 'Go templates are not evaluated'],
    [['du', '--format', 'yaml'], 'Allowed choices are table, pretty, json'],
    [['du', '--verbose', '--format', 'json'], '--format and --verbose cannot be used together'],
  ])('%j is refused with the reason', async (args, message) => {
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
  const run = cliOn(engine);
  const tsfront = (args: string[], env: NodeJS.ProcessEnv = {}) => run(args, '', env);

  test('limits have an effect, and an empty BUILDKIT_SYNTAX is refused', async () => {
    const dir = temporaryDir({ Dockerfile: `FROM ${await engine.baseImage()}\nRUN true\n` });
    const built = await tsfront(['build', '-o', 'type=cacheonly', '--resource', 'memory=256m', '-c', '512', dir]);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).not.toContain('has no effect');
    const empty = await tsfront(['build', '--build-arg', 'BUILDKIT_SYNTAX=', dir]);
    expect(empty.status).toBe(2);
    expect(empty.stderr).toContain('empty BUILDKIT_SYNTAX build-arg is invalid');
  });

  test.skipIf(!engine.dockerHost)('host-gateway is the address of the host of an engine', async () => {
    const dir = temporaryDir({ Dockerfile: `FROM ${await engine.baseImage()}\nRUN cat /etc/hosts\n` });
    const args = ['build', '--progress=plain', '--no-cache', '-o', 'type=cacheonly', '--add-host'];
    const built = await tsfront([...args, 'gateway:host-gateway', '--add-host=two=10.9.8.7,[2001:db8::9]', dir]);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).toMatch(/\s172\.\d+\.\d+\.\d+\s+gateway$/m);
    expect(built.stderr).toMatch(/\s10\.9\.8\.7\s+two$/m);
    expect(built.stderr).toMatch(/\s2001:db8::9\s+two$/m);
  });

  test('the call names the path of the Dockerfile', async () => {
    const dir = temporaryDir({ 'sub/Dockerfile': 'FROM scratch as a\nCOPY sub /\n' });
    const checked = await tsfront(['build', '--call=check', '-f', `${dir}/sub/Dockerfile`, dir]);
    if (engine.suite === 'forky') expect(checked.stdout).toContain(`${dir}/sub/Dockerfile:1`);
  });

  test.skipIf(!engine.dockerHost)('a build on a builder by its name is named and noted as buildx does', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nLABEL a=b\n' });
    const config = temporaryDir();
    mkdirSync(path.join(config, 'instances'));
    const nodes = [{ Name: 'mine0', Endpoint: engine.dockerHost }];
    writeFileSync(
      path.join(config, 'instances/mine'),
      JSON.stringify({ Name: 'mine', Driver: 'docker', Nodes: nodes }),
    );
    const called = '--build-arg=BUILDKIT_BUILD_NAME=a build of mine';
    const args = ['build', '--progress=plain', `--metadata-file=${dir}/meta.json`, '-o', 'type=cacheonly', called, dir];
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
    // The list of builds has that name; commands take it and the last part of it.
    const named = { BUILDX_CONFIG: config, BUILDX_BUILDER: 'mine', DOCKER_HOST: '' };
    const listed = (await tsfront(['history', 'ls', '--format', 'json'], named)).stdout.split('\n').filter(Boolean);
    expect(listed.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ ref, name: 'a build of mine' }),
    );
    const inspected = await tsfront(['history', 'inspect', ref], named);
    expect(JSON.parse(inspected.stdout)).toMatchObject({ ref: path.basename(ref), name: 'a build of mine' });
    // A build at an address does not use a builder.
    const other = temporaryDir();
    expect((await tsfront(['build', '-o', 'type=cacheonly', dir], { BUILDX_CONFIG: other })).status).toBe(0);
    expect(existsSync(path.join(other, 'refs'))).toBe(false);
  });

  test.skipIf(!engine.dockerHost)(
    'a build in the Docker context in use is recorded, with Docker Desktop and without',
    async () => {
      const home = temporaryDir();
      const contextDir = path.join(home, '.docker/contexts/meta', createHash('sha256').update('near').digest('hex'));
      mkdirSync(contextDir, { recursive: true });
      const endpoint = { docker: { Host: engine.dockerHost } };
      writeFileSync(path.join(contextDir, 'meta.json'), JSON.stringify({ Name: 'near', Endpoints: endpoint }));
      writeFileSync(path.join(home, '.docker/config.json'), JSON.stringify({ currentContext: 'near' }));
      const env = { HOME: home, DOCKER_CONFIG: '', BUILDKIT_HOST: '', DOCKER_HOST: '' };
      const dir = temporaryDir({ Dockerfile: `FROM ${await engine.baseImage()} AS ok\nFROM ok AS bad\nRUN exit 1\n` });
      const build = (...args: string[]) =>
        tsfront(
          ['build', '--progress=plain', '-o', 'type=cacheonly', `--metadata-file=${dir}/meta.json`, ...args, dir],
          env,
        );
      const first = await build('--target=ok');
      expect(first.status, first.stderr).toBe(0);
      expect(first.stderr).toContain('#0 building with "near" instance using docker driver');
      expect(first.stderr).not.toContain('docker-desktop://');
      const ref = JSON.parse(readFileSync(`${dir}/meta.json`, 'utf8'))['buildx.build.ref'] as string;
      expect(ref).toMatch(/^near\/near\/[a-z0-9]{25}$/);
      expect(existsSync(path.join(home, '.docker/buildx/refs', ref))).toBe(true);
      expect((await tsfront(['history', 'ls', '--json'], env)).stdout).toContain(ref);

      mkdirSync(path.join(home, '.docker/desktop-build'));
      writeFileSync(path.join(home, '.docker/desktop-build/.lastaccess'), '');
      const link = /\nView build details: docker-desktop:\/\/dashboard\/build\/near\/near\/[a-z0-9]{25}\n$/;
      expect((await build('--target=ok')).stderr).toMatch(link);
      const failed = await build('--no-cache');
      expect(failed.status).toBe(1);
      expect(failed.stderr).toMatch(link);
      expect((await build('--progress=quiet', '--target=ok')).stderr).toBe('');
      expect((await tsfront(['build', '--call=targets', dir], env)).stderr).not.toContain('docker-desktop://');
      // What daemons do not remember has no page, nor has what is built at an address.
      expect(
        (await tsfront(['build', '-o', 'type=cacheonly', '--target=ok', dir], { HOME: home })).stderr,
      ).not.toContain('docker-desktop://');

      // What cannot be noted ends no build.
      writeFileSync(path.join(home, 'file'), '');
      const odd = await tsfront(['build', '-o', 'type=cacheonly', '--target=ok', dir], {
        ...env,
        BUILDX_CONFIG: path.join(home, 'file'),
      });
      expect(odd.status, odd.stderr).toBe(0);
      expect(odd.stderr).toContain('WARNING: docker buildx history will not know the paths of this build: ');
    },
  );

  test.skipIf(!engine.dockerHost)('a node that does not answer ends no build that needs another', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nLABEL a=b\n' });
    const config = temporaryDir();
    mkdirSync(path.join(config, 'instances'));
    const on = (architecture: string) => [{ os: 'linux', architecture }];
    const nodes = [
      { Name: 'down', Endpoint: 'tcp://127.0.0.1:9', Platforms: on('arm64') },
      { Name: 'up', Endpoint: engine.dockerHost, Platforms: on('amd64') },
    ];
    writeFileSync(path.join(config, 'instances/two'), JSON.stringify({ Name: 'two', Driver: 'remote', Nodes: nodes }));
    const env = { BUILDX_CONFIG: config, BUILDX_BUILDER: 'two', DOCKER_HOST: '' };
    const on64 = (platform: string) =>
      tsfront(['build', '--progress=plain', '--platform', platform, '-o', 'type=cacheonly', dir], env);
    const built = await on64('linux/amd64');
    expect(built.status, built.stderr).toBe(0);
    const failed = await on64('linux/arm64');
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('the builder "two", node "down": cannot connect to tcp://127.0.0.1:9');
    expect(failed.stderr).not.toContain('--bootstrap');
  });

  test.skipIf(!engine.dockerHost)('BUILDX_NO_DEFAULT_LOAD keeps a result out of the engine', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nLABEL a=b\n' });
    const args = ['build', '--progress=plain', dir];
    expect((await tsfront(args)).stderr).toMatch(/writing image|exporting/);
    const kept = await tsfront(args, { BUILDX_NO_DEFAULT_LOAD: '1' });
    expect(kept.status, kept.stderr).toBe(0);
    expect(kept.stderr).not.toMatch(/writing image|exporting|no output given/);
  });
});
