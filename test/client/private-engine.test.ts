import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, connect, listHistory, prune, type SolveOptions, solve } from '../../src/client/index.ts';
import { ends } from '../ends.ts';
import { runCommand } from '../engine/command.ts';
import { startPrivateEngine } from '../engine/engine.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

await onEngines('an engine of its own', { suites: ['forky'] }, (shared) => {
  // Pruning and killing would disturb what others build on the shared one.
  let engine: Awaited<ReturnType<typeof startPrivateEngine>> | undefined;
  let connection: Connection | undefined;
  let base: string;
  beforeAll(async () => {
    if (shared.suite === 'own') return;
    engine = await startPrivateEngine(shared.suite, 'client');
    base = await engine.baseImage();
    connection = await connect(engine.address);
  });
  afterAll(async () => {
    connection?.close();
    await engine?.end();
  });

  const start = (text: string, options: SolveOptions = {}) => {
    const files = { Dockerfile: text };
    const localDirs = { context: files, dockerfile: files };
    return solve(connection!, { frontend: 'dockerfile.v0', localDirs, auth: false, ...options });
  };

  test.skipIf(shared.suite === 'own')('finds in an exported cache what it has built before', async () => {
    const dir = path.join(temporaryDir(), 'cache');
    const ref = `${engine!.registry}/test/cache:1`;
    const dockerfile = `FROM ${base}\nRUN echo marker > /x\n`;
    const cacheTo = [
      { type: 'local', attrs: { dest: dir, mode: 'max' } },
      { type: 'registry', attrs: { ref, mode: 'max' } },
    ];
    await start(dockerfile, { cacheTo }).result;
    const inline = `${engine!.registry}/test/inline:1`;
    const exports = [{ type: 'image' as const, attrs: { name: inline, push: 'true' } }];
    await start(dockerfile, { cacheTo: [{ type: 'inline' }], exports }).result;
    const caches = [
      { type: 'local', attrs: { src: dir } },
      { type: 'registry', attrs: { ref } },
      { type: 'registry', attrs: { ref: inline } },
    ];
    for (const entry of [undefined, ...caches]) {
      for await (const _ of prune(connection!, { all: true }));
      const build = start(dockerfile, { cacheFrom: entry ? [entry] : [] });
      let hit = false;
      for await (const { vertexes } of build.status)
        for (const { name, cached } of vertexes) hit ||= cached && name.includes('echo marker');
      await build.result;
      expect(hit, JSON.stringify(entry)).toBe(entry !== undefined);
    }
  });

  test.skipIf(shared.suite === 'own')(
    'a daemon that freezes ends the build with an error, and drops the build when it thaws',
    async () => {
      const children = (pid: string) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      const [pid = ''] = readFileSync(`${engine!.home}/run/engine.pid`, 'utf8').split(' ');
      const dockerd = children(children(pid)[0]!).find(
        (child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'dockerd',
      )!;
      const patient = await connect(engine!.address, { patience: 15_000 });
      const dir = temporaryDir();
      const dest = path.join(dir, 'out');
      writeFileSync(path.join(dir, 'Dockerfile'), `FROM ${base}\nRUN echo started; sleep 300\n`);
      let said = '';
      const command = runCommand(
        process.execPath,
        [path.resolve(import.meta.dirname, '../../src/cli.ts'), 'build', '--progress=plain', `--output=${dest}`, dir],
        {
          env: { ...engine!.env, DOCKER_HOST: engine!.address, TSFRONT_PATIENCE: '15' },
          timeout: 100_000,
          onStderr: (text) => (said = text),
        },
      );
      const files = { Dockerfile: `FROM ${base}\nRUN echo started; sleep 200\n` };
      const build = solve(patient, {
        frontend: 'dockerfile.v0',
        localDirs: { context: files, dockerfile: files },
        auth: false,
      });
      try {
        for await (const { logs } of build.status) if (logs.length > 0) break;
        await expect.poll(() => said, { timeout: 30_000 }).toMatch(/ started\n/);
        process.kill(Number(dockerd), 'SIGSTOP');
        const error = await ends(build.result).catch((reason: Error) => reason);
        expect((error as Error).message).toMatch(
          /^Unavailable: connection to unix:\/\/.* was lost: no sign of life for 15 s; it hangs or is suspended/,
        );
        const { status, stderr } = await ends(command);
        expect(stderr).toMatch(/\nERROR: .*no sign of life for 15 s; .*TSFRONT_PATIENCE=SECONDS waits longer\n$/);
        expect(stderr).not.toMatch(/^ +at /m);
        expect(status).toBe(1);
        expect(readdirSync(dir)).toEqual(['Dockerfile']);
      } finally {
        process.kill(Number(dockerd), 'SIGCONT');
        patient.close();
      }
      const running = async () => (await listHistory(connection!)).filter(({ status }) => status === 'running');
      await expect.poll(running, { timeout: 30_000 }).toEqual([]);
    },
  );

  test.skipIf(shared.suite === 'own')('a daemon that is killed ends the build with an error', async () => {
    const build = start(`FROM ${base}\nRUN echo started; sleep 60\n`);
    let failure: Promise<unknown> | undefined;
    for await (const { logs } of build.status)
      if (logs.length > 0 && !failure) {
        await engine!.must('sh', ['-c', `kill -KILL $(cut -d' ' -f1 ${engine!.home}/run/engine.pid)`]);
        failure = ends(build.result.catch((error: unknown) => error));
      }
    const error = await failure;
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(/connection to unix:.* was lost/);
  });
});
