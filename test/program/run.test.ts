/** What becomes of a build program in the frontend: its errors with their lines, its settings, and what it builds. */
import { describe, expect, test } from 'vitest';
import { playProgram } from './play-program.ts';

interface Finding {
  readonly ruleName: string;
  readonly location: { readonly ranges: readonly { readonly start: { readonly line: number } }[] };
}

/** A program on the lines after the imports, of which there is one line. */
const program = (text: string) =>
  `import { arg, context, diff, dockerfile, expand, file, fromState, image, merge, mount, platform, scratch } from 'tsfront/build';\n${text}`;

describe('an error shows its line', () => {
  test.each([
    ['that the program throws', 'export default () => {\n  throw new Error("nope");\n};', 'nope', 3],
    ['of its top', '\nthrow new Error("nope");', 'nope', 3],
    [
      'of the library',
      'export default () =>\n  image("alpine")\n    .run(3 as never);',
      'TypeError: run: the command must be a string, not 3',
      4,
    ],
    [
      'of an option',
      'export default () =>\n  image("alpine").run("a", { mount: [] } as never);',
      'TypeError: run has no option "mount"',
      3,
    ],
    [
      'of an instruction',
      'export default () =>\n  image("alpine")\n    .expose("x")\n    .run("a");',
      'invalid containerPort: x',
      4,
    ],
    [
      'of a flag',
      'export default () =>\n  image("alpine")\n    .copy("a", "b", { chmod: "9" });',
      "invalid chmod parameter: '9'",
      4,
    ],
    [
      'of an image',
      'export default () =>\n  image("nope")\n    .run("a");',
      'nope: failed to resolve source metadata',
      3,
    ],
    [
      'of an answer',
      'export default async () => {\n  await context().readText("none");\n};',
      'the build context has no file "none"',
      3,
    ],
    [
      'of a broken file',
      'export default async () => {\n  await context().readJson("build.ts");\n};',
      'SyntaxError: build.ts is not JSON',
      3,
    ],
    [
      'of a question',
      'export default async () => {\n  await context("none").readText("a");\n};',
      'the build has no context "none"\nhint: Give it with `context:none`.',
      3,
    ],
    [
      'of a config',
      'export default async () => {\n  await image("nope").config();\n};',
      'nope: failed to resolve source metadata',
      3,
    ],
    ['of the syntax', '\nexport default (;', 'syntax error: Unexpected token', 3],
    [
      'of the syntax that the engine finds',
      'export default () => image("alpine");\nlet a = 1; let a = 2;',
      'SyntaxError',
      3,
    ],
    [
      'of a decorator',
      'const d = () => {};\nexport class A {\n  @d a = 1;\n}\n',
      'hint: Build programs have no decorators.',
      4,
    ],
    [
      'of a decorator of a class',
      'const d = () => {};\n\n  @d class A {}\n',
      'hint: Build programs have no decorators.',
      4,
    ],
    ['of recursion', 'const f = (): never => f();\nexport default () => f();', 'Maximum call stack size exceeded', 2],
    [
      'of a promise that nobody awaits',
      'export default () => {\n  const check = async () => { throw new Error("late"); };\n  void check();\n  return image("alpine");\n};',
      'late',
      3,
    ],
  ])('an error %s shows its line', async (_, text, message, line) => {
    const { error, places } = await playProgram(program(text));
    expect(error).toContain(message);
    expect(places).toEqual([`build.ts:${line}`]);
  });

  test('an error in an imported module shows its line', async () => {
    const files = {
      'build.ts': "import { f } from './lib/f.ts';\nexport default () => f();\n",
      'lib/f.ts': "export const f = () => {\n\n  throw new TypeError('bad');\n};\n",
    };
    expect(await playProgram(files)).toMatchObject({ error: 'TypeError: bad', places: ['lib/f.ts:3'] });
  });

  test('of an instruction that an imported module makes', async () => {
    const files = {
      'build.ts': program("import { f } from './f.ts';\nexport default () => f(image('alpine'));\n"),
      'f.ts': "import type { Stage } from 'tsfront/build';\n\nexport const f = (stage: Stage) => stage.expose('x');\n",
    };
    expect(await playProgram(files)).toMatchObject({
      error: expect.stringContaining('containerPort'),
      places: ['f.ts:3'],
    });
  });

  test('an error of the syntax of an imported module shows its line', async () => {
    const files = { 'build.ts': "import './a.ts';\n", 'a.ts': '\n\nconst = 1;\n' };
    expect(await playProgram(files)).toMatchObject({
      error: expect.stringMatching(/^syntax error: /),
      places: ['a.ts:3'],
    });
  });

  test('as a text that is thrown', async () => {
    expect((await playProgram(program('export default () => { throw "text"; };'))).error).toBe(
      'the program threw "text"',
    );
  });
});

describe('what a program does not have is told', () => {
  const clock =
    /^the time differs from build to build, so a build program cannot use it: pass a time as a build argument/;
  test.each([
    ['Date.now()', clock],
    ['new Date()', clock],
    ['Date()', clock],
    ['Math.random()', /^Math\.random differs from build to build/],
    ['process.env.HOME', /process is not defined\nhint: A build program has no process: use arg\(\)/],
    ['require("fs")', /require is not defined\nhint: Use import\./],
    ['fetch("https://example.com")', /fetch is not defined\nhint: A build program has no network/],
    ['setTimeout(() => {}, 1)', /setTimeout is not defined\nhint: A build program has no clock/],
    ['Buffer.from("")', /Buffer is not defined\nhint: Use Uint8Array\./],
    ['module.exports', /module is not defined\nhint: Use export: a build program is an ES module\./],
    ['new WeakRef({})', /WeakRef is not defined/],
    ['performance.now()', /performance is not defined/],
    [
      'import("./" + "x.ts")',
      /^cannot import \.\/x\.ts: the name of a module must stand in quotes, .* choose from a table$/,
    ],
    ['import(`tsfront/${"build"}`)', /^cannot import tsfront\/build: the name of a module must stand in quotes/],
    ['eval("import(\'./x.ts\')")', /cannot find module \.\/x\.ts/],
  ])('an error explains why a program has no %s', async (expression, message) => {
    const { error, places } = await playProgram(program(`export default async () => {\n  await ${expression};\n};`));
    expect(error).toMatch(message);
    if (!expression.startsWith('eval')) expect(places).toEqual(['build.ts:3']);
  });

  test('given times work in UTC', async () => {
    const text =
      'const d = new Date(0); export default () => image("alpine").run(`echo ${d.getHours()} ${d.toISOString()} ${new Date(2024, 1, 29).getTime()} ${new Date("2024-01-01T00:00:00").getTime()}`);';
    expect((await playProgram(program(text))).commands).toEqual([
      'echo 0 1970-01-01T00:00:00.000Z 1709164800000 1704067200000',
    ]);
  });

  test.each([
    ['in the target', 'export default () => new Promise(() => {});'],
    ['at the top', 'await new Promise(() => {});\nexport default () => image("alpine");'],
  ])('a promise that never resolves, %s', async (_, text) => {
    expect((await playProgram(program(text))).error).toBe(
      'the build program waits for something that never comes: a promise that nothing resolves. Look for a new Promise that calls neither of its functions.',
    );
  });
});

