/** A context that somebody changes while it is sent: nothing of outside is ever sent, and nothing is waited for. */
import { execFileSync } from 'node:child_process';
import { linkSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sendTree } from '../../src/client/fsutil/send.ts';
import { createFilter } from '../../src/tree/filter.ts';
import { followLinks } from '../../src/tree/follow-links.ts';
import type { PathFilter } from '../../src/tree/walk.ts';
import { receiveTree } from '../client/sent-tree.ts';
import { ends } from '../ends.ts';
import { temporaryDir } from '../temporary-dir.ts';

const secret = 'SECRET OF OUTSIDE';

/** A directory beside the context, with the same names in it. */
function place(files: readonly string[]): { dir: string; outside: string } {
  const filled = (text: string) => temporaryDir(Object.fromEntries(files.map((file) => [file, text])));
  return { dir: filled('harmless'), outside: filled(secret) };
}

const swap = (at: string, target: string) => {
  renameSync(at, `${at}.was`);
  symlinkSync(target, at);
};

/** Sends a context and says how it ended; `onDecision` runs after a name was read, before the file is looked at. */
async function send(dir: string, { onDecision = (_: string) => {}, beforeRequests = () => {} }) {
  const filter: PathFilter = {
    decide(name, isDirectory) {
      onDecision(name);
      return { listed: true, descend: isDirectory, state: undefined };
    },
  };
  let failure = '';
  const tree = await ends(
    receiveTree(async (call) => {
      await sendTree(call, dir, { filter }).catch((error: Error) => {
        failure = error.message;
      });
    }, beforeRequests),
  );
  return { ...tree, failure, all: [...tree.contents.values()].join() + tree.entries.map((it) => it.path).join() };
}

