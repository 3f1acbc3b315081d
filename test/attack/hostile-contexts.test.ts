/** Contexts that mean harm, and daemons that ask for more than the context. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ModeDevice, ModeNamedPipe, ModeSymlink } from '../../src/go/file-mode.ts';
import { temporaryDir, writeFiles } from '../temporary-dir.ts';
import { type Answer, type Asking, askForContext } from './ask-for-context.ts';

const secret = 'this lies outside';
let root: string;
let context: string;
let outside: string;
beforeEach(() => {
  root = temporaryDir();
  context = path.join(root, 'context');
  outside = path.join(root, 'outside');
  for (const directory of [path.join(context, 'sub/deep'), path.join(outside, 'deep')])
    mkdirSync(directory, { recursive: true });
  for (const name of ['file', 'sub/file', 'sub/deep/file'])
    writeFileSync(path.join(context, name), 'of the context!!!');
  for (const name of ['file', 'deep/file', 'secret']) writeFileSync(path.join(outside, name), secret);
  symlinkSync('../outside', path.join(context, 'out'));
  symlinkSync(outside, path.join(context, 'out-absolute'));
  symlinkSync('../../outside/secret', path.join(context, 'sub/secret'));
  symlinkSync('sub', path.join(context, 'in'));
  symlinkSync('.', path.join(context, 'here'));
});

const ask = (asking: Asking = {}) => askForContext(context, asking);

/** What is listed lies in the context, and nothing from outside was sent. */
function expectInside({ stats, contents }: Answer): void {
  for (const { path: name } of stats) {
    expect(path.posix.normalize(name)).toBe(name);
    expect(name).not.toMatch(/^(\.\.)?(\/|$)/);
    let real = context;
    for (const part of name.split('/').slice(0, -1)) {
      real = path.join(real, part);
      expect(lstatSync(real).isSymbolicLink(), `${name} lies behind a link`).toBe(false);
    }
    lstatSync(path.join(context, name));
  }
  for (const text of contents.values()) expect(text).not.toContain(secret);
}

describe('a daemon gets no more than the context when it asks for', () => {
  const follow = (...followpaths: string[]) => ({ followpaths });
  const include = (...patterns: string[]) => ({ 'include-patterns': patterns });
  const exclude = (...patterns: string[]) => ({ 'exclude-patterns': patterns });
  test.each<[string, Asking['headers']]>([
    ['the parent directory', follow('..')],
    ['a file of the parent directory', follow('../outside/secret')],
    ['a path that goes up far', follow(`${'../'.repeat(50)}etc/passwd`)],
    ['a path that goes up in the middle', follow('sub/../../outside/secret')],
    ['an absolute path', follow('/etc/passwd')],
    ['an absolute path to outside', follow('/outside/secret')],
    ['a path with two slashes', follow('//etc//passwd')],
    ['a path through a link to outside', follow('out/secret')],
    ['a path through an absolute link', follow('out-absolute/secret')],
    ['a link to a file outside', follow('sub/secret')],
    ['a path through two links', follow('in/secret', 'here/here/out/secret')],
    ['a pattern through a link to outside', follow('out/*')],
    ['a pattern for everything', follow('*', '*/*', '*/*/*')],
    ['a pattern that goes up', follow('../*', '*/../../*')],
    ['a bad pattern', follow('[', 'a[', '\\')],
    ['an empty path', follow('', '.', '/', './.')],
    ['a zero byte', follow('sub%00/secret')],
    ['a very long path', follow('n'.repeat(5000), 'd/'.repeat(2000))],
    ['100,000 times the same', follow(`${'here/'.repeat(1000)}file`)],
    ['a path up, included', include('../outside')],
    ['an absolute path, included', include('/etc', '/etc/passwd')],
    ['links, included', include('out/secret', 'out/**', 'in/file')],
    ['everything, included', include('**', '../**', '/**')],
    ['an exception from everything', exclude('**', '!../outside', '!out/secret')],
    ['an exception through a link', exclude('**', '!in/secret', '!here/**')],
    ['no pattern', include('')],
    ['bad escapes', { 'include-patterns': '%', 'include-patterns-encoded': '1' }],
    ['bytes that are not text', { 'include-patterns': '%ff%fe', 'include-patterns-encoded': '1' }],
    ['bad patterns', include('[', '[a-', '\\')],
    ['a pattern of many stars', include(`${'*a'.repeat(60)}b`, `${'**/'.repeat(60)}b`)],
    ['the same with everything excluded', exclude(`${'*'.repeat(2000)}x`)],
    ['patterns and paths together', { ...include('../**'), ...exclude('!../outside'), ...follow('out/secret') }],
    ['the owners of files', { 'override-excludes': '1' }],
  ])('a daemon gets no more than the context when it asks for %s', async (_, headers = {}) => {
    const answer = await ask({ headers }).catch((error: Error) => error);
    if (answer instanceof Error) expect(answer.message).not.toMatch(/undefined|\n {4}at /);
    else expectInside(answer);
  }); // biome-ignore format: a table

  test.each(['', '..', '../outside', 'context/..', './context', 'context/', 'Context', 'context\0', '__proto__', 'constructor', '/etc', '*'])('a directory that the build does not offer is refused: %j', async (name) => {
    await expect(ask({ headers: { 'dir-name': encodeURI(name) } })).rejects.toThrow('no access allowed to dir');
  }); // biome-ignore format: one line

  test.each<[string, Asking]>([
    ['links and directories', { wanted: () => true }],
    ['a number that was not listed', { wanted: () => false, numbers: [1_000_000] }],
    ['a number twice', { wanted: () => true, numbers: [0, 0] }],
    ['the largest number', { wanted: () => false, numbers: [0xffffffff] }],
  ])('a daemon gets no more than the context when it asks for the contents of %s', async (_, asking) => {
    const answer = await ask(asking).catch((error: Error) => error);
    if (answer instanceof Error) expect(answer.message).not.toMatch(/undefined|\n {4}at /);
    else expectInside(answer);
  }); // biome-ignore format: a table
});

