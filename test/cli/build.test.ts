import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openInputs } from '../../src/cli/build-command/build-inputs.ts';
import { gitAttrs } from '../../src/cli/build-command/git-provenance.ts';
import { decodeMetadata, toSlsa02 } from '../../src/cli/build-command/metadata-file.ts';
import { parseBuilders } from '../../src/cli/build-command/nodes.ts';
import { parseOutputs } from '../../src/cli/build-command/outputs.ts';
import { entitlements } from '../../src/cli/options/allow.ts';
import { parseCaches } from '../../src/cli/options/caches.ts';
import { parseSsh } from '../../src/cli/options/check-ssh.ts';
import type { BuildFlags } from '../../src/cli/options/declare-build.ts';
import { frontendAttrs } from '../../src/cli/options/frontend-attrs.ts';
import { progressMode } from '../../src/cli/options/progress-mode.ts';
import { parseSecrets } from '../../src/cli/options/secrets.ts';
import { bareBuildkit } from '../client/bare-buildkit.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { noBuildFlags } from './no-build-flags.ts';
import { cliOn } from './run-cli.ts';

describe('flags of build', () => {
  test('flags of build become frontend options', () => {
    const flags: BuildFlags = {
      ...noBuildFlags,
      target: 't', platform: ['linux/amd64,linux/arm64'], buildArg: ['A=1', 'FROM_ENV', 'ABSENT'], label: ['l=v', 'bare'],
      addHost: ['h:1.2.3.4', 'g=::1'], network: 'host', shmSize: '1g', ulimit: ['nofile=1:2'], pull: true, uncached: ['a,b', 'c'],
      cgroupParent: 'cg', provenance: 'mode=max', attest: ['type=sbom,generator=x/y'], allow: ['', 'device=v/c=n,optional'],
    }; // biome-ignore format: a list
    expect(frontendAttrs(flags, { FROM_ENV: 'env', SOURCE_DATE_EPOCH: '7' })).toEqual({
      target: 't', platform: 'linux/amd64,linux/arm64', 'build-arg:A': '1', 'build-arg:FROM_ENV': 'env',
      'build-arg:SOURCE_DATE_EPOCH': '7', 'label:l': 'v', 'label:bare': '', 'add-hosts': 'h=1.2.3.4,g=::1',
      'force-network-mode': 'host', 'shm-size': '1073741824', ulimit: 'nofile=1:2', 'image-resolve-mode': 'pull',
      'no-cache': 'a,b,c', 'cgroup-parent': 'cg', 'attest:provenance': 'mode=max', 'attest:sbom': 'generator=x/y',
    }); // biome-ignore format: a list
    expect(frontendAttrs({ ...noBuildFlags, cache: false }, {})).toEqual({ 'no-cache': '' });
    expect(entitlements(flags)).toEqual(['device=v/c=n,optional', 'network.host']);
    expect(frontendAttrs({ ...noBuildFlags, sbom: 'false', provenance: 'true' }, {})).toEqual({
      'attest:provenance': '',
    });
    expect(() => frontendAttrs({ ...noBuildFlags, network: 'odd' }, {})).toThrow('unsupported network mode "odd"');
    expect(() => frontendAttrs({ ...noBuildFlags, addHost: ['odd'] }, {})).toThrow('invalid host "odd"');
    for (const [given, message] of [
      [{ sbom: 'true', attest: ['type=sbom'] }, 'the attestation sbom is given twice'],
      [
        { attest: ['type=provenance,mode=max', 'type=provenance,mode=min'] },
        'the attestation provenance is given twice',
      ],
      [{ cache: false, uncached: ['a'] }, '--no-cache and --no-cache-filter cannot be used together'],
      [{ buildArg: ['=x'] }, 'invalid key-value pair "=x": empty key'],
      [{ label: [''] }, 'invalid key-value pair "": empty key'],
    ] as const)
      expect(() => frontendAttrs({ ...noBuildFlags, ...given }, {})).toThrow(message);
    const gateway = { ...noBuildFlags, addHost: ['h:host-gateway'] };
    expect(frontendAttrs(gateway, {}, '172.17.0.1')).toEqual({ 'add-hosts': 'h=172.17.0.1' });
    expect(() => frontendAttrs(gateway, {})).toThrow('host-gateway is not supported by this daemon');
    for (const [host, expected] of [
      ['h:10.0.0.1,10.0.0.2', 'h=10.0.0.1,h=10.0.0.2'],
      ['h=[::1],10.0.0.2', 'h=::1,h=10.0.0.2'],
      ['h:[10.0.0.1]', 'h=10.0.0.1'],
      ['h:::1', 'h=::1'],
      ['a:b=10.0.0.1', 'a:b=10.0.0.1'],
    ] as const)
      expect(frontendAttrs({ ...noBuildFlags, addHost: [host] }, {})).toEqual({ 'add-hosts': expected });
    for (const host of [
      'h',
      'h:',
      ':1.2.3.4',
      'h:odd',
      'h:10.0.0.1,',
      'h:[]',
      'h:fe80::1%eth0',
      'h:host-gateway,10.0.0.1',
    ])
      expect(() => frontendAttrs({ ...noBuildFlags, addHost: [host] }, {}, '0.0.0.0'), host).toThrow('invalid host');
    const env = { DOCKER_DEFAULT_PLATFORM: 'linux/s390x' };
    expect(frontendAttrs(noBuildFlags, env)).toEqual({ platform: 'linux/s390x' });
    expect(frontendAttrs({ ...noBuildFlags, platform: ['Linux/x86_64,linux/aarch64'] }, env)['platform']).toBe(
      'linux/amd64,linux/arm64',
    );
    // One given twice stands there twice, as with buildx.
    expect(frontendAttrs({ ...noBuildFlags, platform: ['local,linux/s390x', 'linux/s390x'] }, env)['platform']).toMatch(
      /^linux\/(amd64|arm64),linux\/s390x,linux\/s390x$/,
    );
  });

  const flags = { output: [] as string[], push: false, load: false, tag: [] as string[], annotation: [] as string[] };
  const load = () => process.stdout;
  test.each<[string, Partial<typeof flags>, 'dockerd' | 'buildkitd', unknown]>([
    ['nothing, into the engine', {}, 'dockerd', [{ type: 'custom', name: 'moby', attrs: {} }]],
    ['nothing, with buildkitd', {}, 'buildkitd', []],
    ['a directory', { output: ['out'] }, 'buildkitd', [{ type: 'local', dest: 'out' }]],
    ['names', { output: ['type=oci,dest=x.tar'], tag: ['app', 'r.io/app:2'] }, 'buildkitd', [{ type: 'oci', dest: 'x.tar', attrs: { name: 'app:latest,r.io/app:2' } }]],
    ['a push', { push: true, tag: ['r.io/a:1'] }, 'dockerd', [{ type: 'image', attrs: { name: 'r.io/a:1', push: 'true' } }]],
    ['a registry', { output: ['type=registry'], tag: ['r.io/a:1'] }, 'buildkitd', [{ type: 'image', attrs: { name: 'r.io/a:1', push: 'true' } }]],
    ['annotations', { output: ['type=image,name=a,annotation.k=u'], annotation: ['k=v:w', '', 'index[linux/amd64],manifest-descriptor:i=j', 'manifest[amd64]:m=n'] }, 'buildkitd',
      [{ type: 'image', attrs: { name: 'a', 'annotation.k': 'v:w', 'annotation-index.i': 'j', 'annotation-manifest-descriptor.i': 'j', 'annotation-manifest[linux/amd64].m': 'n' } }]],
    ['a layout', { output: ['', 'type=oci,tar=0,dest=x'] }, 'buildkitd', [{ type: 'oci', dest: 'x', attrs: { tar: 'false' } }]],
    ['loading, into the engine', { load: true, output: ['out'] }, 'dockerd', [{ type: 'local' }, { type: 'custom', name: 'moby' }]],
    ['loading, with buildkitd', { load: true, tag: ['a:1'] }, 'buildkitd', [{ type: 'docker', dest: load, attrs: { name: 'a:1' } }]],
    ['docker without a file', { load: true, output: ['type=docker'] }, 'buildkitd', [{ type: 'docker', dest: load }]],
    ['docker with a file', { output: ['type=docker,dest=x.tar'] }, 'buildkitd', [{ type: 'docker', dest: 'x.tar' }]],
    ['loading and pushing', { load: true, push: true, tag: ['r.io/a:1'] }, 'buildkitd',
      [{ type: 'image', attrs: { push: 'true' } }, { type: 'docker', dest: load, attrs: { name: 'r.io/a:1' } }]],
    ['the cache alone', { output: ['type=cacheonly'] }, 'dockerd', []],
    ['the cache and a directory', { output: ['type=cacheonly', 'out'] }, 'dockerd', [{ type: 'local', dest: 'out' }]],
  ])('the flags of build give the exports of the output %s', (_, given, kind, expected) => {
    expect(parseOutputs({ ...flags, ...given }, { kind, pushes: true, load }).exports).toMatchObject(expected as object[]);
  }); // biome-ignore format: a table

  test('an image is pushed by an engine whose BuildKit cannot', () => {
    const place = { kind: 'dockerd', pushes: false, load } as const;
    for (const pushed of [
      { push: true, output: [] },
      { push: false, output: ['type=image,push=TRUE'] },
    ])
      expect(parseOutputs({ ...flags, ...pushed, tag: ['r.io/a:1', 'r.io/b'] }, place)).toEqual({
        exports: [{ type: 'custom', name: 'moby', attrs: { name: 'r.io/a:1,r.io/b:latest' } }],
        pushByEngine: ['r.io/a:1', 'r.io/b:latest'],
        prefersImageDigest: false,
      });
    expect(() => parseOutputs({ ...flags, output: ['type=image,name=a,push=maybe'] }, place)).toThrow(/--output/);
  });

  test('outputs that make no sense are refused', () => {
    expect(() => parseOutputs({ ...flags, push: true }, { kind: 'dockerd', pushes: true, load })).toThrow(
      'tag is needed when pushing to registry',
    );
    expect(() => parseOutputs({ ...flags, output: ['type=local'] }, { kind: 'dockerd', pushes: true, load })).toThrow(
      'dest is required for local exporter',
    );
    expect(() => parseOutputs({ ...flags, output: ['dest=x'] }, { kind: 'dockerd', pushes: true, load })).toThrow(
      'type is required for output',
    );
    for (const [given, message] of [
      [{ output: ['-', 'type=oci,dest=-'] }, 'multiple outputs configured to write to stdout'],
      [{ output: ['type=local,dest=-'] }, 'dest cannot be stdout for local exporter'],
      [{ annotation: ['layer:a=b'] }, 'unknown annotation type "layer"'],
      [{ annotation: ['org.example.key:a=b'] }, 'invalid annotation type "org.example.key"'],
      [{ annotation: ['key'] }, 'invalid annotation "key", expected key=value'],
    ] as const)
      expect(() => parseOutputs({ ...flags, ...given }, { kind: 'buildkitd', pushes: true, load })).toThrow(message);
  });

  test('the progress is shown as the variable says unless a flag says otherwise', () => {
    expect(progressMode({ progress: 'auto' }, { BUILDKIT_PROGRESS: 'plain' })).toBe('plain');
    expect(progressMode({ progress: 'tty' }, { BUILDKIT_PROGRESS: 'odd' })).toBe('tty');
    expect(progressMode({ progress: 'auto', quiet: true }, { BUILDKIT_PROGRESS: 'plain' })).toBe('quiet');
    expect(() => progressMode({ progress: 'auto' }, { BUILDKIT_PROGRESS: 'odd' })).toThrow(
      'invalid progress mode odd in BUILDKIT_PROGRESS: known are auto, none, plain, quiet, rawjson, tty',
    );
    expect(() => progressMode({ progress: 'plain', quiet: true }, {})).toThrow('cannot be used together');
  });

  test('the flags of build name secrets, keys, caches and builders', () => {
    const file = path.join(temporaryDir(), 'f');
    writeFileSync(file, 'x');
    expect(parseSecrets([`id=a,src=${file}`, 'id=b,env=B', 'id=C', 'id=d,type=env,src=D'], { C: '1' })).toEqual({
      a: { file }, b: { env: 'B' }, C: { env: 'C' }, d: { env: 'D' },
    }); // biome-ignore format: a list
    expect(() => parseSecrets(['src=x'], {})).toThrow('secret missing ID');
    expect(() => parseSecrets(['id=x,src=/nonexistent'], {})).toThrow('failed to stat /nonexistent');
    expect(parseSsh(['default', '', 'k=/a,/b'])).toEqual([
      { id: 'default', paths: [], raw: false },
      { id: 'k', paths: ['/a', '/b'], raw: false },
    ]);
    expect(parseSsh(['k=raw=false,/s', 'r=/s,raw=true'])).toEqual([
      { id: 'k', paths: ['/s'], raw: false },
      { id: 'r', paths: ['/s'], raw: true },
    ]);
    for (const context of ['git@example.com:a/b.git#main', 'ssh://git@example.com/a/b.git'])
      expect(parseSsh([], context)).toEqual([{}]);
    for (const context of ['.', 'https://u@example.com/b.git', 'a/b@c:d']) expect(parseSsh([], context)).toEqual([]);
    expect(parseCaches('--cache-from', ['', 'r.io/Img:Tag', 'type=local,src=d'])).toEqual([
      { type: 'registry', attrs: { ref: 'r.io/Img:Tag' } },
      { type: 'local', attrs: { src: 'd' } },
    ]);
    expect(parseBuilders(['linux/arm64,linux/arm=ssh://a', 'tcp://b:1'])).toEqual([
      { address: 'ssh://a', platforms: ['linux/arm64', 'linux/arm'] },
      { address: 'tcp://b:1', platforms: [] },
    ]);
  });

  test('flags of build name contexts', async () => {
    const dir = temporaryDir({ 'sub/My.Dockerfile': 'FROM scratch' });
    const inputs = await openInputs(dir, path.join(dir, 'sub/My.Dockerfile'), [
      `other=${dir}/sub`,
      'base=docker-image://alpine',
    ]);
    expect(inputs.localDirs).toEqual({ context: dir, dockerfile: path.join(dir, 'sub'), other: path.join(dir, 'sub') });
    expect(inputs.frontendAttrs).toEqual({
      filename: 'My.Dockerfile', 'context:other': 'local:other', 'context:base': 'docker-image://alpine',
      'frontend.caps': 'moby.buildkit.frontend.contexts+forward',
    }); // biome-ignore format: a list
    expect((await openInputs('https://github.com/x/y.git#main', undefined, [])).frontendAttrs).toEqual({
      context: 'https://github.com/x/y.git#main', filename: 'Dockerfile',
    }); // biome-ignore format: a list
    await expect(openInputs('/nonexistent', undefined, [])).rejects.toThrow('unable to prepare context');
    expect(inputs.sharedKey).toBe(path.basename(dir));

    const named = await openInputs(dir, undefined, [`docker.io/library/alpine:latest=${dir}`, 'r.io/a:2=target:x']);
    expect(named.frontendAttrs).toEqual({
      filename: 'Dockerfile', 'context:alpine': 'local:alpine', 'context:r.io/a:2': 'target:x',
      'frontend.caps': 'moby.buildkit.frontend.contexts+forward',
    }); // biome-ignore format: a list
    await expect(openInputs(dir, undefined, [`=${dir}`])).rejects.toThrow('invalid context name ""');
    const own = path.join(dir, 'sub/My.Dockerfile');
    expect(await openInputs('https://example.com/y.git', own, [])).toMatchObject({
      localDirs: { dockerfile: path.join(dir, 'sub') },
      frontendAttrs: { context: 'https://example.com/y.git', dockerfilekey: 'dockerfile', filename: 'My.Dockerfile' },
    });
    writeFileSync(path.join(dir, 'dockerfile'), 'FROM scratch');
    expect((await openInputs(dir, path.join(dir, 'Dockerfile'), [])).localDirs['dockerfile']).toBe(dir);
    await expect(openInputs('-', '-', [])).rejects.toThrow("can't use stdin for both");
  });

  test('a build says where the context lies in its git repository', async () => {
    const dir = temporaryDir();
    const sub = path.join(dir, 'app');
    mkdirSync(sub);
    writeFileSync(path.join(sub, 'Dockerfile'), 'FROM scratch\n');
    const dirs = { context: sub, dockerfile: sub, other: tmpdir() };
    const attrs = (env: Record<string, string>) => gitAttrs(dirs, path.join(sub, 'Dockerfile'), env);
    expect(await attrs({})).toEqual({});
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', dir, '-c', 'user.name=n', '-c', 'user.email=e', ...args], { encoding: 'utf8' }).trim();
    git('init', '-q');
    expect(await attrs({})).toEqual({ 'vcs:localdir:context': 'app', 'vcs:localdir:dockerfile': 'app' });
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    git('remote', 'add', 'upstream', 'ssh://git:secret@example.com/up.git');
    const commit = git('rev-parse', 'HEAD');
    const source = 'ssh://example.com/up.git';
    expect(await attrs({})).toEqual({
      'vcs:localdir:context': 'app', 'vcs:localdir:dockerfile': 'app', 'vcs:revision': commit, 'vcs:source': source,
    }); // biome-ignore format: a list
    expect(await attrs({ BUILDX_GIT_INFO: 'false' })).toEqual({});
    writeFileSync(path.join(sub, 'new'), '');
    expect(await attrs({ BUILDX_GIT_INFO: '0', BUILDX_GIT_LABELS: '1', BUILDX_GIT_CHECK_DIRTY: '1' })).toEqual({
      'label:org.opencontainers.image.revision': `${commit}-dirty`,
      'label:org.opencontainers.image.source': source,
      'label:com.docker.image.source.entrypoint': 'app/Dockerfile',
    });
  });

  test('flags of build are recorded in the metadata as buildx records them', () => {
    const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
    expect(decodeMetadata('containerimage.descriptor', base64({ size: 1 }))).toEqual({ size: 1 });
    expect(decodeMetadata('list', base64([{ a: 1 }]))).toEqual([{ a: 1 }]);
    expect(decodeMetadata('result.json', '{"a":1}')).toEqual({ a: 1 });
    for (const value of [
      '{"digest":"sha256:1"}',
      base64({}),
      base64([]),
      base64([1]),
      base64('text'),
      base64(null),
      'abcd',
    ])
      expect(decodeMetadata('cache.manifest', value)).toBe(value);

    const args = { frontend: 'dockerfile.v0', args: { target: 't' } };
    const v1 = {
      buildDefinition: {
        buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
        externalParameters: { configSource: { uri: 'https://x/y.git', digest: { sha1: '1' }, path: 'Dockerfile' }, request: args },
        internalParameters: { buildConfig: { llbDefinition: [] }, builderPlatform: 'linux/amd64', custom: 'env' },
        resolvedDependencies: [{ uri: 'pkg:docker/a', digest: { sha256: '2' } }],
      },
      runDetails: {
        builder: { id: 'me' },
        metadata: {
          invocationId: 'i', startedOn: 's', finishedOn: 'f', buildkit_metadata: { vcs: { revision: 'r' } },
          buildkit_completeness: { request: true, resolvedDependencies: false },
        },
      },
    }; // biome-ignore format: a document
    expect(JSON.parse(JSON.stringify(toSlsa02(v1)))).toEqual({
      builder: { id: 'me' },
      buildType: 'https://mobyproject.org/buildkit@v1',
      materials: [{ uri: 'pkg:docker/a', digest: { sha256: '2' } }],
      invocation: {
        configSource: { uri: 'https://x/y.git', digest: { sha1: '1' }, entryPoint: 'Dockerfile' },
        parameters: args,
        environment: { platform: 'linux/amd64', custom: 'env' },
      },
      buildConfig: { llbDefinition: [] },
      metadata: {
        buildInvocationID: 'i', buildStartedOn: 's', buildFinishedOn: 'f', reproducible: false,
        completeness: { parameters: true, environment: true, materials: false },
        'https://mobyproject.org/buildkit@v1#metadata': { vcs: { revision: 'r' } },
      },
    }); // biome-ignore format: a document
    const v02 = { buildType: 'https://mobyproject.org/buildkit@v1' };
    expect(toSlsa02(v02)).toBe(v02);
  });

  test('--file takes the address of a Dockerfile on the web', async () => {
    const server = createServer((request, answer) => {
      answer.writeHead(request.url === '/Dockerfile' ? 200 : 404).end('FROM scratch\n');
    }).listen(0);
    try {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { localDirs, cleanUp } = await openInputs(temporaryDir(), `${origin}/Dockerfile`, []);
      expect(readFileSync(path.join(localDirs['dockerfile']!, 'Dockerfile'), 'utf8')).toBe('FROM scratch\n');
      await cleanUp();
      await expect(openInputs(temporaryDir(), `${origin}/other`, [])).rejects.toThrow(/other: HTTP status 404$/);
    } finally {
      server.close();
    }
  });
});

