import { expect, test } from 'vitest';
import { image, parsePlatform, scratch } from '../../src/llb/index.ts';
import { alpine, execOf, lastOp, noop, options } from './ops.ts';

test('methods do not change the state', () => {
  const base = alpine.addEnv('A', '1').dir('/a').user('u');
  base.addEnv('A', '2').dir('b').user('v').addExtraHost({ host: 'h', ip: '1.2.3.4' });
  expect([base.getEnv('A'), base.getDir(), base.getUser()]).toEqual(['1', '/a', 'u']);
  expect(execOf(base.run(noop).root).meta!.extraHosts).toEqual([]);
});

test('a state tells the settings of its runs, and their defaults', () => {
  const set = (state: typeof alpine) => state.hostname('h').network('none').security('insecure');
  const read = (state: typeof alpine) => [state.getHostname(), state.getNetwork(), state.getSecurity()];
  expect(read(alpine)).toEqual(['', 'sandbox', 'sandbox']);
  expect(read(alpine.with(set))).toEqual(['h', 'none', 'insecure']);
});

test('dir joins relative paths and keeps absolute ones', () => {
  expect(scratch().getDir()).toBe('/');
  expect(scratch().dir('a').dir('../b/./c').getDir()).toBe('/b/c');
  expect(scratch().dir('/x//y/').getDir()).toBe('/x//y/');
  expect(scratch().dir('/x/').dir('').getDir()).toBe('/x');
});

test('options of a run apply to this run only', () => {
  const base = alpine.addEnv('A', '1').dir('/a').addUlimit({ name: 'nofile', soft: 1n, hard: 2n });
  const run = base.run({
    ...noop,
    env: { B: '2' },
    dir: 'b',
    user: 'u',
    hostname: 'h',
    ulimits: [{ name: 'core', soft: 0n, hard: -1n }],
    extraHosts: [{ host: 'x', ip: '::1' }],
    cgroupParent: 'cg',
  });
  const { meta } = execOf(run.root);
  expect(meta).toMatchObject({ env: ['A=1', 'B=2'], cwd: '/a/b', user: 'u', hostname: 'h', cgroupParent: 'cg' });
  expect(meta!.ulimit.map(({ Name, Hard }) => [Name, Hard])).toEqual([
    ['nofile', 2n],
    ['core', -1n],
  ]);
  expect(meta!.extraHosts).toMatchObject([{ Host: 'x', IP: '::1' }]);
  expect([run.root.getDir(), run.root.getUser(), run.root.getEnv('B')]).toEqual(['/a', '', undefined]);
});

test('variables keep the order in which they were set, also numeric names if they are pairs', () => {
  const pairs = [
    ['b', '1'],
    ['2', 'x'],
    ['1', 'y'],
  ] as const;
  expect(execOf(alpine.run({ ...noop, env: pairs }).root).meta!.env).toEqual(['b=1', '2=x', '1=y']);
});

test('an image config adds environment, directory and platform', () => {
  const config = {
    config: { Env: ['A=1', 'B', '=x', 'C=d=e'], WorkingDir: 'w' },
    architecture: 'arm64',
    os: 'linux',
  };
  const state = alpine.withImageConfig(Buffer.from(JSON.stringify({ ...config, variant: 'v8' })));
  expect(state.env().toArray()).toEqual(['A=1', 'B=', 'C=d=e']);
  expect(state.getDir()).toBe('/w');
  expect(state.getPlatform()).toMatchObject({ os: 'linux', architecture: 'arm64', variant: '' });
  expect(lastOp(state.run(noop).root).platform).toMatchObject({ Architecture: 'arm64' });
});

test('withOutput keeps the values, reset takes those of the other state', () => {
  const a = alpine.addEnv('A', '1').dir('/a');
  const b = image('busybox').addEnv('B', '2').dir('/b');
  const kept = a.withOutput(b);
  expect([kept.getEnv('A'), kept.getEnv('B'), kept.getDir()]).toEqual(['1', undefined, '/a']);
  expect(kept.marshal(options).head()).toBe(b.marshal(options).head());
  const reset = a.reset(b);
  expect([reset.getEnv('A'), reset.getEnv('B'), reset.getDir()]).toEqual([undefined, '2', '/']);
  expect(reset.marshal(options).head()).toBe(a.marshal(options).head());
  const arm = { platform: parsePlatform('linux/arm64') };
  expect(image('x', arm).reset(b).getDir()).toBe('/b');
});
