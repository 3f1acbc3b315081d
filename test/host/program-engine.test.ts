/** Node's engine for build programs, with a program that does what it is told: it evaluates each message. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { ProgramEngine } from '../../src/host/host.ts';
import { host } from '../../src/host/node.ts';
import { startProgramEngine, webAssembly } from '../../src/host/program-engine.ts';
import { makeSnapshot } from '../../src/host/program-snapshot.ts';
import { temporaryDir } from '../temporary-dir.ts';

const built = path.resolve(import.meta.dirname, '../../dist/program');
const dir = temporaryDir();
cpSync(built, dir, { recursive: true });
const library = `const native = globalThis.program;
delete globalThis.program;
export const send = native.send;
globalThis.state = {};
native.listen(async (message) => {
  const value = await (0, eval)(message);
  if (value !== undefined) native.send(String(value));
});`;
beforeAll(async () => {
  const engine = await webAssembly.compile(readFileSync(path.join(dir, 'quickjs.wasm')));
  writeFileSync(path.join(dir, 'snapshot'), await makeSnapshot(engine, library));
});
writeFileSync(path.join(dir, 'llb.js'), 'globalThis.loadedLlb = true; export const llb = 1;');

const engines: ProgramEngine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

function open() {
  const received: string[] = [];
  const engine = startProgramEngine((message) => received.push(message), pathToFileURL(`${dir}/`));
  engines.push(engine);
  return {
    engine,
    received,
    /** Evaluates code, and returns what was sent meanwhile. */
    async run(code: string) {
      received.length = 0;
      await engine.send(code);
      return [...received];
    },
  };
}

test('messages go both ways in their order', async () => {
  const { engine, received, run } = open();
  await Promise.all(['"a"', 'undefined', '"b"', '"ä\\u0000\\udc80"'].map((code) => engine.send(code)));
  expect(received).toEqual(['a', 'b', 'ä\0\udc80']);
  expect(
    await run('import("tsfront/build").then(({ send }) => { for (let i = 0; i < 3; i++) send(`${i}`); })'),
  ).toEqual(['0', '1', '2']);
  expect(await run(`"${'x'.repeat(1 << 20)}".length`)).toEqual([String(1 << 20)]);
  expect(
    await run('import("tsfront/build").then(({ send }) => { try { send(1) } catch (error) { return error } })'),
  ).toEqual(['TypeError: a message is a string']);
});

test('a promise that waits for the next message goes on with it', async () => {
  const { run } = open();
  expect(await run('new Promise((resolve) => { state.resolve = resolve }).then((value) => `got ${value}`)')).toEqual(
    [],
  );
  expect(await run('state.resolve(7)')).toEqual(['got 7']);
});

test('modules import each other by their names', async () => {
  const { engine, run } = open();
  engine.define('build.ts', 'import { b } from "lib/b.ts"; export default b + await Promise.resolve(1);');
  engine.define(
    'lib/b.ts',
    'import * as it from "build.ts"; export const b = 1; export const names = () => Object.keys(it);',
  );
  expect(await run('import("build.ts").then((it) => it.default)')).toEqual(['2']);
  expect(await run('import("lib/b.ts").then((it) => it.names())')).toEqual(['default']);
  engine.define('late.ts', 'export default "\0\udc80";');
  expect(await run('import("late.ts").then((it) => it.default)')).toEqual(['\0\udc80']);
});

test('tsfront/llb runs when it is imported', async () => {
  const { run } = open();
  expect(await run('typeof loadedLlb')).toEqual(['undefined']);
  expect(await run('import("tsfront/llb").then(({ llb }) => `${llb} ${loadedLlb}`)')).toEqual(['1 true']);
});

test('a module that is not there is an error', async () => {
  const { engine, run } = open();
  engine.define('a', 'import "b"; import "nope";');
  engine.define('b', 'export {}');
  const catching = (name: string) =>
    run(`import("${name}").catch((error) => error instanceof ReferenceError && error)`);
  expect(await catching('a')).toEqual(['ReferenceError: cannot find module nope, which a imports']);
  expect(await catching('b')).toEqual(['ReferenceError: module b failed to load before']);
  expect(await catching('./x')).toEqual([
    'ReferenceError: cannot find module ./x, which <input> imports by a computed name',
  ]);
});

