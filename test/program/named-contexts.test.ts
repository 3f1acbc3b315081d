/** What a program reads of the contexts of a build: without a daemon, and on engines by every frontend. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { pushFrontend } from './push-frontend.ts';

const names = [
  'a.txt',
  'secret.txt',
  'dir/b.txt',
  'dir/kept.txt',
  './a.txt',
  'x/../secret.txt',
  'link.txt',
  'none.txt',
];

const program = `import { context, file, scratch } from 'tsfront/build';

const found: unknown[] = [];
for (const of of [context(), context('more')]) {
  for (const name of ${JSON.stringify(names)})
    found.push([name, await of.exists(name), await of.readText(name).catch(() => 'none')]);
  found.push(await of.glob('**'), await of.glob('*.txt', 'dir/*'));
}
export default () => scratch().copy(file('found', JSON.stringify(found)), '/').label('found', JSON.stringify(found));
`;

/** Two contexts with the same files; one excludes the one half, the other the other. */
function contexts(first = '') {
  const dir = temporaryDir();
  for (const [name, ignored] of [
    ['main', 'build.ts\nsecret.txt\n'],
    ['more', '*.txt\n!a.txt\n!link.txt\ndir\n!dir/kept.txt\n.dockerignore\n'],
  ] as const) {
    mkdirSync(path.join(dir, name, 'dir'), { recursive: true });
    for (const file of ['a.txt', 'secret.txt', 'dir/b.txt', 'dir/kept.txt'])
      writeFileSync(path.join(dir, name, file), `${file} of ${name}`);
    symlinkSync('dir/kept.txt', path.join(dir, name, 'link.txt'));
    writeFileSync(path.join(dir, name, '.dockerignore'), ignored);
  }
  const file = path.join(dir, 'main/build.ts');
  writeFileSync(file, first + program);
  return ['-f', file, `--build-context=more=${path.join(dir, 'more')}`, path.join(dir, 'main')];
}

const expected = [
  ['a.txt', true, 'a.txt of main'],
  ['secret.txt', false, 'none'],
  ['dir/b.txt', true, 'dir/b.txt of main'],
  ['dir/kept.txt', true, 'dir/kept.txt of main'],
  ['./a.txt', true, 'a.txt of main'],
  ['x/../secret.txt', false, 'none'],
  ['link.txt', true, 'dir/kept.txt of main'],
  ['none.txt', false, 'none'],
  ['.dockerignore', 'a.txt', 'dir', 'dir/b.txt', 'dir/kept.txt', 'link.txt'],
  ['a.txt', 'dir/b.txt', 'dir/kept.txt', 'link.txt'],
  ['a.txt', true, 'a.txt of more'],
  ['secret.txt', false, 'none'],
  ['dir/b.txt', false, 'none'],
  ['dir/kept.txt', true, 'dir/kept.txt of more'],
  ['./a.txt', true, 'a.txt of more'],
  ['x/../secret.txt', false, 'none'],
  ['link.txt', true, 'dir/kept.txt of more'],
  ['none.txt', false, 'none'],
  ['a.txt', 'dir/kept.txt', 'link.txt'],
  ['a.txt', 'dir/kept.txt', 'link.txt'],
];

test('without a daemon, each context has what its own ignore file leaves', async () => {
  const { code, stdout, stderr } = await runCli(['compile', '--offline', ...contexts()]);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(JSON.parse(stdout).config.config.Labels.found)).toEqual(expected);
});

await onEngines('contexts', { suites: ['forky', 'trixie'] }, (engine) => {
  test('on an engine, a program reads the same by each frontend', async () => {
    const args = contexts(`// syntax=${await pushFrontend(engine)}\n`);
    const found = async (run: (dest: string) => Promise<unknown>) => {
      const dest = temporaryDir();
      await run(dest);
      return JSON.parse(readFileSync(path.join(dest, 'found'), 'utf8'));
    };
    const cli = async (...given: string[]) => {
      const { code, stderr } = await runCli([...given, ...args, '--builder', engine.address]);
      expect(code, stderr).toBe(0);
    };
    expect(await found((dest) => engine.must('docker', ['buildx', 'build', '-o', dest, ...args]))).toEqual(expected);
    expect(await found((dest) => cli('build', '--frontend=tsfront', '-o', dest))).toEqual(expected);
    expect(await found((dest) => cli('solve', '-o', dest))).toEqual(expected);
  });
});
