import { expect, test } from 'vitest';
import { compile } from '../../src/daemonless/compile.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { formatLock } from '../../src/lock/lock-file.ts';
import type { ImageResolver } from '../../src/resolve/resolver.ts';
import { playProgram } from '../program/play-program.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const lock = formatLock({
  platforms: ['linux/amd64'],
  sources: [{ kind: 'image', name: 'alpine:latest', pin: digest }],
});
const frozen = { 'build-arg:TSFRONT_LOCK': 'frozen' };
const program = (text: string) => `import { fromState, image } from 'tsfront/build';\n${text}`;

test('the images of a build program are pinned by the lock beside it', async () => {
  const images: ImageResolver = {
    async resolve(reference) {
      const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest] } };
      const found = reference.digest || `sha256:${'f'.repeat(64)}`;
      return { digest: found, config: new TextEncoder().encode(JSON.stringify(config)) };
    },
  };
  const files = { 'build.ts': program("export default () => image('alpine').run('make');"), 'build.ts.lock': lock };
  const dockerfile = memoryTree(new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
  const locals = new Map([['context', memoryTree(new Map())], ['dockerfile', dockerfile]]); // biome-ignore format: a list
  const identifiers = async (opts: Readonly<Record<string, string>>) => {
    const { definitions } = await compile({ opts: { filename: 'build.ts', ...opts }, locals, images: [images] });
    const ops = [...definitions.values()].flatMap((definition) => definition.ops());
    return ops.flatMap(({ op }) => (op.op.case === 'source' ? op.op.value.identifier : []));
  };
  expect(await identifiers(frozen)).toEqual([`docker-image://docker.io/library/alpine:latest@${digest}`]);
  expect(await identifiers({})).toEqual([expect.stringMatching(/@sha256:f+$/)]);
});

test('what a build program does not lock is an error at its line', async () => {
  const text = program("export default () =>\n  image('busybox').run('make');");
  const { error, places } = await playProgram({ 'build.ts': text, 'build.ts.lock': lock }, frozen);
  expect(error).toContain('busybox:latest is not locked: build.ts.lock has no pin of it');
  expect(places).toEqual(['build.ts:3']);
});

test.each([
  ["http('https://me:planted@example.com/a')", 'https://xxxxx:xxxxx@example.com/a is not locked'],
  ["git('https://example.com/a.git', 'main')", 'git://example.com/a.git#main is not locked'],
  ["llbImage('busybox')", 'docker-image://docker.io/library/busybox:latest is not locked'],
])('a frozen build program pins the states that it makes itself: %s', async (state, message) => {
  const importing = "import { git, http, image as llbImage } from 'tsfront/llb';\n";
  const text = (source: string) => program(`${importing}export default () => fromState(${source});`);
  const { error } = await playProgram({ 'build.ts': text(state), 'build.ts.lock': lock }, frozen);
  expect(error).toContain(message);
  expect(error).not.toContain('planted');
  expect((await playProgram({ 'build.ts': text(state) })).error).toBeUndefined();
});

test('states with a digest, a checksum or a commit are taken', async () => {
  const states = [
    `http('https://example.com/a', { checksum: '${digest}' })`,
    `git('https://example.com/a.git', '${'c'.repeat(40)}:dir')`,
    `llbImage('busybox@${digest}')`,
  ];
  for (const state of states) {
    const importing = "import { git, http, image as llbImage } from 'tsfront/llb';\n";
    const { error } = await playProgram(program(`${importing}export default () => fromState(${state});`), frozen);
    expect(error).toBeUndefined();
  }
});
