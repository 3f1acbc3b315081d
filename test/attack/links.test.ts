/** Sources whose links lead out of them, at every level, also while they are read. */
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { dirTree, subTree } from '../../src/daemonless/file-tree.ts';
import { openRemoteSources } from '../../src/daemonless/open-remote-sources.ts';
import { readFileInside } from '../../src/system/read-inside.ts';
import { runCli } from '../cli/run-cli.ts';
import { temporaryDir } from '../temporary-dir.ts';

const theSecret = 'LABEL outside=secret';

let directory: string;
let outside: string;
let inside: string;
beforeEach(async () => {
  directory = temporaryDir();
  outside = path.join(directory, 'outside');
  inside = path.join(directory, 'inside');
  for (const dir of [outside, inside]) await mkdir(path.join(dir, 'docker'), { recursive: true });
  for (const name of ['Dockerfile', '.dockerignore', 'docker/Dockerfile'])
    await writeFile(path.join(outside, name), `FROM scratch\n${theSecret}\n`);
  await writeFile(path.join(inside, 'Dockerfile'), 'FROM scratch\nLABEL inside=1\n');
  await writeFile(path.join(inside, 'docker/Dockerfile'), 'FROM scratch\nLABEL inside=2\n');
});

const link = async (name: string, target: string) => {
  await rm(path.join(inside, name), { recursive: true, force: true });
  await symlink(target, path.join(inside, name));
};

describe('a directory', () => {
  test.each([
    ['a file, absolute', 'Dockerfile', () => path.join(outside, 'Dockerfile')],
    ['a file, relative', 'Dockerfile', () => '../outside/Dockerfile'],
    ['a directory on the way, absolute', 'docker', () => outside],
    ['a directory on the way, relative', 'docker', () => '../outside'],
    ['more .. than there are directories', 'docker', () => '../../../../../../../../../../..'.concat(outside)],
    ['through /proc', 'docker', () => `/proc/self/root${outside}`],
  ])('gives nothing of outside for the link %s', async (_, name, target) => {
    await link(name, target());
    const asked = name === 'docker' ? 'docker/Dockerfile' : name;
    const tree = dirTree(inside);
    await expect(tree.readFile(asked)).rejects.toThrow(/no such file or directory/);
    if (name === 'docker') await expect(tree.readDir('docker')).rejects.toThrow('no such file or directory');
    expect((await tree.stat(name)).linkname).toBe(target());
    const flags = name === 'docker' ? [inside, '--opt=filename=docker/Dockerfile'] : [inside];
    for (const command of ['compile', 'check']) {
      const { code, stdout, stderr } = await runCli([command, ...flags]);
      expect(code).toBe(1);
      expect(stdout + stderr).not.toContain('secret');
    }
  });

  test('a chain of links, one of which leads out, and circles are refused', async () => {
    await link('one', 'two');
    await link('two', 'docker/three');
    await symlink(`../../outside`, path.join(inside, 'docker/three'));
    await expect(dirTree(inside).readFile('one/Dockerfile')).rejects.toThrow('no such file');
    await link('round', 'round');
    await expect(dirTree(inside).readFile('round/x')).rejects.toThrow('too many links');
  });

  test('links to what has the same name inside mean that', async () => {
    await link('Dockerfile', '/docker/Dockerfile');
    expect(Buffer.from(await dirTree(inside).readFile('Dockerfile')).toString()).toContain('inside=2');
    await link('Dockerfile', '../../../docker/../docker/Dockerfile');
    expect(Buffer.from(await dirTree(inside).readFile('Dockerfile')).toString()).toContain('inside=2');
  });

  test('links of an ignore file, a named context and a directory in a tree do not lead outside', async () => {
    await link('.dockerignore', path.join(outside, '.dockerignore'));
    await expect(dirTree(inside).readFile('.dockerignore')).rejects.toThrow('no such file');
    await link('docker', outside);
    await expect(subTree(dirTree(inside), 'docker').readFile('Dockerfile')).rejects.toThrow('no such file');
    await writeFile(path.join(inside, 'Dockerfile'), 'FROM scratch\nCOPY --from=other . /\n');
    const { code, stdout } = await runCli(['compile', inside, '--build-context', `other=${inside}`]);
    expect([code, stdout.includes('secret')]).toEqual([0, false]);
  });

  test('names whose bytes are not UTF-8', async () => {
    const name = Buffer.concat([Buffer.from(`${inside}/a`), Buffer.of(0xff)]);
    await writeFile(name, 'bytes');
    await symlink(Buffer.concat([Buffer.from('a'), Buffer.of(0xff)]), path.join(inside, 'link'));
    const tree = dirTree(inside);
    expect((await tree.readDir('')).map(({ path: it }) => it)).toContain('a\udcff');
    expect(Buffer.from(await tree.readFile('a\udcff')).toString()).toBe('bytes');
    expect(Buffer.from(await tree.readFile('link')).toString()).toBe('bytes');
    expect((await tree.stat('link')).linkname).toBe('a\udcff');
  });
});

