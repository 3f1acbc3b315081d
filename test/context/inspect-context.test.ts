import { spawnSync } from 'node:child_process';
import {
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectContext } from '../../src/context/inspect-context.ts';
import { formatIgnoreProposal } from '../../src/context/propose-ignore.ts';
import { graphOfAllStages } from '../../src/daemonless/all-stages.ts';
import { openBuildContext } from '../../src/daemonless/build-context.ts';
import { compile } from '../../src/daemonless/compile.ts';
import { createFilter } from '../../src/tree/filter.ts';
import { resolveRoot, walk } from '../../src/tree/walk.ts';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

type Files = Readonly<Record<string, string>>;

/** A directory with files; a text that begins with `-> ` is a link. */
function directory(files: Files): string {
  const dir = temporaryDir();
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), file);
    else writeFileSync(file, text);
  }
  return dir;
}

async function inspect(
  dir: string,
  options: Parameters<typeof inspectContext>[2] & { readonly contexts?: Readonly<Record<string, string>> } = {},
) {
  const { contexts = {}, ...rest } = options;
  const opened = await openBuildContext({
    context: dir,
    buildContexts: new Map(Object.entries(contexts)),
    readStdin: async () => new Uint8Array(),
  });
  const compiling = { ...opened, images: [] };
  const allStages = await graphOfAllStages(compiling);
  return inspectContext(await compile(compiling), opened, { allStages, ...rest });
}

const main = async (...given: Parameters<typeof inspect>) => (await inspect(...given)).contexts[0]!;

const site: Files = {
  Dockerfile: 'FROM scratch\nCOPY package.json /\nCOPY --exclude=*.md src /src/\n',
  '.dockerignore': '# not for the image\nnode_modules\n**/*.log\n!src/keep.log\n',
  'package.json': '{}',
  'src/a.ts': 'aaaa',
  'src/b.md': 'bb',
  'src/keep.log': 'k',
  'src/drop.log': 'ddd',
  'src/deep/c.ts': 'cc',
  'node_modules/x/index.js': 'x'.repeat(100),
  'node_modules/y.js': 'y',
  'docs/read.md': 'rrr',
};

test('a report says what is sent, dropped, not needed and taken, with the line of each rule and instruction', async () => {
  const dir = directory(site);
  const report = await main(dir);
  expect(report).toMatchObject({
    name: 'context',
    directory: dir,
    sent: { files: 5, bytes: 11 },
    ignored: { files: 3, bytes: 104 },
    unasked: { files: 3 },
    used: { files: 4, bytes: 9 },
    unused: { files: 1, bytes: 2 },
    unusedPaths: [{ path: 'src/b.md', files: 1, bytes: 2 }],
    isCut: false,
    rules: [
      { file: path.join(dir, '.dockerignore'), line: 2, text: 'node_modules', files: 2, bytes: 101 },
      { file: path.join(dir, '.dockerignore'), line: 3, text: '**/*.log', files: 1, bytes: 3 },
    ],
  });
  expect(report.takes).toMatchObject([
    { line: 2, text: 'COPY package.json /', kind: 'copy', files: 1, bytes: 2, paths: ['package.json'] },
    {
      line: 3,
      text: 'COPY --exclude=*.md src /src/',
      files: 3,
      bytes: 7,
      sources: [{ path: '/src', exclude: ['*.md'], files: 3 }],
      paths: ['src/a.ts', 'src/deep/', 'src/keep.log'],
    },
  ]);
});

test.each([
  ['a backslash by default', ['COPY a \\', '  b /'], 'COPY a b /'],
  ['the character of the escape directive', ['# escape=`', 'COPY a `', '  b /'], 'COPY a b /'],
  ['no other character', ['# escape=`', 'COPY a b C:\\'], 'COPY a b C:\\'],
])('what continues the line of an instruction is %s', async (_, lines, text) => {
  const [first, ...others] = lines;
  const dockerfile = first!.startsWith('#') ? [first!, 'FROM scratch', ...others] : ['FROM scratch', ...lines];
  const dir = directory({ Dockerfile: `${dockerfile.join('\n')}\n`, a: '', b: '' });
  expect((await main(dir)).takes[0]).toMatchObject({ text });
});

test('the answer for a path names the rule that drops it, or the lines that take it', async () => {
  const paths = ['node_modules/x/index.js', 'src/drop.log', 'src', 'src/b.md', 'docs', 'Src/a.ts', './package.json'];
  const { paths: answers } = await main(directory(site), { paths });
  expect(answers.map(({ fate, rule, takenAt }) => [fate, rule?.line ?? rule, takenAt])).toEqual([
    ['ignored', 2, []],
    ['ignored', 3, []],
    ['sent', undefined, [3]],
    ['sent', undefined, []],
    ['unasked', undefined, []],
    ['missing', undefined, []],
    ['sent', undefined, [2]],
  ]);
  expect(answers[5]!.hint).toBe('The context has src/a.ts: names are case-sensitive.');
});