describe('imports', () => {
  test('of files that are not there', async () => {
    const { error, places } = await playProgram("\nimport { x } from './lib/x.ts';\nexport default x;\n");
    expect(error).toBe('cannot find ./lib/x.ts: there is no lib/x.ts beside the program');
    expect(places).toEqual(['build.ts:2']);
  });

  test.each([
    ['a name', 'import {\n  y,\n  yy,\n} from "./x.ts";\nexport default () => y + yy;', 4, 'yy', 'Did you mean y?'],
    ['a default', 'import y, { z } from "./x.ts";\nexport default () => y + z;', 2, 'default', 'It exports y, z.'],
    [
      'another name',
      'import { y as a, nothing as b } from "./x.ts";\nexport default a + b;',
      2,
      'nothing',
      'It exports y, z.',
    ],
    [
      'a type',
      'export { T } from "./x.ts";',
      2,
      'T',
      'T is a type, and types are erased: say import type or export type.',
    ],
    [
      'what it passes on',
      'import { far } from "./far.ts";\nexport default far;',
      'far.ts:1',
      'nope',
      'It exports y, z.',
    ],
  ])('of what a module does not export, %s', async (_, text, line, name, hint) => {
    const { error, places } = await playProgram({
      'build.ts': `import { y as first } from './x.ts';\n${text}\nexport const used = first;\n`,
      'x.ts': 'export const y = 1;\nexport const z = 2;\nexport type T = 1;\n',
      'far.ts': "export { nope as far } from './x.ts';\n",
    });
    expect(error).toBe(`x.ts has no export ${name}\nhint: ${hint}`);
    expect(places).toEqual([typeof line === 'string' ? line : `build.ts:${line}`]);
  });

  test('of what the library does not export', async () => {
    const { error, places } = await playProgram(
      "import {\n  image,\n  stage,\n} from 'tsfront/build';\nexport default () => stage(image('alpine'));\n",
    );
    expect(error).toMatch(/^tsfront\/build has no export stage\nhint: It exports arg, context, .*, scratch\.$/);
    expect(places).toEqual(['build.ts:3']);
    const llb = await playProgram("import { nope } from 'tsfront/llb';\nexport default () => nope();\n");
    expect(llb.error).toMatch(/^tsfront\/llb has no export nope\nhint: It exports copy, /);
  });

  test.each([
    ['a package that is not there', {}, /^cannot find the package p: there is none in a node_modules directory/],
    [
      'a package of CommonJS',
      { 'package.json': '{"main":"index.js"}', 'index.js': 'module.exports = 1;' },
      /^node_modules\/p\/index\.js is a CommonJS module: .* npx esbuild node_modules\/p\/index\.js --bundle --format=esm --outfile=p\.js$/,
    ],
    [
      'a package of CommonJS by its name',
      { 'package.json': '{"main":"index.cjs"}', 'index.cjs': 'exports.a = 1;' },
      /^node_modules\/p\/index\.cjs is a CommonJS module/,
    ],
    ['a broken package.json', { 'package.json': '{' }, /^node_modules\/p\/package\.json is not JSON: /],
    ['a package.json without an object', { 'package.json': 'null' }, /^node_modules\/p\/package\.json has no object/],
    [
      'a package without its file',
      { 'package.json': '{"main":"x.js"}' },
      /^cannot find p: there is no node_modules\/p\/x\.js/,
    ],
    [
      'a package that does not export it',
      { 'package.json': '{"exports":{"./x":"./x.js"}}' },
      /^the package p does not export \. as an ES module/,
    ],
  ])('an import of %s is an error', async (_, files, message) => {
    const packed = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`node_modules/p/${name}`, text as string]),
    );
    const text = "/* 'p' */\nimport p from 'p';\nexport default p;\n";
    const { error, places } = await playProgram({ 'build.ts': text, ...packed });
    expect(error).toMatch(message);
    expect(places).toEqual(['build.ts:2']);
  });

  test('packages, directories, JSON, and modules that import each other can be imported', async () => {
    const { commands } = await playProgram({
      'build.ts': program(`
import { a } from './a.ts';
import { list } from 'p/list';
import q from '@s/q';
import data from './data.json' with { type: 'json' };
import index from './lib';
export const own = 1;
const late = await import('./late.js');
export default () => image('alpine').run(['sh', [a(), list, q, data.x, data['__proto__'], index, late.default].join(' ')]);
`),
      'a.ts': "import { own } from './build.ts';\nexport const a = () => `a${own}`;\n",
      'data.json': '{"x": "\\u2028j", "__proto__": "plain"}',
      'lib/index.ts': 'export default "index";\n',
      'late.ts': 'export default "late" as string;\n',
      'node_modules/p/package.json': '{"exports":{"./*":{"types":"./*.d.ts","import":"./dist/*.mjs"}}}',
      'node_modules/p/dist/list.mjs': "import { x } from './x.mjs';\nexport const list = x;\n",
      'node_modules/p/dist/x.mjs': "export { default as x } from 'r';\n",
      'node_modules/p/node_modules/r/package.json': '{"module":"r.js"}',
      'node_modules/p/node_modules/r/r.js': 'export default "r";\n',
      'node_modules/@s/q/package.json': '{}',
      'node_modules/@s/q/index.js': 'export default "q";\n',
    });
    expect(commands).toEqual(['a1 r q \u2028j plain index late']);
  });
});

