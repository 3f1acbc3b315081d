/** Names of files are bytes: those of a context arrive as they are, whether they are text or not. */
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileSync } from '../../src/client/session/file-sync.ts';
import { FileSync } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { encodeText } from '../../src/go/text.ts';
import { methodPath } from '../../src/rpc/service.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { receiveTree } from './sent-tree.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const bytes = (text: string) => Buffer.from(encodeText(text)).toString('latin1');
const at = (dir: string, name: string) => Buffer.concat([Buffer.from(`${dir}/`), latin1(name)]);

/** Names as latin1 text; files contain their names. */
function write(dir: string, ...names: string[]): void {
  for (const name of names) {
    const directory = path.dirname(name);
    if (directory !== '.') mkdirSync(at(dir, directory), { recursive: true });
    writeFileSync(at(dir, name), latin1(name));
  }
}

const fffd = Buffer.from('\ufffd').toString('latin1');
const names = [
  'bad\xfe',
  'bad\xff',
  `bad${fffd}`,
  'cut\xc3',
  'sub\xff/in\x80',
  'sub\xff/sub\xfe/deep',
  '\xc3\xa9',
  '\xed\xa0\x80',
];

function context(): string {
  const dir = temporaryDir();
  write(dir, ...names);
  symlinkSync(latin1('bad\xff'), at(dir, 'link'));
  symlinkSync(latin1('sub\xff/in\x80'), at(dir, 'link\xfd'));
  linkSync(at(dir, 'bad\xff'), at(dir, 'hard\xfc'));
  return dir;
} // biome-ignore format: a list

describe('a context with names that are not text', () => {
  const receive = async (dir: string, headers: Record<string, readonly string[]> = {}) => {
    const route = fileSync(new Map([['context', dir]])).routes.get(methodPath(FileSync, 'diffCopy'))!;
    const tree = await receiveTree(route, undefined, new Map(Object.entries({ 'dir-name': ['context'], ...headers })));
    const entries = tree.entries.map(({ path, linkname, size }) => [bytes(path), bytes(linkname), size]);
    return { entries, contents: new Map([...tree.contents].map(([name, text]) => [bytes(name), text])) };
  };
  const paths = async (dir: string, headers?: Record<string, readonly string[]>) =>
    (await receive(dir, headers)).entries.map(([name]) => name);

  test('names that are not text are sent byte by byte, in the order of bytes', async () => {
    const { entries, contents } = await receive(context());
    expect(entries.map(([name, link, size]) => (link ? [name, link] : [name, size])).filter(([, size]) => size)).toEqual([
      ['bad\xef\xbf\xbd', 6], ['bad\xfe', 4], ['bad\xff', 4], ['cut\xc3', 4], ['hard\xfc', 'bad\xff'], ['link', 'bad\xff'],
      ['link\xfd', 'sub\xff/in\x80'], ['sub\xff/in\x80', 8], ['sub\xff/sub\xfe/deep', 14], ['\xc3\xa9', 2], ['\xed\xa0\x80', 3],
    ]); // biome-ignore format: a pair each
    for (const name of names) expect(contents.get(name)).toBe(name);
  });

  test('a context of many such names is read by the thread', async () => {
    const dir = temporaryDir();
    const many = Array.from({ length: 400 }, (_, i) => `d\xff/f${i}\xfe`);
    write(dir, ...many);
    const { contents } = await receive(dir);
    for (const name of many) expect(contents.get(name)).toBe(name);
  });

  test('a filter takes a byte that is not text for one character that equals only itself', async () => {
    const dir = context();
    const exclude = (...patterns: string[]) => ({
      'exclude-patterns': patterns.map((pattern) => queryEscape(pattern)),
      'exclude-patterns-encoded': ['1'],
    });
    expect(await paths(dir, exclude('*', '!bad\xff'))).toEqual(['bad\xff']);
    expect(await paths(dir, exclude('*', '!bad?'))).toEqual([`bad${fffd}`, 'bad\xfe', 'bad\xff']);
    expect(await paths(dir, exclude('*', '!bad[^a]'))).toEqual([`bad${fffd}`, 'bad\xfe', 'bad\xff']);
    expect(await paths(dir, exclude('*', '!\xc3\xa9', '!sub\xff/**/deep'))).toEqual([
      'sub\xff', 'sub\xff/sub\xfe', 'sub\xff/sub\xfe/deep', '\xc3\xa9',
    ]); // biome-ignore format: one line
    expect(await paths(dir, { followpaths: [queryEscape('link\xfd')], 'followpaths-encoded': ['1'] })).toEqual([
      'link\xfd', 'sub\xff', 'sub\xff/in\x80',
    ]); // biome-ignore format: one line
    expect(await paths(dir, { followpaths: ['lin?*'] })).toEqual(['bad\xff', 'link', 'link\xfd', 'sub\xff', 'sub\xff/in\x80']);
  }); // biome-ignore format: a case is a line

  test('a header of raw bytes filters names, and a wrong escape in a header is an error', async () => {
    const dir = context();
    expect(await paths(dir, { 'include-patterns': ['bad\xfe'] })).toEqual(['bad\xfe']);
    const torn = { 'exclude-patterns': ['secret%4'], 'exclude-patterns-encoded': ['1'] };
    await expect(receive(dir, torn)).rejects.toThrow('the header exclude-patterns is not escaped as it should be');
  });
});

