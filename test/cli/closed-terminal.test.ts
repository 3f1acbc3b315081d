/**
 * What a terminal does to a command that waits: it is closed, or its user has stopped it. Real processes on a real one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { fakeControl } from './fake-control.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const script = spawnSync('script', ['--version']).error === undefined;
if (!script) console.warn('util-linux (script) is not installed: no terminal is closed or stopped');

interface Terminal {
  /** The pseudo-terminal's other end: what is written to it is typed, and killing it closes the terminal. */
  readonly end: ChildProcess;
  /** What is on the terminal. */
  text(): string;
  /** The command's process, once it handles signals and does nothing any more. */
  waiting(): Promise<number>;
  /** The code that a shell sees the command end with. */
  code(): Promise<number>;
}

/** Runs a command in a shell on a terminal of util-linux's `script`. */
function onTerminal(command: string, { begin = '' } = {}): Terminal {
  const [pid, code] = ['pid', 'code'].map((name) => path.join(temporaryDir(), name)) as [string, string];
  const run = `echo $$ > ${pid}; exec 2>&3; exec "${process.execPath}" "${cli}" ${command}`;
  // The shell outlives its terminal, to tell; its own words about a signal would wait for a terminal that is stopped.
  const shell = `trap : HUP; ${begin} exec 3>&2 2> /dev/null; sh -c '${run}'; echo $? > ${code}`;
  const end = spawn('script', ['-qefc', shell, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh' } });
  let text = '';
  end.stdout.on('data', (chunk) => {
    text += chunk;
  });
  end.stdin.on('error', () => {});
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  const when = async (file: string) => {
    await expect.poll(() => read(file), { timeout: 40_000 }).not.toBe('');
    return Number(read(file));
  };
  onTestFinished(() => {
    end.kill('SIGKILL');
    try {
      if (read(code) === '') process.kill(Number(read(pid)), 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  return {
    end,
    text: () => text,
    async waiting() {
      const id = await when(pid);
      await expect.poll(() => listens(id), { timeout: 40_000 }).toBe(true);
      for (let before = -1, now = processorTime(id); now !== before; now = processorTime(id)) {
        before = now;
        await sleep(500);
      }
      return id;
    },
    code: () => when(code),
  };
}

/** Whether a process handles SIGHUP, the last of its signals. */
function listens(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & 1n) === 1n;
}

/** The time that a process has had, in ticks. */
function processorTime(pid: number): number {
  const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(/\) |\s/);
  return Number(fields[11]) + Number(fields[12]);
}

function context(dockerfile: string): string {
  const dir = temporaryDir({ Dockerfile: dockerfile });
  return dir;
}

describe.skipIf(!script)('a terminal that is closed ends', () => {
  test.each([
    ['prune at its prompt', 'prune'],
    ['a build whose Dockerfile is typed', 'build -f - .'],
    ['a compilation whose Dockerfile is typed', 'compile --offline -f /dev/stdin .'],
  ])('a closed terminal ends %s', async (_what, command) => {
    const daemon = await fakeControl({ listWorkers: async () => ({ record: [] }) });
    onTestFinished(() => daemon.close());
    const builder = command.startsWith('compile') ? '' : `--builder=${daemon.address}`;
    for (const others of ['', '> /dev/null 2>&1']) {
      const terminal = onTerminal(`${command} ${builder} ${others}`);
      await terminal.waiting();
      if (command === 'prune' && others === '') expect(terminal.text()).toContain('[y/N] ');
      terminal.end.kill('SIGKILL');
      expect(await terminal.code()).toBe(129);
    }
  });
});

describe.skipIf(!script)('a terminal that is stopped (Ctrl-S)', () => {
  test.each([
    ['standard output', (dir: string) => `compile --offline ${dir}`],
    ['standard error', (dir: string) => `compile --offline -o /dev/null ${dir}`],
  ])('blocks no signal: %s', async (_what, command) => {
    const dir = context(`FROM scratch as x\n${'COPY a /b\n'.repeat(2000)}`);
    const terminal = onTerminal(command(dir), { begin: 'read line;' });
    terminal.end.stdin!.write('\x13\n'); // the terminal stops before the command begins
    process.kill(await terminal.waiting(), 'SIGTERM');
    expect(await terminal.code()).toBe(143);
    expect(terminal.text()).not.toContain('FROM');
  });
});