describe('build arguments', () => {
  const settings = `
const version = arg('VERSION', { default: '1', description: 'What is built' });
const mode = arg('MODE', { values: ['debug', 'release'], default: 'release' });
const jobs = arg('JOBS', { type: 'number', default: 4 });
const fast = arg('FAST', { type: 'boolean', default: false });
const extra = arg('EXTRA', { optional: true });
export default () => image('alpine').run(JSON.stringify([version, mode, jobs, fast, extra ?? null]));
`;
  test('a build argument that is not given has its default', async () => {
    expect((await playProgram(program(settings))).commands).toEqual(['["1","release",4,false,null]']);
  });

  test('build arguments have the types that the program gives them', async () => {
    const opts = { VERSION: '$2', MODE: 'debug', JOBS: ' 0x10 ', FAST: 'YES', EXTRA: '' };
    const given = Object.fromEntries(Object.entries(opts).map(([name, value]) => [`build-arg:${name}`, value]));
    expect((await playProgram(program(settings), given)).commands).toEqual(['["$2","debug",16,true,""]']);
  });

  test.each([
    [
      'NOPE',
      '1',
      /^the program has no build argument "NOPE"\nhint: The program declares VERSION, MODE, JOBS, FAST, EXTRA\. Declare/,
      undefined,
    ],
    ['MODE', 'other', /^the build argument MODE must be one of "debug", "release", not "other"/, 4],
    ['JOBS', 'many', /^the build argument JOBS must be a number, not "many"/, 5],
    ['JOBS', '', /must be a number/, 5],
    ['FAST', 'maybe', /^the build argument FAST must be true or false, not "maybe"/, 6],
  ])('%s=%s is an error', async (name, value, message, line) => {
    const { error, places } = await playProgram(program(settings), { [`build-arg:${name}`]: value });
    expect(error).toMatch(message);
    expect(places).toEqual(line === undefined ? [] : [`build.ts:${line}`]);
  });

  test('that are required fail the build if they are not given', async () => {
    const { error, places } = await playProgram(
      program("\nconst v = arg('V');\nexport default () => image('alpine').run(v);"),
    );
    expect(error).toBe('the build argument V is required\nhint: Give it with `build-arg:V`.');
    expect(places).toEqual(['build.ts:3']);
  });

  test.each([
    ["'BAD NAME'", 'arg: "BAD NAME" is not a name: names have letters, digits, _, . and - alone'],
    ["''", 'arg: "" is not a name: names have letters, digits, _, . and - alone'],
    ["'A', { values: ['a', 'b'], default: 'c' }", 'arg A: the default must be one of "a", "b", not "c"'],
    ["'A', { values: 'ab' }", 'arg A: the values must be an array of strings'],
    ["'A', { values: [1], default: '1' }", 'arg A: the values must be an array of strings'],
    ["'A', { type: 'number', values: ['1'] }", 'arg A: only an argument that is a string has values, not a number'],
    ["'A', { type: 'number', default: 'abc' }", 'arg A: the default must be a number, not "abc"'],
    ["'A', { type: 'number', default: NaN }", 'arg A: the default must be a number, not NaN'],
    ["'A', { type: 'boolean', default: 1 }", 'arg A: the default must be a boolean, not 1'],
    ["'A', { default: 1 }", 'arg A: the default must be a string, not 1'],
    ["'A', { type: 'int' }", "arg A: the type must be 'string', 'number' or 'boolean', not \"int\""],
    ["'A', { description: 1 }", 'arg A: the description must be a string, not 1'],
  ])('with options that contradict each other are errors: arg(%s)', async (given, message) => {
    const text = program(`\narg(${given});\nexport default () => image('alpine').run('a');`);
    for (const args of [{}, { 'build-arg:A': 'a' }])
      expect(await playProgram(text, args)).toMatchObject({ error: `TypeError: ${message}`, places: ['build.ts:3'] });
  });

  test('that are required are told together, before what they would be used for', async () => {
    const text = `
const v = arg('V');
const w = arg('W', { type: 'number' });
export const late = () => image('alpine').run(arg('X')).run(arg('Y'));
export default async () => image(await context().readText(v)).run(String(w));
`;
    const { error, places } = await playProgram(program(text));
    expect(error).toBe('the build arguments V, W are required\nhint: Give them with `build-arg:V` and `build-arg:W`.');
    expect(places).toEqual(['build.ts:3']);
    const late = await playProgram(program(text), { target: 'late', 'build-arg:V': '1', 'build-arg:W': '1' });
    expect(late.error).toMatch(/^the build arguments X, Y are required/);
    expect(late.places).toEqual(['build.ts:5']);
  });

  test('that are required need not be given to list, outline or check', async () => {
    const text = `
const v = arg('V', { description: 'What is built' });
const m = arg('M', { values: ['debug', 'release'] });
const n = arg('N', { type: 'number' });
const d = arg('D', { values: ['x', 'y'], default: 'y', description: 'Way' });
arg('O', { type: 'number', optional: true, description: 'May be absent' });
export const other = () => image('alpine').run('other');
export default () => image(\`alpine:\${v === '1' ? '3.19' : v}\`).run([m, String(n), d]).workdir('relative');
`;
    const ask = async (requestid: string) => {
      const { metadata, error } = await playProgram(program(text), { requestid });
      expect(error).toBeUndefined();
      return JSON.parse(metadata['result.json']!);
    };
    expect((await ask('frontend.targets')).targets).toHaveLength(2);
    const { args } = await ask('frontend.outline');
    expect(
      args.map((it: { name: string; value?: string; description: string }) => [it.name, it.value, it.description]),
    ).toEqual([
      ['V', undefined, 'What is built (required)'],
      ['M', undefined, '(required, one of debug, release)'],
      ['N', undefined, '(required, number)'],
      ['D', 'y', 'Way (one of x, y)'],
      ['O', undefined, 'May be absent (optional, number)'],
    ]);
    const { warnings, buildError } = await ask('frontend.lint');
    expect(buildError).toBeUndefined();
    expect(warnings.map(({ ruleName }: Finding) => ruleName)).toEqual(['WorkdirRelativePath']);
  });

  test('that are required explain what fails without them', async () => {
    const text = "const v = arg('V');\nexport default () => image(v).run('a');";
    const { error, places } = await playProgram(program(text), { requestid: 'frontend.outline' });
    expect(error).toContain(
      '\nhint: This may come from a placeholder such as "1", because V is required and not given: add `build-arg:V`.',
    );
    expect(places).toEqual(['build.ts:3']);
  });

  test('of stages are known, and those that every build has', async () => {
    const given = { 'build-arg:V': '1', 'build-arg:HTTP_PROXY': 'http://p', 'build-arg:BUILDKIT_INLINE_CACHE': '1' };
    const { ops } = await playProgram(program("export default () => image('alpine').arg('V').run('a');"), given);
    expect(ops.find(({ exec }) => exec)!.exec!.meta.env).toContain('V=1');
  });
});