await onEngines('tsfront build', { suites: ['forky', 'trixie'] }, (engine) => {
  const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
  const tsfront = cliOn(engine);

  test.skipIf(!engine.dockerHost)('builds a Dockerfile on standard input, and tells what it made', async () => {
    const dir = temporaryDir();
    const metadata = path.join(dir, 'meta.json');
    const args = ['build', '-q', '-t', 'example/cli:1', `--metadata-file=${metadata}`, '-'];
    const built = await tsfront(args, `FROM ${await engine.baseImage()}\nRUN echo made > /made\n`);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    const told = JSON.parse(readFileSync(metadata, 'utf8'));
    expect(told['containerimage.config.digest'] ?? told['containerimage.digest']).toBe(built.stdout.trim());
    expect(told).toMatchObject({
      'buildx.build.provenance': { buildType: 'https://mobyproject.org/buildkit@v1' },
    });
    expect(told).not.toHaveProperty('buildx.build.warnings');
    expect(await engine.must('docker', ['run', '--rm', '--network=none', 'example/cli:1', 'cat', '/made'])).toBe(
      'made\n',
    );
  });

  test('builds an archive on standard input, piped or from a file', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY file /\n', file: randomBytes(200_000) });
    await engine.must('tar', ['-cf', `${dir}/context.tar`, '-C', dir, 'Dockerfile', 'file']);
    const zstd = zstdCompressSync(readFileSync(`${dir}/context.tar`));
    writeFileSync(`${dir}/zstd`, zstd);
    writeFileSync(`${dir}/skippable`, Buffer.concat([Buffer.from('502a4d180400000061626364', 'hex'), zstd]));
    // Docker 26 reads a zstd archive by a pooled reader that it has given back, and panics or fails now and then.
    const compressed = engine.suite === 'trixie' ? [] : ['zstd', 'skippable'];
    const names = ['context.tar', ...compressed].map((name) => `< ${dir}/${name} `);
    for (const source of [`cat ${dir}/context.tar | `, ...names]) {
      const dest = temporaryDir();
      const command = `${source}${process.execPath} ${cli} build --progress=plain -o ${dest} -`;
      const built = await engine.run('sh', ['-c', command], { timeout: 30_000 });
      expect(built.status, built.stderr).toBe(0);
      expect(readFileSync(path.join(dest, 'file'))).toEqual(readFileSync(path.join(dir, 'file')));
    }
  });

  test('tells the image ID: the digest of the config where there is one image', async () => {
    const dir = temporaryDir();
    const args = ['-q', '--provenance=false', `--iidfile=${dir}/id`, `--metadata-file=${dir}/meta.json`, '-'];
    const built = await tsfront(['build', '-o', `type=oci,dest=${dir}/out.tar`, ...args], 'FROM scratch\nLABEL a=b\n');
    expect(built.status, built.stderr).toBe(0);
    const id = JSON.parse(readFileSync(`${dir}/meta.json`, 'utf8'))['containerimage.config.digest'];
    expect(id).toMatch(/^sha256:/);
    expect(built.stdout).toBe(`${id}\n`);
    expect(readFileSync(`${dir}/id`, 'utf8')).toBe(id);
    const none = await tsfront(['build', '-o', `${dir}/out`, `--iidfile=${dir}/id`, '-'], 'FROM scratch\n');
    expect(none.stderr).toContain('local and tar exporters are incompatible with --iidfile');
  });

  test.skipIf(process.getuid?.() !== 0)(
    'a device or a link that the image ID is written to stays what it is',
    async () => {
      const dir = temporaryDir();
      execFileSync('mknod', [`${dir}/null`, 'c', '1', '3']);
      writeFileSync(`${dir}/kept`, 'stale');
      symlinkSync('kept', `${dir}/link`);
      for (const name of ['null', 'link']) {
        const built = await tsfront(
          ['build', '-q', '--provenance=false', `--iidfile=${dir}/${name}`, '-'],
          'FROM scratch\nLABEL a=b\n',
        );
        expect(built.status, built.stderr).toBe(0);
        if (name === 'link') expect(readFileSync(`${dir}/kept`, 'utf8')).toBe(built.stdout.trim());
      }
      expect(lstatSync(`${dir}/null`).isCharacterDevice()).toBe(true);
      expect(lstatSync(`${dir}/link`).isSymbolicLink()).toBe(true);
      const failed = await tsfront(['build', '-q', `--iidfile=${dir}/link`, '-'], 'FROM scratch\nCOPY none /\n');
      expect(failed.status).toBe(1);
      expect(readFileSync(`${dir}/kept`, 'utf8')).toBe('');
    },
  );

  test('passes on the proxies of the docker config, unless told otherwise', async () => {
    const config = temporaryDir();
    const proxies = {
      default: { httpProxy: 'http://other.invalid:1' },
      [engine.address]: { httpProxy: 'http://proxy.invalid:1', noProxy: 'localhost', allProxy: 'http://all.invalid:1' },
    };
    writeFileSync(path.join(config, 'config.json'), JSON.stringify({ proxies }));
    const show = 'echo "[$HTTP_PROXY $http_proxy] [$NO_PROXY $no_proxy] [$ALL_PROXY $all_proxy]" > /proxies';
    const dockerfile = `FROM ${await engine.baseImage()}\nRUN ${show}\n`;
    const dest = temporaryDir();
    const args = [process.execPath, cli, 'build', '-q', '-o', dest, '--build-arg=no_proxy=own', '-'];
    const built = await engine.run('env', [`DOCKER_CONFIG=${config}`, ...args], { input: dockerfile });
    expect(built.status, built.stderr).toBe(0);
    expect(readFileSync(path.join(dest, 'proxies'), 'utf8')).toBe(
      '[http://proxy.invalid:1 http://proxy.invalid:1] [own own] [http://all.invalid:1 http://all.invalid:1]\n',
    );
  });

  test('reads an SSH key that comes through a pipe of the shell once', async () => {
    const key = path.join(temporaryDir(), 'key');
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const script = '"$@" --ssh default=<(cat "$0")';
    const args = ['-c', script, key, process.execPath, cli, 'build', '-q', '-o', 'type=cacheonly', '-'];
    const built = await engine.run('bash', args, { input: 'FROM scratch\n' });
    expect(built.status, built.stderr).toBe(0);
  });

  test('takes the flags that BuildKit has no use for', async () => {
    const args = ['build', '--rm', '--force-rm=false', '--compress', '--isolation=x', '-o', 'type=cacheonly', '-'];
    const built = await tsfront(args, 'FROM scratch\n');
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr.match(/^WARNING: .*/gm)).toEqual([
      'WARNING: --isolation has no effect: BuildKit has no equivalent',
    ]);
  });

  test('tells warnings in the metadata where that is wanted, each once', async () => {
    const file = path.join(temporaryDir(), 'meta.json');
    const args = ['-q', `--metadata-file=${file}`, '--platform=linux/amd64,linux/arm64', '--provenance=false', '-'];
    const env = { BUILDX_METADATA_WARNINGS: 'true', BUILDX_METADATA_PROVENANCE: 'disabled' };
    const input = 'FROM scratch as x\nCOPY <<f /f\nf\n';
    const tar = ['-o', `type=oci,dest=${file}.tar`];
    const built = await tsfront(['build', ...tar, ...args], input, env);
    expect(built.status, built.stderr).toBe(0);
    const told = JSON.parse(readFileSync(file, 'utf8'));
    expect(Object.keys(told)).not.toContain('buildx.build.provenance/linux/amd64');
    expect(told['buildx.build.warnings']).toMatchObject([
      {
        level: 1,
        short: expect.any(String),
        sourceInfo: { filename: 'Dockerfile', data: Buffer.from(input).toString('base64') },
        range: [{ start: { line: 1 }, end: { line: 1 } }],
      },
    ]);
    const [{ short }] = told['buildx.build.warnings'];
    expect(Buffer.from(short, 'base64').toString()).toMatch(/^FromAsCasing: /);
  });

  test('a build goes on without a cache that does not exist, and says so', async () => {
    const [dest, missing] = [temporaryDir(), path.join(temporaryDir(), 'missing')];
    const args = ['-q', `--cache-from=type=local,src=${missing}`, '-o', dest, '-'];
    const built = await tsfront(['build', ...args], 'FROM scratch\nCOPY <<a /a\na\n');
    expect(built).toMatchObject({
      status: 0,
      stderr: `WARNING: local cache import at ${missing} skipped: there is no such directory\n`,
    });
    expect(existsSync(path.join(dest, 'a'))).toBe(true);
    expect(existsSync(missing)).toBe(false);
  });

  test('keeps the cache in the image where a build argument asks for it', async () => {
    const dest = temporaryDir();
    const args = ['-q', '--provenance=false', '-o', `type=oci,tar=false,dest=${dest}`, '-'];
    const dockerfile = `FROM ${await engine.baseImage()}\nRUN echo cached > /f\n`;
    for (const [value, kept] of [
      ['false', false],
      ['1', true],
    ] as const) {
      const built = await tsfront(['build', `--build-arg=BUILDKIT_INLINE_CACHE=${value}`, ...args], dockerfile);
      expect(built.status, built.stderr).toBe(0);
      const config = readFileSync(path.join(dest, 'blobs/sha256', built.stdout.trim().slice('sha256:'.length)), 'utf8');
      expect(config.includes('"moby.buildkit.cache.v0"')).toBe(kept);
    }
  });

  test('applies the source policy of the environment', async () => {
    const policy = path.join(temporaryDir(), 'policy.json');
    const rule = { action: 'DENY', selector: { identifier: '*/test/base*' } };
    writeFileSync(policy, JSON.stringify({ rules: [rule] }));
    const env = { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: policy };
    const args = ['build', '--progress=plain', '-'];
    const input = `FROM ${await engine.baseImage()}\n`;
    expect((await tsfront(args, input, env)).stderr).toMatch(/denied by policy/);
    writeFileSync(policy, JSON.stringify({ rules: [{ action: 'FORBID' }] }));
    const { status, stderr } = await tsfront(args, input, env);
    expect(status).toBe(2);
    expect(stderr).toContain(`EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: failed to read the policy ${policy}`);
  });

  test('tells the repository of the context in the provenance', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    const git = (...args: string[]) =>
      engine.must('git', ['-C', dir, '-c', 'user.name=n', '-c', 'user.email=e', ...args]);
    await git('init', '-q');
    await git('add', '.');
    await git('commit', '-q', '-m', 'first');
    await git('remote', 'add', 'origin', 'https://user:token@example.com/app.git');
    const archive = path.join(temporaryDir(), 'image.tar');
    const args = ['--frontend=dockerfile.v0', '--provenance=mode=max', '-o', `type=oci,dest=${archive}`, dir];
    const built = await tsfront(['build', '--progress=plain', ...args]);
    expect(built.status, built.stderr).toBe(0);
    const statements = readFileSync(archive, 'latin1');
    expect(statements).toContain((await git('rev-parse', 'HEAD')).trim());
    expect(statements).toContain('https://example.com/app.git');
    expect(statements).not.toContain('user:token');
  });

  test('records provenance that is asked for as the daemon does for a frontend of its own', async () => {
    const dir = temporaryDir();
    const base = await engine.baseImage();
    writeFileSync(path.join(dir, 'Dockerfile'), `FROM ${base}\nARG WHO\nRUN echo $WHO > /who\n`);
    const git = (...args: string[]) =>
      engine.must('git', ['-C', dir, '-c', 'user.name=n', '-c', 'user.email=e', ...args]);
    await git('init', '-q');
    await git('add', '.');
    await git('commit', '-q', '-m', 'first');
    const revision = (await git('rev-parse', 'HEAD')).trim();
    const build = async (...args: string[]) => {
      const metadata = path.join(temporaryDir(), 'meta.json');
      const options = [
        '--build-arg=WHO=me',
        '--label=l=v',
        `--metadata-file=${metadata}`,
        '-o',
        'type=oci,dest=-',
        dir,
      ];
      const command = [process.execPath, cli, 'build', '--progress=plain', ...args, ...options];
      const built = await engine.run('sh', ['-c', '"$@" > /dev/null', '-', ...command], {
        env: { BUILDKIT_HOST: engine.buildkitHost, BUILDX_METADATA_PROVENANCE: 'max' },
      });
      expect(built.status, built.stderr).toBe(0);
      return {
        provenance: JSON.parse(readFileSync(metadata, 'utf8'))['buildx.build.provenance'],
        stderr: built.stderr,
      };
    };
    const { provenance, stderr } = await build('--provenance=mode=max');
    expect(stderr).toContain("note: the daemon's own frontend reads the Dockerfile");
    expect(provenance.invocation.parameters).toMatchObject({
      frontend: 'dockerfile.v0',
      args: { 'build-arg:WHO': 'me', 'label:l': 'v' },
    });
    const { vcs } = provenance.metadata['https://mobyproject.org/buildkit@v1#metadata'];
    if (engine.suite !== 'trixie') expect(vcs.revision).toBe(revision); // its BuildKit 0.13 leaves it out
    expect(provenance.materials.map(({ uri }: { uri: string }) => uri).join()).toContain('pkg:docker/');
    // Who wants tsfront's own frontend gets it.
    const own = await build('--provenance=mode=max', '--frontend=tsfront');
    expect(own.stderr).not.toContain('note:');
    expect(own.provenance.invocation.parameters).not.toHaveProperty('frontend');
    expect(own.provenance.materials).toEqual(provenance.materials);
  });

  test('fails with the lines it is about', async () => {
    const dockerfile = `FROM ${await engine.baseImage()} as x\nRUN exit 9\n`;
    const failed = await tsfront(['build', '--progress=plain', '-'], dockerfile);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(
      /^ 1 warning found \(use --verbose to expand\):\n - FromAsCasing: .* \(line 1\)\n\n[\s\S]* {3}2 \| >>> RUN exit 9/m,
    );
    expect(failed.stderr).not.toContain('   1 | >>>');
    for (const flag of ['--verbose', '--debug']) {
      const expanded = await tsfront(['build', '--progress=plain', flag, '-'], dockerfile);
      expect(expanded.stderr).toMatch(
        /^ 1 warning found:\n - FromAsCasing: .* \(line 1\)\n[\s\S]*More info: http[\s\S]* {3}1 \| >>> FROM/m,
      );
    }
    expect(failed.stderr).toContain('   2 | >>> RUN exit 9');
    expect(failed.stderr).toMatch(/ERROR: failed to solve: process .* exit code: 9/);
  });

  test.skipIf(!engine.dockerHost)('takes flags with values, as docker does', async () => {
    const dockerfile = `FROM ${await engine.baseImage()}\nRUN cat /proc/sys/kernel/random/uuid > /once\n`;
    const name = 'example/flags:1';
    const id = async (...flags: string[]) => {
      const built = await tsfront(
        ['build', '-q=true', '--push=false', '--load=true', ...flags, '-t', name, '-'],
        dockerfile,
      );
      expect(built.status, built.stderr).toBe(0);
      return engine.must('docker', ['run', '--rm', '--network=none', name, 'cat', '/once']);
    };
    const first = await id();
    expect(await id('--no-cache=false')).toBe(first);
    expect(await id('--no-cache=true')).not.toBe(first);
  });

  test.skipIf(!engine.dockerHost)('loads into the Docker engine beside a BuildKit of its own', async () => {
    const { port, close } = await bareBuildkit(engine.dockerHost);
    const env = { BUILDKIT_HOST: `tcp://127.0.0.1:${port}` };
    const name = `example/loaded-${process.pid}:1`;
    const load = (more: NodeJS.ProcessEnv, ...args: string[]) =>
      tsfront(['build', '--progress=plain', '--load', '-t', name, ...args, '-'], 'FROM scratch\nLABEL made=here\n', {
        ...env,
        ...more,
      });
    try {
      const loaded = await load({});
      expect(loaded.status, loaded.stderr).toBe(0);
      const inspect = ['image', 'inspect', '-f', '{{.Config.Labels.made}}', name];
      expect(await engine.must('docker', inspect)).toBe('here\n');
      await engine.must('docker', ['image', 'rm', name]);

      expect(loaded.stderr).not.toContain('WARNING');
      const kept = await tsfront(['build', '-'], 'FROM scratch\n', env);
      expect(kept.stderr).toContain('WARNING: no output given, so the result stays in the build cache');

      const away = await load({ DOCKER_HOST: 'unix:///nonexistent.sock' });
      expect(away.status).toBe(1);
      expect(away.stderr).toBe(
        'ERROR: the Docker engine that is to load the image cannot be reached: cannot connect to unix:///nonexistent.sock: there is no such socket; is the daemon running? (set DOCKER_HOST, or use -o type=docker,dest=FILE and "docker load -i FILE" where the engine is)\n',
      );

      const refusing = createServer((request, answer) => {
        if (request.url === '/_ping') return answer.end('OK');
        if (request.url === '/info') return answer.end('{}');
        request
          .resume()
          .once('end', () => answer.end('{"stream":"x"}\n{"errorDetail":{},"error":"no \\"space\\" left"}\n'));
      }).listen(0, '127.0.0.1');
      await once(refusing, 'listening');
      const refused = await load({ DOCKER_HOST: `tcp://127.0.0.1:${(refusing.address() as AddressInfo).port}` });
      refusing.close();
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain('the Docker engine did not load the image: no "space" left');
    } finally {
      close();
    }
  });

  test('builds on several nodes, and annotates what they make and the index of it', async () => {
    const address = engine.address;
    const nodes = ['linux/amd64', 'linux/arm64'].map((platform) => `--builder=${platform}=${address}`);
    const name = `${engine.registry}/test/cli-nodes:1`;
    const annotations = ['--annotation=a=manifest', '--annotation=index:b=index'];
    const args = [
      'build',
      '--progress=quiet',
      '--provenance=false',
      ...nodes,
      ...annotations,
      '--push',
      '-t',
      name,
      '-',
    ];
    const built = await tsfront(args, 'FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\n');
    expect(built.status, built.stderr).toBe(0);
    const get = async (what: string) => {
      const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
      const url = `http://${engine.registry}/v2/test/cli-nodes/manifests/${what}`;
      return (await (await fetch(url, { headers: { accept } })).json()) as {
        annotations?: object;
        manifests: { digest: string; platform: { architecture: string } }[];
      };
    };
    const index = await get('1');
    expect(index.annotations).toEqual({ b: 'index' });
    expect(index.manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
    for (const { digest } of index.manifests) expect((await get(digest)).annotations).toEqual({ a: 'manifest' });
    const refused = await tsfront(['build', ...nodes, '-o', 'out', '-'], 'FROM scratch\n');
    expect(refused.stderr).toContain('a build on several builders has to be pushed');
    const archive = await engine.run('sh', [
      '-c',
      `tar c -C /etc passwd | ${process.execPath} ${cli} ${args.join(' ')}`,
    ]);
    expect(archive.stderr).toContain('an archive on standard input can go to one builder only');
  });

  test('stops the daemon on Ctrl-C', async () => {
    const abort = new AbortController();
    const seconds = `61${process.pid}`;
    const dockerfile = `FROM ${await engine.baseImage()}\nRUN sleep ${seconds}\n`;
    const sleeping = async () => {
      const { stdout } = await engine.run('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "']);
      return stdout.includes(`sleep ${seconds} `);
    };
    const running = engine.run(process.execPath, [cli, 'build', '--progress=plain', '-'], {
      input: dockerfile,
      env: { BUILDKIT_HOST: engine.buildkitHost },
      signal: abort.signal,
    });
    await expect.poll(sleeping, { timeout: 30_000 }).toBe(true);
    abort.abort();
    const { status, stderr } = await running;
    expect(status, stderr).toBe(130);
    expect(stderr).toContain('ERROR: the build was canceled');
    await expect.poll(sleeping, { timeout: 10_000 }).toBe(false);
  });

  test('reads what names docker/dockerfile itself, and hands other frontends to the daemon', async () => {
    // The engine has no way to Docker's registry.
    const build = (syntax: string, ...args: string[]) =>
      tsfront(['build', '--progress=plain', ...args, '-'], `# syntax=${syntax}\nFROM scratch\nCOPY <<a /a\na\n`);
    for (const ours of ['docker/dockerfile:1', 'docker.io/docker/dockerfile:1.7-labs', 'docker/dockerfile-upstream']) {
      const { status, stderr } = await build(ours);
      expect(status, stderr).toBe(0);
      expect(stderr).not.toContain('docker-image://docker.io/docker/dockerfile');
    }
    expect((await build('docker/dockerfile:1', '--check')).stdout).toContain('no warnings');
    const other = `${engine.registry}/test/no-frontend:1`;
    expect((await build(other)).stderr).toContain(`${other}: not found`);
    expect((await build(other, '--frontend=tsfront')).status).toBe(0);
    expect((await build(other, '--frontend=dockerfile.v0')).status).toBe(0);
    expect((await build('docker/dockerfile:1', `--frontend=${other}`)).stderr).toContain(`${other}: not found`);
    expect((await build('docker/dockerfile:1', `--build-arg=BUILDKIT_SYNTAX=${other}`)).stderr).toContain('not found');
    expect((await build(other, '--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1')).status).toBe(0);
    // A named context may stand for a frontend, too.
    const instead = `--build-context=docker/dockerfile:1=docker-image://${other}`;
    expect((await build('docker/dockerfile:1', instead)).stderr).toContain(`${other}: not found`);
    expect((await build(other, '--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1', instead)).stderr).toContain(
      'not found',
    );
    expect((await build('docker/dockerfile:1.4', instead)).status).toBe(0);
  }, 240_000);

  test('checks, and solves what was compiled', async () => {
    const metadata = path.join(temporaryDir(), 'meta.json');
    const check = (dockerfile: string) =>
      tsfront(['build', '--check', '--progress=none', `--metadata-file=${metadata}`, '-'], dockerfile);
    const checked = await check('FROM scratch as x\nCOPY . /\n');
    expect(checked.status).toBe(1);
    expect(checked.stdout).toMatch(/^Check complete, 1 warning has been found!\n[\s\S]*FromAsCasing/);
    expect(JSON.parse(readFileSync(metadata, 'utf8'))).toMatchObject({
      'result.json': { warnings: [{ ruleName: 'FromAsCasing' }] },
    });
    expect((await check('FROM scratch\nCOPY . /\n')).stdout).toBe('Check complete, no warnings found.\n');

    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY f /\n', f: 'contents' });
    const definition = path.join(dir, 'definition.pb');
    expect((await tsfront(['compile', '--format=pb', '-o', definition, dir])).status).toBe(0);
    const withoutFiles = await tsfront(['solve', definition]);
    expect(withoutFiles.stderr).toContain('does not have: give them with --local context=DIRECTORY');
    expect(withoutFiles.status).toBe(2);
    const dest = temporaryDir();
    const solved = await tsfront([
      'solve',
      definition,
      `--local=context=${dir}`,
      '-o',
      dest,
      `--metadata-file=${metadata}`,
    ]);
    expect(solved.status, solved.stderr).toBe(0);
    expect(JSON.parse(readFileSync(metadata, 'utf8'))['buildx.build.ref']).toMatch(/^default\/default\/\w+$/);
    expect(readFileSync(path.join(dest, 'f'), 'utf8')).toBe('contents');
  });

  test('shows workers, cache and history', async () => {
    expect((await tsfront(['workers'])).stdout).toContain('linux/amd64');
    expect((await tsfront(['du'])).stdout).toContain('Total:');
    expect((await tsfront(['du', '--verbose'])).stdout).toMatch(/^ID: .*\n(Parents:\n( - .*\n)+)?Created at: {3}20/m);
    const [record] = (await tsfront(['du', '--format=json'])).stdout.split('\n');
    expect(JSON.parse(record!)).toMatchObject({ id: expect.any(String), size: expect.any(Number) });
    const metadata = path.join(temporaryDir(), 'meta.json');
    const dockerfile = `FROM ${await engine.baseImage()}\nRUN echo logged by the step\n`;
    const args = ['build', '--no-cache', '--progress=quiet', `--metadata-file=${metadata}`, '-'];
    expect((await tsfront(args, dockerfile)).status).toBe(0);
    const name = JSON.parse(readFileSync(metadata, 'utf8'))['buildx.build.ref'];
    expect(name).toMatch(/^default\/default\/\w+$/);
    const ref = name.split('/')[2];
    expect((await tsfront(['history', 'ls'])).stdout).toMatch(new RegExp(`^${ref} .* completed `, 'm'));
    expect((await tsfront(['history', 'logs', name])).stdout).toMatch(/^#\d+ [\d.]+ logged by the step$/m);
    expect(JSON.parse((await tsfront(['history', 'inspect', ref])).stdout)).toMatchObject({ ref, status: 'completed' });
    expect((await tsfront(['history', 'rm', name])).status).toBe(0);
    expect((await tsfront(['history', 'inspect', ref])).stderr).toMatch(new RegExp(`^ERROR: .*${ref}`, 'm'));
  });
});
