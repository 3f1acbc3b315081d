import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { type Op, OpSchema } from '../../src/gen/pb/ops_pb.ts';
import {
  copy,
  type Definition,
  deferred,
  diff,
  git,
  http,
  image,
  imageBlob,
  local,
  type MarshalOptions,
  merge,
  mkdir,
  mkfile,
  ociLayoutBlob,
  type Platform,
  parsePlatform,
  passthrough,
  resolveImage,
  resolveImages,
  rm,
  type State,
  scratch,
  source,
  symlink,
} from '../../src/llb/index.ts';

const options: MarshalOptions = { platform: parsePlatform('linux/amd64'), localUniqueId: 'id' };
const alpine = image('alpine');
const noop = { args: ['true'] };

/** The ops of a state without the terminal. */
function opsOf(state: State, marshalOptions = options): Op[] {
  return state
    .marshal(marshalOptions)
    .def.slice(0, -1)
    .map((bytes) => fromBinary(OpSchema, bytes));
}

function lastOp(state: State, marshalOptions = options): Op {
  return opsOf(state, marshalOptions).at(-1)!;
}

function execOf(state: State, marshalOptions = options) {
  const { op } = lastOp(state, marshalOptions);
  if (op.case !== 'exec') throw new Error(`not an exec: ${op.case}`);
  return op.value;
}

function attrsOf(state: State): Record<string, string> {
  const { op } = lastOp(state);
  if (op.case !== 'source') throw new Error(`not a source: ${op.case}`);
  return op.value.attrs;
}

function actionsOf(state: State) {
  const { op } = lastOp(state);
  if (op.case !== 'file') throw new Error(`not a file op: ${op.case}`);
  return op.value.actions;
}

function headMetadata(definition: Definition) {
  return definition.metadata.get(definition.head())!;
}

function capsOf(state: State, marshalOptions = options): string[] {
  return Object.keys(headMetadata(state.marshal(marshalOptions)).caps).sort();
}