describe('targets', () => {
  const targets = `
/** Runs the tests. */
export const unitTests = () => image('alpine').run('test');
/**
 * The app.
 *
 * More of it.
 */
export default async function app() {
  return image('alpine').run('app');
}
export const base = image('busybox');
export const broken = () => { throw new Error('broken'); };
export const notes = 'no target';
`;
  test.each([
    ['', 'app'],
    ['app', 'app'],
    ['APP', 'app'],
    ['default', 'app'],
    ['unitTests', 'test'],
    ['unittests', 'test'],
    ['unit-tests', 'test'],
  ])('the target %j is found by its name, in any spelling', async (target, command) => {
    const { commands, error } = await playProgram(program(targets), { target });
    expect(error).toBeUndefined();
    expect(commands).toEqual([command]);
  });

  test.each([
    ['c', /^target "c" could not be found\nhint: The targets are unitTests, app, base, broken\.$/],
    ['notes', /^target "notes" could not be found/],
    ['constructor', /could not be found/],
    ['broken', /^broken$/],
  ])('%s is an error', async (target, message) => {
    expect((await playProgram(program(targets), { target })).error).toMatch(message);
  });

  test.each([
    ['3', '3'],
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['"alpine"', '"alpine"'],
    ['[image("alpine")]', 'an array'],
    ['() => image("alpine")', 'the function (anonymous)'],
    ['image', 'the function image'],
    ['({ run: 1 })', 'an object'],
  ])('that returns %s', async (value, shown) => {
    const { error, places } = await playProgram(program(`\nexport default function app() { return ${value}; }`));
    expect(error?.split('\nhint: ')[0]).toBe(`TypeError: the target app must return a stage, not ${shown}`);
    expect(places).toEqual(['build.ts:3']);
  });

  test('have to be chosen if none is the default, and have to be there', async () => {
    const text = "export const a = () => image('alpine'); export const b = () => image('alpine');";
    expect((await playProgram(program(text))).error).toBe(
      'the program has no default target\nhint: Choose one with `target`, or make one the default export. The targets are a, b.',
    );
    expect((await playProgram(program(''))).error).toMatch(
      /^the program has no default target\nhint: Export a function/,
    );
  });

  test('are listed with what they are for', async () => {
    const { metadata } = await playProgram(program(targets), { requestid: 'frontend.targets' });
    const { targets: listed, sources } = JSON.parse(metadata['result.json']!);
    const text = Buffer.from(sources[0], 'base64').toString();
    const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
    const at = (part: string) => ({ ranges: [{ start: { line: lineOf(part) }, end: { line: lineOf(part) } }] });
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(['unitTests', 'app', 'base', 'broken']);
    const byName = Object.fromEntries(listed.map(({ name, ...it }: { name: string }) => [name, it]));
    expect(byName).toMatchObject({
      unitTests: { description: 'Runs the tests.', base: 'alpine', location: at("image('alpine').run('test')") },
      app: { description: 'The app.', default: true, location: at("image('alpine').run('app')") },
      base: { base: 'busybox' },
    });
    expect(metadata['result.txt']).toContain('app (default)');
  });

  test('are listed in the order of the program, whatever exports them', async () => {
    const files = {
      'build.ts': program(`
const z = image('alpine');
export { z as last, z as first };
export * from './more.ts';
export const table = { y: image('busybox'), 'b-2': () => z };
export interface Type {}
export { fromMore } from './more.ts';
export default z;
export async function a() { return z; }
export const notes = 'no target';
`),
      'more.ts': program("export const more = image('busybox');\nexport const fromMore = () => more;\n"),
    };
    const { metadata, error } = await playProgram(files, { requestid: 'frontend.targets' });
    expect(error).toBeUndefined();
    const { targets: listed } = JSON.parse(metadata['result.json']!);
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(['y', 'b-2', 'fromMore', 'default', 'a', 'more']);
  });

  test('are outlined with their arguments, secrets and agents', async () => {
    const text = `
const go = arg('GO', { default: '1.25', description: 'Go toolchain' });
/** The app. */
export default function app() {
  const mounts = [mount.secret('token', { env: 'TOKEN', required: true }), mount.ssh({ id: 'deploy' })];
  return image('alpine').arg('MORE', 'x').run(go, { mounts });
}
`;
    const { metadata, error } = await playProgram(program(text), {
      requestid: 'frontend.outline',
      'build-arg:GO': '2',
    });
    expect(error).toBeUndefined();
    expect(JSON.parse(metadata['result.json']!)).toMatchObject({
      name: 'app',
      description: 'The app.',
      args: [
        { name: 'GO', description: 'Go toolchain', value: '2', location: { ranges: [{ start: { line: 3 } }] } },
        { name: 'MORE', value: 'x', location: { ranges: [{ start: { line: 7 } }] } },
      ],
      secrets: [{ name: 'token', required: true }],
      ssh: [{ name: 'deploy' }],
    });
  });

  test('are checked by the rules of BuildKit', async () => {
    const text = `
export default () =>
  image('alpine')
    .env('API_TOKEN', 'x')
    .cmd('shell form')
    .workdir('relative');
`;
    const { metadata } = await playProgram(program(text), { requestid: 'frontend.lint' });
    const { warnings, buildError } = JSON.parse(metadata['result.json']!);
    expect(buildError).toBeUndefined();
    const found = (warnings as Finding[]).map((it) => [it.ruleName, it.location.ranges[0]!.start.line]).sort();
    expect(found).toEqual([
      ['JSONArgsRecommended', 6],
      ['SecretsUsedInArgOrEnv', 5],
      ['WorkdirRelativePath', 7],
    ]);
  });

  test('that fail are all told by a check, with the warnings of the others', async () => {
    const files = {
      'build.ts': program(`
import { far } from './lib/far.ts';
export const broken = () => {
  throw new Error('first');
};
export const none = () => far();
export const same = () => far();
export const helper = (name: string) => image(name.trim());
export class Helper {}
export const table = { help: (name: string) => image(name.trim()), good: () => image('alpine').workdir('relative') };
export default () => image('alpine');
`),
      'lib/far.ts': "\nexport const far = () => {\n  throw new Error('second');\n};\n",
    };
    const { metadata } = await playProgram(files, { requestid: 'frontend.lint' });
    const { warnings, buildError } = JSON.parse(metadata['result.json']!);
    expect(buildError.message).toBe('first\n1 more problem:\n  lib/far.ts:3: second');
    expect(buildError.location.ranges[0].start.line).toBe(5);
    expect(warnings.map(({ ruleName }: Finding) => ruleName)).toEqual(['WorkdirRelativePath']);
    const listed = await playProgram(files, { requestid: 'frontend.targets' });
    expect(JSON.parse(listed.metadata['result.json']!).targets.map(({ name }: { name: string }) => name)).toEqual([
      'broken',
      'none',
      'same',
      'good',
      'default',
    ]);
  });

  test('that cannot be checked say why', async () => {
    const { metadata } = await playProgram(program('export default () => {\n  throw new Error("nope");\n};'), {
      requestid: 'frontend.lint',
    });
    expect(JSON.parse(metadata['result.json']!).buildError).toMatchObject({
      message: 'nope',
      location: { ranges: [{ start: { line: 3 } }] },
    });
  });
});

