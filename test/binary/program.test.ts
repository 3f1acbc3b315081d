/**
 * The engine of build programs: what passes between it and the frontend's, what programs reach, and where they are
 * stopped.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { buildHost, takeTurns } from './build-host.ts';
import type { Turn } from './program-script.ts';

const dir = temporaryDir();
let program = '';
beforeAll(async () => {
  program = await buildHost('program-script.ts', dir);
}, 900_000);

const take = (...turns: readonly Turn[]) => takeTurns(program, turns);
/** What a program sends that evaluates these pieces of code, one message each. */
const evaluate = async (...send: readonly string[]) => (await take({ send }))[0]!;
/** Sends how a promise ends. */
const tell = (promise: string) =>
  `${promise}.then((value) => program.send(String(value)), (error) => program.send(String(error)))`;

describe('messages', () => {
  test('messages come in the order in which they were sent, with what promises send', async () => {
    const { messages } = await evaluate(
      `program.send('a'); Promise.resolve().then(() => program.send('c')); program.send('b')`,
    );
    expect(messages).toEqual(['a', 'b', 'c']);
  });

  test('messages are the same text on the other side', async () => {
    const text = 'é\u0000\ud800 \udc80 😀"\n';
    expect((await evaluate(`program.send(${JSON.stringify(text)})`)).messages).toEqual([text]);
    expect((await evaluate(`program.send(String('${text.slice(1, 6)}'.length))`)).messages).toEqual(['5']);
  });

  test('a message that is not text is refused', async () => {
    expect(await evaluate('program.send({})')).toMatchObject({ error: 'TypeError: a message is a string' });
  });

  test('a message settles promises of earlier messages', async () => {
    const waits = `globalThis.waiting = Promise.withResolvers(); waiting.promise.then((value) => program.send(value))`;
    const answers = await take({ send: [waits] }, { send: [`waiting.resolve('at last')`] });
    expect(answers.map(({ messages }) => messages)).toEqual([[], ['at last']]);
  });
});

describe('modules', () => {
  test('import each other and the library, which is loaded, and have their places in stack traces', async () => {
    const define = {
      'src/build.ts': [
        `import { answer } from 'tsfront/llb';`,
        `import { loaded } from 'tsfront/build';`,
        `import { text } from 'src/lib.ts';`,
        `  const { stack } = new Error('here');`,
        'const later = await Promise.resolve(text);',
        'export default [loaded, later, stack, answer()].join();',
      ].join('\n'),
      'src/lib.ts': `export const text = 'from a module';`,
    };
    const send = [tell(`import('src/build.ts').then((module) => module.default)`)];
    const [answer] = await take({ define, send });
    expect(answer!.messages[0]).toMatch(/^when the heap was made,from a module, .*\(src\/build\.ts:4:25\)\n,/);
    expect(answer!.messages[0]).toMatch(/at answer \(tsfront\/llb:\d+:\d+\)\n.* \(src\/build\.ts:6:39\)/);
  });

  test('the error names an unknown module, and the module that imports it', async () => {
    const define = { a: `import 'b'`, b: `import './c.ts'` };
    const [answer] = await take({ define, send: [tell(`import('none')`), tell(`import('a')`)] });
    expect(answer!.messages).toEqual([
      'ReferenceError: cannot find module none, which <input> imports',
      'ReferenceError: cannot find module ./c.ts, which b imports by a computed name',
    ]);
  });

  test('modules are not used after one of them could not be loaded', async () => {
    const define = { a: `import 'b'; import 'none'`, b: `import 'a'; program.send('b runs')`, c: 'let = ;' };
    const all = ['a', 'b', 'a', 'c', 'c'].map((name) => tell(`import('${name}')`));
    const [answer] = await take({ define, send: all });
    expect(answer!.messages).toEqual([
      'ReferenceError: cannot find module none, which a imports',
      'ReferenceError: module b failed to load before',
      'ReferenceError: module a failed to load before',
      expect.stringMatching(/^SyntaxError: /),
      'ReferenceError: module c failed to load before',
    ]);
  });

  test('modules may come after the program has begun', async () => {
    const answers = await take(
      { send: [tell(`import('late').then(Object.keys)`)] },
      { define: { late: 'export const name = 1' }, send: [tell(`import('late').then(Object.keys)`)] },
    );
    expect(answers[1]!.messages).toEqual(['name']);
  });
});

