/** A build inside a hook of git, where the environment names the user's own repository. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { gitAttrs } from '../../src/cli/build-command/git-provenance.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const remote = 'https://example.com/remote.git';

let directory: string;
let mine: string;
let theirs: string;
beforeAll(async () => {
  directory = temporaryDir();
  mine = path.join(directory, 'mine');
  theirs = path.join(directory, 'theirs');
  for (const repository of [mine, theirs]) {
    await mkdir(repository);
    git(repository, 'init', '--quiet', '--initial-branch=main');
    git(repository, 'config', 'user.name', 'n');
    git(repository, 'config', 'user.email', 'n@example.com');
    await writeFile(
      path.join(repository, 'Dockerfile'),
      `FROM scratch\nLABEL of=${path.basename(repository)}\nCOPY . /\n`,
    );
    git(repository, 'add', '.');
    git(repository, 'commit', '--quiet', '-m', 'first');
  }
  // The user's configuration makes the address that of a directory.
  await writeFile(path.join(directory, 'gitconfig'), `[url "file://${theirs}"]\n\tinsteadOf = ${remote}\n`);
});

const clean = () => {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return { ...Object.fromEntries(env), GIT_CONFIG_GLOBAL: path.join(directory, 'gitconfig') };
};

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, env: clean(), encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** All that a foreign checkout would change. */
async function stateOf(repository: string): Promise<unknown> {
  return {
    head: await readFile(path.join(repository, '.git/HEAD'), 'utf8'),
    config: await readFile(path.join(repository, '.git/config'), 'utf8'),
    refs: git(repository, 'for-each-ref'),
    foreign: hasCommit(repository, git(theirs, 'rev-parse', 'HEAD')),
    fetched: existsSync(path.join(repository, '.git/FETCH_HEAD')),
    status: git(repository, 'status', '--porcelain', '--ignored'),
    dockerfile: await readFile(path.join(repository, 'Dockerfile'), 'utf8'),
  };
}

function hasCommit(repository: string, commit: string): boolean {
  try {
    return git(repository, 'cat-file', '-t', commit) === 'commit';
  } catch {
    return false;
  }
}

/** Commits with a pre-commit hook that runs a script. */
async function commitWithHook(repository: string, script: string, ...args: string[]): Promise<void> {
  const hook = path.join(mine, '.git/hooks/pre-commit');
  await mkdir(path.dirname(hook), { recursive: true });
  await writeFile(hook, `#!/bin/sh\nset -e\n${script}\n`);
  await chmod(hook, 0o755);
  try {
    await promisify(execFile)('git', ['commit', '--quiet', '-m', 'hooked', ...args], { cwd: repository, env: clean() });
  } finally {
    await rm(hook);
  }
}

const compile = (out: string) => `"${process.execPath}" "${cli}" compile "${remote}" --format=tree -o "${out}"`;

