/** What a program in plain JavaScript is told that gives the public functions something else than they take. */
import { expect, test } from 'vitest';
import * as client from '../src/client/index.ts';
import * as core from '../src/index.ts';
import * as llb from '../src/llb/index.ts';
import * as parser from '../src/parser/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: without types, as in JavaScript
type Untyped = Record<string, any>;
const { compile, checkDockerfile, openBuildContext, dirTree, memoryTree, registryResolver, formatPlatform } =
  core as Untyped;
const { parseImageTable, parsePlatform, ociLayoutResolver, runFrontend } = core as Untyped;
const { parseDockerfile, lexDockerfile, parseMount, createShellLex, formatDiagnostic } = parser as Untyped;
const { image, local, copy, mkdir, merge, diff, splitWords, loadDefinition, formatTree, resolveImage } = llb as Untyped;
const { connect, solve, solveOnNodes, imageFrontend, listWorkers, dockerLoader, createDisplay } = client as Untyped;

const tree = memoryTree({ Dockerfile: 'FROM scratch\n' });
const options = { opts: {}, locals: new Map([['context', tree], ['dockerfile', tree]]), images: [] }; // biome-ignore format: a line
const alpine = image('alpine');
const connection = { control: {} };
const build = (given: object) => solve(connection, { frontend: 'dockerfile.v0', ...given });

