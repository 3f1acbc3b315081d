/** What goes wrong must end: with a clear error or success, without a hang, with no frontend left behind. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ends } from '../ends.ts';
import type { CommandOptions, CommandResult } from '../engine/command.ts';
import { type Engine, startPrivateEngine } from '../engine/engine.ts';
import { onEngines } from '../engine/on-engines.ts';
import { buildCommand, dockerBuild, writeDockerfile } from './build.ts';
import { removeContext, writeContext } from './case.ts';
import { type Fixtures, startFixtures } from './fixtures.ts';
import { pushFailingFrontend, pushImage } from './frontend-image.ts';

/** The ids of the frontend processes of an engine: all on this machine where the engine is the user's own. */
function frontends(engine: Engine): number[] {
  const top = engine.home && read(`${engine.home}/run/engine.pid`).split(' ')[0];
  return processes().filter((pid) => isFrontend(pid) && (!engine.home || descendsFrom(pid, Number(top))));
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function descendsFrom(pid: number, top: number): boolean {
  for (let id = pid; id > 1; id = Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${id}/status`))?.[1]))
    if (id === top) return true;
  return false;
}

const isFrontend = (pid: number) => read(`/proc/${pid}/cmdline`) === '/frontend\0';

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

/** Limits the memory of all containers of an engine's builds, in bytes; -1 for no limit. */
function limitMemory(engine: Engine, bytes: number): void {
  const group = `bk-engine/${engine.registry.split(':')[1]}/buildkit`;
  const old = '/sys/fs/cgroup/memory';
  if (existsSync(old)) writeFileSync(`${old}/${group}/memory.limit_in_bytes`, `${bytes}`);
  else writeFileSync(`/sys/fs/cgroup/${group}/memory.max`, bytes < 0 ? 'max' : `${bytes}`);
}

/** How often the kernel has killed a process because memory was short. */
function oomKills(): number {
  return Number(/^oom_kill (\d+)$/m.exec(read('/proc/vmstat'))![1]);
}

async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect.fail(`${what}: not within ${seconds} s`);
}

await onEngines('a build that is disturbed', { suites: ['forky', 'trixie'] }, (engine) => {
  let fixtures: Fixtures;
  let syntax: string;
  let context: string;
  let failing: Promise<string> | undefined;

  beforeAll(async () => {
    fixtures = await startFixtures(engine);
    syntax = await pushImage(engine);
    context = writeContext({ file: 'content\n' });
  });
  afterEach(() => until('the frontends end', () => ours().length === 0));
  afterAll(() => {
    fixtures?.close();
    if (context) removeContext(context);
  });

  async function build(
    text: string,
    options: CommandOptions = {},
    on: Engine = engine,
    line = syntax,
  ): Promise<CommandResult> {
    const beside = writeContext({});
    try {
      const dockerfile = writeDockerfile(beside, `# syntax=${line}\n${fixtures.fill(text)}`);
      return await dockerBuild(on, ['-f', dockerfile, context], options);
    } finally {
      removeContext(beside);
    }
  }

  /** Builds, and presses Ctrl-C when `ready`, told what is printed so far; the client must be gone soon after. */
  async function cancelled(
    text: string,
    ready: (printed: string) => boolean,
    args: readonly string[] = [context],
    line = syntax,
  ): Promise<CommandResult> {
    const beside = writeContext({});
    const dockerfile = writeDockerfile(beside, `# syntax=${line}\n${fixtures.fill(text)}`);
    const controller = new AbortController();
    const command = buildCommand(engine, ['-f', dockerfile, ...args]);
    let printed = '';
    const running = engine.run('docker', command, {
      signal: controller.signal,
      timeout: 90_000,
      env: { DOCKER_BUILDKIT: '1' },
      onStderr: (text) => {
        printed = text;
      },
    });
    await until('the build is where it is to be cancelled', () => ready(printed));
    controller.abort();
    const result = await ends(running);
    removeContext(beside);
    return result;
  }
  const ours = () => frontends(engine);

  test('ends if it is cancelled while the image of the frontend is looked for', async () => {
    const name = `${fixtures.fill('@STALL@')}/tsfront`;
    const looking = (printed: string) => printed.includes(`docker-image://${name}`);
    const result = await cancelled('FROM scratch\nCOPY file /\n', looking, [context], name);
    expect(result.status).not.toBe(0);
  });

  test('ends if it is cancelled while the frontend waits for a registry that does not answer', async () => {
    const result = await cancelled(`FROM ${fixtures.fill('@STALL@')}/image\n`, () => ours().length > 0);
    expect(result.status).not.toBe(0);
  });

  test('ends the command of a RUN if it is cancelled in it', async () => {
    const marker = `sleep 61${process.pid}`;
    const sleeping = () =>
      processes().some((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').startsWith(marker));
    const result = await cancelled(`FROM @BASE@\nRUN ${marker}\n`, sleeping);
    expect(result.status).not.toBe(0);
    await until('the command of the RUN ends', () => !sleeping());
  });

  test('ends if it is cancelled while the context is sent', async () => {
    const large = writeContext({ file: '' });
    truncateSync(`${large}/file`, 20e9);
    const sending = (printed: string) => /transferring context: [\d.]+[MG]B/.test(printed);
    const result = await cancelled('FROM scratch\nCOPY file /\n', sending, [large]);
    removeContext(large);
    expect(result.status).not.toBe(0);
  });

  test('ends if it is cancelled while the image is pushed', async () => {
    const output = ['--output', `type=image,name=${fixtures.fill('@STALL@')}/image,push=true`, context];
    const pushing = (printed: string) => /pushing layers/.test(printed);
    const result = await cancelled('FROM scratch\nCOPY file /\n', pushing, output);
    expect(result.status).not.toBe(0);
  });

  test('ends with an error if its frontend is killed', async () => {
    const running = build(`FROM ${fixtures.fill('@STALL@')}/image\n`);
    await until('the frontend runs', () => ours().length > 0);
    for (const pid of ours()) process.kill(pid, 'SIGKILL');
    const { status, stderr } = await running;
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/ERROR: .*(exit code: 137|signal: killed|frontend)/);
  });

  test.skipIf(engine.suite === 'own')(
    'ends with an error if the kernel kills its frontend because memory is short',
    async () => {
      const dockerfile = 'FROM scratch\nCOPY file /\n';
      expect((await build(dockerfile)).status).toBe(0);
      const killed = oomKills();
      limitMemory(engine, 20 << 20); // it needs less for a small file, and more for a long one
      try {
        const { status, stderr } = await build(`${dockerfile}${'ENV KEY=value\n'.repeat(50_000)}`);
        expect(status).not.toBe(0);
        // Whichever BuildKit sees first.
        expect(stderr).toMatch(/ERROR: .*(exit code: 137|frontend grpc server closed unexpectedly)/);
        expect(oomKills()).toBeGreaterThan(killed);
      } finally {
        limitMemory(engine, -1);
      }
      expect((await build(dockerfile)).status).toBe(0);
    },
  );

  test('a frontend that a signal ends says so', async () => {
    const running = build(`FROM ${fixtures.fill('@STALL@')}/image\n`);
    await until('the frontend runs', () => ours().length > 0);
    for (const pid of ours()) process.kill(pid, 'SIGTERM');
    const { status, stderr } = await ends(running);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/ERROR: .*the frontend received SIGTERM/);
  });

  test('a second signal ends it at once', async () => {
    const running = build(`FROM ${fixtures.fill('@STALL@')}/image\n`);
    await until('the frontend runs', () => ours().length > 0);
    const frontend = ours();
    for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) // both come before it runs again
      for (const pid of frontend) process.kill(pid, signal);
    const { status, stderr } = await ends(running);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/ERROR: .*(exit code: 2|frontend grpc server closed unexpectedly)/);
    expect(stderr).not.toContain('the frontend received');
  });

  test.each([
    ['hangs up', '', 'the connection was closed'],
    ['does not speak HTTP/2', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', 'does not speak HTTP/2'],
  ])('a daemon that %s', async (_, input, reason) => {
    const run = ['run', '-i', '--rm', '--network=none', '-e', 'BUILDKIT_SESSION_ID=s', syntax];
    const { status, stderr } = await engine.run('docker', run, { input });
    expect(status).toBe(2);
    expect(stderr).toContain(`tsfront: Unavailable: the connection to BuildKit was lost: `);
    expect(stderr).toContain(reason);
  });

  test('a Dockerfile that needs too much memory is an error that says so', async () => {
    // A document for each RUN, with a long variable in it.
    const large = `ARG LONG=${'x'.repeat(60_000)}\n${'RUN <<E\n$LONG\nE\n'.repeat(2_000)}`;
    const { status, stderr } = await build(`FROM scratch\n${large}`);
    expect(status).not.toBe(0);
    expect(stderr).toContain('the build needs more than the 480 MiB of memory that a frontend may use');
  });

  test.each([
    ['throws', 'thrown'],
    ['throws-later', 'thrown later'],
    ['rejects', 'rejected'],
    ['memory', 'the build needs more than the 480 MiB of memory that a frontend may use'],
    ['stack', 'Maximum call stack size exceeded'],
  ])('a frontend that fails: %s', async (target, reason) => {
    failing ??= pushFailingFrontend(engine);
    const beside = writeContext({});
    const dockerfile = writeDockerfile(beside, `# syntax=${await failing}\nFROM scratch\n`);
    const { status, stderr } = await dockerBuild(engine, ['-f', dockerfile, '--target', target, context]);
    removeContext(beside);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(new RegExp(`ERROR: .*${reason}`));
  });

  // BuildKit 0.13 takes no message beyond 4 MB from any frontend.
  test.skipIf(engine.suite === 'trixie')('a Dockerfile of 10 MB is built', async () => {
    const comment = `# ${'x'.repeat(1000)}\n`;
    const { status, stderr } = await build(`FROM scratch\n${comment.repeat(10_000)}COPY file /\n`);
    expect(status, stderr.slice(-2000)).toBe(0);
  });

  test('a Dockerfile beyond the limit of a message is an error', async () => {
    const comment = `# ${'x'.repeat(1000)}\n`;
    const { status, stderr } = await build(`FROM scratch\n${comment.repeat(17_000)}COPY file /\n`);
    expect(status).not.toBe(0);
    // The engine's own frontend, which forwards to ours, adds the whole Dockerfile to the error: more than a header
    // holds.
    expect(stderr).toMatch(/ERROR: .*(larger than max|COMPRESSION_ERROR)/s);
  });

  test('a syntax error in a Dockerfile of 10 MB is reported', async () => {
    const comment = `# ${'x'.repeat(1000)}\n`;
    const { status, stderr } = await build(`FROM scratch\n${comment.repeat(10_000)}COPPY file /\n`);
    expect(status).not.toBe(0);
    expect(stderr).toContain('unknown instruction: COPPY');
  });

  test('a COPY of 300 files succeeds', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `many/${index}`);
    const many = writeContext(Object.fromEntries(names.map((name) => [name, `${name}\n`])));
    const beside = writeContext({});
    const text = `FROM @BASE@\nCOPY ${names.join(' ')} /all/\nRUN test "$(ls /all | wc -l)" = 300\n`;
    const dockerfile = writeDockerfile(beside, `# syntax=${syntax}\n${fixtures.fill(text)}`);
    const { status, stderr } = await dockerBuild(engine, ['-f', dockerfile, many]);
    removeContext(many);
    removeContext(beside);
    expect(status, stderr.slice(-2000)).toBe(0);
  });

  test('50 builds at once all succeed', async () => {
    const builds = Array.from({ length: 50 }, (_, index) =>
      build(`FROM scratch\nLABEL n=${index}\nCOPY file /${index}\n`),
    );
    const results = await Promise.all(builds);
    expect(results.filter(({ status }) => status !== 0).map(({ stderr }) => stderr.slice(-500))).toEqual([]);
  });

  test.skipIf(engine.suite === 'own')(
    'fails if the daemon is killed, and succeeds after its restart',
    { timeout: 300_000 },
    async () => {
      const other = await startPrivateEngine(engine.suite, 'faults');
      try {
        const name = await pushImage(other);
        const base = await other.baseImage();
        const running = build(`FROM ${base}\nRUN sleep 600\n`, {}, other, name);
        await until('the build runs', () => frontends(other).length > 0, 60);
        const left = frontends(other);
        await other.control('kill');
        const { status, stderr } = await ends(running);
        expect(status).not.toBe(0);
        expect(stderr).toMatch(/ERROR/);
        await until('its frontends end', () => !left.some(isFrontend));
        expect((await other.control('start')).status).toBe(0);
        expect((await build('FROM scratch\nCOPY file /\n', {}, other, name)).status).toBe(0);
      } finally {
        await other.end();
      }
    },
  );
});