describe('a git context in a pre-commit hook', () => {
  test('a git context in a pre-commit hook is compiled, and the repository stays as it is', async () => {
    await writeFile(path.join(mine, 'uncommitted'), 'precious');
    await writeFile(path.join(mine, 'staged'), 'staged');
    git(mine, 'add', 'staged');
    const before = await stateOf(mine);
    const out = path.join(directory, 'tree');
    const seen = path.join(directory, 'seen');
    await commitWithHook(mine, `env > ${seen}\n${compile(out)}\nfalse`).catch(() => {});
    expect(await readFile(seen, 'utf8')).toContain('GIT_INDEX_FILE');
    expect(await readFile(out, 'utf8')).toContain(remote.slice('https://'.length));
    expect(await stateOf(mine)).toEqual(before);
    expect(await readFile(path.join(mine, 'uncommitted'), 'utf8')).toBe('precious');
    // And a commit of a part has an index of its own.
    await writeFile(path.join(mine, 'Dockerfile'), 'FROM scratch\nLABEL of=mine changed=yes\n');
    await commitWithHook(mine, compile(out), 'Dockerfile');
    expect(git(mine, 'show', '--name-only', '--format=%s', 'HEAD').split(/\n+/)).toEqual(['hooked', 'Dockerfile']);
  });

  test('a git context in a pre-commit hook of a linked worktree is compiled, too', async () => {
    const linked = path.join(directory, 'linked');
    git(mine, 'worktree', 'add', '--quiet', linked, '-b', 'other');
    const head = git(linked, 'rev-parse', 'HEAD');
    const out = path.join(directory, 'tree-linked');
    await writeFile(path.join(linked, 'new'), 'x');
    git(linked, 'add', 'new');
    await commitWithHook(linked, compile(out));
    expect(await readFile(out, 'utf8')).toContain('remote.git');
    expect(git(linked, 'rev-parse', 'HEAD^')).toBe(head);
    expect(git(linked, 'show', '--name-only', '--format=', 'HEAD')).toBe('new');
    expect(git(mine, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
  });

  test('a git context is read whatever variables of a repository are set', async () => {
    const local = git(mine, 'rev-parse', '--local-env-vars').split('\n');
    const before = await stateOf(mine);
    const dir = path.join(mine, '.git');
    const values: Record<string, string> = {
      GIT_INDEX_FILE: path.join(dir, 'index'),
      GIT_WORK_TREE: mine,
      GIT_CONFIG_PARAMETERS: `'core.worktree=${mine}' 'core.hooksPath=${dir}/hooks'`,
    };
    const hostile = Object.fromEntries(
      [...local, 'GIT_QUARANTINE_PATH', 'GIT_NAMESPACE', 'GIT_TEMPLATE_DIR'].map((name) => [name, values[name] ?? dir]),
    );
    for (const only of [{ GIT_DIR: dir }, { GIT_INDEX_FILE: hostile['GIT_INDEX_FILE'] }, hostile]) {
      const { stdout } = await promisify(execFile)(process.execPath, [cli, 'compile', remote, '--format=tree'], {
        cwd: mine,
        env: { ...clean(), ...only },
      });
      expect(stdout, Object.keys(only).join()).toContain('remote.git');
      expect(await stateOf(mine), Object.keys(only).join()).toEqual(before);
    }
  });
});

test('what a build says of its repository is of that which has the context', async () => {
  const context = theirs;
  vi.stubEnv('GIT_DIR', path.join(mine, '.git'));
  vi.stubEnv('GIT_WORK_TREE', mine);
  const attrs = await gitAttrs({ context }, path.join(context, 'Dockerfile'), process.env);
  vi.unstubAllEnvs();
  expect(attrs).toEqual({ 'vcs:revision': git(theirs, 'rev-parse', 'HEAD'), 'vcs:localdir:context': '.' });
});

test('a build that asks whether the repository is dirty does not write into it', async () => {
  const context = path.join(theirs, '..data');
  await mkdir(context);
  await writeFile(path.join(context, 'Dockerfile'), 'FROM scratch\n');
  const index = path.join(theirs, '.git/index');
  await utimes(path.join(theirs, 'Dockerfile'), 1, 1); // git would note it
  const before = await readFile(index);
  const env = { ...process.env, BUILDX_GIT_CHECK_DIRTY: '1' };
  const attrs = await gitAttrs({ context }, path.join(context, 'Dockerfile'), env);
  expect(attrs).toEqual({
    'vcs:revision': `${git(theirs, 'rev-parse', 'HEAD')}-dirty`,
    'vcs:localdir:context': '..data',
  });
  expect(await readFile(index)).toEqual(before);
  await rm(context, { recursive: true });
});

await onEngines('builds in hooks', {}, (engine) => {
  test('builds in hooks leave the repository as it is, and record their own', async () => {
    const out = path.join(directory, `out-${engine.suite}`);
    const build = `"${process.execPath}" "${cli}" build --builder "${engine.address}" -q -o "${out}" --build-context other="${theirs}" "${mine}"`;
    await writeFile(path.join(mine, 'Dockerfile'), 'FROM scratch\nCOPY --from=other Dockerfile /theirs\n');
    await writeFile(path.join(mine, `file-${engine.suite}`), 'x');
    git(mine, 'add', '.');
    const head = git(mine, 'rev-parse', 'HEAD');
    await commitWithHook(mine, build);
    expect(await readFile(path.join(out, 'theirs'), 'utf8')).toContain('of=theirs');
    expect(git(mine, 'rev-parse', 'HEAD^')).toBe(head);
    expect(git(mine, 'status', '--porcelain')).toBe('');
  });
});
