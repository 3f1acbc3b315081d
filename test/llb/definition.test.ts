import { readFileSync } from 'node:fs';
import path from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { OpSchema, type Definition as PbDefinition, SourceSchema } from '../../src/gen/pb/ops_pb.ts';
import {
  copy,
  Definition,
  formatDot,
  formatJson,
  formatTree,
  image,
  loadDefinition,
  local,
  location,
  type MarshalOptions,
  merge,
  mkdir,
  parsePlatform,
  type SourceMap,
  scratch,
} from '../../src/llb/index.ts';

const options: MarshalOptions = { platform: parsePlatform('linux/amd64'), localUniqueId: 'id' };
const alpine = image('alpine');

function lines(from: number, to = from) {
  return [{ start: { line: from, character: 0 }, end: { line: to, character: 0 } }];
}

function file(filename: string, data = filename): SourceMap {
  return { filename, language: 'Dockerfile', data: Buffer.from(data) };
}

describe('source maps', () => {
  test('the graph of a Dockerfile is that of the reference, source and all', () => {
    const dockerfile: SourceMap = {
      filename: 'Dockerfile',
      language: 'Dockerfile',
      data: Buffer.from('FROM alpine:3.20\nRUN one\n'),
      state: local('dockerfile', {
        sessionId: 'conformance-session',
        followPaths: ['Dockerfile', 'Dockerfile.dockerignore', 'dockerfile'],
        sharedKeyHint: 'dockerfile',
        differ: { type: 'none' },
        customName: '[internal] load build definition from Dockerfile',
      }),
    };
    const digest = 'sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219';
    const described = (command: string) => ({ 'com.docker.dockerfile.v1.command': command });
    const state = image(`docker.io/library/alpine:3.20@${digest}`, {
      platform: parsePlatform('linux/amd64'),
      customName: `[1/2] FROM docker.io/library/alpine:3.20@${digest}`,
      description: described('FROM alpine:3.20'),
      locations: [location(dockerfile, lines(1))],
    })
      .addEnv('PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin')
      .run({
        args: ['/bin/sh', '-c', 'one'],
        customName: '[2/2] RUN one',
        description: described('RUN one'),
        locations: [location(dockerfile, lines(2))],
      }).root;
    const expected = path.join(import.meta.dirname, 'fixtures/convertllb/platform.json');
    const definition = state.marshal({ ...options, capabilities: { supports: () => true } });
    expect(formatJson(definition)).toBe(readFileSync(expected, 'utf8'));
  });

  test('a file counts once, by identity or else by content', () => {
    const [one, same, other] = [file('a'), file('a'), file('a', 'b')];
    const state = merge(
      [one, same, other, one].map(
        (map, at) => alpine.run({ args: [String(at)], locations: [location(map, lines(at + 1))] }).root,
      ),
    );
    const definition = state.marshal(options);
    expect(definition.source!.infos.map(({ data }) => Buffer.from(data).toString())).toEqual(['a', 'b']);
    const indexes = definition
      .ops()
      .flatMap(({ op, digest }) => (op.op.case === 'exec' ? definition.source!.locations[digest]!.locations : []))
      .map(({ sourceIndex, ranges }) => [sourceIndex, ranges[0]!.start!.line]);
    expect(indexes).toEqual([
      [0, 1],
      [0, 2],
      [1, 3],
      [0, 4],
    ]);
  });

  test('locations of equal ops add up in the order in which they are visited', () => {
    const map = file('a');
    const run = (line: number) => alpine.run({ args: ['x'], locations: [location(map, lines(line))] }).root;
    const definition = merge([run(3), run(1)]).marshal(options);
    const [exec] = definition.ops().filter(({ op }) => op.op.case === 'exec');
    const { locations } = definition.source!.locations[exec!.digest]!;
    expect(locations.map(({ ranges }) => ranges[0]!.start!.line)).toEqual([3, 1]);
  });

  test('an op without a location has an empty list', () => {
    const { source } = alpine.marshal(options);
    expect(Object.values(source!.locations).map(({ locations }) => locations)).toEqual([[]]);
  });
});

