/** How a command ends when what it writes to goes away, is full, or a signal comes: real processes in real pipes. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connect, listHistory } from '../../src/client/index.ts';
import { mkdir, scratch } from '../../src/llb/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { fakeControl } from './fake-control.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const tsfront = `"${process.execPath}" "${cli}"`;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line of bash, in which a pipeline fails as its first command that fails. */
async function bash(command: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], { env: { ...process.env, ...env } });
  const [stdout, stderr] = [read(child.stdout), read(child.stderr)];
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: await stdout, stderr: await stderr };
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const trace = /^\s+at |node:internal|Unhandled|ERR_/m;

function context(dockerfile: string): string {
  const dir = temporaryDir({ Dockerfile: dockerfile });
  return dir;
}

/** A directory for temporary files of the command alone. */
function ownTmp(): string {
  const dir = path.join(temporaryDir(), 'tmp');
  mkdirSync(dir);
  return dir;
}

describe('a result on standard output', () => {
  const many = () => context(`FROM scratch\n${'COPY a /b\n'.repeat(2000)}`);

  test.each(['compile', 'graph'])('%s succeeds if the reader of its output stops', async (command) => {
    const { code, stdout, stderr } = await bash(`${tsfront} ${command} --offline ${many()} | head -1`);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toHaveLength(2);
    expect(code).toBe(0);
  });

  test('check with its findings may lose its reader', async () => {
    const { code, stderr } = await bash(
      `${tsfront} check --offline ${context('FROM scratch as x\n'.repeat(300))} | head -1`,
    );
    expect(stderr).toBe('');
    expect(code).toBe(1); // it has found something
  });

  test.each(['compile -', 'compile --format=tree -', 'graph -', 'check -', '--version', 'compile --help'])(
    '%s fails where it cannot be written',
    async (command) => {
      const { code, stderr } = await bash(`echo 'FROM scratch' | ${tsfront} ${command} > /dev/full`);
      expect(stderr).toBe('error: cannot write to standard output: ENOSPC: no space left on device, write\n');
      expect(code).toBe(1);
    },
  );

  test.each(['2> /dev/full', '2>&-', '2>&1 | head -c 0'])('standard error %s is not a failure', async (redirect) => {
    const { code, stderr } = await bash(
      `${tsfront} compile --offline ${context('FROM scratch as x\n'.repeat(300))} -o /dev/null ${redirect}`,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

describe('a signal', () => {
  test.each([
    ['SIGHUP', 129, 'error: the terminal was closed\n'],
    ['SIGINT', 130, 'error: interrupted\n'],
    ['SIGTERM', 143, 'error: terminated\n'],
  ] as const)('%s ends a command that waits for an open standard input', async (signal, expected, message) => {
    const tmp = ownTmp();
    const child = spawn(process.execPath, [cli, 'compile', '--offline', '-'], { env: { ...process.env, TMPDIR: tmp } });
    const stderr = read(child.stderr);
    await waitFor(() => listens(child.pid!));
    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number | null];
    expect(await stderr).toBe(message);
    expect(code).toBe(expected);
    expect(readdirSync(tmp)).toEqual([]);
  });
});

describe('a command that waits for what never comes', () => {
  test('a named pipe that nobody writes to', async () => {
    const fifo = path.join(temporaryDir(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const child = spawn(process.execPath, [cli, 'solve', fifo]);
    const stderr = read(child.stderr);
    try {
      await waitFor(() => listens(child.pid!));
      await new Promise((resolve) => setTimeout(resolve, 1000)); // it opens the pipe by then
      child.kill('SIGINT');
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      expect(await stderr).toBe('ERROR: the build was canceled\n');
      expect(code ?? signal).toBe('SIGINT'); // which a shell shows as 130
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('a command that writes to a named pipe that nobody reads ends at a signal', async () => {
    const dir = temporaryDir();
    const fifo = path.join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\n');
    const child = spawn(process.execPath, [cli, 'compile', '--offline', '-o', fifo, dir]);
    const stderr = read(child.stderr);
    try {
      await waitFor(() => listens(child.pid!));
      await new Promise((resolve) => setTimeout(resolve, 1500)); // it opens the pipe by then
      child.kill('SIGTERM');
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      expect(await stderr).toBe('error: terminated\n');
      expect(code ?? signal).toBe('SIGTERM');
    } finally {
      child.kill('SIGKILL');
    }
  });

  test.each([['du'], ['history ls'], ['workers'], ['prune --force'], ['build .'], ['solve -']])(
    'a daemon that never answers %s',
    async (command) => {
      const never = new Promise<never>(() => {});
      let asked = 0;
      const waiting = async () => {
        asked++;
        return never;
      };
      const stream = async function* () {
        yield await waiting();
      };
      let calls = 0;
      const daemon = await fakeControl({
        // The first one is asked while connecting.
        listWorkers: async () => (calls++ === 0 ? { record: [] } : waiting()),
        diskUsage: waiting,
        prune: stream,
        listenBuildHistory: stream,
        solve: waiting,
        status: stream,
      });
      const args = [cli, ...command.split(' '), `--builder=${daemon.address}`];
      const child = spawn(process.execPath, args, { cwd: context('FROM scratch\n') });
      const closed = once(child, 'close') as Promise<[number | null]>;
      child.stdin.end(
        command.startsWith('solve') ? scratch().file(mkdir('/made', 0o755)).marshal().encode() : undefined,
      );
      const stderr = read(child.stderr);
      await waitFor(() => asked > 0 || child.exitCode !== null);
      child.kill('SIGTERM');
      const [code] = await closed;
      daemon.close();
      expect(await stderr).toMatch(/^(error: terminated|ERROR: the build was canceled)\n$/);
      expect(code).toBe(143);
    },
  );
});

/** Whether a process handles SIGHUP by now, the last of its signals, and the one that Node itself does not handle. */
function listens(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & 1n) === 1n;
}

async function waitFor(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 20));
}

await onEngines('the end of a build', { suites: ['forky'] }, (engine) => {
  const run = (command: string, env: NodeJS.ProcessEnv = {}) =>
    bash(command, { DOCKER_HOST: engine.dockerHost, BUILDKIT_HOST: '', ...env });
  const build = `${tsfront} build --builder=${engine.address} --progress=plain`;
  /** 500 lines of output, and a file in the result. */
  const talking = async () =>
    context(
      `FROM ${await engine.baseImage()} AS b\nRUN seq 500 && echo ${Math.random()} > /made\nFROM scratch\nCOPY --from=b /made /\n`,
    );

  test.each(['2>&1 | head -1', '2> /dev/full', '2>&-'])('a command succeeds with %s', async (redirect) => {
    const tmp = ownTmp();
    const out = path.join(temporaryDir(), 'out');
    const { code, stderr } = await run(`${build} -o ${out} ${await talking()} ${redirect}`, { TMPDIR: tmp });
    expect(stderr).not.toMatch(trace);
    expect(code).toBe(0);
    expect(readdirSync(out)).toEqual(['made']);
    expect(readdirSync(path.dirname(out))).toEqual(['out']);
    expect(readdirSync(tmp)).toEqual([]);
  });

  test('a command succeeds if a small disk behind standard error fills up', async (context) => {
    const mount = temporaryDir();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      context.skip();
    }
    try {
      const out = path.join(temporaryDir(), 'out');
      const { code, stderr } = await run(`${build} -o ${out} ${await talking()} 2> ${mount}/log`);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(readdirSync(out)).toEqual(['made']);
      const failed = await run(`echo 'FROM scratch\nCOPY a /' | ${tsfront} compile - > ${mount}/out`);
      expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot write to standard output') });
    } finally {
      execFileSync('umount', [mount]);
    }
  });

  /** What nobody reads is full by then. */
  const full = () => new Promise((resolve) => setTimeout(resolve, 1000));

  /** Whether the build with this label has ended for the daemon. */
  const endedAtDaemon = async (mark: string) => {
    const connection = await connect(engine.address);
    try {
      const build = (await listHistory(connection)).find((it) => it.frontendAttrs['label:mark'] === mark);
      return build?.completedAt !== undefined;
    } finally {
      connection.close();
    }
  };

  test('waits for a reader of standard error who pauses, with its outputs made, and no longer after a signal', async () => {
    const out = path.join(temporaryDir(), 'out');
    const mark = `${Math.random()}`;
    const dockerfile = `FROM ${await engine.baseImage()} AS b\nRUN seq 20000 && echo ${mark} > /made\nFROM scratch\nCOPY --from=b /made /\n`;
    const flags = [`--builder=${engine.address}`, '--progress=plain', `--label=mark=${mark}`, '-o', out];
    const args = [cli, 'build', ...flags, context(dockerfile)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] }); // nobody reads its stderr
    const exited = once(child, 'exit');
    await vi.waitUntil(() => endedAtDaemon(mark), { timeout: 240_000, interval: 100 });
    await full();
    expect(child.exitCode).toBe(null);
    child.kill('SIGTERM');
    expect(await exited).toEqual([143, null]);
    expect(readdirSync(out)).toEqual(['made']);
  });

  /**
   * A build of 32 MB with two outputs, `dest` as an archive and a directory; what it leaves is in `place` and `tmp`.
   */
  const exporting = (dest: string) => {
    const dir = context('FROM scratch\nCOPY big /\n');
    writeFileSync(path.join(dir, 'big'), Buffer.alloc(32 << 20));
    const place = temporaryDir();
    const tmp = ownTmp();
    const outputs = ['-o', `type=tar,dest=${dest}`, '-o', 'type=local,dest=out'];
    const args = [cli, 'build', `--builder=${engine.address}`, '--progress=plain', ...outputs, dir];
    const start = () => {
      const child = spawn(process.execPath, args, { cwd: place, env: { ...process.env, TMPDIR: tmp } });
      onTestFinished(() => void child.kill('SIGKILL'));
      child.stdin.end();
      return child;
    };
    return { place, tmp, start };
  };

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('waits for a reader of standard output who pauses, and %s leaves nothing', async (signal, expected) => {
    const { place, tmp, start } = exporting('-');
    const child = start();
    const stderr = read(child.stderr);
    await once(child.stdout, 'readable'); // and no more of it is read than one piece
    await full();
    const exited = once(child, 'exit');
    child.kill(signal);
    expect(await exited).toEqual([expected, null]);
    child.stdout.destroy();
    expect(await stderr).toMatch(/\nERROR: the build was canceled\n$/);
    expect([...readdirSync(place), ...readdirSync(tmp)]).toEqual([]);
  });

  test.each([
    ['pauses', true],
    ['never comes', false],
  ])('waits for the reader of a named pipe who %s, and a signal leaves nothing', async (_, isOpen) => {
    const { place, tmp, start } = exporting('fifo');
    const fifo = path.join(place, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const fd = isOpen ? openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK) : undefined;
    const child = start();
    child.stdout.resume();
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += text));
    const begun = () => {
      if (fd === undefined) return stderr.includes('exporting to client tarball');
      try {
        return readSync(fd, Buffer.alloc(1)) > 0;
      } catch {
        return false; // nothing is in it yet
      }
    };
    await waitFor(() => begun() || child.exitCode !== null);
    await full();
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
    expect(code ?? signal).toBeOneOf([143, 'SIGTERM']); // which a shell shows as 143
    if (fd !== undefined) closeSync(fd);
    expect(stderr).toMatch(/\nERROR: the build was canceled\n$/);
    expect([...readdirSync(place), ...readdirSync(tmp)]).toEqual(['fifo']);
  });

  test('a command fails if its result cannot be written to standard output', async () => {
    const dir = await talking();
    for (const target of ['> /dev/full', '| true']) {
      const { code, stderr } = await run(`${build} -q --progress=quiet -o - ${dir} ${target}`);
      expect(stderr).not.toMatch(trace);
      expect(stderr).toMatch(/^ERROR: .*(ENOSPC|EPIPE)/m);
      expect(code).toBe(1);
    }
  });

  test.each(['du', 'history ls'])('%s succeeds if the reader of its output stops', async (command) => {
    const { code, stderr } = await run(`${tsfront} ${command} --builder=${engine.address} | head -1`);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const full = await run(`${tsfront} ${command} --builder=${engine.address} > /dev/full`);
    expect(full.stderr).toContain('cannot write to standard output: ENOSPC');
    expect(full.stderr).not.toMatch(trace);
    expect(full.code).toBe(1);
  });

  test.each([
    ['SIGHUP', 129, 1],
    ['SIGINT', 130, 1],
    ['SIGINT', 130, 2],
    ['SIGTERM', 143, 1],
  ] as const)('%s (exit code %d, %d times) leaves nothing', async (signal, expected, times) => {
    const tmp = ownTmp();
    const out = path.join(temporaryDir(), 'out');
    const dockerfile = `FROM ${await engine.baseImage()}\nRUN echo started ${Math.random()} && sleep 60\n`;
    const args = [cli, 'build', `--builder=${engine.address}`, '--progress=plain', '-o', out, '-'];
    const child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: tmp } });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.stdin.write(dockerfile);
    child.stdin.end();
    await waitFor(() => / started 0/.test(stderr.replace(/^.*RUN.*$/gm, '')) || child.exitCode !== null);
    const closed = once(child, 'close');
    for (let i = 0; i < times; i++) child.kill(signal);
    const [code] = (await closed) as [number | null];
    expect(stderr).toContain('ERROR: the build was canceled\n');
    expect(stderr).not.toMatch(trace);
    expect(code).toBe(expected);
    expect(readdirSync(tmp)).toEqual([]);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(path.dirname(out))).toEqual([]);
  });
});
