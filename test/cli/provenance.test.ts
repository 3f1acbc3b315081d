/** A provenance that was asked for has what buildx's has, field by field. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { freePort } from '../free-port.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
}

await onEngines('a provenance', { suites: ['forky'] }, (engine) => {
  let dir: string;
  let base: string;
  beforeAll(async () => {
    dir = temporaryDir();
    base = await engine.baseImage();
  });

  const contextOf = (dockerfile: string) => {
    const context = mkdtempSync(path.join(dir, 'context-'));
    writeFileSync(path.join(context, 'Dockerfile'), dockerfile);
    return context;
  };
  const repositoryOf = (dockerfile: string) => {
    const context = contextOf(dockerfile);
    const git = (...args: string[]) => execFileSync('git', ['-C', context, ...args], { stdio: 'pipe' });
    git('init', '-q', '-b', 'main');
    git('add', '.');
    git('-c', 'user.name=n', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'x');
    git('remote', 'add', 'origin', 'https://example.com/a/b.git');
    return context;
  };
  const plain = () =>
    `FROM ${base} AS b\nARG V=1\nRUN echo $V >/v\nFROM scratch\nCOPY --from=b /v /v\nCOPY Dockerfile /\n`;

  /**
   * What was attested, without what no two builds have in common: times, ids, and digests of what reads from a session.
   */
  const predicates = async (command: string, args: readonly string[]): Promise<unknown> => {
    const dest = mkdtempSync(path.join(dir, 'image-'));
    await engine.must(command, [...args, '-o', `type=oci,tar=false,dest=${dest}`]);
    const blob = (digest: string) =>
      JSON.parse(readFileSync(path.join(dest, 'blobs', digest.replace(':', '/')), 'utf8'));
    const found: unknown[] = [];
    const walk = ({ digest }: Descriptor) => {
      const { manifests, layers } = blob(digest) as { manifests?: Descriptor[]; layers?: Descriptor[] };
      for (const entry of manifests ?? []) walk(entry);
      for (const layer of layers ?? []) if (layer.mediaType.includes('in-toto')) found.push(blob(layer.digest));
    };
    for (const entry of JSON.parse(readFileSync(path.join(dest, 'index.json'), 'utf8')).manifests) walk(entry);
    const changing =
      /^(buildInvocationID|invocationI[dD]|buildStartedOn|buildFinishedOn|startedOn|finishedOn|subject|layers)$/;
    return JSON.parse(JSON.stringify(found), (key, value) => {
      if (changing.test(key)) return undefined;
      // Steps are numbered by their digests, and whose layers are known depends on the cache.
      if (typeof value === 'string') return value.replace(/^step\d+/, 'step');
      if (typeof value !== 'object' || value === null) return value;
      const bySteps = key === 'digestMapping' || Object.keys(value).some((name) => /^step\d+$/.test(name));
      const list = Array.isArray(value) ? value : bySteps ? Object.values(value) : undefined;
      return list ? list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value;
    });
  };
  const compare = async (args: readonly string[]) => {
    const theirs = await predicates('docker', ['buildx', 'build', ...args]);
    const ours = await predicates(process.execPath, [cli, 'build', ...args]);
    expect(theirs).not.toEqual([]);
    expect(ours).toEqual(theirs);
    return JSON.stringify(ours);
  };

  test.each(['mode=min', 'mode=max', 'mode=max,version=v1'])(
    'the provenance of a directory in a repository equals that of buildx: %s',
    async (mode) => {
      const context = repositoryOf(plain());
      const text = await compare([`--provenance=${mode}`, '--build-arg=V=2', '--label=a=b', context]);
      expect(text).toContain('https://example.com/a/b.git');
    },
  );

  test('the provenance of several platforms equals that of buildx', async () => {
    await compare(['--provenance=mode=max', '--platform=linux/amd64,linux/386', contextOf(plain())]);
  });

  test('the provenance of a build with named contexts equals that of buildx', async () => {
    const contexts = [`--build-context=x=docker-image://${base}`, `--build-context=y=${dir}`];
    const text = await compare(['--provenance=mode=max', ...contexts, contextOf(plain())]);
    expect(text).toContain('moby.buildkit.frontend.contexts+forward');
  });

  test.skipIf(!engine.home)(
    'the provenance of a repository that the daemon fetches equals that of buildx',
    async () => {
      const context = repositoryOf(plain());
      writeFileSync(path.join(context, '.git/git-daemon-export-ok'), '');
      const port = await freePort();
      const server = engine.serve('git', ['daemon', `--base-path=${dir}`, '--listen=127.0.0.1', `--port=${port}`]);
      const url = `git://127.0.0.1:${port}/${path.basename(context)}/.git#main`;
      try {
        await expect.poll(async () => (await engine.control('exec', 'git', 'ls-remote', url.split('#')[0]!)).status, { timeout: 20_000 }).toBe(0); // biome-ignore format: a line
        for (const mode of ['min', 'max'])
          expect(await compare([`--provenance=mode=${mode}`, '--build-arg=V=2', url])).toContain('"sha1"');
      } finally {
        server.kill();
      }
    },
  );

  test('a locked build has a provenance, with what the lock pins', async () => {
    const tag = `${engine.registry}/test/provenance-locked:1`;
    const push = async (version: string) => {
      const image = contextOf('FROM scratch\nCOPY version /\n');
      writeFileSync(path.join(image, 'version'), version);
      await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', tag, image]);
    };
    await push('first');
    const context = contextOf(`FROM ${tag}\nCOPY Dockerfile /\n`);
    await engine.must(process.execPath, [cli, 'lock', context]);
    const [digest = ''] = /sha256:\w+/.exec(readFileSync(path.join(context, 'Dockerfile.lock'), 'utf8')) ?? [];
    await push('second');
    const build = (...args: string[]) =>
      predicates(process.execPath, [cli, 'build', '--provenance=mode=max', ...args, context]);
    expect(JSON.stringify(await build())).not.toContain(digest.slice('sha256:'.length));
    for (const mode of ['--frozen', '--lock=use'])
      expect(JSON.stringify(await build(mode))).toContain(digest.slice('sha256:'.length));

    writeFileSync(path.join(context, 'Dockerfile'), `FROM ${tag}\nCOPY --from=${base} /bin/sh /\n`);
    const all = ['build', '--provenance=mode=max', '-o', 'type=cacheonly'];
    const refused = await engine.run(process.execPath, [cli, ...all, '--frozen', context]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('is not locked: Dockerfile.lock has no pin of it');
    writeFileSync(path.join(context, 'Dockerfile'), `# lock=frozen\nFROM ${tag}\nCOPY --from=${base} /bin/sh /\n`);
    expect((await engine.run(process.execPath, [cli, ...all, context])).stderr).toContain('is not locked');
    expect((await engine.run(process.execPath, [cli, ...all, '--lock=off', context])).status).toBe(0);
  });

  test('the provenance of a build by another frontend equals that of buildx', async () => {
    const frontend = `${engine.registry}/test/no-such-frontend:1`;
    for (const [dockerfile, args] of [
      [`# syntax=${frontend}\n${plain()}`, []],
      [plain(), [`--build-arg=BUILDKIT_SYNTAX=${frontend}`]],
    ] as const) {
      const all = ['build', '--provenance=mode=max', '-o', 'type=cacheonly', ...args, contextOf(dockerfile)];
      const { status, stderr } = await engine.run(process.execPath, [cli, ...all]);
      expect(status).toBe(1);
      expect(stderr).toContain(`failed to resolve source metadata for ${frontend}`);
    }
    // Docker's is not pulled, as far as we equal it.
    const context = contextOf(`# syntax=docker/dockerfile:1\n${plain()}`);
    await engine.must(process.execPath, [cli, 'build', '--provenance=mode=max', '-o', 'type=cacheonly', context]);
    const archive = spawn('tar', ['-C', contextOf(`# syntax=${frontend}\n${plain()}`), '-c', '.']);
    const chunks: Buffer[] = [];
    for await (const chunk of archive.stdout) chunks.push(chunk as Buffer);
    const input = Buffer.concat(chunks);
    for (const policy of [[], ['--policy=disabled=true']]) {
      const all = ['build', '--provenance=mode=max', '-o', 'type=cacheonly', ...policy, '-'];
      const { stderr } = await engine.run(process.execPath, [cli, ...all], { input });
      expect(stderr).toContain(`failed to resolve source metadata for ${frontend}`);
    }
  });
});
