/** Which files are causes of a step: the same ones as when every file is looked at for every step. */
import { expect, test } from 'vitest';
import type { RecordedContext, RecordedFile, RecordedTake } from '../../src/explain/build-record.ts';
import { furtherFiles } from '../../src/explain/cause.ts';
import { FileCauses } from '../../src/explain/file-causes.ts';

const context = (files: Readonly<Record<string, RecordedFile>>, ignore: readonly string[] = []): RecordedContext => ({
  files,
  ignore,
});
const take = (...paths: string[]): RecordedTake => ({ context: 'context', digest: '', paths });
const file = (content: string, mode = 644): RecordedFile => [`file ${mode}`, content, content.length];

function causesOf(before: RecordedContext, now: RecordedContext, paths: readonly string[], old?: RecordedTake) {
  return new FileCauses({ context: before }, { context: now }).causesOf(old, take(...paths));
}

/** Numbers that look random and are the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

test('a step has the files that a look at each file finds, in the order of the record', () => {
  const next = numbers(7);
  const names = ['a', 'a.b', 'a-b', 'a0', 'b', 'é', '\ud800'];
  const randomPath = () => Array.from({ length: 1 + next(3) }, () => names[next(names.length)]).join('/');
  const randomFiles = () => {
    const paths = new Set(Array.from({ length: next(60) }, randomPath));
    return Object.fromEntries([...paths].map((path) => [path, file(`${next(3)}`, 644 + next(2))]));
  };
  let found = 0;
  for (let round = 0; round < 500; round++) {
    const [before, now] = [randomFiles(), randomFiles()];
    const causes = new FileCauses({ context: context(before) }, { context: context(now) });
    for (let step = 0; step < 5; step++) {
      const paths = Array.from({ length: 1 + next(4) }, () =>
        next(20) === 0 ? '/' : randomPath() + (next(2) === 0 ? '/' : ''),
      );
      const isIn = (name: string) =>
        paths.some((it) => it === name || it === '/' || (it.endsWith('/') && name.startsWith(it)));
      const expected = [
        ...Object.keys(now).filter((name) => isIn(name) && String(before[name]) !== String(now[name])),
        ...Object.keys(before).filter((name) => isIn(name) && !now[name]),
      ];
      const got = causes.causesOf(undefined, take(...paths));
      found += expected.length;
      if (expected.length === 0) expect(got).toEqual([furtherFiles('context')]);
      else expect(got.slice(0, 20).map((it) => it.kind === 'file' && it.name)).toEqual(expected.slice(0, 20));
      if (expected.length > 20) expect(got[20]).toEqual(furtherFiles('context', expected.length - 20));
    }
  }
  expect(found).toBeGreaterThan(1000);
});

test('a file that several paths of a step take counts once', () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`d/f${i}`, file('a')]));
  const causes = causesOf(context({}), context(files), ['d/', 'd/f1', 'd/f1', 'd/']);
  expect(causes).toHaveLength(21);
  expect(causes[20]).toEqual(furtherFiles('context', 10));
});

test('files of the older build are those that its step has taken', () => {
  const before = context({ 'old/a': file('a'), 'new/b': file('b') });
  expect(causesOf(before, context({}), ['new/'], take('old/'))).toEqual([
    { kind: 'file', name: 'old/a', detail: 'gone' },
  ]);
});

test('a file may have the name of a property of all objects', () => {
  expect(causesOf(context({}), context({ constructor: file('a') }), ['/'])).toEqual([
    { kind: 'file', name: 'constructor', detail: 'new' },
  ]);
});

test('each step names the rule that drops a file, and a malformed rule is passed over', () => {
  const before = context({ 'a.log': file('a') });
  const rules = { ...context({}, ['*.log']), ignoreFile: { name: '.dockerignore', lines: [3] } };
  const dropped = { kind: 'file', name: 'a.log', detail: 'ignored', rule: '*.log', place: '.dockerignore:3' };
  const causes = new FileCauses({ context: before }, { context: rules });
  expect([causes.causesOf(undefined, take('/')), causes.causesOf(undefined, take('a.log'))]).toEqual([
    [dropped],
    [dropped],
  ]);
  expect(causesOf(before, context({}, ['[']), ['/'])).toMatchObject([{ detail: 'gone' }]);
});

test('without a list of files, one cause says that files differ', () => {
  const unlisted = [furtherFiles('context')];
  expect(causesOf({ files: undefined, ignore: [] }, context({ a: file('a') }), ['/'])).toEqual(unlisted);
  expect(new FileCauses({}, {}).causesOf(undefined, take('/'))).toEqual(unlisted);
});