describe('values of a state', () => {
  test('a method leaves the state it was called on as it is', () => {
    const base = alpine.addEnv('A', '1').dir('/a').user('u');
    base.addEnv('A', '2').dir('b').user('v').addExtraHost({ host: 'h', ip: '1.2.3.4' });
    expect([base.getEnv('A'), base.getDir(), base.getUser()]).toEqual(['1', '/a', 'u']);
    expect(execOf(base.run(noop).root).meta!.extraHosts).toEqual([]);
  });

  test('directories are joined, absolute ones taken as they are', () => {
    expect(scratch().getDir()).toBe('/');
    expect(scratch().dir('a').dir('../b/./c').getDir()).toBe('/b/c');
    expect(scratch().dir('/x//y/').getDir()).toBe('/x//y/');
    expect(scratch().dir('/x/').dir('').getDir()).toBe('/x');
  });

  test('options of a run count for this run alone', () => {
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

  test('variables are given in the order in which they were set, pairs keep it for numeric names', () => {
    const pairs = [
      ['b', '1'],
      ['2', 'x'],
      ['1', 'y'],
    ] as const;
    expect(execOf(alpine.run({ ...noop, env: pairs }).root).meta!.env).toEqual(['b=1', '2=x', '1=y']);
  });

  test('an image config brings environment, directory and platform', () => {
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

  test('withOutput keeps the values, reset takes those of another', () => {
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
});

describe('constraints', () => {
  const arm64 = parsePlatform('linux/arm64');
  const s390x = parsePlatform('linux/s390x');

  test('the platform of an op wins over the state, that over marshalling', () => {
    const architecture = (state: State) => lastOp(state).platform!.Architecture;
    expect(architecture(alpine.run(noop).root)).toBe('amd64');
    expect(architecture(alpine.platform(arm64).run(noop).root)).toBe('arm64');
    expect(architecture(alpine.platform(arm64).run({ ...noop, platform: s390x }).root)).toBe('s390x');
    expect(architecture(image('alpine', { platform: arm64 }).run(noop).root)).toBe('arm64');
    expect(architecture(image('alpine', { platform: arm64 }).platform(s390x).run(noop).root)).toBe('s390x');
  });

  test('a run with a platform hands it on', () => {
    expect(alpine.run({ ...noop, platform: arm64 }).root.getPlatform()).toMatchObject({ architecture: 'arm64' });
    expect(alpine.run(noop).root.getPlatform()).toBeUndefined();
  });

  test('only sources that differ by platform name one', () => {
    const platformOf = (state: State) => lastOp(state).platform?.OS;
    expect([alpine, source('oci-layout://x@sha256:y')].map(platformOf)).toEqual(['linux', 'linux']);
    const others = [local('x'), git('https://h/p'), http('https://h/p'), scratch().file(mkdir('/x', 0o755))];
    expect(others.map(platformOf)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('what holds for the graph adds to what holds for the op', () => {
    const state = alpine.run({ ...noop, workerConstraints: ['b'], description: { x: '2' }, customName: 'n' }).root;
    const graph = { ...options, workerConstraints: ['a'], description: { x: '1', y: '1' }, ignoreCache: true };
    const definition = state.marshal(graph);
    expect(lastOp(state, graph).constraints!.filter).toEqual(['a', 'b']);
    expect(headMetadata(definition)).toMatchObject({
      ignoreCache: true,
      description: { x: '2', y: '1', 'llb.customname': 'n' },
    });
  });

  test('marshal defaults give way to what marshal is given, and hold for that state alone', () => {
    const state = alpine.withMarshalDefaults({ platform: arm64 });
    expect(lastOp(state, {}).platform!.Architecture).toBe('arm64');
    expect(lastOp(state, { platform: undefined }).platform!.Architecture).toBe('arm64');
    expect(lastOp(state, { platform: s390x }).platform!.Architecture).toBe('s390x');
    expect(lastOp(state.addEnv('A', '1'), options).platform!.Architecture).toBe('amd64');
  });

  test('the terminal names the capabilities that the metadata of the graph asks for', () => {
    const terminalCaps = (state: State) =>
      Object.keys([...state.marshal(options).metadata.values()].at(-1)!.caps).sort();
    expect(terminalCaps(alpine)).toEqual(['constraints', 'platform']);
    expect(terminalCaps(image('alpine', { ignoreCache: true, exportCache: false, customName: 'x' }))).toEqual([
      'constraints',
      'meta.description',
      'meta.exportcache',
      'meta.ignorecache',
      'platform',
    ]);
  });

  test('equal ops are one, and their metadata adds up', () => {
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
});

describe('runs', () => {
  test('a PATH is set for daemons that set none, but not on Windows', () => {
    const old = { ...options, caps: { supports: () => false } };
    expect(execOf(alpine.run(noop).root, old).meta!.env).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
    expect(execOf(alpine.addEnv('PATH', '/x').run(noop).root, old).meta!.env).toEqual(['PATH=/x']);
    const windows = { ...old, platform: parsePlatform('windows/amd64') };
    expect(execOf(alpine.run(noop).root, windows).meta!.env).toEqual([]);
    expect(capsOf(alpine.run(noop).root, { ...options, caps: { supports: () => true } })).toContain(
      'exec.meta.setsdefaultpath',
    );
    expect(capsOf(alpine.run(noop).root)).toEqual(['exec.meta.base', 'exec.mount.bind']);
  });

  test('mounts are sorted by the bytes of their targets, and only outputs are numbered', () => {
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

  test('a read-only mount is what was mounted; others cannot be built upon', () => {
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

  test('a mount brings the values of its source', () => {
    const run = alpine.addEnv('A', '1').run({ ...noop, mounts: [{ target: '/out', source: scratch().dir('/d') }] });
    expect([run.mount('/out').getDir(), run.mount('/out').getEnv('A')]).toEqual(['/d', undefined]);
  });

  test('agent sockets are numbered by their place, and the first is announced', () => {
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

  test('something must run', () => {
    expect(() => alpine.run({ args: [] }).root.marshal()).toThrow('arguments are required');
    expect(() => alpine.run({ shlex: ' # nothing' }).root.marshal()).toThrow('arguments are required');
    expect(() => alpine.run({ shlex: 'echo "open' })).toThrow('EOF found when expecting closing quote');
  });

  test('bytes that are no UTF-8 have no place in strings', () => {
    expect(() => alpine.run({ args: ['\udc80'] }).root.marshal()).toThrow('string field contains invalid UTF-8');
    // The error leaves nothing behind for the next op.
    expect(alpine.marshal(options).head()).toBe(
      'sha256:a7f9733e307dd352c82d43053b783dd17bb2ec2c36214908ce393e41545c8b51',
    );
  });
});

describe('file actions', () => {
  test('relative paths, trailing slashes and dots', () => {
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

  test('symbolic links are taken as they are', () => {
    const [action] = actionsOf(alpine.dir('/w').file(symlink('../a', 'b', { owner: 'u' })));
    expect(action!.action.value).toMatchObject({ oldpath: '../a', newpath: 'b', timestamp: -1n });
  });

  test('owners are numbers where they can be', () => {
    const owner = (text: string) => {
      const { action } = actionsOf(alpine.file(mkdir('/x', 0o755, { owner: text })))[0]!;
      if (action.case !== 'mkdir') throw new Error('no mkdir');
      const { user, group } = action.value.owner!;
      return [user, group].map(
        (part) => part && (part.user.case === 'byName' ? part.user.value.name : part.user.value),
      );
    };
    expect(owner('root')).toEqual([0, undefined]);
    expect(owner('10:20')).toEqual([10, 20]);
    expect(owner('u:root')).toEqual(['u', 0]);
    expect(owner(':5')).toEqual([0, 5]);
    expect(owner('-1:+3')).toEqual([4294967295, 3]);
    expect(owner('2147483648')).toEqual(['2147483648', undefined]);
    expect(owner('a:b:c')).toEqual(['a', 'b:c']);
  });

  test('names are looked up in the state that the actions apply to', () => {
    const [action] = actionsOf(scratch().file(mkdir('/x', 0o755, { owner: 'u' })));
    expect(action!.action.value).toMatchObject({ owner: { user: { user: { value: { name: 'u', input: -1n } } } } });
  });

  test('a chain can be copied from within its op, and runs once', () => {
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

  test('modes and times', () => {
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
});

describe('merge, diff, passthrough and deferred', () => {
  const changed = alpine.file(mkdir('/m', 0o755));

  test('scratch counts for nothing', () => {
    expect(merge([]).isScratch()).toBe(true);
    expect(merge([scratch(), scratch()]).isScratch()).toBe(true);
    expect(merge([scratch(), alpine])).toBe(alpine);
    expect(diff(scratch(), scratch()).isScratch()).toBe(true);
    expect(diff(scratch(), alpine)).toBe(alpine);
    const { op } = lastOp(diff(alpine, scratch()));
    expect(op).toMatchObject({ case: 'diff', value: { lower: { input: 0n }, upper: { input: -1n } } });
  });

  test('the same layer twice is two inputs', () => {
    const { inputs, op } = lastOp(merge([alpine, alpine]));
    expect(inputs).toHaveLength(2);
    expect(op).toMatchObject({ value: { inputs: [{ input: 0n }, { input: 1n }] } });
  });

  test('values come from the first', () => {
    expect(merge([alpine.dir('/a'), changed.dir('/b')]).getDir()).toBe('/a');
    expect(diff(alpine.dir('/a'), changed.dir('/b')).getDir()).toBe('/a');
  });

  test('requires builds others along', () => {
    const { op, inputs } = lastOp(alpine.dir('/a').requires('checked', changed, scratch()));
    expect(op).toMatchObject({ case: 'passthrough', value: { id: 'checked', outputs: [0n] } });
    expect(inputs).toHaveLength(2);
    expect(lastOp(alpine.requires('itself', alpine)).op).toMatchObject({ value: { outputs: [0n] } });
    expect(alpine.requires('checked')).toBe(alpine);
    expect(() => alpine.requires('', changed).marshal()).toThrow('passthrough requires an id');
    expect(() => scratch().requires('x', alpine).marshal()).toThrow('passthrough must have at least one output');
    const [first, second] = passthrough('x', [
      { state: changed },
      { state: alpine, handedOn: false },
      { state: local('l').dir('/l') },
    ]);
    expect(second!.getDir()).toBe('/l');
    expect(first!.marshal(options).head()).toBe(second!.marshal(options).head());
    expect(lastOp(first!).op).toMatchObject({ value: { outputs: [0n, 2n] } });
    expect(() => passthrough('x', [{ state: alpine, handedOn: false }])).not.toThrow();
  });

  test('a deferred filesystem is asked for once, and late', () => {
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

  test('a deferred filesystem that needs itself is an error, not a hang', () => {
    const loop: State = deferred(() => alpine.file(copy(loop, '/', '/')));
    expect(() => loop.marshal()).toThrow('circular dependency');
  });

  test('a definition in a file can be built', () => {
    const { op, inputs } = lastOp(local('x').build({ filename: 'a.llb' }));
    expect(op).toMatchObject({
      case: 'build',
      value: {
        builder: -1n,
        inputs: { 'buildkit.llb.definition': { input: 0n } },
        attrs: { 'llbbuild.filename': 'a.llb' },
      },
    });
    expect(inputs).toHaveLength(1);
    expect(() => scratch().build()).toThrow('cannot build from scratch');
  });
});

describe('sources', () => {
  test('references are normalized, bad ones reported when the graph is marshalled', () => {
    const identifier = (ref: string) => {
      const { op } = lastOp(image(ref));
      return op.case === 'source' && op.value.identifier;
    };
    expect(identifier('a/b')).toBe('docker-image://docker.io/a/b:latest');
    expect(identifier('localhost:5000/a:1')).toBe('docker-image://localhost:5000/a:1');
    const invalid = image('UPPER');
    expect(() => invalid.marshal()).toThrow('repository name (library/UPPER) must be lowercase');
  });

  test('blobs are named by digest alone', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(attrsOf(ociLayoutBlob(`x@${digest}`, { storeId: 's', chmod: 0o4644, chown: { uid: 0, gid: 3 } }))).toEqual({
      'http.gid': '3',
      'http.perm': '0644',
      'oci.store': 's',
    });
    const { op } = lastOp(imageBlob(`x@${digest}`, { filename: 'f' }));
    expect(op).toMatchObject({ value: { identifier: `docker-image+blob://docker.io/library/x@${digest}` } });
    expect(capsOf(imageBlob(`x@${digest}`))).toEqual(['source.imageblob']);
    expect(() => imageBlob('x').marshal()).toThrow('checksum required in blob reference');
    expect(() => imageBlob(`x:1@${digest}`).marshal()).toThrow('tagged image reference not allowed for blob reference');
    expect(() => imageBlob('x@sha256:invalid').marshal()).toThrow('invalid reference format');
  });

  test('addresses of git repositories', () => {
    const identifier = (state: State) => {
      const { op } = lastOp(state);
      return op.case === 'source' && [op.value.identifier, op.value.attrs['git.fullurl']];
    };
    expect(identifier(git('github.com/a/b.git', 'main:sub/../dir'))).toEqual([
      'git://github.com/a/b.git#main:dir',
      'https://github.com/a/b.git',
    ]);
    expect(identifier(git('https://h/p.git#x', ':sub'))).toEqual(['git://h/p.git#:sub', 'https://h/p.git']);
    expect(identifier(git('ftp://h/p'))).toEqual(['git://ftp://h/p', 'ftp://h/p']);
    expect(identifier(git('ssh://git@h:22/p', 'v1', { ref: 'v2' }))).toEqual(['git://h:22/p#v2', 'ssh://git@h:22/p']);
  });

  test('git options', () => {
    expect(attrsOf(git('git@h:p', '', { knownSshHosts: 'h ssh-rsa A\n', authTokenSecret: '' }))).toEqual({
      'git.authheadersecret': 'GIT_AUTH_HEADER',
      'git.fullurl': 'git@h:p',
      'git.knownsshhosts': 'h ssh-rsa A\n',
      'git.mountsshsock': 'default',
    });
    const bundle = { locator: 'oci-layout+blob://x@sha256:y', sessionId: 's', storeId: 'st' };
    const state = git('https://h/p', '', {
      checksum: 'c',
      mtime: 'commit',
      fetchByCommit: true,
      bundle,
      checkoutBundle: true,
    });
    expect(attrsOf(state)).toMatchObject({
      'git.bundle': bundle.locator,
      'git.checkoutbundle': 'true',
      'git.fetchbycommit': 'true',
      'git.mtime': 'commit',
      'oci.session': 's',
      'oci.store': 'st',
    });
    expect(capsOf(state)).toEqual([
      'source.git',
      'source.git.bundle',
      'source.git.checkoutbundle',
      'source.git.checksum',
      'source.git.fetchbycommit',
      'source.git.fullurl',
      'source.git.mtime',
    ]);
  });

  test('local directories differ by session or by an id', () => {
    expect(attrsOf(local('x'))).toEqual({ 'local.unique': 'id' });
    expect(attrsOf(local('x', { uniqueId: 'own' }))).toEqual({ 'local.unique': 'own' });
    expect(attrsOf(local('x', { sessionId: 's', uniqueId: 'own' }))).toEqual({ 'local.session': 's' });
    const [a, b] = [local('x').marshal(), local('x').marshal()];
    expect(a!.head()).not.toBe(b!.head());
  });

  test('patterns are JSON as Go writes it, and empty lists are none', () => {
    const state = local('x', {
      includePatterns: ['<a>&'],
      excludePatterns: [],
      metadataOnly: ['k'],
      differ: { type: 'metadata' },
    });
    expect(attrsOf(state)).toEqual({
      'local.differ': 'metadata',
      'local.includepattern': '["\\u003ca\\u003e\\u0026"]',
      'local.metadatatransfer': 'true',
      'local.metadatatransferexclude': '["k"]',
      'local.unique': 'id',
    });
    expect(capsOf(state)).not.toContain('source.local.differ');
    expect(attrsOf(local('x', { metadataOnly: [] }))).toMatchObject({ 'local.metadatatransfer': 'true' });
  });

  test('http signatures', () => {
    const state = http('https://h/p', { signature: { pubKey: 'K', signature: 'S' }, header: {} });
    expect(attrsOf(state)).toEqual({ 'http.sig.pubkey': 'K', 'http.sig.signature': 'S' });
    expect(capsOf(state)).toEqual(['source.http', 'source.http.header', 'source.http.signatureverify']);
  });

  test('any source by its identifier', () => {
    expect(lastOp(source('x://y', { b: '1', a: '' })).op).toMatchObject({
      value: { identifier: 'x://y', attrs: { a: '', b: '1' } },
    });
    expect(() => source('').marshal()).toThrow("source identifier can't be empty");
  });

  test('images with their configs, pinned to what the tag is now', async () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    const asked: unknown[] = [];
    const resolve = async (ref: string, request: object) => {
      asked.push([ref, request]);
      return { digest, config: Buffer.from('{"config":{"Env":["A=1"],"WorkingDir":"/w"}}') };
    };
    const state = await resolveImage('app', resolve, { resolveMode: 'pull', pin: true });
    expect(asked).toEqual([['docker.io/library/app:latest', { platform: undefined, resolveMode: 'pull' }]]);
    expect(lastOp(state).op).toMatchObject({
      value: { identifier: `docker-image://docker.io/library/app:latest@${digest}` },
    });
    expect([state.getEnv('A'), state.getDir()]).toEqual(['1', '/w']);
    const moving = await resolveImage('app', resolve);
    expect(lastOp(moving).op).toMatchObject({ value: { identifier: 'docker-image://docker.io/library/app:latest' } });
  });

  test('are asked for together where there are several, and the same one once', async () => {
    const asked: string[] = [];
    const all = Promise.withResolvers<void>();
    const resolve = async (ref: string, { platform }: { platform: Platform | undefined }) => {
      asked.push(`${ref} ${platform?.architecture}`);
      if (asked.length === 3) all.resolve();
      await all.promise; // nobody is answered before all are asked
      return {
        digest: `sha256:${'1'.repeat(64)}`,
        config: Buffer.from(`{"config":{"WorkingDir":"/${asked.length}"}}`),
      };
    };
    const arm64 = parsePlatform('linux/arm64');
    const states = await resolveImages(
      {
        go: 'golang:1',
        base: 'alpine',
        again: { ref: 'alpine', pin: true },
        other: { ref: 'alpine', platform: arm64 },
      },
      resolve,
      { platform: parsePlatform('linux/amd64') },
    );
    expect(asked.sort()).toEqual([
      'docker.io/library/alpine:latest amd64',
      'docker.io/library/alpine:latest arm64',
      'docker.io/library/golang:1 amd64',
    ]);
    expect(Object.keys(states)).toEqual(['go', 'base', 'again', 'other']);
    expect(states.go.getDir()).toBe('/3');
    expect(lastOp(states.again).op).toMatchObject({ value: { identifier: expect.stringMatching(/@sha256:1+$/) } });
    expect(lastOp(states.other).platform).toMatchObject({ Architecture: 'arm64' });

    const failing = async () => {
      throw new Error('no such image');
    };
    await expect(resolveImages({ a: 'a', b: 'b' }, failing)).rejects.toThrow('no such image');
    // @ts-expect-error: only what was asked for is there
    expect(states.missing).toBeUndefined();
  });
});