const numbers = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('a context that is changed while it is sent', () => {
  test.each([
    ['a directory', 'd'],
    ['a directory on the way', 'd/e'],
  ])('%s becomes a link after its name was read', async (_, swapped) => {
    const { dir, outside } = place(['d/e/file', 'x']);
    writeFileSync(path.join(outside, 'd/e/only-outside'), secret);
    const onDecision = (name: string) => {
      if (name === swapped) swap(path.join(dir, swapped), path.join(outside, swapped));
    };
    const { failure, all } = await send(dir, { onDecision });
    expect(failure).toMatch(/d(\/e)? is a link$/);
    expect(all).not.toMatch(/SECRET|only-outside/);
  });

  test('a directory becomes a link after its files were read, before they are looked at', async () => {
    const { dir, outside } = place(['d/file']);
    writeFileSync(path.join(outside, 'd/file'), `${secret} of another length`);
    const onDecision = (name: string) => {
      if (name === 'd/file') swap(path.join(dir, 'd'), path.join(outside, 'd'));
    };
    const { failure, entries } = await send(dir, { onDecision });
    expect(failure).toMatch(/\/d was moved, or its path has a link$/);
    expect(entries.map(({ path, size }) => [path, size])).toEqual([['d', 0]]);
  });

  // Up to 200 files are read where they are asked for, more by a thread, and large ones in pieces.
  test.each([
    ['one file', ['d/file'], 'd/file'],
    ['the last of many files', numbers(600, 'd/f'), 'd/f599'],
    ['a directory on the way to one file', ['d/e/file'], 'd/e'],
    ['a directory on the way to all of many', numbers(600, 'd/e/f'), 'd'],
  ])('%s becomes a link after it was listed', async (_, files, swapped) => {
    const { dir, outside } = place(files);
    const beforeRequests = () => swap(path.join(dir, swapped), path.join(outside, swapped));
    const { failure, error, all } = await send(dir, { beforeRequests });
    expect(failure).toMatch(/^d\/\S+ changed while the context was being sent \(.*(is a link|leads out of)/);
    expect(error).toBe(failure);
    expect(all).not.toContain('SECRET');
  });

  test('links to files of outside, by name and by their directory, are sent as links', async () => {
    const { dir, outside } = place(['d/file']);
    symlinkSync(path.join(outside, 'd/file'), path.join(dir, 'absolute'));
    symlinkSync(`..${outside}/d`, path.join(dir, 'relative'));
    symlinkSync('../../../../../etc/passwd', path.join(dir, 'd/up'));
    const { all, entries } = await send(dir, {});
    expect(entries.map(({ path }) => path)).toEqual(['absolute', 'd', 'd/file', 'd/up', 'relative']);
    expect(all).not.toContain('SECRET');
  });

  test.each([1, 400])(
    'a file becomes a pipe that nobody writes to, or a device without end (%i files)',
    async (count) => {
      // Devices are root's to make.
      const kinds = process.getuid?.() === 0 ? [['p'], ['c', '1', '5']] : [['p']];
      for (const kind of kinds) {
        const files = numbers(count, 'f');
        const { dir } = place(files);
        const last = path.join(dir, files.at(-1)!);
        const beforeRequests = () => {
          rmSync(last);
          execFileSync('mknod', [last, ...kind]);
        };
        const { failure, all } = await send(dir, { beforeRequests });
        expect(failure).toContain(`${files.at(-1)} changed while the context was being sent (it is not a regular file`);
        expect(all).not.toContain('\0');
      }
    },
  );

  test('pipes and devices are listed, and never read', async () => {
    const { dir } = place(['file']);
    execFileSync('mkfifo', [path.join(dir, 'pipe')]);
    const { entries, failure } = await send(dir, {});
    expect(entries.map(({ path }) => path)).toEqual(['file', 'pipe']);
    expect(failure).toBe('');
  });

  test('a directory that vanishes is left out, as files are', async () => {
    const { dir } = place(['d/e/file', 'x']);
    const onDecision = (name: string) => {
      if (name === 'd/e') rmSync(path.join(dir, 'd/e'), { recursive: true });
    };
    const { entries, failure } = await send(dir, { onDecision });
    expect(failure).toBe('');
    expect(entries.map(({ path }) => path)).toEqual(['d', 'x']);
  });
});

describe('paths to follow', () => {
  test('paths to follow never lead out, and a link that would is one to the root', async () => {
    const { dir, outside } = place(['d/file']);
    symlinkSync('../../../../../..', path.join(dir, 'up'));
    symlinkSync(outside, path.join(dir, 'absolute'));
    symlinkSync('d/../../d', path.join(dir, 'through'));
    expect(await followLinks(dir, ['up/d/file'])).toEqual(['d/file', 'up']);
    expect(await followLinks(dir, ['absolute/d/file'])).toEqual(['absolute', `${outside.slice(1)}/d/file`]);
    expect(await followLinks(dir, ['through/f*'])).toEqual(['d/f*', 'through']);
    const filter = await createFilter(dir, { follow: ['../*', '../../etc/*'] });
    expect(filter!.decide('etc', true, undefined).listed).toBe(false);
  });
});

describe('files of different file systems', () => {
  const mounts: string[] = [];
  afterAll(() => {
    for (const mount of mounts) execFileSync('umount', [mount]);
  });

  test('files of different file systems with the same number are not hard links of each other', async (context) => {
    const { dir } = place(['x']);
    for (const name of ['a', 'b']) {
      const mount = path.join(dir, name);
      mkdirSync(mount);
      try {
        execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mount], { stdio: 'ignore' });
      } catch {
        console.warn('\n*** SKIPPED: mounting needs root\n');
        context.skip();
      }
      mounts.push(mount);
      writeFileSync(path.join(mount, 'first'), name);
      linkSync(path.join(mount, 'first'), path.join(mount, 'second'));
    }
    const [a, b] = ['a', 'b'].map((name) => lstatSync(path.join(dir, name, 'first')));
    expect(a!.ino).toBe(b!.ino); // a fresh tmpfs numbers from 2 on
    const { entries, contents } = await send(dir, {});
    expect(entries.map(({ path, linkname }) => [path, linkname])).toEqual([
      ['a', ''], ['a/first', ''], ['a/second', 'a/first'], ['b', ''], ['b/first', ''], ['b/second', 'b/first'], ['x', ''],
    ]); // biome-ignore format: a pair each
    expect(contents.get('b/first')).toBe('b');
  });
});
