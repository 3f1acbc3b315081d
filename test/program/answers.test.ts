/** What a program asks for comes in the order of the questions, and a program may ask so often. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Question } from '../../src/build-program/protocol.ts';
import { loadModules } from '../../src/gateway/program/load-modules.ts';
import { createRunner, ProgramFailed, type ProgramRunner } from '../../src/gateway/program/run-program.ts';
import { onBinary } from '../binary/binary.ts';
import type { GoldenCase } from '../golden/cases.ts';
import { play } from '../golden/play.ts';
import { startFrontend } from '../golden/start.ts';

const request = {
  target: '',
  all: false,
  platforms: {
    target: { os: 'linux', architecture: 'amd64', variant: '' },
    build: { os: 'linux', architecture: 'amd64', variant: '' },
  },
  args: {},
  inspects: false,
};

const runners: ProgramRunner[] = [];
afterEach(() => {
  for (const runner of runners.splice(0)) runner.close();
});

/** Runs a program. @param answer gives the text of each file */
async function runProgram(text: string, answer: (path: string) => Promise<string>, questionLimit?: number) {
  const code = `import { context, scratch } from 'tsfront/build';\nconst read = (path: string) => context().readText(path);\n${text}`;
  const runner = createRunner(
    await loadModules('build.ts', new TextEncoder().encode(code), async () => new Map()),
    questionLimit,
  );
  runners.push(runner);
  return runner.run(request, {
    answer: (question: Question) => answer((question as Extract<Question, { ask: 'read' }>).path),
    log() {},
  });
}

const program = `
const paths = ['a', 'b', 'c', 'd'];
export default async () => {
  const out: string[] = [];
  await Promise.all(paths.map(async (path) => out.push(await read(path).catch((error) => error.message))));
  const first = await Promise.race(paths.map((path) => read('race ' + path)));
  return scratch().label('out', out.join()).label('first', first);
};`;

describe('answers reach the program in the order of its questions', () => {
  test.each([
    ['as they were asked', 1],
    ['in reverse', -1],
  ])('if they come %s', async (_, direction) => {
    const asked: { readonly path: string; settle(): void }[] = [];
    const { graph } = await runProgram(program, (path) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const settle = () => (path === 'b' ? reject(new Error('no b')) : resolve(`text of ${path}`));
      asked.push({ path, settle });
      // They are asked at the same time, before the first is answered.
      if (asked.length % 4 === 0) {
        const four = asked.slice(-4);
        void (direction < 0 ? four.reverse() : four).reduce(
          (last, it) => last.then(it.settle).then(() => new Promise((next) => setImmediate(next))),
          Promise.resolve(),
        );
      }
      return promise;
    });
    const pairs = graph.stages.flatMap(({ instructions }) => instructions.flatMap((it) => it.pairs ?? []));
    expect(pairs.map(([, value]) => value)).toEqual([
      expect.stringContaining('text of a,no b,text of c,text of d'),
      expect.stringContaining('text of race a'),
    ]);
  });

  const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d/${index}/e/f/${index}`, 'x']));
  const slowFirst: GoldenCase = {
    comment: '',
    files: new Map(
      Object.entries({
        ...files,
        file: 'quick',
        'build.ts': `import { context, scratch } from 'tsfront/build';
const out: string[] = [];
await Promise.all([
  context().glob('d/**').then(() => out.push('slow')),
  context().readText('file').then((text) => out.push(text)),
]);
export default scratch().label('out', out.join());`,
      }),
    ),
    opts: { filename: 'build.ts' },
    images: {},
  };

  test('if the first takes more calls of the daemon', async () => {
    expect(JSON.stringify(await play(slowFirst))).toContain('slow,quick');
  });

  onBinary('in the frontend image', (file) => {
    test('if the first takes more calls of the daemon', async () => {
      expect(JSON.stringify(await startFrontend([file], slowFirst))).toContain('slow,quick');
    });
  });
});

describe('a program that asks without end is stopped', () => {
  const message =
    'the build program asks too much: it may call readText, readJson, exists, glob, config and state 10 times. Look for a loop that does not end, or that reads the same again.';
  const ask = (text: string) => runProgram(text, async () => 'text', 10).catch((error: unknown) => error);

  test('a program is stopped at the line of the question', async () => {
    const failed = await ask("for (;;)\n  await context().readText('a');");
    expect(failed).toBeInstanceOf(ProgramFailed);
    expect((failed as ProgramFailed).failure).toMatchObject({ message, places: [{ module: 'build.ts', line: 4 }] });
  });

  test.each([
    ['that catches the error', "for (;;) try { await read('a'); } catch {}"],
    ['that asks all at once', "await Promise.allSettled(Array.from({ length: 30 }, () => read('a')));"],
  ])('a program %s is stopped', async (_, text) => {
    expect(await ask(`${text}\nexport default scratch();`)).toMatchObject({ message });
  });

  test('a program at the limit is not stopped', async () => {
    const text = "for (let i = 0; i < 10; i++) await read('a');\nexport default scratch();";
    expect(await ask(text)).toMatchObject({ type: 'result' });
  });
});
