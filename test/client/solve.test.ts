import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  type Connection,
  dockerfileFrontend,
  emptyBuildState,
  errorSources,
  reduceStatus,
  SolveError,
  type SolveOptions,
  solve,
} from '../../src/client/index.ts';
import { Code, RpcError } from '../../src/rpc/rpc-error.ts';
import { ends } from '../ends.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { connected } from './connected.ts';

const dockerfileFrontendName = 'dockerfile.v0';

await onEngines('solve', { suites: ['forky', 'trixie'] }, (engine) => {
  const daemon = connected(engine);

  const build = (dir: string, options: SolveOptions = {}) =>
    solve(daemon.connection, {
      frontend: dockerfileFrontendName,
      localDirs: { context: dir, dockerfile: dir },
      auth: false,
      ...options,
    });
  const exported = async (dir: string, options: SolveOptions = {}) => {
    const dest = temporaryDir();
    await build(dir, { exports: [{ type: 'local', dest }], ...options }).result;
    return dest;
  };

  test('solve refuses a request with nothing to build', async () => {
    await expect(solve(daemon.connection, {}).result).rejects.toThrow('a build needs a definition or a frontend');
  });

  test.each([[dockerfileFrontendName], [dockerfileFrontend]])(
    'finds the Dockerfile in the context where no other directory is named for it',
    async (frontend) => {
      const files = { 'api.Dockerfile': 'FROM scratch\nCOPY a /', 'api.Dockerfile.dockerignore': 'b', a: 'a', b: 'b' };
      for (const given of [temporaryDir(files), files]) {
        const dest = temporaryDir();
        const options = { frontend, frontendAttrs: { filename: 'api.Dockerfile' }, localDirs: { context: given } };
        await solve(daemon.connection, { ...options, auth: false, exports: [{ type: 'local', dest }] }).result;
        expect(readdirSync(dest)).toEqual(['a']);
      }
      const other = { context: { a: 'a' }, dockerfile: { Dockerfile: 'FROM scratch\nCOPY Dockerfile /' } };
      const error = await solve(daemon.connection, { frontend, localDirs: other, auth: false }).result.catch((e) => e);
      expect(error.message).toContain('"/Dockerfile": not found');
    },
  );

  test('sends a context as it is, and exports what was built', async () => {
    const dir = temporaryDir({
      Dockerfile: 'FROM scratch\nCOPY . /',
      'a/f': 'one',
      'a-b': 'two',
      'ü/ñ': 'three',
      '.dockerignore': 'skip\n',
    });
    writeFileSync(path.join(dir, 'skip'), 'not sent');
    writeFileSync(path.join(dir, 'big'), Buffer.alloc(3_000_000, 7));
    chmodSync(path.join(dir, 'a/f'), 0o4751);
    linkSync(path.join(dir, 'a/f'), path.join(dir, 'a/z'));
    symlinkSync('../a-b', path.join(dir, 'a/l'));
    utimesSync(path.join(dir, 'a-b'), 1_000_000_000.5, 1_000_000_000.5);
    const out = await exported(dir);
    expect(execFileSync('find', ['.'], { cwd: out, encoding: 'utf8' }).split('\n').sort()).toEqual(
      execFileSync('find', ['.', '!', '-name', 'skip'], { cwd: dir, encoding: 'utf8' }).split('\n').sort(),
    );
    expect(readFileSync(path.join(out, 'ü/ñ'), 'utf8')).toBe('three');
    expect(readFileSync(path.join(out, 'big')).equals(readFileSync(path.join(dir, 'big')))).toBe(true);
    expect(lstatSync(path.join(out, 'a/f')).mode).toBe(0o104751);
    expect(lstatSync(path.join(out, 'a/z')).ino).toBe(lstatSync(path.join(out, 'a/f')).ino);
    expect(readlinkSync(path.join(out, 'a/l'))).toBe('../a-b');
    expect(lstatSync(path.join(out, 'a-b')).mtimeMs).toBe(1_000_000_000_500);
  });

  test('sends only what follow paths need, and follows symlinks', async () => {
    const dir = temporaryDir({
      Dockerfile: 'FROM scratch\nCOPY link wild* /out/',
      real: 'content',
      wild1: '1',
      wild2: '2',
      other: 'x',
    });
    symlinkSync('real', path.join(dir, 'link'));
    const out = await exported(dir);
    expect(readFileSync(path.join(out, 'out/link'), 'utf8')).toBe('content');
    expect(readFileSync(path.join(out, 'out/wild2'), 'utf8')).toBe('2');
  });

  test('takes more follow paths than a default HTTP/2 server allows headers', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `file-${i}`);
    const dir = temporaryDir({
      Dockerfile: `FROM scratch\n${names.map((name) => `COPY ${name} /`).reduce((text, line, i) => `${text}${i % 60 ? line.slice(4, -2) : `${i ? ' /\n' : ''}${line.slice(0, -2)}`}`, '')} /\n`,
      ...Object.fromEntries(names.map((name) => [name, name])),
    });
    const out = await exported(dir);
    expect(readFileSync(path.join(out, 'file-299'), 'utf8')).toBe('file-299');
  });

  test('reports progress, and the reducer keeps its state', async () => {
    const dir = temporaryDir({ Dockerfile: `FROM ${daemon.base}\nRUN echo out; echo err >&2` });
    const running = build(dir, { frontendAttrs: { 'no-cache': '' } });
    let state = emptyBuildState;
    for await (const update of running.status) state = reduceStatus(state, update);
    await running.result;
    const run = [...state.vertexes.values()].find(({ vertex }) => vertex.name.includes('RUN echo out'));
    expect(run?.vertex.completed).toBeGreaterThan(0);
    expect(run?.logs.toSorted()).toEqual(['', 'err', 'out']);
  });

  test('gives secrets to the step that asks, and to nobody else', async () => {
    const dir = temporaryDir({
      Dockerfile: `FROM ${daemon.base} AS b\nRUN --mount=type=secret,id=one cp /run/secrets/one /copy && rm /run/secrets/one || true\nFROM scratch\nCOPY --from=b /copy /`,
    });
    const secret = `s3cret-${Date.now()}`;
    const options = { secrets: { one: { value: secret } } };
    // A secret is not a part of the cache key: the daemon may still know the step from an earlier run of the tests.
    const out = await exported(dir, { ...options, frontendAttrs: { 'no-cache': '' } });
    expect(readFileSync(path.join(out, 'copy'), 'utf8')).toBe(secret);
    const missing = build(
      temporaryDir({ Dockerfile: `FROM ${daemon.base}\nRUN --mount=type=secret,id=two,required true` }),
      options,
    );
    await expect(missing.result).rejects.toThrow(/secret two: not found/);
  });

  test.each<[string, SolveOptions['frontend']]>([
    ['dockerfile.v0', dockerfileFrontendName],
    ['tsfront', dockerfileFrontend],
  ])('%s: a failed step is told with its exit code, its vertex and its lines, in few words', async (_, frontend) => {
    const padding = '# a comment that nobody wants to see in an error\n'.repeat(2000);
    const failing = build(temporaryDir({ Dockerfile: `${padding}FROM ${daemon.base}\nRUN exit 7` }), { frontend });
    const failed = new Set<string>();
    for await (const { vertexes } of failing.status) for (const it of vertexes) if (it.error) failed.add(it.digest);
    const error = await failing.result.catch((error: unknown) => error);
    if (!(error instanceof SolveError)) throw error;
    expect(error.message).toMatch(/did not complete successfully: exit code: 7$/);
    expect(error.exitCode).toBe(7);
    expect([...failed]).toEqual([error.vertex]);
    expect(error.sources).toMatchObject([{ filename: 'Dockerfile', ranges: [{ start: 2002, end: 2002 }] }]);
    expect(inspect(error).length).toBeLessThan(2000);
  });

  test('contexts of the same names, sizes and times are not taken for each other', async () => {
    const made = (text: string) => {
      const dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY f /\n', f: text });
      utimesSync(path.join(dir, 'f'), 1_000_000_000, 1_000_000_000);
      return dir;
    };
    for (const text of ['one', 'two']) {
      const out = await exported(made(text), {});
      expect(readFileSync(path.join(out, 'f'), 'utf8')).toBe(text);
    }
  });

  test('stops the daemon when the signal is aborted', async () => {
    const abort = new AbortController();
    const dir = temporaryDir({ Dockerfile: `FROM ${daemon.base}\nRUN echo started; sleep 60` });
    const running = build(dir, { signal: abort.signal, frontendAttrs: { 'no-cache': '' } });
    let stopped: Promise<unknown> | undefined;
    for await (const { logs } of running.status) {
      if (logs.length === 0 || stopped) continue;
      abort.abort(new Error('enough'));
      stopped = ends(running.result).catch((error: unknown) => error);
    }
    expect(await stopped).toMatchObject({ message: 'enough' });
  });

  test('a context that is not there fails before the daemon is asked', async () => {
    await expect(build('/nonexistent').result).rejects.toThrow('/nonexistent is not a directory');
  });

  test('what a daemon does not know is refused, and what it knows is asked for', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    const refusal = (options: SolveOptions) =>
      build(dir, options).result.then(
        () => '',
        (error: Error) => error.message,
      );
    if (engine.suite !== 'own') {
      expect(await refusal({ compatibilityVersion: 20 })).toMatch(/compatibility versions need BuildKit 0\.30/);
      expect(await refusal({ proxyNetwork: true })).toMatch(
        /exec\.meta\.network\.proxy .*is not supported by build server/,
      );
    }

    // One that knows compatibility versions and refuses those that there are not, as BuildKit 0.30 does.
    const asked: unknown[] = [];
    const control: Connection['control'] = {
      ...daemon.connection.control,
      solve: async (request, options) => {
        asked.push(request.CompatibilityVersion);
        if (request.CompatibilityVersion === 1n)
          throw new RpcError(Code.unknown, 'unsupported compatibility-version 1 (supported: [10 20 30])');
        return daemon.connection.control.solve(request, options);
      },
    };
    const localDirs = { context: dir, dockerfile: dir };
    const options = { frontend: dockerfileFrontendName, localDirs, auth: false, compatibilityVersion: 20 } as const;
    await solve({ ...daemon.connection, control }, options).result;
    expect(asked).toEqual([1n, 20n]);
  });

  test('a check decides on each source; a daemon that would not ask is refused', async () => {
    const checked = async (decide: SolveOptions['sourcePolicyCheck']) => {
      const dir = temporaryDir({ Dockerfile: `FROM ${daemon.base}\nCOPY f /\n`, f: 'contents' });
      return build(dir, { sourcePolicyCheck: decide }).result.then(
        () => '',
        (error: Error) => error.message,
      );
    };
    const asked: string[] = [];
    const allowed = await checked((request) => {
      asked.push(request.Source?.Source?.identifier ?? '');
      return 'allow';
    });
    if (asked.length === 0) {
      expect(allowed).toMatch(/feature source\.policy\.session .*is not supported by build server/);
      return;
    }
    expect(allowed).toBe('');
    expect(asked).toContain('local://context');
    expect(asked.some((source) => source.startsWith('docker-image://'))).toBe(true);
    const denied = await checked((request) =>
      request.Source?.Source?.identifier.startsWith('docker-image:') ? { deny: 'no images today' } : 'allow',
    );
    expect(denied).toContain('not allowed by policy');
    expect(denied).toContain('no images today');
  });

  test('tells an error that quotes a Dockerfile of 300 kB', async () => {
    const Dockerfile = `FROM ${daemon.base}\n${`# ${'x'.repeat(200)}\n`.repeat(1500)}COPY missing /\n`;
    const files = { Dockerfile };
    const localDirs = { context: files, dockerfile: files };
    const error = await solve(daemon.connection, {
      frontend: dockerfileFrontendName,
      localDirs,
      auth: false,
    }).result.catch((e) => e);
    expect(error.message).toMatch(/"\/missing": not found$/);
    expect(errorSources(error)[0]?.text).toBe(Dockerfile);
  });
});