test('the ignore file named for the Dockerfile is named in the rules', async () => {
  const dir = directory({ ...site, 'Dockerfile.dockerignore': 'src/deep\n' });
  const { rules } = await main(dir);
  expect(rules).toMatchObject([{ file: path.join(dir, 'Dockerfile.dockerignore'), line: 1, text: 'src/deep' }]);
});

test('named contexts, mounts and stages that begin with a context are reported', async () => {
  const dir = directory({
    Dockerfile:
      'FROM other AS start\nFROM scratch\nCOPY --from=start /a /\nRUN --mount=type=bind,source=src,target=/s SECRET=hush true\n',
    'src/a': 'a',
  });
  const other = directory({ a: '12', b: '3' });
  const { contexts } = await inspect(dir, { contexts: { other } });
  expect(
    contexts.map(({ name, takes }) => [name, takes.map(({ kind, line, text, paths }) => [kind, line, text, paths])]),
  ).toEqual(
    expect.arrayContaining([
      ['context', [['mount', 4, 'RUN --mount=type=bind', ['src/']]]],
      ['other', [expect.arrayContaining(['copy', 3])]],
    ]),
  );
  expect(JSON.stringify(contexts)).not.toContain('hush');
});

test('several platforms do not count an instruction twice', async () => {
  const dir = directory(site);
  const opened = await openBuildContext({ context: dir, readStdin: async () => new Uint8Array() });
  const opts = { ...opened.opts, platform: 'linux/amd64,linux/arm64' };
  const compiled = await compile({ ...opened, opts, images: [] });
  const { contexts } = await inspectContext(compiled, opened);
  expect(contexts.map(({ takes }) => takes.map(({ line }) => line))).toEqual([[2, 3]]);
});

test('a file with several names counts for each, and links count as files without bytes', async () => {
  const dir = directory({ Dockerfile: 'FROM scratch\nCOPY d /d\n', 'd/one': '12345', 'd/link': '-> one' });
  linkSync(path.join(dir, 'd/one'), path.join(dir, 'd/two'));
  expect((await main(dir)).takes).toMatchObject([{ files: 3, bytes: 10 }]);
});

test('what is listed as sent is what a transfer sends', async () => {
  const name = fc.constantFrom('a', 'b', 'c.md', 'd');
  const file = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const pattern = fc
    .tuple(fc.constantFrom('', '!', '**/'), file, fc.constantFrom('', '/*', '*'))
    .map((it) => it.join(''));
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { minLength: 1, maxLength: 12 }),
      fc.array(pattern, { maxLength: 4 }),
      fc.array(file, { minLength: 1, maxLength: 3 }),
      async (names, ignore, copied) => {
        const isDir = (it: string) => names.some((other) => other.startsWith(`${it}/`));
        const files = Object.fromEntries(names.filter((it) => !isDir(it)).map((it) => [`in/${it}`, it]));
        const lines = copied.map((it) => `COPY in/${it}* /x/\n`).join('');
        const rules = ignore.map((it) => it.replace(/^(!?)/, '$1in/')).join('\n');
        const dir = directory({ ...files, Dockerfile: `FROM scratch\n${lines}`, '.dockerignore': rules });
        const opened = await openBuildContext({ context: dir, readStdin: async () => new Uint8Array() });
        const compiled = await compile({ ...opened, images: [] });
        const source = compiled.definitions.get('')!.ops()[0]!.op.op;
        if (source.case !== 'source') throw new Error('the first op is the context');
        const list = (key: string) => JSON.parse(source.value.attrs[key] || '[]') as string[];
        const root = await resolveRoot(dir);
        const transferred: string[] = [];
        const filter = await createFilter(root, {
          exclude: list('local.excludepatterns'),
          follow: list('local.followpaths'),
        });
        await walk(root, ({ path: it, mode }) => void (mode < 0x8000_0000 && transferred.push(it)), filter);
        const { contexts } = await inspectContext(compiled, opened, { listFiles: true });
        expect(contexts[0]!.sent.files).toBe(transferred.length);
        for (const { list: taken } of contexts[0]!.takes)
          for (const { path: it } of taken!) expect(transferred).toContain(it);
      },
    ),
    { numRuns: 60, seed: 17 },
  );
});

