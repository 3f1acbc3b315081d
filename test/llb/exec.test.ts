import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { OpSchema } from '../../src/gen/pb/ops_pb.ts';
import { local, parsePlatform, type State, scratch } from '../../src/llb/index.ts';
import { alpine, capsOf, execOf, headMetadata, noop, options } from './ops.ts';

test('a run sets PATH for daemons that do not, except on Windows', () => {
  const old = { ...options, capabilities: { supports: () => false } };
  expect(execOf(alpine.run(noop).root, old).meta!.env).toEqual([
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
  expect(execOf(alpine.addEnv('PATH', '/x').run(noop).root, old).meta!.env).toEqual(['PATH=/x']);
  const windows = { ...old, platform: parsePlatform('windows/amd64') };
  expect(execOf(alpine.run(noop).root, windows).meta!.env).toEqual([]);
  expect(capsOf(alpine.run(noop).root, { ...options, capabilities: { supports: () => true } })).toContain(
    'exec.meta.setsdefaultpath',
  );
  expect(capsOf(alpine.run(noop).root)).toEqual(['exec.meta.base', 'exec.mount.bind']);
});

test('mounts are sorted by the bytes of their targets, and only those with outputs are numbered', () => {
  const run = alpine.run({
    ...noop,
    mounts: [
      { target: '/\u{10000}', source: alpine },
      { target: '/\uffff', source: scratch() },
      { target: '/cache', type: 'cache', id: 'c' },
      { target: '/b', source: local('x'), readonly: true },
    ],
  });
  const mounts = execOf(run.root).mounts.map(({ dest, input, output }) => [dest, Number(input), Number(output)]);
  expect(mounts).toEqual([
    ['/', 0, 0],
    ['/b', 1, -1],
    ['/cache', -1, -1],
    ['/\uffff', -1, 1],
    ['/\u{10000}', 0, 2],
  ]);
  const index = (state: State) => Number(fromBinary(OpSchema, state.marshal(options).def.at(-1)!).inputs[0]!.index);
  expect([run.root, run.mount('/\uffff'), run.mount('/\u{10000}')].map(index)).toEqual([0, 1, 2]);
});

test('the output of a read-only mount is its source, other mounts without output cannot be used', () => {
  const input = local('x');
  const run = alpine.run({
    ...noop,
    mounts: [
      { target: '/ro', source: input, readonly: true },
      { target: '/tmp', type: 'tmpfs' },
      { target: '/no', source: input, forceNoOutput: true },
      { target: '/c', type: 'cache', id: 'c' },
    ],
  });
  expect(run.mount('/ro').marshal(options).head()).toBe(input.marshal(options).head());
  expect(() => run.mount('/tmp').marshal(options)).toThrow("tmpfs mount for /tmp can't be used as a parent");
  expect(() => run.mount('/no').marshal(options)).toThrow("mount marked no-output and /no can't be used as a parent");
  expect(() => run.mount('/c').marshal(options)).toThrow('invalid mount: /c');
  expect(() => run.mount('/x')).toThrow('nothing is mounted at /x');
});

test('the state of a mount has the values of its source', () => {
  const run = alpine.addEnv('A', '1').run({ ...noop, mounts: [{ target: '/out', source: scratch().dir('/d') }] });
  expect([run.mount('/out').getDir(), run.mount('/out').getEnv('A')]).toEqual(['/d', undefined]);
});

test('agent sockets are numbered, and SSH_AUTH_SOCK is the first', () => {
  const { meta, mounts } = execOf(
    alpine.run({
      ...noop,
      ssh: [
        { id: 'a', target: '/a' },
        { id: 'b', mode: 0o666 },
      ],
    }).root,
  );
  expect(meta!.env).toEqual(['SSH_AUTH_SOCK=/a']);
  expect(mounts.slice(1).map(({ dest, SSHOpt }) => [dest, SSHOpt!.ID, SSHOpt!.mode])).toEqual([
    ['/a', 'a', 0o600],
    ['/run/buildkit/ssh_agent.1', 'b', 0o666],
  ]);
  const own = alpine.addEnv('SSH_AUTH_SOCK', '/mine').run({ ...noop, ssh: [{}] });
  expect(execOf(own.root).meta!.env).toEqual(['SSH_AUTH_SOCK=/mine']);
});

test('a secret can be a file and a variable', () => {
  const run = alpine.run({ ...noop, secrets: [{ id: 's', target: '/s', env: 'S', optional: true }] });
  const { mounts, secretenv } = execOf(run.root);
  expect(mounts[1]).toMatchObject({ dest: '/s', secretOpt: { ID: 's', mode: 0o400, optional: true } });
  expect(secretenv).toMatchObject([{ ID: 's', name: 'S', optional: true }]);
});

test('every option names its capability', () => {
  const run = alpine.run({
    ...noop,
    devices: [{ name: 'vendor.com/gpu=all', optional: true }],
    linuxResources: { memory: 1n, cpuShares: 2n },
    mounts: [{ target: '/x', source: alpine, contentCache: 'on' }],
    validExitCodes: [],
  }).root;
  expect(capsOf(run)).toEqual([
    'exec.meta.base',
    'exec.meta.cdi',
    'exec.meta.linux.resources',
    'exec.mount.bind',
    'exec.mount.cache.content',
  ]);
  expect(execOf(run).cdiDevices).toMatchObject([{ name: 'vendor.com/gpu=all', optional: true }]);
  expect(execOf(run).mounts[1]!.contentCache).toBe(1);
  expect(headMetadata(run.marshal(options)).linuxResources).toMatchObject({ memory: 1n, cpuShares: 2n });
});

test('a run without arguments is an error', () => {
  expect(() => alpine.run({ args: [] }).root.marshal()).toThrow('arguments are required');
  expect(() => alpine.run({ shlex: ' # nothing' }).root.marshal()).toThrow('arguments are required');
  expect(() => alpine.run({ shlex: 'echo "open' })).toThrow('EOF found when expecting closing quote');
});

test('strings that are not UTF-8 are an error', () => {
  expect(() => alpine.run({ args: ['\udc80'] }).root.marshal()).toThrow('string field contains invalid UTF-8');
  // The error leaves nothing behind for the next op.
  expect(alpine.marshal(options).head()).toBe(
    'sha256:a7f9733e307dd352c82d43053b783dd17bb2ec2c36214908ce393e41545c8b51',
  );
});
