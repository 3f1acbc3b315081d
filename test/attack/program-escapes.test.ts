/** What a build program tries in order to get out of its engine, in the frontend image and on Node. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { onBinary } from '../binary/binary.ts';
import type { GoldenCase } from '../golden/cases.ts';
import { startFrontend } from '../golden/start.ts';

const onNode = [process.execPath, path.resolve(import.meta.dirname, '../../dist/frontend.js')];

/** Names of a global scope that lead to files, processes, the network, the clock or the frontend. */
const forbidden = [
  ...[
    'process',
    'require',
    'module',
    'Buffer',
    'fetch',
    'WebSocket',
    'XMLHttpRequest',
    'Deno',
    'Bun',
    'std',
    'os',
    'bjson',
  ],
  ...['native', 'program', 'host', 'scriptArgs', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'Worker'],
  ...[
    'WeakRef',
    'FinalizationRegistry',
    'WebAssembly',
    'SharedArrayBuffer',
    'postMessage',
    'navigator',
    'crypto',
    'gc',
  ],
];

/** Each attempt gives a text; `refused` if it threw. */
const attempts: Readonly<Record<string, string>> = {
  globals: `JSON.stringify(${JSON.stringify(forbidden)}.filter((name) => typeof globalThis[name] !== 'undefined'))`,
  constructor: `typeof image.constructor.constructor('return typeof process + typeof native + typeof program')()`,
  'the scope of constructors': `String([image, scratch(), [], {}, '', 0, async () => {}, function* () {}].every((it) => it.constructor.constructor('return this')() === globalThis))`,
  'the function of a caller': `(function f() { return String(f.caller ?? f.arguments?.callee?.caller) })()`,
  'the stack of an error': `typeof Error.prepareStackTrace + typeof new Error().getThis`,
  'an accessor on a prototype': `(() => { const seen = []; Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { seen.push(typeof this.send); return undefined } }); image('scratch'); delete Object.prototype.then; return String(seen.includes('function')) })()`,
  'import of a module of Node': `await import(hidden('node:fs'))`,
  'import of a module of Node without its prefix': `await import(hidden('fs'))`,
  'import of a file': `await import(hidden('/etc/passwd'))`,
  'import of an address': `await import(hidden('https://example.com/x.js'))`,
  'import of data': `await import(hidden('data:text/javascript,export default 1'))`,
  'import of a name made at run time': `await import(['node', 'fs'].join(':'))`,
  'eval of an import': `await (0, eval)("import('node:child_process')")`,
  time: `String(Date.now())`,
  'time of a new date': `String(new Date())`,
  'time by the constructor of a date': `String(new (new Date(0).constructor)())`,
  'time by a subclass': `String(new (class extends Date {})())`,
  'time by construct': `String(Reflect.construct(Date, []))`,
  'time by eval': `String((0, eval)('Date.now()'))`,
  random: `String(Math.random())`,
  'the zone of the machine': `String(new Date(0).getTimezoneOffset() + new Date(0).getHours() + ' ' + new Date(0))`,
  'a file outside the context': `await context().readText('../../../etc/passwd')`,
  'a file by its absolute path': `await context().readText('/etc/passwd')`,
  'a pattern outside the context': `JSON.stringify(await context().glob('../**', '/etc/*'))`,
};

const program = `import { context, image, scratch } from 'tsfront/build';
const outcomes: Record<string, string> = {};
const hidden = (name: string) => name; // what can be read is refused before the program runs
${Object.entries(attempts)
  .map(
    ([name, code]) =>
      `try { outcomes[${JSON.stringify(name)}] = String(await (async () => (${code}))()); } catch { outcomes[${JSON.stringify(name)}] = 'refused'; }`,
  )
  .join('\n')}
export default () => scratch().label('outcomes', JSON.stringify(outcomes));
`;

const expected = Object.fromEntries(Object.keys(attempts).map((name) => [name, 'refused']));

async function outcomesOn(command: readonly string[]): Promise<unknown> {
  const record = await startFrontend(command, caseOf(program));
  expect(record['error'], JSON.stringify(record).slice(-1500)).toBeUndefined();
  const { metadata } = record['result'] as { readonly metadata: Readonly<Record<string, unknown>> };
  const found = /"outcomes":("(?:[^"\\]|\\.)*")/.exec(decodeConfig(metadata['containerimage.config']));
  return JSON.parse(JSON.parse(found![1]!));
}

/** The record has the config as JSON, or as the text that it is. */
const decodeConfig = (config: unknown) => (typeof config === 'string' ? config : JSON.stringify(config));

function caseOf(text: string): GoldenCase {
  return {
    comment: '',
    files: new Map([
      ['build.ts', text],
      ['file', 'of the context'],
    ]),
    opts: { filename: 'build.ts' },
    images: {},
  };
}

const check = (command: readonly string[]) => async () => {
  const outcomes = (await outcomesOn(command)) as Record<string, string>;
  expect(outcomes).toEqual({
    ...expected,
    globals: '[]',
    constructor: 'string',
    'the scope of constructors': 'true',
    'the function of a caller': outcomes['the function of a caller'],
    'the stack of an error': outcomes['the stack of an error'],
    'an accessor on a prototype': 'false',
    'the zone of the machine': '0 Thu, 01 Jan 1970 00:00:00 GMT',
    'a pattern outside the context': '[]',
  });
  expect(outcomes['the function of a caller']).not.toMatch(/native|send|listen/);
};

describe('a build program', () => {
  test('reaches nothing outside its engine on Node', check(onNode));
});

onBinary('a build program in the frontend image', (file) => {
  test('reaches nothing outside its engine', check([file]));
});
