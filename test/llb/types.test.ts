/** Wrong options do not compile: tsc fails if one of these lines is not an error. */
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
  // @ts-expect-error: local directories do not have git options
  local('x', { keepGitDir: true });
  // @ts-expect-error: a platform is an object, which parsePlatform makes
  image('alpine', { platform: 'linux/amd64' });
  // @ts-expect-error: arguments are a list
  state.run({ args: 'make' });
  // @ts-expect-error: a run has a command
  state.run({ dir: '/x' });
  // @ts-expect-error: a command is either arguments or a line
  state.run({ args: ['x'], shlex: 'x' });
  // @ts-expect-error: a secret has a target or a variable
  state.run({ args: ['x'], secrets: [{ id: 's' }] });
  // @ts-expect-error: a read-only mount has no changes to discard
  state.run({ args: ['x'], mounts: [{ target: '/c', source: state, readonly: true, forceNoOutput: true }] });
  // @ts-expect-error: no such network mode
  state.run({ args: ['x'], network: 'bridge' });
  // @ts-expect-error: a cache has an id
  state.run({ args: ['x'], mounts: [{ type: 'cache', target: '/c' }] });
  // @ts-expect-error: a tmpfs has no source
  state.run({ args: ['x'], mounts: [{ type: 'tmpfs', target: '/c', source: state }] });
  // @ts-expect-error: the source of a mount is a state
  state.run({ args: ['x'], mounts: [{ target: '/c', source: 'src' }] });
  // @ts-expect-error: sizes are bigint
  state.run({ args: ['x'], mounts: [{ type: 'tmpfs', target: '/c', size: 1024 }] });
  // @ts-expect-error: a result of a run is its root or a mount
  copy(state.run({ args: ['x'] }), '/', '/');
  // @ts-expect-error: a chain of actions is bound to a state first
  copy(mkdir('/x', 0o755), '/', '/');
  // @ts-expect-error: the option is makeParents
  mkdir('/x', 0o755, { parents: true });
  // @ts-expect-error: an owner has both numbers
  mkdir('/x', 0o755, { owner: { uid: 1 } });
  // @ts-expect-error: states are immutable
  state.output = undefined;
  // @ts-expect-error: the constructor is private
  new State(undefined);
  // @ts-expect-error: the second argument is the fragment
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