test('what is thrown and not caught comes back with its text', async () => {
  const { engine, run } = open();
  engine.define('bad.ts', '\n  throw new TypeError("of the module");');
  engine.define('syntax.ts', '\n  let = ;');
  await expect(run('import("bad.ts")')).rejects.toMatchObject({
    message: 'TypeError: of the module',
    stack: expect.stringMatching(/ at .*\(?bad\.ts:2:\d+\)?\n/),
  });
  await expect(run('import("syntax.ts")')).rejects.toMatchObject({
    message: expect.stringMatching(/^SyntaxError: /),
    stack: expect.stringContaining('syntax.ts:2:'),
  });
  await expect(run('throw "text"')).rejects.toThrow(/^text$/);
  await expect(run('throw Symbol("x")')).rejects.toThrow('the build program threw a value that is not an Error');
  await expect(run('throw { toString() { throw 1 } }')).rejects.toThrow(
    'the build program threw a value that is not an Error',
  );
  await expect(run('Promise.reject(new Error("of nobody")); 1')).rejects.toThrow(/^Error: of nobody$/);
  expect(await run('const late = Promise.reject(1); late.catch(() => {}); 2')).toEqual(['2']);
});

test('an exception of the listener comes back', async () => {
  const engine = startProgramEngine(
    () => {
      throw new Error('of the listener');
    },
    pathToFileURL(`${dir}/`),
  );
  engines.push(engine);
  await expect(engine.send('1')).rejects.toThrow('of the listener');
  await engine.send('undefined');
});

test('a program that never ends takes too many steps', async () => {
  const { run } = open();
  expect(await run('for (let i = 0; i < 1e6; i++); 1')).toEqual(['1']);
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  const text = 'the build program takes too many steps: it may take 1,000,000,000';
  await expect(run('try { for (;;); } catch { 1 } finally { 2 }')).rejects.toThrow(text);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(10);
  await expect(run('1')).rejects.toThrow(text);
}, 300_000);

test.each([
  ['an asynchronous loop', '(async () => { for (;;) await null; })()'],
  ['a function that queues itself', '{ const next = () => queueMicrotask(next); next(); }'],
])('%s without end takes too many steps', async (_, code) => {
  const { run } = open();
  expect(await run('(async () => { for (let i = 0; i < 1e5; i++) await null; return 1; })()')).toEqual(['1']);
  await expect(run(code)).rejects.toThrow('the build program takes too many steps');
  await expect(run('1')).rejects.toThrow('the build program takes too many steps');
});

test('the error of a program that is stopped has its stack', async () => {
  const { run } = open();
  await expect(run('{ const endless = () => { for (;;); }; endless(); }')).rejects.toMatchObject({
    message: expect.stringContaining('too many steps'),
    stack: expect.stringMatching(/at endless \(<input>:1:\d+\)/),
  });
}, 300_000);

test('a program that takes no steps takes too long', async () => {
  const engine = startProgramEngine(() => {}, pathToFileURL(`${dir}/`), 3000);
  engines.push(engine);
  await engine.send('1');
  const text = 'the build program takes too long: it may take 3 s';
  await expect(engine.send('for (;;) new Array(2 ** 32 - 1).lastIndexOf(1)')).rejects.toThrow(text);
  await expect(engine.send('1')).rejects.toThrow(text);
});

test('recursion without end is an exception of the program', async () => {
  const { run } = open();
  for (const code of [
    'const f = () => f() + 1; f()',
    'const g = () => [1].map(g); g()',
    'const h = () => JSON.stringify({ toJSON: h }); h()',
    'const k = () => "a".replace(/a/, k); k()',
    'let deep = []; for (let i = 0; i < 1e5; i++) deep = [deep]; JSON.stringify(deep)',
    'JSON.parse("[".repeat(1e5))',
    'eval("[".repeat(1e5))',
    'const proxy = new Proxy({}, { get: (_, key, it) => it[key] }); proxy.x',
  ]) {
    expect(await run(`{ try { ${code} } catch (error) { String(error) } }`), code).toEqual([
      'RangeError: Maximum call stack size exceeded',
    ]);
  }
  expect(await run('const sum = (n) => n === 0 ? 0 : n + sum(n - 1); sum(1000)')).toEqual(['500500']);
});

test.each([
  'const all = []; for (;;) all.push(new Uint8Array(1 << 20))',
  'let text = "x"; for (;;) text += text.toUpperCase()',
  'new Uint8Array(500 << 20)',
  'try { new Uint8Array(500 << 20) } catch (error) { error.name }',
  'import("tsfront/build").then(({ send }) => { for (const text = "x".repeat(16 << 20); ; ) send(text); })',
])('memory has a limit: %s', async (code) => {
  const { run } = open();
  expect(await run('new Uint8Array(200 << 20).length')).toEqual([String(200 << 20)]);
  const text = 'the build program needs more than the 448 MiB of memory that it may use';
  await expect(run(code)).rejects.toThrow(text);
  await expect(run('1')).rejects.toThrow(text);
});

