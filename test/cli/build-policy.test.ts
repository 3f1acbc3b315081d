import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir, writeFiles } from '../temporary-dir.ts';
import { cliOn } from './run-cli.ts';

const port = 8471;

await onEngines('a Rego policy', { suites: ['forky', 'trixie'] }, (engine) => {
  const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
  const tsfront = cliOn(engine);
  const refusal = /ERROR: .*ockerfile\.rego.* is a policy for this build, in the language Rego/;

  const web = temporaryDir();
  const directory = (name: string, files: readonly string[]) => {
    const dir = path.join(web, name);
    const text = (file: string) =>
      file.endsWith('.rego') ? 'package docker\ndefault allow = false\n' : 'FROM scratch\nLABEL a=b\n';
    writeFiles(dir, Object.fromEntries(files.map((file) => [file, text(file)])));
    return dir;
  };
  const server = engine.serve(process.execPath, [
    path.resolve(import.meta.dirname, '../e2e/web-server.mjs'),
    web,
    String(port),
  ]);
  afterAll(() => void server.kill());

  test('a Rego policy beside a local Dockerfile stops the build, and its check', async () => {
    const dir = directory('local', ['Dockerfile', 'Dockerfile.rego', 'api.Dockerfile']);
    for (const args of [[], ['--check'], ['-f', `${dir}/Dockerfile`], ['--frontend=dockerfile.v0']]) {
      const refused = await tsfront(['build', ...args, dir]);
      expect(refused.status, refused.stderr).toBe(1);
      expect(refused.stderr).toMatch(refusal);
    }
    for (const args of [['--policy=disabled=true'], ['-f', `${dir}/api.Dockerfile`], ['--policy', 'reset=true']]) {
      const built = await tsfront(['build', '-o', 'type=cacheonly', ...args, dir]);
      expect(built.status, built.stderr).toBe(0);
    }
    // A Dockerfile that is in no directory has nothing beside it.
    const piped = await tsfront(['build', '-o', 'type=cacheonly', '-f', '-', dir], 'FROM scratch\nLABEL a=b\n');
    expect(piped.status, piped.stderr).toBe(0);
    const named = await tsfront(['build', '--policy=filename=my.rego', dir]);
    expect(named.status).not.toBe(0);
    expect(named.stderr).toContain('--policy filename=my.rego: that policy is in the language Rego');
  });

  test('a policy in an archive at an address stops the build', async () => {
    const dir = directory('archive', ['Dockerfile', 'Dockerfile.rego', 'sub/Dockerfile']);
    await engine.must('tar', ['-cf', `${web}/context.tar`, '-C', dir, '.']);
    const url = `http://127.0.0.1:${port}/context.tar`;
    for (const args of [[], ['--frontend=dockerfile.v0'], ['--call=check']]) {
      const refused = await tsfront(['build', ...args, url]);
      expect(refused.status, refused.stderr).toBe(1);
      expect(refused.stderr).toMatch(refusal);
    }
    for (const args of [['-f', 'sub/Dockerfile'], ['--policy=disabled=true']]) {
      const built = await tsfront(['build', '-o', 'type=cacheonly', ...args, url]);
      expect(built.status, built.stderr).toBe(0);
    }
    // The address of a Dockerfile is all there is.
    const single = await tsfront(['build', '-o', 'type=cacheonly', `http://127.0.0.1:${port}/archive/Dockerfile`]);
    expect(single.status, single.stderr).toBe(0);
  });

  test('a policy in an archive on standard input stops the build', async () => {
    const dir = directory('upload', ['Dockerfile', 'Dockerfile.rego', 'sub/Dockerfile']);
    const upload = (...args: string[]) =>
      engine.run(
        'sh',
        ['-c', 'dir=$1 node=$2 cli=$3; shift 3; tar -c -C "$dir" . | "$node" "$cli" build "$@" -', 'sh']
          .concat([dir, process.execPath, cli])
          .concat(args),
        { env: { BUILDKIT_HOST: engine.buildkitHost } },
      );
    for (const args of [[], ['--frontend=dockerfile.v0'], ['--call=check']]) {
      const refused = await upload(...args);
      expect(refused.status, refused.stderr).toBe(1);
      expect(refused.stderr).toMatch(refusal);
      expect(refused.stderr).toContain('in the archive on standard input');
    }
    // The daemon's frontend gets what was looked at, since the stream cannot be had twice.
    const other = ['-f', 'sub/Dockerfile'];
    for (const args of [other, [...other, '--frontend=dockerfile.v0'], ['--policy=disabled=true']]) {
      const built = await upload('-o', 'type=cacheonly', ...args);
      expect(built.status, built.stderr).toBe(0);
    }
  });

  test('a policy in a repository stops the build', async () => {
    const dir = directory('repository', ['Dockerfile', 'sub/Dockerfile', 'sub/Dockerfile.rego']);
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
    const git = (...args: string[]) => engine.must('git', [...identity, '-C', dir, ...args]);
    await git('init', '-q', '-b', 'main');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'all');
    await engine.must('git', ['clone', '-q', '--bare', dir, `${web}/repository.git`]);
    await engine.must('git', ['-C', `${web}/repository.git`, 'update-server-info']);
    const url = `http://127.0.0.1:${port}/repository.git`;
    for (const args of [[`${url}#main:sub`], ['-f', 'sub/Dockerfile', `${url}#main`]]) {
      const refused = await tsfront(['build', ...args]);
      expect(refused.status, refused.stderr).toBe(1);
      expect(refused.stderr).toMatch(refusal);
      expect(refused.stderr).toContain(url);
    }
    for (const args of [[`${url}#main`], ['--policy=disabled=true', `${url}#main:sub`]]) {
      const built = await tsfront(['build', '-o', 'type=cacheonly', ...args]);
      expect(built.status, built.stderr).toBe(0);
    }
  });
});