describe('a context is sent, or refused with its reason, that has', () => {
  test('pipes, sockets and devices, which nobody reads', async () => {
    execFileSync('mkfifo', [path.join(context, 'pipe')]);
    const server = createServer().listen(path.join(context, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    let isDevice = true;
    try {
      execFileSync('mknod', [path.join(context, 'device'), 'c', '1', '5'], { stdio: 'ignore' });
    } catch {
      isDevice = false; // not everybody may
    }
    try {
      const { stats, contents } = await ask();
      const mode = (name: string) => stats.find((stat) => stat.path === name)!.mode;
      expect(mode('pipe') & ModeNamedPipe).not.toBe(0);
      if (isDevice) expect(mode('device') & ModeDevice).not.toBe(0);
      expect(contents.get('socket') ?? '').toBe('');
      expect(contents.has('device')).toBe(false);
      // Asked for in spite of that, they are an error or empty, and nobody waits for them.
      for (const name of ['pipe', 'device'].slice(0, isDevice ? 2 : 1)) {
        const asked = await ask({ wanted: (stat) => stat.path === name }).catch((error: Error) => error);
        if (asked instanceof Error) expect(asked.message).not.toMatch(/undefined|\n {4}at /);
        else expect(asked.contents.get(name) ?? '').toBe('');
      }
    } finally {
      server.close();
    }
  });

  test('a file of 1 TB, of which nobody reads more than is asked for', async () => {
    const file = openSync(path.join(context, 'big'), 'w');
    ftruncateSync(file, 2 ** 40);
    closeSync(file);
    const { stats } = await ask({ wanted: ({ path: name }) => name === 'file' });
    expect(stats.find((stat) => stat.path === 'big')!.size).toBe(2n ** 40n);
  });

  test('a file and a directory that may not be read', async (test) => {
    if (process.getuid?.() !== 0) test.skip();
    for (const directory of [root, context]) chmodSync(directory, 0o755);
    const asNobody = async (asking: Asking) => {
      process.seteuid!(65534);
      try {
        return await ask(asking);
      } finally {
        process.seteuid!(0);
      }
    };
    writeFileSync(path.join(context, 'readable'), '');
    chmodSync(path.join(context, 'readable'), 0o444);
    expect((await asNobody({})).stats.map((stat) => stat.path)).toContain('readable');
    chmodSync(path.join(context, 'file'), 0);
    await expect(asNobody({})).rejects.toThrow(/file.*permission denied|permission denied.*file|EACCES.*file/);
    await asNobody({ headers: { 'exclude-patterns': ['file'] } });
    chmodSync(path.join(context, 'sub'), 0o666);
    await expect(asNobody({ headers: { 'exclude-patterns': ['file'] } })).rejects.toThrow(
      /EACCES.*sub|permission denied.*sub|sub.*permission denied/,
    );
    await asNobody({ headers: { 'exclude-patterns': ['file', 'sub'] } });
  });

  test('names of 255 bytes are sent', async () => {
    const name = 'ü'.repeat(127).concat('x');
    writeFileSync(path.join(context, name), 'long');
    expect((await ask()).contents.get(name)).toBe('long');
  });

  test('paths of nearly 4,096 bytes are sent', async () => {
    const name = `${'d/'.repeat(Math.floor((4090 - context.length) / 2))}f`;
    writeFiles(context, { [name]: 'deep' });
    expect((await ask()).contents.get(name)).toBe('deep');
  });

  test('directories deeper than a path can be long are refused, and can be excluded', async () => {
    // In steps, since no path reaches down there.
    const script = `for (let i = 0; i < 10000; i++) { require('fs').mkdirSync('d'); process.chdir('d'); }`;
    execFileSync(process.execPath, ['-e', script], { cwd: context });
    const deep = await ask().catch((error: Error) => error);
    if (deep instanceof Error) expect(deep.message).toMatch(/ENAMETOOLONG|too long/);
    expect((await ask({ headers: { 'exclude-patterns': ['d'] } })).contents.get('file')).toBe('of the context!!!');
    execFileSync('rm', ['-rf', path.join(context, 'd')]);
  });

  test('circles of links end with a result or an error', async () => {
    symlinkSync('b', path.join(context, 'a'));
    symlinkSync('a', path.join(context, 'b'));
    symlinkSync('self', path.join(context, 'self'));
    symlinkSync('../sub', path.join(context, 'sub/up'));
    const { stats } = await ask({ headers: { followpaths: ['a/x', 'self', 'sub/up/up/up/up/file', 'here/here/a'] } });
    expectInside({ stats, contents: new Map() });
    const all = await ask();
    for (const name of ['a', 'b', 'self'])
      expect(all.stats.find((stat) => stat.path === name)!.mode & ModeSymlink).not.toBe(0);
  });

  test('200 links, each of which leads to two others, send nothing from outside', async () => {
    for (let i = 0; i < 200; i++) {
      mkdirSync(path.join(context, `n${i}`));
      for (const side of ['l', 'r']) symlinkSync(`../n${(i + 1) % 200}`, path.join(context, `n${i}`, side));
    }
    const paths = Array.from({ length: 20 }, (_, i) => `n0/${'l/r/'.repeat(i + 1)}file`);
    expectInside(await ask({ headers: { followpaths: paths } }));
  });
});

describe('a context that is swapped while it is read does not send what lies outside', () => {
  test.each<[string, () => void]>([
    ['a file by a link', () => replace('file', '../outside/file')],
    ['a file by an absolute link', () => replace('file', path.join(outside, 'file'))],
    ['a directory by a link', () => replace('sub', '../outside')],
    ['a deep directory by a link', () => replace('sub/deep', '../../outside/deep')],
    ['a directory by an absolute link', () => replace('sub', outside)],
  ])('a context does not send what lies outside after a swap of %s', async (_, swap) => {
    const answer = await ask({ listed: swap }).catch((error: Error) => error);
    if (answer instanceof Error) expect(answer.message).not.toMatch(/undefined|\n {4}at /);
    else for (const text of answer.contents.values()) expect(text).not.toContain(secret);
  }); // biome-ignore format: a table

  test('a pipe in the place of a file is not waited for', async () => {
    const swap = () => {
      rmSync(path.join(context, 'file'));
      execFileSync('mkfifo', [path.join(context, 'file')]);
    };
    const answer = await ask({ listed: swap }).catch((error: Error) => error);
    if (answer instanceof Error) expect(answer.message).not.toMatch(/undefined|\n {4}at /);
  });

  test('a directory that is replaced again and again never leads outside', async () => {
    symlinkSync('../outside', path.join(context, 'other'));
    const swapping = spawn(process.execPath, ['-e', `
      const { renameSync } = require('node:fs');
      process.chdir(process.argv[1]);
      for (;;) for (const [from, to] of [['sub', 'kept'], ['other', 'sub'], ['sub', 'other'], ['kept', 'sub']]) renameSync(from, to);
    `, context]); // biome-ignore format: a script
    try {
      for (let i = 0; i < 400; i++) {
        const answer = await ask().catch((error: Error) => error);
        if (answer instanceof Error) expect(answer.message).not.toMatch(/undefined|\n {4}at /);
        else for (const text of answer.contents.values()) expect(text).not.toContain(secret);
      }
    } finally {
      swapping.kill('SIGKILL');
    }
  });
});

/** Puts a symlink in the place of something. */
function replace(name: string, target: string): void {
  renameSync(path.join(context, name), path.join(root, 'moved'));
  symlinkSync(target, path.join(context, name));
}