describe('failures', () => {
  test('what the program throws or rejects is thrown in the frontend, and it goes on', async () => {
    const answers = await take(
      { send: [`program.send('first'); null.x`] },
      { send: [`Promise.reject(new RangeError('nobody'))`] },
      { send: [`Promise.reject({ toString() { throw 1; } })`] },
      { send: [`Promise.reject(1).catch(() => program.send('handled'))`] },
    );
    expect(answers[0]).toMatchObject({ messages: ['first'], error: expect.stringMatching(/^TypeError: cannot read/) });
    expect(answers[0]!.stack).toMatch(/at <eval> \(<input>:1:\d+\)/);
    expect(answers[1]!.error).toBe('RangeError: nobody');
    expect(answers[2]!.error).toBe('the build program threw a value that is not an Error');
    expect(answers[3]).toEqual({ messages: ['handled'] });
  });

  test('endless recursion is an error in the program', async () => {
    const recurse = `const f = () => f() + 1; try { f(); } catch (error) { program.send(String(error)); }`;
    const { messages } = await evaluate(recurse, `program.send('alive')`);
    expect(messages).toEqual(['RangeError: Maximum call stack size exceeded', 'alive']);
  });

  const steps =
    'the build program takes too many steps: it may take 1,000,000,000. Look for a loop, or a chain of promises, that does not end.';
  const memory =
    'the build program needs more than the 448 MiB of memory that it may use. Look for a list or a text that grows without end.';
  test.each([
    ['an endless loop', 'for (;;) try { for (;;); } catch {} finally { continue; }', steps],
    ['an endless chain of promises', '(async () => { for (;;) await null; })()', steps],
    ['a list without end', 'const all = []; for (;;) try { all.push(new Array(10_000).fill(0)); } catch {}', memory],
    ['messages without end', `for (let i = 0; ; i++) program.send('x'.repeat(1_000_000) + i)`, memory],
  ])(
    '%s ends the engine, and the frontend goes on',
    async (_, code, error) => {
      const [, first, second] = await take({}, { send: [code] }, { send: [''] });
      expect(first!.error).toBe(error);
      expect(second).toMatchObject({ messages: [], error });
    },
    300_000,
  );

  test('the error of a program that is stopped has its stack', async () => {
    const { error, stack } = await evaluate('const endless = () => { for (;;); }; endless();');
    expect(error).toBe(steps);
    expect(stack).toMatch(/at endless \(<input>:1:\d+\)/);
  }, 300_000);
});

describe('confinement', () => {
  const names = (object: string) => `program.send(Object.getOwnPropertyNames(${object}).join(' '))`;

  test('the global scope has the language and the library', async () => {
    const { messages } = await evaluate(names('globalThis'));
    const all = messages[0]!.split(' ').filter((name) => !(name in globalThis));
    expect(all).toEqual(['InternalError', 'program']);
    for (const name of ['native', 'WeakRef', 'FinalizationRegistry', 'setTimeout', 'performance', 'std', 'os'])
      expect(messages[0]!.split(' ')).not.toContain(name);
  });

  test.each([
    `program.send.constructor.constructor('return this')()`,
    `program.listen.constructor('return this')()`,
    `(0, eval)('this')`,
    `(function () { return this; })()`,
    `Object.getPrototypeOf(function* () {}).constructor('yield this')().next().value`,
    `Reflect.construct(Function, ['return this'])()`,
    `'message'.constructor.constructor('return this')()`,
  ])('%s is the global scope of the program', async (code) => {
    const { messages } = await evaluate(`program.send(String(${code} === globalThis && typeof ${code}.native))`);
    expect(messages).toEqual(['undefined']);
  });

  test('what a program does to the prototypes of its language does not reach the frontend', async () => {
    const attack = `for (const type of [Object, Array, String, Error, Promise, Map]) Object.defineProperty(type.prototype,
      'toString', { value() { throw new Error('changed'); } }); String.prototype.valueOf = null; JSON.parse = null;
      program.send('text'); throw new Error('thrown')`;
    const answers = await take({ send: [attack] }, { send: [`program.send('more')`] });
    expect(answers).toMatchObject([{ messages: ['text'], error: 'thrown' }, { messages: ['more'] }]);
  });

  test('no module of the engine can be imported', async () => {
    const all = ['std', 'os', 'bjson', 'frontend.js', '/etc/hostname', 'file:///etc/hostname'];
    const { messages } = await evaluate(...all.map((name) => tell(`import('${name}')`)));
    expect(messages).toEqual(all.map((name) => `ReferenceError: cannot find module ${name}, which <input> imports`));
  });
});