describe('the proposal for the ignore file', () => {
  const wide: Files = {
    Dockerfile:
      'FROM scratch AS tests\nCOPY spec /spec\nFROM scratch\nCOPY --exclude=docs --exclude=**/tmp --exclude=notes/*.md --exclude=odd* --exclude=spec . /app/\n',
    'docs/a.md': 'a',
    'docs/b/c.md': 'c',
    'one/tmp/x': 'x',
    'two/tmp/y': 'y',
    'two/three/tmp/z': 'z',
    'two/keep': 'k',
    'notes/1.md': '1',
    'notes/2.md': '2',
    'notes/3.md': '3',
    'notes/4.txt': '4',
    'odd[1]': 'o',
    'spec/only.ts': 's',
    '.git/HEAD': 'ref: x',
    '.env': 'TOKEN=hush',
    'web/node_modules/m.js': 'm',
  };

  test('drops what is sent and not taken with few patterns, and names what images seldom need', async () => {
    const { proposal } = await main(directory(wide));
    expect(proposal.unused.map(({ pattern }) => pattern).sort()).toEqual([
      '**/tmp',
      'docs',
      'notes/*.md',
      'odd\\[1\\]',
    ]);
    expect(proposal.seldomNeeded.map(({ pattern }) => pattern).sort()).toEqual([
      '**/node_modules',
      '.env*',
      '.git',
      'Dockerfile',
    ]);
  });

  test('changes nothing that an instruction takes, and leaves nothing that none takes but what other stages do', async () => {
    const dir = directory(wide);
    const before = await main(dir, { listFiles: true });
    const patterns = before.proposal.unused.map(({ pattern }) => pattern);
    writeFileSync(path.join(dir, '.dockerignore'), `${patterns.join('\n')}\n`);
    const after = await main(dir, { listFiles: true });
    const lists = ({ takes }: typeof before) =>
      takes.map(({ list }) => list!.filter((it) => it.path !== '.dockerignore'));
    expect(lists(after)).toEqual(lists(before));
    expect(after.unusedPaths.map((it) => it.path)).toEqual(['spec/']);
  });

  test('is a difference that git applies', async () => {
    for (const old of [undefined, 'a\n', 'a', '1\n2\n3\n4\n5\n']) {
      const dir = directory({ ...wide, ...(old !== undefined && { '.dockerignore': old }) });
      const { proposal } = await main(dir);
      const text = formatIgnoreProposal({ ...proposal, file: '.dockerignore' }, old);
      const applied = spawnSync('git', ['apply', '-p0', '-'], { cwd: dir, input: text, encoding: 'utf8' });
      expect(applied.stderr).toBe('');
      const now = readFileSync(path.join(dir, '.dockerignore'), 'utf8');
      expect(now).toContain('\ndocs\n');
      expect(now.startsWith(old ?? '#')).toBe(true);
    }
  });
});

/** Instructions whose files are compared with what an engine copies. */
const instructions = [
  'COPY . /x/',
  'COPY src /x/',
  'COPY src/ /x/',
  'COPY src/*.ts /x/',
  'COPY s*/*.ts /x/',
  'COPY s*c /x/',
  'COPY src/[ab].ts /x/',
  'COPY src/a.ts src/deep /x/',
  'COPY link/a.ts /x/',
  'COPY link /x/',
  'COPY to-file /x/',
  'COPY l* /x/',
  'COPY --exclude=*.md src /x/',
  'COPY --exclude=** --exclude=!**/c.ts src /x/',
  'COPY --exclude=deep . /x/',
  'COPY --exclude=src/deep . /x/',
  'COPY --parents src/deep/*.ts /x/',
  'COPY --parents src/./deep/c.ts /x/',
  'COPY --parents --exclude=**/a.ts **/*.ts /x/',
  'ADD src/deep /x/',
  'COPY no*thing src/b.md /x/',
];

await onEngines(
  'the files that an instruction takes are those that the engine copies',
  { suites: ['forky'] },
  (engine) => {
    const source = directory({
      '.dockerignore': '**/*.log\n.dockerignore\nDockerfile\n',
      'src/a.ts': 'a',
      'src/b.ts': 'b',
      'src/b.md': 'md',
      'src/x.log': 'log',
      'src/deep/c.ts': 'c',
      'src/deep/er/d.ts': 'd',
      'src/deep/er/e.md': 'e',
      'top.ts': 't',
      link: '-> src',
      'to-file': '-> src/deep/c.ts',
    });
    test.each(instructions)('the engine copies the files of the report for %s', async (instruction) => {
      const dir = temporaryDir();
      cpSync(source, dir, { recursive: true, verbatimSymlinks: true });
      writeFileSync(path.join(dir, 'Dockerfile'), `FROM scratch\n${instruction}\n`);
      const [take] = (await main(dir, { listFiles: true })).takes;
      const out = temporaryDir();
      const args = ['build', '--builder', engine.address, '-o', `type=local,dest=${out}`, dir];
      const { code, stderr } = await runCli(args);
      expect(code, stderr).toBe(0);
      const copied: string[] = [];
      await walk(out, ({ path: it }) => void copied.push(it));
      const contents = (root: string, names: readonly string[]) =>
        names
          .map((name) => path.join(root, name))
          .filter((file) => !lstatSync(file).isDirectory())
          .map((file) => (lstatSync(file).isSymbolicLink() ? `-> ${readlinkSync(file)}` : readFileSync(file, 'utf8')))
          .sort();
      const list = take!.list!.map((it) => it.path);
      expect(contents(dir, list)).toEqual(contents(out, copied));
    });
  },
);