test('nothing of Node is there', async () => {
  const { run } = open();
  const [names] = await run('Object.getOwnPropertyNames(globalThis).filter((name) => /^[^A-Z]/.test(name)).join(" ")');
  expect(names?.split(' ').sort()).toEqual([
    ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'eval', 'globalThis'],
    ...['isFinite', 'isNaN', 'parseFloat', 'parseInt', 'queueMicrotask', 'state', 'undefined', 'unescape'],
  ]);
  for (const name of ['process', 'require', 'Buffer', 'WebAssembly', 'WeakRef', 'FinalizationRegistry', 'program'])
    expect(await run(`typeof ${name}`), name).toEqual(['undefined']);
  for (const code of [
    '[].constructor.constructor("return process")()',
    '(async () => {}).constructor("return process")()',
    '(function* () {}).constructor("yield process")().next()',
    'import("tsfront/build").then(({ send }) => send.constructor("return process")())',
    'new Function("return this.process.env")()',
  ])
    await expect(run(code), code).rejects.toThrow(/process'? is not defined|of undefined/);
  for (const name of ['node:fs', 'fs', 'file:///etc/passwd', '/etc/passwd', './x', 'tsfront/llb.js', 'quickjs-wasi'])
    await expect(run(`import("${name}")`), name).rejects.toThrow(`cannot find module ${name}`);
});

test('what a program does to prototypes stays inside', async () => {
  const { engine, run } = open();
  await run(`
    for (const it of [Object, Array, Map, Promise, Function, String, Error, TypeError, ReferenceError])
      for (const name of Object.getOwnPropertyNames(it.prototype))
        try { it.prototype[name] = () => { throw new Error(name); }; } catch {}
    Object.prototype.polluted = true; undefined`).catch(() => {});
  await engine.send('1').catch(() => {});
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect([1].map(String)).toEqual(['1']);
  expect(await open().run('2')).toEqual(['2']);
});

test('there is no time, and it passes nowhere', async () => {
  const { run } = open();
  expect(await run('[Date.now(), new Date(2020, 6, 1).toISOString(), new Date().getTimezoneOffset()].join()')).toEqual([
    '0,2020-07-01T00:00:00.000Z,0',
  ]);
  const code =
    'state.random ??= []; for (let i = 0; i < 10; i++) state.random.push(Math.random()); state.random.join()';
  expect(await open().run(code)).toEqual(await run(code));
});

test('closing ends a program that never ends', async () => {
  const { engine } = open();
  const loop = engine.send('for (;;);');
  const closed = expect(loop).rejects.toThrow('the engine of the build program was closed');
  await new Promise((resolve) => setTimeout(resolve, 500));
  engine.close();
  await closed;
  await expect(engine.send('1')).rejects.toThrow('the engine of the build program was closed');
  engine.close();
});

test('a file that is missing is named', async () => {
  const engine = startProgramEngine(() => {}, pathToFileURL(`${dir}/nowhere/`));
  await expect(engine.send('1')).rejects.toThrow(/^the engine of the build program .*nowhere/);
});

/** Runs a program of Node with `engine`, and returns what it writes. */
function runNode(code: string) {
  const module = path.resolve(import.meta.dirname, '../../src/host/program-engine.ts');
  const url = pathToFileURL(`${dir}/`).href;
  const program = `import { startProgramEngine } from ${JSON.stringify(module)};
    const engine = startProgramEngine((message) => console.log(message), new URL(${JSON.stringify(url)}));
    ${code}`;
  const { status, signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 240_000,
  });
  return { status, signal, stdout };
}

test.each([
  ['that is not used', '', ''],
  ['that waits', 'await engine.send("1");', '1\n'],
  ['that was closed', 'await engine.send("1"); engine.close();', '1\n'],
  ['that loops, at exit', 'engine.send("for (;;);"); setTimeout(() => process.exit(0), 300);', ''],
])('a process ends with an engine %s', (_, code, stdout) => {
  expect(runNode(code)).toEqual({ status: 0, signal: null, stdout });
});

test('a process waits for what it has sent', () => {
  expect(runNode('engine.send("1").then(() => console.log("done"));').stdout).toBe('1\ndone\n');
});

test("the host opens an engine with the library's own modules", async () => {
  const messages: string[] = [];
  const engine = host.openProgramEngine((message) => messages.push(message));
  try {
    engine.define(
      'build.ts',
      'import { image } from "tsfront/build"; export default () => image("alpine").run("true");',
    );
    const platform = { os: 'linux', arch: 'amd64' };
    const request = { type: 'run', module: 'build.ts', exports: ['default'], target: '', all: false, args: {} };
    await engine.send(JSON.stringify({ ...request, platforms: { target: platform, build: platform } }));
  } finally {
    engine.close();
  }
  expect(messages.map((message) => JSON.parse(message))).toMatchObject([{ type: 'result' }]);
});