describe('the directive `check` of a program', () => {
  const target = "import { scratch } from 'tsfront/build';\nexport default () => scratch().cmd('x');\n";
  const finding = (line: number) =>
    `build.ts:${line}: JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line ${line})`;

  test('skips rules, and fails the build for findings', async () => {
    expect(await playProgram(target)).toMatchObject({ error: undefined, warnings: [finding(2)] });
    for (const head of [
      '// check=skip=JSONArgsRecommended;error=true\n',
      '#!/usr/bin/env tsfront\n//check = skip=all\n',
      '// syntax=docker.io/tsfront/tsfront\n// check=skip=JSONArgsRecommended rest\n',
      '# syntax=docker.io/tsfront/tsfront\n// check=skip=JSONArgsRecommended\n',
    ])
      expect(await playProgram(head + target, { cmdline: 'x' })).toMatchObject({ error: undefined, warnings: [] });
    expect(await playProgram(`// check=error=true\n${target}`)).toMatchObject({
      error: 'lint violation found for rules: JSONArgsRecommended',
      warnings: [finding(3)],
    });
  });

  test('counts only above all else, and gives way to the option of the build', async () => {
    expect((await playProgram(`// A program.\n// check=skip=all\n${target}`)).warnings).toEqual([finding(4)]);
    const skip = { 'build-arg:BUILDKIT_DOCKERFILE_CHECK': 'skip=all' };
    expect(await playProgram(`// check=error=true\n${target}`, skip)).toMatchObject({ error: undefined, warnings: [] });
  });

  test('with options that there are not shows its line', async () => {
    expect(await playProgram(`// syntax=x\n// check=skp=all\n${target}`, { cmdline: 'x' })).toMatchObject({
      error: 'failed to parse check options: invalid check option "skp"',
      places: ['build.ts:2'],
    });
  });
});

test('the console writes warnings with their lines', async () => {
  const { warnings, commands } = await playProgram(
    program(
      'console.log("a", { b: 1 }, [null]);\nexport default () => {\n  console.warn(new Error("w"));\n  return image("alpine").run("x");\n};',
    ),
  );
  expect(warnings.map((it) => it.replace(/^build\.ts:/, ''))).toEqual([
    expect.stringMatching(/^2: .*a \{"b":1\} \[null\]/),
    expect.stringMatching(/^4: .*Error: w/),
  ]);
  expect(commands).toEqual(['x']);
});

test.each([
  ['new Map([["a", new Set([1, "b"])]])', 'Map {"a" => Set {1,"b"}}'],
  ['{ a: undefined, f() {} }, 2n, [,"x"]', '{"a":undefined,"f":[function f]} 2n [undefined,"x"]'],
  ['new Date(0), /x/, Symbol("s")', '"1970-01-01T00:00:00.000Z" /x/ Symbol(s)'],
  ['new (class Part { a = 1 })(), Object.create(null)', 'Part {"a":1} {}'],
  ['(() => { const a: unknown[] = []; a.push(a); return a; })()', '[[circular]]'],
  ['{ get a() { throw new Error("no"); } }', '[object Object]'],
])('the console shows %s', async (values, shown) => {
  const { warnings, error } = await playProgram(
    program(`console.log(${values});\nexport default () => image("alpine").run("x");`),
  );
  expect({ error, warnings }).toEqual({ warnings: [`build.ts:2: ProgramLog: ${shown} (line 2)`] });
});