describe('swapped while it is read, a thousand times', () => {
  /** Reads on and on while the file system changes; everything that was read. */
  async function readWhile(asked: string, swap: (round: number) => void): Promise<Map<string, number>> {
    const seen = new Map<string, number>();
    let reading = true;
    const swapping = (async () => {
      for (let round = 0; reading; round++) {
        swap(round);
        await turn();
      }
    })();
    for (let i = 0; i < 1000; i++) {
      const text = await readFileInside(inside, asked, 1 << 20).then(
        (bytes) => bytes.toString(),
        (error: Error) => error.name,
      );
      const what = text.includes('secret') ? 'outside' : text.includes('inside') ? 'inside' : 'error';
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
    reading = false;
    await swapping;
    return seen;
  }

  test('a file that is replaced by a link is never read outside', async () => {
    const file = path.join(inside, 'docker/Dockerfile');
    symlinkSync(path.join(outside, 'Dockerfile'), `${file}.link`);
    const seen = await readWhile('docker/Dockerfile', (round) => {
      renameSync(file, `${file}.old`);
      renameSync(`${file}.${round % 2 ? 'kept' : 'link'}`, file);
      renameSync(`${file}.old`, `${file}.${round % 2 ? 'link' : 'kept'}`);
    });
    expect(seen.get('outside')).toBeUndefined();
    expect(seen.get('inside')).toBeGreaterThan(0);
  });

  test('a directory that is replaced by a link is never read outside', async () => {
    const dir = path.join(inside, 'docker');
    symlinkSync(outside, path.join(inside, 'link'));
    const seen = await readWhile('docker/Dockerfile', () => {
      renameSync(dir, path.join(inside, 'kept'));
      renameSync(path.join(inside, 'link'), dir);
      renameSync(dir, path.join(inside, 'link'));
      renameSync(path.join(inside, 'kept'), dir);
    });
    expect(seen.get('outside')).toBeUndefined();
  });

  test('a directory that is swapped for a link, at a pace of its own, does not lead out', async () => {
    rmSync(path.join(inside, 'docker'), { recursive: true });
    await mkdir(path.join(inside, 'real'));
    await writeFile(path.join(inside, 'real/Dockerfile'), 'LABEL inside=3\n');
    symlinkSync('real', path.join(inside, 'docker'));
    let reading = true;
    const swapping = (async () => {
      for (let round = 0; reading; round++) {
        symlinkSync(round % 2 ? 'real' : outside, path.join(inside, 'next'));
        await rename(path.join(inside, 'next'), path.join(inside, 'docker'));
      }
    })();
    const seen = new Set<string>();
    for (let i = 0; i < 1000; i++)
      seen.add(
        await readFileInside(inside, 'docker/Dockerfile', 1 << 20).then(
          (bytes) => bytes.toString(),
          () => 'error',
        ),
      );
    reading = false;
    await swapping;
    for (const text of seen) expect(text).not.toContain('secret');
    expect(seen).toContain('LABEL inside=3\n');
  });
});

describe('a repository', () => {
  let repository: string;
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=n@example.com', ...args], { cwd: repository });
  beforeAll(async () => {
    repository = temporaryDir();
    git('init', '--quiet', '--initial-branch=main');
    await mkdir(path.join(repository, 'real/deep'), { recursive: true });
    await writeFile(path.join(repository, 'real/deep/Dockerfile'), 'FROM scratch\n');
    await writeFile(path.join(repository, 'Dockerfile'), 'FROM scratch\n');
    await symlink('/etc', path.join(repository, 'docker'));
    await symlink('../../../../../../../../../../etc', path.join(repository, 'up'));
    await symlink('real', path.join(repository, 'harmless'));
    await symlink('/etc/passwd', path.join(repository, 'real/passwd'));
    // Programs that a checkout must not run, and a hook that it must not find.
    await writeFile(path.join(repository, '.gitattributes'), 'Dockerfile filter=mine\n');
    git('add', '.');
    git('commit', '--quiet', '-m', 'links');
    const config = `[url "file://${repository}"]\n\tinsteadOf = https://example.com/links.git\n`;
    const filter = `[filter "mine"]\n\tsmudge = touch ${repository}/smudged && cat\n\trequired = true\n`;
    await writeFile(path.join(repository, '.git/user-config'), config + filter);
    vi.stubEnv('GIT_CONFIG_GLOBAL', path.join(repository, '.git/user-config'));
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
  });

  test.each(['docker', 'up', 'harmless', 'harmless/deep', 'Dockerfile', 'real/../docker'])(
    'a repository with %s as directory is refused, as BuildKit does',
    async (subDir) => {
      for (const command of ['compile', 'check']) {
        const args = [command, `https://example.com/links.git#main:${subDir}`, '-f', 'passwd'];
        const { code, stdout, stderr } = await runCli(args);
        expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('contains non-directory')]);
        expect(stdout + stderr).not.toContain('root:');
      }
    },
  );

  test('a repository with a link to a file of this machine has no such file', async () => {
    const { code, stdout, stderr } = await runCli(['check', 'https://example.com/links.git#main:real', '-f', 'passwd']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no such file or directory')]);
    expect(stdout + stderr).not.toContain('root:');
  });

  test('a repository is read in a directory of it, and what leads above it stays in it', async () => {
    expect((await runCli(['compile', 'https://example.com/links.git#main:real/deep'])).code).toBe(0);
    const above = await runCli(['compile', 'https://example.com/links.git#main:../../real/deep']);
    expect([above.code, above.stderr]).toEqual([0, '']);
    const missing = await runCli(['compile', 'https://example.com/links.git#main:nope']);
    expect(missing.stderr).toContain('invalid subdir nope: failed to lstat "nope": no such file or directory');
  });

  test('a repository is checked out without the filters that the user has, and without .git', async () => {
    const sources = openRemoteSources();
    const attrs = { 'git.fullurl': 'https://example.com/links.git' };
    const tree = await sources.files({ identifier: 'git://example.com/links.git#main', attrs });
    expect(Buffer.from(await tree.readFile('Dockerfile')).toString()).toBe('FROM scratch\n');
    expect(
      await dirTree(repository)
        .stat('smudged')
        .catch(() => 'not run'),
    ).toBe('not run');
    await expect(tree.readFile('.git/config')).rejects.toThrow('no such file or directory');
    const kept = await sources.files({
      identifier: 'git://example.com/links.git#main',
      attrs: { ...attrs, 'git.keepgitdir': 'true' },
    });
    expect(Buffer.from(await kept.readFile('.git/HEAD')).toString()).toMatch(/^[0-9a-f]{40}\n$/);
    await sources.close();
  });

  test('a repository has the commit that it is pinned to', async () => {
    const commit = git('rev-parse', 'HEAD').toString().trim();
    const compile = (checksum: string) =>
      runCli(['compile', `https://example.com/links.git?ref=main&checksum=${checksum}`]);
    expect((await compile(commit.slice(0, 12))).code).toBe(0);
    const wrong = await compile('0123456789ab');
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining(`match 0123456789ab, got ${commit}`)]);
  });
});
