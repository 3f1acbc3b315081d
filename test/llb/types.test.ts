/** A wrong option does not compile: tsc fails where one of these lines is no error any more. */
import { expect, test } from 'vitest';
import { copy, git, image, local, mkdir, type RunSettings, State, scratch } from '../../src/llb/index.ts';

const alpine = image('alpine');

/** Compiled, never called. */
function wrong(state: State) {
  // @ts-expect-error: no such option
  image('alpine', { resolvemode: 'pull' });
  // @ts-expect-error: no such mode
  image('alpine', { resolveMode: 'always' });
  // @ts-expect-error: patterns are a list
  local('x', { includePatterns: '*.ts' });
  // @ts-expect-error: a git option is none of a local directory
  local('x', { keepGitDir: true });
  // @ts-expect-error: a platform has all its parts, see parsePlatform
  image('alpine', { platform: 'linux/amd64' });
  // @ts-expect-error: arguments are a list
  state.run({ args: 'make' });
  // @ts-expect-error: something runs
  state.run({ dir: '/x' });
  // @ts-expect-error: it is told in one way
  state.run({ args: ['x'], shlex: 'x' });
  // @ts-expect-error: a secret goes somewhere
  state.run({ args: ['x'], secrets: [{ id: 's' }] });
  // @ts-expect-error: what is read only has no changes to be kept
  state.run({ args: ['x'], mounts: [{ target: '/c', source: state, readonly: true, forceNoOutput: true }] });
  // @ts-expect-error: no such network mode
  state.run({ args: ['x'], network: 'bridge' });
  // @ts-expect-error: a cache has an id
  state.run({ args: ['x'], mounts: [{ type: 'cache', target: '/c' }] });
  // @ts-expect-error: a tmpfs has no source
  state.run({ args: ['x'], mounts: [{ type: 'tmpfs', target: '/c', source: state }] });
  // @ts-expect-error: what is mounted is a state
  state.run({ args: ['x'], mounts: [{ target: '/c', source: 'src' }] });
  // @ts-expect-error: sizes are bigint
  state.run({ args: ['x'], mounts: [{ type: 'tmpfs', target: '/c', size: 1024 }] });
  // @ts-expect-error: a result of a run is its root or a mount
  copy(state.run({ args: ['x'] }), '/', '/');
  // @ts-expect-error: a chain of actions is bound to a state first
  copy(mkdir('/x', 0o755), '/', '/');
  // @ts-expect-error: parents is makeParents
  mkdir('/x', 0o755, { parents: true });
  // @ts-expect-error: an owner has both numbers
  mkdir('/x', 0o755, { owner: { uid: 1 } });
  // @ts-expect-error: states are not changed
  state.output = undefined;
  // @ts-expect-error: states come from the functions of the library
  new State(undefined);
  // @ts-expect-error: the fragment comes first
  git('https://h/p', { ref: 'main' });
  // @ts-expect-error: limits are bigint
  state.addUlimit({ name: 'nofile', soft: 1, hard: 2 });
}

test('the lines above are compiled', () => {
  expect(wrong).toBeTypeOf('function');
});

test('options can be built up and shared', () => {
  const shared: RunSettings = { env: { CI: '1' }, network: 'none' };
  const run = alpine.run({
    ...shared,
    args: ['make'],
    mounts: [{ target: '/src', source: scratch(), readonly: true }],
  });
  expect(run.root.isScratch()).toBe(false);
});