test('a loop that writes to the console without an end is an error, after its first 1,000 lines', async () => {
  const text = 'export default () => {\n  for (let i = 0; ; i++) console.log(`line ${i}`);\n};';
  const { warnings, error, places } = await playProgram(program(text));
  expect(error).toContain('the build program writes 100000 lines to the console: look for a loop that does not end');
  expect(places).toEqual(['build.ts:3']);
  expect(warnings).toHaveLength(1000);
  expect(warnings.at(-1)).toContain('line 999');
});

test('a long line of the console is cut', async () => {
  const text = 'console.log("x".repeat(3_000_000));\nexport default () => image("alpine").run("x");';
  const { warnings } = await playProgram(program(text));
  expect(warnings).toEqual([`build.ts:2: ProgramLog: ${'x'.repeat(10_000)}… (2990000 more characters) (line 2)`]);
});

test('a program runs once for each platform, with values of its own', async () => {
  const text = `
let count = 0;
export default async () => {
  count++;
  await context().exists('x');
  return image('alpine').run(\`\${count} \${platform.target} \${platform.target.architecture} \${platform.build}\`);
};
`;
  const { commands, metadata } = await playProgram(program(text), { platform: 'linux/amd64,linux/arm/v7' });
  expect([...commands].sort()).toEqual(['1 linux/amd64 amd64 linux/amd64', '1 linux/arm/v7 arm linux/amd64']);
  expect(Object.keys(metadata).sort()).toEqual([
    'containerimage.base.config/linux/amd64',
    'containerimage.base.config/linux/arm/v7',
    'containerimage.config/linux/amd64',
    'containerimage.config/linux/arm/v7',
    'refs.platforms',
  ]);
});

test('TypeScript that is more than types runs: enums, parameters that are properties, await', async () => {
  const text = `
enum Mode { Debug = 'debug', Release = 'release' }
class Service {
  constructor(readonly name: string, private mode = Mode.Release) {}
  stage() { return image('alpine').run(\`\${this.name} \${this.mode}\`); }
}
const service = await Promise.resolve(new Service('api'));
export default () => service.stage();
`;
  expect((await playProgram(program(text))).commands).toEqual(['api release']);
});

describe('a program can say what no Dockerfile can', () => {
  test('a program merges stages and takes their differences', async () => {
    const text = `
const base = image('alpine').env('A', '1');
export default () => merge(base, diff(image('busybox'), image('busybox').run('make')), scratch().copy('a', '/a')).run('end');
`;
    const { ops, image: made, error } = await playProgram(program(text));
    expect(error).toBeUndefined();
    expect(ops.filter(({ merge }) => merge)).toHaveLength(1);
    expect(ops.filter(({ diff }) => diff)).toHaveLength(1);
    expect(made.config['Env']).toContain('A=1');
  });

  test('a program reads the config of a stage', async () => {
    const text = `
export default async () => {
  const base = image('docker.io/library/postgres:16').label('a', 'b');
  const { config, architecture } = await base.config();
  return base.run(JSON.stringify([config!.Entrypoint, config!.Labels, architecture]));
};
`;
    expect((await playProgram(program(text))).commands).toEqual(['[["docker-entrypoint.sh"],{"a":"b"},"amd64"]']);
  });

  test('a stage is made from a state of tsfront/llb, and gives one', async () => {
    const text = `
import { mkdir, http } from 'tsfront/llb';
const data = fromState(http('https://example.com/data.json'), { config: { Env: ['A=1'], User: 'x' } } as never);
export default async () => {
  const state = await image('alpine').run('make').state();
  return fromState(state.file(mkdir('/data', 0o755))).copy(data, '/data.json', '/').run('end');
};
`;
    const { ops, error } = await playProgram(program(text));
    expect(error).toBeUndefined();
    expect(ops.flatMap(({ exec }) => exec?.meta.args.at(-1) ?? [])).toEqual(['make', 'end']);
    expect(ops.some(({ source }) => source?.identifier === 'https://example.com/data.json')).toBe(true);
    expect(ops.some(({ file }) => file?.actions.some(({ mkdir }) => mkdir))).toBe(true);
  });

  test('a program continues a stage of a Dockerfile, with arguments and files of its own', async () => {
    const files = {
      'build.ts': program(
        "export default () => dockerfile('docker/Dockerfile', { target: 'build', args: { V: '$2' } }).copy('b', '/b').run('end');",
      ),
      'docker/Dockerfile': 'FROM alpine AS build\nARG V=1\nENV W=$V\nCOPY a /a\nRUN first\nFROM scratch\n',
    };
    const { commands, image: made, ops, error } = await playProgram(files);
    expect(error).toBeUndefined();
    expect(commands).toEqual(['first', 'end']);
    expect(made.config['Env']).toContain('W=$2');
    const contexts = ops.filter(({ source }) => source?.identifier === 'local://context');
    expect(contexts.map(({ source }) => source!.attrs!['local.followpaths'])).toEqual(['["a","b"]']);
  });

  test.each([
    ["dockerfile('none')", /^dockerfile: the build context has no file "none"/],
    ["dockerfile('Dockerfile')", /dockerfile parse error on line 2: unknown instruction: NOPE/],
    ["dockerfile('Dockerfile', { target: 'x' })", /unknown instruction/],
  ])('%s is an error', async (expression, message) => {
    const files = { 'build.ts': program(`export default () => ${expression};`), Dockerfile: 'FROM alpine\nNOPE\n' };
    expect((await playProgram(files)).error).toMatch(message);
  });

  test('a program reads and finds the files of its project', async () => {
    const { commands, error } = await playProgram({
      'build.ts': program(`
export default async () => {
  const { workspaces } = await context().readJson<{ workspaces: string[] }>('./package.json');
  const found = await context().glob(...workspaces.map((it) => it + '/package.json'), 'my-{app,lib}/*.[tj]s');
  const exists = [await context().exists('a{b'), await context().exists('packages'), await context().exists('none')];
  return image('alpine').run(JSON.stringify([found, exists]));
};
`),
      'package.json': '{"workspaces":["packages/*"]}',
      'packages/b/package.json': '{}',
      'packages/a/package.json': '{}',
      'packages/a/x/package.json': '{}',
      'my-app/i.ts': '',
      'my-lib/i.js': '',
      'my-lib/i.css': '',
      'a{b': '',
    });
    expect(error).toBeUndefined();
    expect(commands).toEqual([
      JSON.stringify([
        ['my-app/i.ts', 'my-lib/i.js', 'packages/a/package.json', 'packages/b/package.json'],
        [true, true, false],
      ]),
    ]);
  });
});

