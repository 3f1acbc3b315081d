import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRemoteSources } from '../../src/daemonless/open-remote-sources.ts';
import { runCli } from '../cli/run-cli.ts';
import { type FakeRegistry, startFakeRegistry } from '../registry/fake-registry.ts';
import { temporaryDir } from '../temporary-dir.ts';

let server: FakeRegistry;
beforeEach(async () => {
  server = await startFakeRegistry();
});
afterEach(() => server.close());

test('compile reads a Dockerfile at an address', async () => {
  server.fault = (_, response) => {
    response.end('FROM scratch\nCOPY a b\n');
    return true;
  };
  const { code, stdout, stderr } = await runCli(['compile', `${server.url}/Dockerfile`, '--format=tree']);
  expect(stderr).toBe('');
  expect(stdout).toContain(`http   ${server.url}/Dockerfile`);
  expect(code).toBe(0);
  const offline = await runCli(['compile', `${server.url}/Dockerfile`, '--offline']);
  expect(offline.stderr).toContain('cannot be read offline');
  expect(offline.code).toBe(1);
});

test('an address without a file is an error', async () => {
  const { code, stderr } = await runCli(['compile', `${server.url}/Dockerfile`]);
  expect(stderr).toContain(`${server.url}/Dockerfile: HTTP status 404`);
  expect(code).toBe(1);
});

test('remote sources give their times for SOURCE_DATE_EPOCH', async () => {
  server.fault = (_, response) => {
    response.setHeader('last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT').end('x');
    return true;
  };
  const { http } = await openRemoteSources().metadata({ identifier: `${server.url}/x`, attrs: {} });
  expect(http?.lastModified).toEqual({ seconds: 784111777n, nanos: 0 });
  expect(http?.checksum).toBe('sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881');
});

const hasGit = (() => {
  try {
    execFileSync('git', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasGit)('git', () => {
  let repository: string;
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', ...args], {
      cwd: repository,
    }).toString();

  beforeEach(async () => {
    repository = temporaryDir();
    git('init', '--quiet', '--initial-branch=main');
    await writeFile(path.join(repository, 'Dockerfile'), 'FROM scratch\n');
    git('add', '.');
    git('commit', '--quiet', '-m', 'one');
  });

  test('a branch has its files and its commit', async () => {
    const sources = openRemoteSources();
    const source = { identifier: 'git://example.com/x#main', attrs: { 'git.fullurl': `file://${repository}` } };
    const tree = await sources.files(source);
    expect(Buffer.from(await tree.readFile('Dockerfile')).toString()).toBe('FROM scratch\n');
    const { git: found } = await sources.metadata(source);
    expect(found?.checksum).toBe(git('rev-parse', 'HEAD').trim());
    expect(Buffer.from(found!.commitObject).toString()).toBe(git('cat-file', 'commit', 'HEAD'));
    await sources.close();
    await expect(tree.readFile('Dockerfile')).rejects.toThrow('no such file or directory');
  });

  test('a branch that is not there', async () => {
    const source = { identifier: 'git://example.com/x#nope', attrs: { 'git.fullurl': `file://${repository}` } };
    await expect(openRemoteSources().files(source)).rejects.toThrow(/^failed to fetch file:.*#nope: .*nope/);
  });
});