/** As Go's url.QueryEscape. */
function queryEscape(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const dockerfile = `ARG BASE
FROM $BASE
COPY . /context
RUN exec 2>/dev/null; cd /context; find . | LC_ALL=C sort | od -An -tx1 -v | tr -d '\\n '; echo; \\
  for l in link*; do readlink "$l" | od -An -tx1; cat "$l" | od -An -tx1; done; stat -c '%h' bad* hard*; \\
  echo; find . -type f | LC_ALL=C sort | while read -r f; do od -An -tx1 "$f"; done
`;
const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

await onEngines('names that are not text', {}, (engine) => {
  const build = async (command: string, first: readonly string[], dir: string) => {
    const args = [
      ...first,
      'build',
      '--no-cache',
      '--progress=plain',
      '--build-arg',
      `BASE=${await engine.baseImage()}`,
    ];
    const { status, stderr } = await engine.run(command, [...args, '--output=type=cacheonly', dir]);
    // What RUN printed, without its times.
    const log = stderr.match(/^#\d+ \d+\.\d+ .*$/gm)?.map((line) => line.replace(/^#\d+ \d+\.\d+ /, ''));
    return { status, stderr, log };
  };
  const hex = (name: string) => latin1(name).toString('hex');
  const ignoring = (dir: string, ...patterns: string[]) => {
    writeFileSync(path.join(dir, '.dockerignore'), latin1(patterns.join('\n')));
    return dir;
  };
  const withDockerfile = () => {
    const dir = context();
    writeFileSync(path.join(dir, 'Dockerfile'), dockerfile);
    return dir;
  };

  if (engine.suite === 'forky')
    test('a daemon that takes text only refuses such names, and the error says which and what to do', async () => {
      const { status, stderr } = await build(process.execPath, [cli], withDockerfile());
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /string field contains invalid UTF-8: the name .* bad\ufffd is not UTF-8, and this daemon/,
      );
      expect(stderr).toContain('rename the file, or leave it out with an ignore file');
    });
  else
    test.each([[[]], [['*.log', 'cut?']]])(
      'names that are not text arrive as they are, with an ignore file of %j',
      async (patterns) => {
        const dir = patterns.length > 0 ? ignoring(withDockerfile(), ...patterns) : withDockerfile();
        const ours = await build(process.execPath, [cli], dir);
        expect(ours.status, ours.stderr).toBe(0);
        const all = ours.log!.join('\n');
        for (const name of names) {
          const isIgnored = name === 'cut\xc3' && patterns.length > 0;
          expect(all.includes(hex(`./${name}\n`)), name).toBe(!isIgnored);
        }
        expect(all).toContain(' 62 61 64 ff 0a\n 62 61 64 ff\n 73 75 62 ff 2f 69 6e 80 0a\n 73 75 62 ff 2f 69 6e 80');
        expect(all).toContain('\n1\n1\n2\n2\n'); // bad\xff and hard\xfc are one file
        if (engine.suite === 'bookworm') return; // it has no buildx
        const theirs = await build('docker', ['buildx'], dir);
        expect(theirs.log).toEqual(ours.log);
      },
    );

  test('ignored names that are not text do no harm', async () => {
    const dir = ignoring(withDockerfile(), 'bad?', 'cut?', 'sub?', 'link*', 'hard?', '\xed\xa0\x80', '???');
    writeFileSync(at(dir, `text${fffd}`), '');
    const ours = await build(process.execPath, [cli], dir);
    expect(ours.log![0] ?? '').toContain(hex(`./text${fffd}\n`));
    expect(ours.log!.join('')).not.toContain('ff0a');
    expect(ours.stderr).not.toContain('UTF-8');
  });

  test('names that are not text come out of a build byte by byte, or the error says why not and what to do', async () => {
    const dir = temporaryDir();
    const lines = [
      `FROM ${await engine.baseImage()} AS made`,
      'RUN mkdir /o && touch "/o/$(printf \'a\\377\')"',
      'FROM scratch',
    ];
    writeFileSync(path.join(dir, 'Dockerfile'), [...lines, 'COPY --from=made /o /', ''].join('\n'));
    const out = path.join(dir, 'out');
    const save = (type: string, dest: string) =>
      engine.run(process.execPath, [cli, 'build', '--progress=plain', '-o', `type=${type},dest=${dest}`, dir]);
    const { status, stderr } = await save('local', out);
    if (engine.suite === 'forky') {
      expect(status).toBe(1);
      expect(stderr).toContain(`the daemon broke off while it sent the files for ${out}, as Docker 28 and newer do`);
      expect(stderr).toContain('is not UTF-8; rename that file in the build, or export to a tar file');
      expect(readdirSync(dir)).toEqual(['Dockerfile']);
    } else {
      expect(status, stderr).toBe(0);
      expect(readdirSync(out, { encoding: 'latin1' })).toEqual(['a\xff']);
    }
    const tar = await save('tar', path.join(dir, 'out.tar'));
    expect(tar.status, tar.stderr).toBe(0);
    expect(readFileSync(path.join(dir, 'out.tar')).includes(latin1('path=a\xff\n'))).toBe(true);
  });
});
