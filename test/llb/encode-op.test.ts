import { expect, test } from 'vitest';
import {
  copy,
  git,
  http,
  image,
  local,
  mkdir,
  parsePlatform,
  type State,
  scratch,
  source,
} from '../../src/llb/index.ts';
import { alpine, headMetadata, lastOp, noop, options } from './ops.ts';

const arm64 = parsePlatform('linux/arm64');
const s390x = parsePlatform('linux/s390x');

test('the platform of an op overrides that of the state, which overrides that of marshal', () => {
  const architecture = (state: State) => lastOp(state).platform!.Architecture;
  expect(architecture(alpine.run(noop).root)).toBe('amd64');
  expect(architecture(alpine.platform(arm64).run(noop).root)).toBe('arm64');
  expect(architecture(alpine.platform(arm64).run({ ...noop, platform: s390x }).root)).toBe('s390x');
  expect(architecture(image('alpine', { platform: arm64 }).run(noop).root)).toBe('arm64');
  expect(architecture(image('alpine', { platform: arm64 }).platform(s390x).run(noop).root)).toBe('s390x');
});

test('states after a run with a platform have it', () => {
  expect(alpine.run({ ...noop, platform: arm64 }).root.getPlatform()).toMatchObject({ architecture: 'arm64' });
  expect(alpine.run(noop).root.getPlatform()).toBeUndefined();
});

test('only sources that depend on the platform name it', () => {
  const platformOf = (state: State) => lastOp(state).platform?.OS;
  expect([alpine, source('oci-layout://x@sha256:y')].map(platformOf)).toEqual(['linux', 'linux']);
  const others = [local('x'), git('https://h/p'), http('https://h/p'), scratch().file(mkdir('/x', 0o755))];
  expect(others.map(platformOf)).toEqual([undefined, undefined, undefined, undefined]);
});

test('constraints of the graph and of the op add up', () => {
  const state = alpine.run({ ...noop, workerConstraints: ['b'], description: { x: '2' }, customName: 'n' }).root;
  const graph = { ...options, workerConstraints: ['a'], description: { x: '1', y: '1' }, ignoreCache: true };
  const definition = state.marshal(graph);
  expect(lastOp(state, graph).constraints!.filter).toEqual(['a', 'b']);
  expect(headMetadata(definition)).toMatchObject({
    ignoreCache: true,
    description: { x: '2', y: '1', 'llb.customname': 'n' },
  });
});

test('options of marshal override the defaults, which apply to that state only', () => {
  const state = alpine.withMarshalDefaults({ platform: arm64 });
  expect(lastOp(state, {}).platform!.Architecture).toBe('arm64');
  expect(lastOp(state, { platform: undefined }).platform!.Architecture).toBe('arm64');
  expect(lastOp(state, { platform: s390x }).platform!.Architecture).toBe('s390x');
  expect(lastOp(state.addEnv('A', '1'), options).platform!.Architecture).toBe('amd64');
});

test('the last op names the capabilities that the metadata of the graph needs', () => {
  const terminalCaps = (state: State) => Object.keys([...state.marshal(options).metadata.values()].at(-1)!.caps).sort();
  expect(terminalCaps(alpine)).toEqual(['constraints', 'platform']);
  expect(terminalCaps(image('alpine', { ignoreCache: true, exportCache: false, customName: 'x' }))).toEqual([
    'constraints',
    'meta.description',
    'meta.exportcache',
    'meta.ignorecache',
    'platform',
  ]);
});

test('equal ops are written once with the metadata of both', () => {
  const first = alpine.run({ ...noop, customName: 'a', ignoreCache: true, description: { k: 'v' } }).root;
  const second = alpine.run({ ...noop, customName: 'b', exportCache: true }).root;
  const state = scratch().file(copy(first, '/', '/').copy(second, '/', '/'));
  const definition = state.marshal(options);
  expect(definition.def).toHaveLength(4);
  const [run] = definition.ops().filter(({ op }) => op.op.case === 'exec');
  // The reference visits the sources of a chain of actions from its end, so that the first copy comes last.
  expect(run!.metadata).toMatchObject({
    ignoreCache: true,
    exportCache: { Value: true },
    description: { 'llb.customname': 'a', k: 'v' },
  });
});
