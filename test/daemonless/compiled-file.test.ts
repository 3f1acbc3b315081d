/** Compiled files lose nothing: every golden case that compiles is written, read back and equal to the byte. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/daemonless/compile.ts';
import { formatCompiled, parseCompiled, withImageConfig } from '../../src/daemonless/compiled-file.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { formatJson } from '../../src/llb/format-json.ts';
import { copy, type Definition, image, local } from '../../src/llb/index.ts';
import { parseJson } from '../../src/llb/parse-json.ts';
import { goldenNames, readCase } from '../golden/cases.ts';
import { optionsOf } from './golden-options.ts';

const text = (entries: Iterable<[string, Uint8Array]>) =>
  Object.fromEntries([...entries].map(([key, value]) => [key, Buffer.from(value).toString()]));

/** All that a definition is made of; ops that do not depend on each other may stand in any order. */
const parts = (definition: Definition) => formatJson(definition) + definition.head();

describe('the golden cases', () => {
  let read = 0;
  test.each([...Map.groupBy(goldenNames(), (name) => name.split('/')[0]!)])(
    'a compilation is the same after it was written and read: %s',
    async (_, names) => {
      for (const name of names) {
        const compiled = await compile(optionsOf(readCase(name))).catch(() => undefined);
        // Answers of subrequests are not images.
        if (!compiled?.metadata.has('refs.platforms')) continue;
        const back = parseCompiled(formatCompiled(compiled));
        expect(text(back.metadata), name).toEqual(text(compiled.metadata));
        expect(back.multiPlatform, name).toBe(compiled.multiPlatform);
        expect([...back.definitions.keys()], name).toEqual([...compiled.definitions.keys()]);
        for (const [id, definition] of compiled.definitions)
          expect(parts(back.definitions.get(id)!), name).toEqual(parts(definition));
        read++;
      }
    },
  );
  test('all golden cases that compile are read back', () => expect(read).toBeGreaterThan(400));
});

const options = (dockerfile: string, opts: Readonly<Record<string, string>> = {}) => {
  const tree = memoryTree(new Map([['Dockerfile', Buffer.from(dockerfile)]]));
  return { opts, images: [], locals: new Map([['context', tree], ['dockerfile', tree]]) }; // biome-ignore format: one line
};

test('a file says what it is of: the platform, the digest, the config', async () => {
  const compiled = await compile(
    options('FROM scratch\nENV A=<b>\nHEALTHCHECK --interval=100000h CMD x\nCOPY . /\n', { platform: 'linux/arm64' }),
  );
  const document = JSON.parse(formatCompiled(compiled));
  expect(document).toMatchObject({
    platform: 'linux/arm64',
    digest: compiled.definitions.get('')!.head(),
    config: { architecture: 'arm64', os: 'linux', config: { Env: [expect.stringMatching(/^PATH=/), 'A=<b>'] } },
  });
  const back = parseCompiled(formatCompiled(compiled));
  // Nanoseconds that no JavaScript number holds.
  expect(Buffer.from(back.metadata.get('containerimage.config')!).toString()).toContain('360000000000000000');
});

test('a changed file is refused', async () => {
  const file = formatCompiled(await compile(options('FROM scratch\nCOPY a /b\n')));
  expect(() => parseCompiled(file.replace('"/b"', '"/c"'))).toThrow(/^op sha256:\w{64} was changed: its digest is /);
  const { digest, ...document } = JSON.parse(file);
  expect(() => parseCompiled(JSON.stringify({ ...document, digest: digest.replace(/.$/, '_') }))).toThrow(
    'the digest of',
  );
  const [op] = Object.keys(document.def);
  delete document.def[op!];
  expect(() => parseCompiled(JSON.stringify({ ...document, digest }))).toThrow(/is missing|has one last op/);
});

test('a compilation of frontend.convertllb contains only the graph', () => {
  const definition = image('alpine')
    .file(copy(local('context'), '/', '/'))
    .marshal();
  const back = parseCompiled(formatJson(definition));
  expect(back.metadata.size).toBe(0);
  expect(parts(back.definitions.get('')!)).toEqual(parts(definition));
  expect(parts(parseJson(formatJson(definition)))).toEqual(parts(definition));
});

test('a config that was written beside the graph', async () => {
  const { definitions, metadata } = await compile(options('FROM scratch\nCMD ["a"]\n'));
  const config = metadata.get('containerimage.config')!;
  expect(text(withImageConfig(definitions.get('')!, config).metadata)).toEqual(text(metadata));
  expect(() => withImageConfig(definitions.get('')!, Buffer.from('{}'))).toThrow('it has no os or no architecture');
});

test('a graph of 20,000 steps is read back', () => {
  let state = local('context');
  for (let i = 0; i < 20_000; i++) state = state.run({ args: [`${i}`] }).root;
  const definition = state.marshal();
  expect(parseJson(formatJson(definition)).head()).toBe(definition.head());
});
