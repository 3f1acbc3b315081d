/** The graphs that BuildKit's Go client marshalled, built again: the bytes, digests and metadata must be equal. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { create, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { OpMetadataSchema } from '../../src/gen/pb/ops_pb.ts';
import type { Platform } from '../../src/image/platform.ts';
import {
  copy,
  diff,
  git,
  http,
  image,
  local,
  type MarshalOptions,
  merge,
  mkdir,
  mkfile,
  ociLayout,
  rm,
  type State,
  scratch,
  symlink,
} from '../../src/llb/index.ts';

interface Graph {
  readonly name: string;
  readonly how: string;
  readonly ops: readonly { readonly digest: string; readonly hex: string; readonly op: { source?: Source } }[];
  readonly metadata: Readonly<Record<string, object>>;
}

interface Source {
  readonly identifier: string;
  readonly attrs?: Readonly<Record<string, string>>;
}

const fixture = path.join(import.meta.dirname, 'fixtures/graphs.json');
const graphs: readonly Graph[] = JSON.parse(readFileSync(fixture, 'utf8'));

const amd64: Platform = { os: 'linux', architecture: 'amd64', variant: '', osVersion: '', osFeatures: [] };
const arm64: Platform = { ...amd64, architecture: 'arm64', variant: 'v8' };
const alpine = image('docker.io/library/alpine:3.20');
const src = local('src');
const configured = alpine.addEnv('B', '2').addEnv('A', '1').addEnv('B', '3').dir('/w').dir('sub').user('u:g');
const noop = { args: ['true'] };

const builders: Record<string, () => State> = {
  image: () => alpine,
  'image-short-name': () => image('alpine'),
  'image-options': () =>
    image('alpine', { resolveMode: 'local', customName: 'ünïcode näme', platform: arm64, layerLimit: 3 }),
  'image-force-pull': () => image('alpine', { resolveMode: 'pull' }),
  'local-options': () =>
    local('context', {
      includePatterns: ['a', 'b/*'],
      excludePatterns: ['*.o'],
      followPaths: ['x', 'y'],
      sessionId: 'sid',
      sharedKeyHint: 'hint',
      uniqueId: 'unique',
      differ: { type: 'none', required: true },
    }),
  'git-https': () =>
    git('https://github.com/moby/buildkit.git', 'master', {
      keepGitDir: true,
      authTokenSecret: 'T',
      authHeaderSecret: 'H',
      knownSshHosts: 'k',
    }),
  'git-ssh-subdir': () =>
    git('git@github.com:acme/app.git', '', {
      ref: 'v1',
      subDir: 'svc',
      mountSshSock: 'mine',
      checksum: 'abcdef0123456789abcdef0123456789abcdef01',
      skipSubmodules: true,
    }),
  'http-options': () =>
    http('https://example.com/f', {
      filename: 'f',
      chmod: 0o600,
      chown: { uid: 1, gid: 2 },
      checksum: 'sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
      header: { accept: 'text/plain', userAgent: 'me' },
      authHeaderSecret: 'hh',
    }),
  'oci-layout': () =>
    ociLayout('x/y@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', {
      sessionId: 's',
      storeId: 'st',
      layerLimit: 1,
    }),
  'run-args': () => configured.run({ args: ['sh', '-c', 'echo hi'] }).root,
  'run-shlex': () => alpine.run({ shlex: `make -j4 'a b' "c d" e\\ f` }).root,
  'run-everything': () =>
    configured
      .hostname('h')
      .addExtraHost({ host: 'foo', ip: '10.0.0.1' })
      .addUlimit({ name: 'nofile', soft: 1n, hard: 2n })
      .cgroupParent('cg')
      .run({
        args: ['sh', '-c', 'echo hi'],
        mounts: [
          { target: '/tmp', type: 'tmpfs', size: 8n << 30n },
          { target: '/ro', source: src, readonly: true, sourcePath: '/sub' },
          { target: '/cache', type: 'cache', id: 'id', sharing: 'locked', source: scratch() },
        ],
        secrets: [
          { id: 's', target: '/run/secrets/s', uid: 1, gid: 2, mode: 0o400, optional: true },
          { id: 'e', env: 'S_ENV' },
        ],
        ssh: [{ id: 'default', target: '/ssh', optional: true }],
        network: 'host',
        security: 'insecure',
        ignoreCache: true,
        proxy: { httpProxy: 'p', noProxy: 'n' },
        description: { z: '1', a: '2', é: 'x', '😀': 'emoji' },
        validExitCodes: [0, 3, -1],
      }).root,
  'run-readonly-root': () => alpine.run({ ...noop, readonlyRootFs: true }).root,
  'run-mount-output': () =>
    alpine
      .run({
        args: ['sh', '-c', "echo 'a b' > /out/x"],
        customName: 'produce',
        mounts: [{ target: '/out', source: scratch() }],
      })
      .mount('/out'),
  'run-mount-no-output': () =>
    alpine.run({ ...noop, mounts: [{ target: '/m', source: src, forceNoOutput: true }] }).root,
  'run-cache-private': () =>
    alpine.run({
      ...noop,
      mounts: [{ target: '/c', type: 'cache', id: 'c', sharing: 'private', source: alpine, sourcePath: '/etc' }],
    }).root,
  'run-secret-defaults': () =>
    alpine.run({ ...noop, secrets: [{ id: '/run/secrets/x', target: '/run/secrets/x' }], ssh: [{}] }).root,
  'file-chain-one-op': () =>
    scratch().file(mkdir('/a', 0o700).mkfile('/a/b', 0o600, '').copy(alpine, '/etc', '/a').rm('/a/etc/motd')),
  'file-each-option': () =>
    scratch()
      .file(mkdir('/d', 0o755, { makeParents: true, owner: 'a:b', createdTime: 1_700_000_000_000_000_005n }))
      .file(mkfile('/f', 0o644, Uint8Array.of(0x64, 0x61, 0x74, 0x61, 0, 0xff), { owner: { uid: 3, gid: 0 } }))
      .file(
        copy(src, '/src*', '/dst/', {
          owner: 'root:staff',
          followSymlinks: true,
          copyDirContentsOnly: true,
          attemptUnpack: true,
          createDestPath: true,
          allowWildcard: true,
          allowEmptyWildcard: true,
          includePatterns: ['i'],
          excludePatterns: ['e'],
          alwaysReplaceExistingDestPaths: true,
        }),
      )
      .file(rm('/x', { allowNotFound: true, allowWildcard: true }))
      .file(symlink('/o', '/n')),
  'file-copy-from-self': () => alpine.file(copy(alpine, '/etc', '/etc2')),
  'file-relative-paths': () =>
    alpine
      .dir('/base')
      .file(mkdir('rel', 0o755))
      .file(copy(src, 'a', 'b/')),
  'copy-mode': () => alpine.file(copy(src, '/a', '/b', { mode: 0o640, owner: { uid: 10, gid: 20 } })),
  'copy-mode-string': () => alpine.file(copy(src, '/a', '/b', { mode: 'u=rwX,go=rX' })),
  merge: () => merge([configured.run(noop).root, scratch().file(mkdir('/m', 0o755)), scratch()]),
  diff: () => diff(alpine, alpine.file(mkdir('/m', 0o755))),
  'diff-from-scratch': () => diff(scratch(), src),
  'merge-of-diffs': () =>
    merge([
      alpine,
      diff(alpine, alpine.file(mkfile('/x', 0o644, 'x'))),
      diff(alpine, alpine.file(mkfile('/y', 0o644, 'y'))),
    ]),
  'two-stage-go': () => {
    const built = image('golang:1.21-alpine')
      .dir('/app')
      .file(copy(src, '/', '.', { copyDirContentsOnly: true, createDestPath: true }))
      .run({
        shlex: 'go build -o myapp .',
        mounts: [{ target: '/root/.cache/go-build', type: 'cache', id: 'go-build' }],
        secrets: [{ id: 'token', target: '/run/secrets/token' }],
      }).root;
    return alpine.file(copy(built, '/app/myapp', '/myapp'));
  },
  'progress-group': () => alpine.run({ ...noop, progressGroup: { id: 'g', name: 'group', weak: true } }).root,
  'plain-run': () => alpine.run(noop).root,
  'for-arm64': () => configured.run(noop).root,
};

describe("graphs of BuildKit's Go client", () => {
  test('every recorded graph has a builder here', () => {
    expect(Object.keys(builders).sort()).toEqual(graphs.map(({ name }) => name).sort());
  });

  test.each(graphs)('$name: $how', ({ name, ops, metadata }) => {
    const { def, metadata: written } = builders[name]!().marshal({
      ...defaults(ops),
      ...(name === 'for-arm64' && { platform: arm64 }),
    });
    expect(def.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(ops.map(({ hex }) => hex));
    const digests = ops.map(({ digest }) => digest);
    expect([...written.keys()].sort()).toEqual([...new Set(digests)].sort());
    const json = [...written].map(([digest, md]) => [digest, toJson(OpMetadataSchema, create(OpMetadataSchema, md))]);
    expect(Object.fromEntries(json)).toEqual(metadata);
  });
});

/** Marshalled for linux/amd64 with all capabilities; each graph's local sources have an id of their own. */
function defaults(ops: Graph['ops']): MarshalOptions {
  const localUniqueId = ops.map(({ op }) => op.source?.attrs?.['local.unique']).find(Boolean) ?? '';
  return { platform: amd64, capabilities: { supports: () => true }, localUniqueId };
}