test.each<[string, string | RegExp, () => unknown]>([
  ['the options left out', 'compile: options must be an object, but is undefined', () => compile()],
  [
    'an option of another name',
    /^compile: locals must be a Map of file trees, as new Map\(.*but is undefined; context is not an option of it$/,
    () => compile({ context: '.' }),
  ],
  [
    'a context that is a path',
    'compile: locals.get("context") must be a file tree, as dirTree(\'.\') gives, but is "."',
    () => compile({ ...options, locals: new Map([['context', '.']]) }),
  ],
  [
    'an object for a Map',
    /^compile: locals must be a Map of file trees, as new Map\(.*but is an object$/,
    () => compile({ ...options, locals: { context: tree } }),
  ],
  [
    'names for image resolvers',
    'compile: images[0] must be an image resolver, as registryResolver() gives, but is "alpine"',
    () => compile({ ...options, images: ['alpine'] }),
  ],
  [
    'a function that was not called',
    'compile: images must be an array of image resolvers, but is a function',
    () => compile({ ...options, images: registryResolver }),
  ],
  [
    'a number for a build argument',
    'compile: opts["build-arg:A"] must be a string, but is 1 (a number)',
    () => compile({ ...options, opts: { 'build-arg:A': 1 } }),
  ],
  [
    'a platform as text',
    'compile: platform must be a platform, as parsePlatform(\'linux/arm64\') gives, but is "linux/arm64"',
    () => compile({ ...options, platform: 'linux/arm64' }),
  ],
  [
    'the name of a frontend',
    'compile: frontend must be a function, but is "dockerfile.v0"',
    () => compile(options, 'dockerfile.v0'),
  ],
  [
    'the text of a Dockerfile',
    'checkDockerfile: options must be an object, but is "FROM x"',
    () => checkDockerfile('FROM x'),
  ],
  [
    'no standard input',
    'openBuildContext: readStdin must be a function, but is undefined',
    () => openBuildContext({ context: '-' }),
  ],
  [
    'contexts in an object',
    'openBuildContext: buildContexts must be a Map of contexts by their names, but is an object',
    () => openBuildContext({ context: '.', buildContexts: { a: 'b' }, readStdin() {} }),
  ],
  ['no directory', 'dirTree: dir must be a string, but is undefined', () => dirTree()],
  [
    'a number for a file',
    'memoryTree: files.a must be a string or a Uint8Array, but is 5 (a number)',
    () => memoryTree({ a: 5 }),
  ],
  [
    'credentials as text',
    'registryResolver: credentials must be a function, as dockerCredentials() gives, but is "x"',
    () => registryResolver({ credentials: 'x' }),
  ],
  [
    'a table that was not read',
    'parseImageTable: text must be a string, but is an object',
    () => parseImageTable({}, 'images.json'),
  ],
  [
    'layouts in an object',
    'ociLayoutResolver: layouts must be a Map of directories by the names of layouts, but is an object',
    () => ociLayoutResolver({}),
  ],
  ['no platform', 'parsePlatform: specifier must be a string, but is undefined', () => parsePlatform()],
  [
    'half a platform',
    'formatPlatform: platform.variant must be a string, but is undefined',
    () => formatPlatform({ os: 'linux', architecture: 'amd64' }),
  ],
  [
    'no bridge',
    'runFrontend: bridge must be a bridge, as createDaemonlessBridge() gives, but is an object',
    () => runFrontend({}),
  ],
  [
    'the bytes of a file',
    'parseDockerfile: text must be a string (`decodeText` makes one of bytes), but is an instance of Buffer',
    () => parseDockerfile(Buffer.from('FROM x')),
  ],
  ['bytes for the lexer', /^lexDockerfile: text must be a string/, () => lexDockerfile(Buffer.from('FROM x'))],
  ['no mount', 'parseMount: value must be a string, but is undefined', () => parseMount()],
  [
    'no escape character',
    'createShellLex: escape must be a string, but is undefined; escapeToken is not an option of it',
    () => createShellLex({ escapeToken: '`' }),
  ],
  [
    'a text for a source file',
    /^formatDiagnostic: source must be a source file, .* but is "x"$/,
    () => formatDiagnostic('x', {}),
  ],
  ['no reference', 'image: ref must be a string, but is undefined', () => image()],
  [
    'patterns as text',
    'local: includePatterns must be an array, but is "a"',
    () => local('x', { includePatterns: 'a' }),
  ],
  [
    'a name for a state',
    'copy: from must be a state, such as local(\'context\'), or file actions with a state, but is "context"',
    () => copy('context', '/', '/'),
  ],
  ['no mode', 'mkdir: mode must be a number, but is undefined', () => mkdir('/a')],
  ['a command that is not an option', 'run: options must be an object, but is "make"', () => alpine.run('make')],
  [
    'a command line for words',
    'run: args must be an array of strings (`shlex` takes a command line), but is "make"',
    () => alpine.run({ args: 'make' }),
  ],
  [
    'an unknown mount',
    'run: mounts[0].type must be one of bind, cache, tmpfs, but is "bnd"',
    () => alpine.run({ shlex: 'x', mounts: [{ type: 'bnd', target: '/x' }] }),
  ],
  [
    'variables as texts',
    'run: env[0] must be a pair of a name and a value, but is "A=b"',
    () => alpine.run({ shlex: 'x', env: ['A=b'] }),
  ],
  [
    'states one by one',
    'merge: states must be an array of states, but is an instance of State',
    () => merge(alpine, alpine),
  ],
  ['one state', /^diff: upper must be a state, .* but is undefined$/, () => diff(alpine)],
  ['no line', 'splitWords: line must be a string, but is undefined', () => splitWords()],
  ['bytes for a definition', /^loadDefinition: definition/, () => loadDefinition(Buffer.from('x'))],
  [
    'a state for a definition',
    'formatTree: definition must be a definition, such as `marshal()` of a state returns, but is an instance of State',
    () => formatTree(alpine),
  ],
  ['no resolver', 'resolveImage: resolve must be a function, but is undefined', () => resolveImage('alpine')],
  ['options for an address', 'connect: address must be a string, but is an object', () => connect({})],
  [
    'no connection',
    'solve: connection must be a connection, as `await connect()` gives, but is undefined',
    () => solve(),
  ],
  [
    'a connection that is not waited for',
    'solve: connection must be a connection, as `await connect()` gives, but is a promise: is an `await` missing?',
    () => solve(Promise.resolve(connection), {}),
  ],
  [
    'an option that there is not',
    /^solve: localDir is not known; there are .*\blocalDirs\b/,
    () => build({ localDir: {} }),
  ],
  [
    'a state to solve',
    /^solve: definition must be a definition, .* an instance of State$/,
    () => solve(connection, { definition: alpine }),
  ],
  [
    'a directory for directories',
    'solve: localDirs must be an object of directories by their names, but is "."',
    () => build({ localDirs: '.' }),
  ],
  [
    'one output',
    'solve: exports must be an array of { type, attrs, dest }, but is an object',
    () => build({ exports: { type: 'image' } }),
  ],
  [
    'a name in the wrong place',
    'solve: exports[0].name is not known; there are type, attrs, dest',
    () => build({ exports: [{ type: 'image', name: 'app' }] }),
  ],
  [
    'a boolean for an attribute',
    'solve: exports[0].attrs.push must be a string, but is true (a boolean)',
    () => build({ exports: [{ type: 'image', attrs: { push: true } }] }),
  ],
  ['a cache as text', 'solve: cacheFrom[0] must be an object, but is "x"', () => build({ cacheFrom: ['x'] })],
  [
    'a secret itself',
    'solve: secrets.token must be { file: PATH }, { env: NAME } or { value: TEXT }, but is a string',
    () => build({ secrets: { token: 'hunter2' } }),
  ],
  ['ssh as text', 'solve: ssh[0] must be an object, but is "default"', () => build({ ssh: ['default'] })],
  [
    'credentials in an address',
    'solve: localDirs must be an object of directories by their names, but is "https://xxxxx:xxxxx@example.com/"',
    () => build({ localDirs: 'https://me:hunter2@example.com/' }),
  ],
  ['no signal', 'solve: signal must be an AbortSignal, but is an object', () => build({ signal: {} })],
  [
    'connections for nodes',
    /^solveOnNodes: nodes\[0\]\.connection must be a connection/,
    () => solveOnNodes([connection], {}),
  ],
  [
    'one platform',
    'imageFrontend: platforms must be an array of platforms, as [\'linux/arm64\'], but is "linux/amd64"',
    () => imageFrontend('linux/amd64', () => {}),
  ],
  [
    'no daemon',
    'listWorkers: connection must be a connection, as `await connect()` gives, but is an object',
    () => listWorkers({}),
  ],
  ['an address for options', 'dockerLoader: options must be an object, but is "x"', () => dockerLoader('x')],
  [
    'an unknown display',
    'createDisplay: mode must be one of auto, none, plain, quiet, rawjson, tty, but is "fancy"',
    () => createDisplay('fancy', process.stderr),
  ],
])('the error says which argument is wrong and what it wants: %s', async (_, message, call) => {
  const error = await Promise.resolve()
    .then(call)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  const said = (error as Error).message;
  if (typeof message === 'string') expect(said).toBe(message);
  else expect(said).toMatch(message);
});

test('what a function of imageFrontend makes is looked at', async () => {
  const bridge = { options: { opts: {}, workers: [] } };
  const state = 'imageFrontend: the result of build.state must be a state';
  await expect(imageFrontend([], () => ({}))(bridge)).rejects.toThrow(state);
  await expect(imageFrontend([], () => ({ state: alpine.run({ shlex: 'x' }) }))(bridge)).rejects.toThrow(state);
  await expect(imageFrontend([], () => ({ state: alpine, image: { cmd: 'sh' } }))(bridge)).rejects.toThrow(
    'imageFrontend: the result of build.image.cmd must be an array, but is "sh"',
  );
});
