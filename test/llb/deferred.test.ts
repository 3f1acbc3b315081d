import { expect, test } from 'vitest';
import { copy, deferred, local, mkdir, type State, scratch } from '../../src/llb/index.ts';
import { actionsOf, alpine, execOf, noop, opsOf } from './ops.ts';

test('a deferred filesystem is made once, when a graph is marshalled', () => {
  const paths: string[] = [];
  let asked = 0;
  const context = deferred(() => {
    asked++;
    return local('context', { followPaths: paths, sessionId: 's' });
  });
  const state = alpine.file(copy(context, 'a', '/a')).file(copy(context, 'b', '/b'));
  paths.push('a', 'b');
  expect(asked).toBe(0);
  const sources = opsOf(state).flatMap(({ op }) => (op.case === 'source' ? [op.value.attrs] : []));
  expect(sources[1]).toEqual({ 'local.followpaths': '["a","b"]', 'local.session': 's' });
  state.marshal();
  expect(asked).toBe(1);
});

test('a deferred filesystem may be scratch, or another deferred one', () => {
  const nothing = deferred(() => deferred(() => scratch()));
  expect(nothing.marshal().def).toEqual([]);
  expect(actionsOf(nothing.file(mkdir('/x', 0o755)))[0]!.input).toBe(-1n);
  expect(execOf(nothing.run(noop).root).mounts[0]!.input).toBe(-1n);
});

test('a deferred filesystem that depends on itself is an error', () => {
  const loop: State = deferred(() => alpine.file(copy(loop, '/', '/')));
  expect(() => loop.marshal()).toThrow('circular dependency');
});