describe('loading a definition', () => {
  const built = alpine.run({ args: ['x'], customName: 'n', locations: [location(file('a'), lines(1))] });
  const pb = () => built.root.marshal(options).toPb();

  test('it is a state like any other', () => {
    const base = loadDefinition(pb());
    expect([base.getDir(), base.getPlatform(), base.env().toArray()]).toEqual(['/', undefined, []]);
    const direct = built.root.run({ args: ['y'] }).root.marshal(options);
    const loaded = base.run({ args: ['y'] }).root.marshal(options);
    expect(formatJson(loaded)).toBe(formatJson(direct));
  });

  test('the other results of an op can be taken', () => {
    const run = alpine.run({ args: ['x'], mounts: [{ target: '/out', source: scratch() }] });
    const definition = run.mount('/out').marshal(options);
    expect(formatJson(loadDefinition(definition).marshal(options))).toBe(formatJson(definition));
    const both = scratch().file(copy(run.root, '/', '/a').copy(run.mount('/out'), '/', '/b'));
    const loaded = loadDefinition(both.marshal(options)).marshal(options);
    expect(loaded.def).toHaveLength(4);
  });

  test('a definition of scratch is loaded as scratch', () => {
    const metadata = built.root.marshal(options).metadata;
    expect(loadDefinition(new Definition([], metadata)).isScratch()).toBe(true);
  });

  test('what is not a graph is refused', () => {
    const broken = (change: (pb: PbDefinition) => void) => () => {
      const message = pb();
      change(message);
      return loadDefinition(message).marshal(options);
    };
    const head = built.root.marshal(options).head();
    expect(broken((d) => (d.metadata = {}))).toThrow('invalid nil input definition to definition op');
    expect(broken((d) => d.def.splice(1, 1))).toThrow(`invalid definition op with unknown op "${head}"`);
    expect(broken((d) => delete d.metadata[head])).toThrow(`invalid definition op with unknown metas "${head}"`);
    expect(broken((d) => (d.def = [Uint8Array.of(0xff)]))).toThrow('failed to parse llb proto op');
    expect(broken((d) => (d.def = [toBinary(OpSchema, create(OpSchema))]))).toThrow('its last op has no input');
    expect(broken((d) => (d.Source!.infos = []))).toThrow('failed to find source map with index 0');
    const negative = toBinary(OpSchema, create(OpSchema, { inputs: [{ digest: head, index: -1n }] }));
    expect(broken((d) => d.def.splice(2, 1, negative))).toThrow('invalid definition op with invalid index');
    expect(broken((d) => (d.Source = create(SourceSchema)))).not.toThrow();
  });
});

describe('showing a definition', () => {
  const source = local('src', { sessionId: 's' });
  const built = image('golang:1.21')
    .dir('/app')
    .file(copy(source, '/', '.', { copyDirContentsOnly: true }), { customName: '[build 2/3] COPY . .' })
    .run({
      shlex: `go build -o 'my app' .`,
      user: 'nobody',
      network: 'none',
      mounts: [
        { type: 'cache', target: '/cache', id: 'go' },
        { type: 'tmpfs', target: '/tmp' },
        { target: '/in', source, sourcePath: '/x', readonly: true },
      ],
      secrets: [{ id: 'token', target: '/run/token', env: 'TOKEN' }],
      ssh: [{}],
    }).root;
  const state = alpine.file(copy(built, '/app/my app', '/bin/', { mode: 0o755, owner: 'a:1' }).mkdir('/x', 0o700));
  const definition = state.marshal(options);

  test('a tree shows each op once, with its details', () => {
    const digests = definition.ops().map(({ digest }) => digest.slice(7, 19));
    const [base, go, src, copied, run, result] = digests;
    expect(formatTree(definition)).toBe(`\
${result}  file   2 actions
│             copy ${run}:/app/my app → /bin/ (0755, a:1)
│             mkdir /x (0700)
├─ ${run}  run    go build -o 'my app' .
│  │             in /app
│  │             as nobody
│  │             network none
│  │             secret token in $TOKEN
│  │             cache go at /cache, shared
│  │             mount ${src}:/x at /in (read-only)
│  │             tmpfs at /tmp
│  │             secret token at /run/token
│  │             ssh default at /run/buildkit/ssh_agent.0
│  ├─ ${src}  local  src
│  │                local.session = s
│  ${copied}  file   copy ${src}:/ → /app
│  │             # [build 2/3] COPY . .
│  ├─ ${src}  (above)
│  ${go}  image  docker.io/library/golang:1.21 (linux/amd64)
${base}  image  docker.io/library/alpine:latest (linux/amd64)
`);
  });

  test('a graph shows each op with its label', () => {
    const head = definition.head().slice(7, 19);
    const dot = formatDot(definition);
    expect(dot).toContain(`"${head}" [label="file 2 actions"];`);
    expect(dot).toContain('[label="[build 2/3] COPY . ."];');
    expect(dot.match(new RegExp(`-> "${head}"`, 'g'))).toHaveLength(2);
  });

  test('prints scratch for a definition without ops', () => {
    expect(formatTree(scratch().marshal())).toBe('scratch\n');
    expect(scratch().marshal().head()).toBe('');
    expect(formatTree(scratch().file(mkdir('/x', 0o755)).marshal())).toContain('mkdir /x (0755)');
  });
});
