import { expect, test } from 'vitest';
import { copy, local, mkdir, mkfile, rm, scratch, symlink } from '../../src/llb/index.ts';
import { actionsOf, alpine, capsOf } from './ops.ts';

test('relative paths, trailing slashes and dots are resolved at the working directory', () => {
  const dest = (path: string) => {
    const { action } = actionsOf(alpine.dir('/w').file(copy(local('x').dir('/s'), 'a/../b', path)))[0]!;
    if (action.case !== 'copy') throw new Error('no copy');
    expect(action.value.src).toBe('/s/b');
    return action.value.dest;
  };
  expect(['', '.', 'd', 'd/', 'd/.', '/', '/.', '/d/', '/d/.', '../..'].map(dest)).toEqual([
    '/w',
    '/w',
    '/w/d',
    '/w/d/',
    '/w/d/.',
    '/',
    '/.',
    '/d/',
    '/d/.',
    '/',
  ]);
});

test('paths of symbolic links are not resolved', () => {
  const [action] = actionsOf(alpine.dir('/w').file(symlink('../a', 'b', { owner: 'u' })));
  expect(action!.action.value).toMatchObject({ oldpath: '../a', newpath: 'b', timestamp: -1n });
});

test('owners are numbers where they can be', () => {
  const owner = (text: string) => {
    const { action } = actionsOf(alpine.file(mkdir('/x', 0o755, { owner: text })))[0]!;
    if (action.case !== 'mkdir') throw new Error('no mkdir');
    const { user, group } = action.value.owner!;
    return [user, group].map((part) => part && (part.user.case === 'byName' ? part.user.value.name : part.user.value));
  };
  expect(owner('root')).toEqual([0, undefined]);
  expect(owner('10:20')).toEqual([10, 20]);
  expect(owner('u:root')).toEqual(['u', 0]);
  expect(owner(':5')).toEqual([0, 5]);
  expect(owner('-1:+3')).toEqual([4294967295, 3]);
  expect(owner('2147483648')).toEqual(['2147483648', undefined]);
  expect(owner('a:b:c')).toEqual(['a', 'b:c']);
});

test('owners are looked up in the state that the actions apply to', () => {
  const [action] = actionsOf(scratch().file(mkdir('/x', 0o755, { owner: 'u' })));
  expect(action!.action.value).toMatchObject({ owner: { user: { user: { value: { name: 'u', input: -1n } } } } });
});

test('a chain that is copied from runs once, in the same op', () => {
  const made = mkdir('/a', 0o755).mkfile('/a/f', 0o644, 'x').withState(scratch());
  const actions = actionsOf(alpine.file(copy(made, '/a', '/1').copy(made, '/a', '/2').rm('/1')));
  expect(
    actions.map(({ action, input, secondaryInput, output }) => [
      action.case,
      Number(input),
      Number(secondaryInput),
      Number(output),
    ]),
  ).toEqual([
    ['mkdir', -1, -1, -1],
    ['mkfile', 1, -1, -1],
    ['copy', 0, 2, -1],
    ['copy', 3, 2, -1],
    ['rm', 4, -1, 0],
  ]);
});

test('file actions carry modes and times', () => {
  const chain = mkdir('/d', 0o40755, { createdTime: new Date(0) })
    .mkfile('/f', 0o100644, '', { createdTime: 5n })
    .copy(local('x'), '/', '/', { mode: 0o4755, createdTime: new Date(1_700_000_000_123) });
  const values = actionsOf(scratch().file(chain)).map(({ action }) => action.value);
  expect(values).toMatchObject([
    { mode: 0o755, timestamp: 0n },
    { mode: 0o644, timestamp: 5n },
    { mode: 0o4755, timestamp: 1_700_000_000_123_000_000n },
  ]);
});

test('a string with escaped bytes is written as those bytes', () => {
  const [action] = actionsOf(scratch().file(mkfile('/f', 0o644, 'é\udcff')));
  expect(action!.action.value).toMatchObject({ data: Uint8Array.of(0xc3, 0xa9, 0xff) });
});

test('the reference records no capability for options of file actions', () => {
  expect(capsOf(alpine.file(copy(alpine, '/', '/', { includePatterns: ['a'], mode: 'u+x' }).rm('/x')))).toEqual([
    'file.base',
  ]);
  expect(capsOf(alpine.file(rm('/x', { allowWildcard: true })))).toEqual(['file.base']);
});
