/** Errors of the library name its options: a caller of functions has no flags. */
import { expect, test } from 'vitest';
import { updateLock } from '../../src/daemonless/lock/index.ts';
import { unavailableHint } from '../../src/daemonless/unavailable-hint.ts';
import {
  checkDockerfile,
  compile,
  createDaemonlessBridge,
  findDiagnosticError,
  memoryTree,
  RemoteSource,
  registryResolver,
} from '../../src/index.ts';

const optionsOf = (text: string, name = 'Dockerfile') => {
  const tree = memoryTree(new Map([[name, text]]));
  return {
    opts: { filename: name },
    locals: new Map([
      ['context', tree],
      ['dockerfile', tree],
    ]),
    images: [],
  };
};

/** The message of what a compilation throws, and its hint. */
async function failure(text: string): Promise<string> {
  const error = await compile(optionsOf(text, 'build.ts')).then(
    () => new Error('it compiles'),
    (thrown: Error) => thrown,
  );
  return `${error.message}\n${findDiagnosticError(error)?.diagnostics[0].hint}`;
}

const program = (text: string) =>
  `import { arg, context, image, scratch } from 'tsfront/build';\nvoid [arg, context, image, scratch];\n${text}`;

test.each([
  ["export default () => image('a').run(arg('V'));", 'V is required\nGive it with `build-arg:V`.'],
  [
    "export default () => image('a').run([arg('V'), arg('W')]);",
    'V, W are required\nGive them with `build-arg:V` and `build-arg:W`.',
  ],
  [
    "export default async () => image(await context('docs').readText('a'));",
    'the build has no context "docs"\nGive it with `context:docs`.',
  ],
  ["export default () => scratch().copy(context('docs'), 'a', '/a');", 'give the context with `context:docs`.'],
  ["export const a = () => scratch();\nexport const b = () => scratch().cmd(['b']);", 'Choose one with `target`, or'],
])('of build programs: %s', async (text, advice) => {
  const said = await failure(program(text));
  expect(said).toContain(advice);
  expect(said).not.toContain('--');
});

const hintsOf = async (text: string, images: Parameters<typeof checkDockerfile>[0]['images'] = []) =>
  (await checkDockerfile({ ...optionsOf(text), images })).problems.map(({ hint }) => hint);

test('of images and sources that are not on this machine', async () => {
  expect(await hintsOf('FROM nope:1\n')).toEqual([
    expect.stringMatching(/^Add a resolver that knows nope:1 to `images`/),
  ]);
  const withheld = registryResolver({ limits: { signal: AbortSignal.timeout(5000) } });
  const [hint] = await hintsOf('FROM localhost:1/nope:1\n', [withheld]);
  expect(hint).toMatch(/^Without its registry, add a resolver that knows localhost:1\/nope:1 to `images`/);
  expect(hint).not.toContain('--');
});

test('of a repository that nothing fetches', async () => {
  const { locals, images } = optionsOf('FROM scratch\n');
  const opts = { context: 'https://example.com/a.git', dockerfilekey: 'dockerfile' };
  const source = await createDaemonlessBridge({ opts, locals, images })
    .resolveSourceMetadata({ identifier: 'git://example.com/a.git', attrs: {} }, { logName: '' })
    .catch((error: unknown) => error);
  expect(source).toBeInstanceOf(RemoteSource);
  expect(unavailableHint(source)).toMatch(/^Give `remote`, as openRemoteSources\(\) makes it/);
});

test('of a lock whose sources need the network', async () => {
  const text = 'FROM scratch\nADD https://example.com/a /\n';
  const request = { options: optionsOf(text), text, platforms: ['linux/amd64'], offline: true };
  await expect(updateLock(request)).rejects.toThrow(
    'https://example.com/a: it can only be pinned with the network, and this is offline',
  );
});