test('an empty command is that of a Dockerfile, and an empty run is an error', async () => {
  const opts = { filename: 'Dockerfile' };
  const base = 'docker.io/library/postgres:16';
  const written = await playProgram({ Dockerfile: `FROM ${base} AS app\nENTRYPOINT []\nCMD []\n` }, opts);
  const made = await playProgram(program(`export const app = () => image('${base}').entrypoint([]).cmd([]);`));
  expect(written.image.config['Entrypoint']).toBeUndefined();
  expect(made.image).toEqual(written.image);
  for (const method of ['run', 'healthcheck'])
    expect((await playProgram(program(`export default () => image('alpine').${method}([]);`))).error).toBe(
      `TypeError: ${method}: the command is empty`,
    );
});

test('a target has the same ops whatever else is built', async () => {
  const text = `
const base = image('alpine').arg('A', '1').env('B', '2').cmd('first').onbuild('RUN trigger');
export const one = () => base.entrypoint(['one']).run('one');
export const two = () => scratch().copy(base, '/', '/base').copy(one(), '/', '/one').copy(base.run('x'), '/x', '/x');
`;
  const alone = await playProgram(program(text), { target: 'one' });
  const both = await playProgram(program(text), { target: 'two' });
  const commands = ({ ops }: typeof alone) => ops.filter(({ exec }) => exec?.meta.args.at(-1) === 'one');
  expect(commands(both)).toEqual(commands(alone));
  expect(alone.image.config).toMatchObject({ Entrypoint: ['one'], Cmd: ['/bin/sh', '-c', 'first'] });
  expect(both.commands.filter((it) => it === 'trigger')).toEqual([]);
});

describe('options that there are not are told, because nothing checks the types of a program', () => {
  test.each([
    ["image('alpine', { plattform: 'x' })", 'image has no option "plattform"'],
    [
      "image('alpine').run('a', { mounts: [mount.bind('/a', { readWrite: true })] })",
      'mount.bind has no option "readWrite"',
    ],
    ["image('alpine').run('a', { mounts: [mount.cache('/a', { shared: true })] })", 'a mount has no option "shared"'],
    ["image('alpine').run('a', { mounts: [mount.tmpfs('/a', { mode: 1 })] })", 'mount.tmpfs has no option "mode"'],
    ["image('alpine').copy('a', 'b', { from: 'x' })", 'copy has no option "from"'],
    ["image('alpine').add('a', 'b', { parents: true })", 'add has no option "parents"'],
    ["image('alpine').healthcheck('a', { retry: 1 })", 'healthcheck has no option "retry"'],
    ["image('alpine').onbuild('RUN a', { reads: [] })", 'onbuild has no option "reads"'],
    ["dockerfile('Dockerfile', { arg: {} })", 'dockerfile has no option "arg"'],
    ["image(arg('A', { defualt: 'alpine' }))", 'arg has no option "defualt"'],
  ])('an error names the unknown option of %s', async (expression, message) => {
    const { error, places } = await playProgram(program(`\nexport default () => ${expression};`));
    expect(error).toBe(`TypeError: ${message}`);
    expect(places).toEqual(['build.ts:3']);
  });
});

test.each([
  ["'700'", '0o700'],
  ["'0700'", '0o700'],
  ["'1777'", '0o1777'],
])('the mode %s of a mount is %s', async (text, number) => {
  const opsWith = async (mode: string) => {
    const mounts = ['cache("/c"', 'secret("s"', 'ssh('].map(
      (it) => `mount.${it.replace(/"$/, '", ')}{ mode: ${mode} })`,
    );
    const run = `export default () => image('alpine').run('a', { mounts: [${mounts}] });`;
    const { ops, error } = await playProgram(program(run));
    expect(error).toBeUndefined();
    return ops;
  };
  expect(await opsWith(text)).toEqual(await opsWith(number));
  expect(await opsWith(text)).not.toEqual(await opsWith('0o750'));
});

test.each([
  ['755', "the mode of a mount is octal, and 755 is not: write 0o755 or '755'"],
  ['644', "the mode of a mount is octal, and 644 is not: write 0o644 or '644'"],
  ['4755', "the mode of a mount must be octal, such as 0o755 or '755', not 4755"],
  ['-1', "the mode of a mount must be octal, such as 0o755 or '755', not -1"],
  ["'rwx'", 'the mode of a mount must be octal, such as 0o755 or \'755\', not "rwx"'],
  ["'800'", 'the mode of a mount must be octal, such as 0o755 or \'755\', not "800"'],
])('a mount does not have the mode %s', async (mode, message) => {
  const text = `\nexport default () => image('alpine').run('a', { mounts: [mount.cache('/c', { mode: ${mode} })] });`;
  expect(await playProgram(program(text))).toMatchObject({ error: `TypeError: ${message}`, places: ['build.ts:3'] });
});

describe('mistakes that types would find are explained', () => {
  test.each([
    ["image('alpine').rnu('x')", 'TypeError: .rnu is not a function\nhint: Did you mean run?'],
    ["image('alpine')\n.readTxt('x')", 'TypeError: .readTxt is not a function\nhint: Did you mean readText?', 4],
    ["image('alpine').RUN('x')", 'TypeError: .RUN is not a function\nhint: Did you mean run?'],
    ["image('alpine').somethingElse('x')", 'TypeError: .somethingElse is not a function'],
    [
      "later().run('a').run('b')",
      'TypeError: .run is not a function\nhint: Only stages and contexts have run; this is something else. If it is a promise, await it: (await …).run(…).',
    ],
    ['(() => { const run = 3 as any; return run(); })()', 'TypeError: run is not a function'],
    [
      "scratch().copy(later(), 'a', 'b')",
      "TypeError: copy: a source must be a string or expand('…'), not a promise (await it first)",
    ],
    [
      "scratch().copy('a', 'b', '755')",
      `TypeError: copy: the options must be an object, not "755": several sources are a list, ['a', 'b'], and settings have names, { chmod: '755' }`,
    ],
    [
      "scratch().add('a', 'b', later())",
      'TypeError: add: the options must be an object, not a promise (await it first)',
    ],
    [
      "scratch().run('echo', ['x'])",
      "TypeError: run: the options must be an object, not an array: a program and its arguments are one list, ['a', 'b']",
    ],
    ["scratch().run('a', { mounts: mount.cache('/a') })", 'TypeError: run: mounts takes a list, not a RunMount'],
    [
      "scratch().run('a', { mounts: [mount.cache('/a', 'id')] })",
      'TypeError: mount.cache: the options must be an object, not "id"',
    ],
    ["scratch().copy('a', 'b', { exclude: '*.md' })", 'TypeError: copy: exclude takes a list, not "*.md"'],
    ["scratch().shell('/bin/sh')", 'TypeError: shell takes a list, not "/bin/sh"'],
    [
      "image('alpine').run('x' + context().exists('a'))",
      'TypeError: run: the command contains "[object Promise]": await the promise before it is joined to a text',
    ],
    [
      "scratch().copy(file(`v = ${later()}`), '/a')",
      'TypeError: the content of a file contains "[object Promise]": await the promise before it is joined to a text',
    ],
    [
      'undefined',
      'TypeError: the target app must return a stage, not undefined\nhint: Did you forget to return the stage?',
    ],
  ])('an error explains the mistake of %s', async (expression, message, line = 3) => {
    const text = `const later = async () => image('alpine');\nexport default function app() { return ${expression}; }`;
    const { error, places } = await playProgram(program(text));
    expect(error).toBe(message);
    expect(places).toEqual([`build.ts:${line}`]);
  });

  test('but a file may quote what a promise is as a text', async () => {
    const text = `export default () => scratch().copy(file("tag = '[object Promise]'"), '/a');`;
    expect((await playProgram(program(text))).error).toBeUndefined();
  });
});

test('what stages have in common is warned of once, and is wrong once', async () => {
  const shared = (text: string) =>
    program(`
const base = image('alpine')
  ${text};
export const one = () => base.run('one');
export default () => base.copy(one(), '/', '/').copy(base.run('two'), '/', '/');
`);
  const { warnings } = await playProgram(shared(".workdir('relative')"));
  expect(warnings).toEqual([expect.stringMatching(/^build\.ts:4: .*[Rr]elative/)]);
  const { error, places } = await playProgram(shared(".expose('x')"));
  expect(error).toBe('invalid containerPort: x');
  expect(places).toEqual(['build.ts:4']);
});

describe('a target with the name of a context or an image is not replaced by it', () => {
  test.each([
    ["export const docs = () => scratch().copy(context('docs'), 'a', '/a');", 'copy'],
    ["export const docs = () => image('docs').copy('a', '/a');", 'copy'],
    ["export default () => scratch().copy(scratch().copy(context('docs'), 'a', '/a').as('docs'), '/a', '/b');", 'copy'],
    [
      "export const docs = () => image('alpine').run('a', { mounts: [mount.bind('/d', { from: context('docs') })] });",
      'exec',
    ],
  ])('the target does not replace the context or image: %s', async (text, kind) => {
    const { ops, error } = await playProgram(program(text), { 'context:docs': 'docker-image://busybox' });
    expect(error).toBeUndefined();
    const made = ops.filter((op) => (kind === 'exec' ? op.exec : op.file));
    expect(made.length).toBeGreaterThan(0);
    expect(ops.some(({ source }) => source?.identifier.includes('busybox'))).toBe(true);
  });

  test.each([
    ["scratch().copy(context('docs'), 'a', '/a')"],
    ["image('alpine').run('a', { mounts: [mount.bind('/d', { from: context('docs') })] })"],
  ])('and a context that is missing is told, %s', async (expression) => {
    const { error, places } = await playProgram(program(`\nexport const app = () => ${expression};`));
    expect(error).toMatch(
      /^docs: .*not found\nhint: The build has no context "docs", so an image of that name was looked for: give the context with `context:docs`\.$/,
    );
    expect(places).toEqual(['build.ts:3']);
    const image = await playProgram(program("export const app = () => image('docs').run('a');"));
    expect(image.error).not.toContain('build-context');
  });

  test('and an image of its own name is the image', async () => {
    const { ops, error } = await playProgram(program("export const alpine = () => image('alpine').run('a');"));
    expect(error).toBeUndefined();
    expect(ops.filter(({ source }) => source)).toHaveLength(1);
  });
});

test('steps are named as those of a Dockerfile', async () => {
  const text = String.raw`
const built = image('alpine').workdir('/src').copy(['a', 'b'], './').run('make\nmake install').as('built');
export default function app() {
  return scratch()
    .copy(built, '/out', '/out', { chown: '1:2' })
    .copy(file('hello\n'), '/etc/motd')
    .add('https://example.com/x', '/');
}
`;
  const { steps } = await playProgram(program(text));
  expect([...new Set(steps.filter((step) => !step.startsWith('[internal]')))].sort()).toEqual([
    '[app 1/3] COPY --from=built --chown=1:2 /out /out',
    '[app 2/3] COPY <<EOF /etc/motd',
    '[app 3/3] ADD https://example.com/x /',
    expect.stringContaining('[built 1/4] FROM docker.io/library/alpine:latest@sha256:'),
    '[built 2/4] WORKDIR /src',
    '[built 3/4] COPY a b ./',
    '[built 4/4] RUN make...',
  ]);
});
