import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  endSubprocess,
  runSubprocess,
  runSubprocessSync,
  SubprocessError,
  startSubprocess,
} from '../../src/system/subprocess.ts';
import { temporaryDir } from '../temporary-dir.ts';

describe('runSubprocess', () => {
  test('a subprocess reads the given standard input, and its output is returned', async () => {
    const { stdout, stderr } = await runSubprocess('sh', ['-c', 'cat; echo said >&2'], { stdin: 'in' });
    expect([stdout.toString(), stderr]).toEqual(['in', 'said\n']);
  });

  const failure = (...args: Parameters<typeof runSubprocess>) =>
    runSubprocess(...args).then(
      () => undefined,
      (error) => error as SubprocessError,
    );

  test('the error says why a subprocess failed, with what it printed', async () => {
    const missing = await failure('no-such-program', []);
    expect([missing?.message, missing?.reason]).toEqual(['the command no-such-program is not installed', 'missing']);
    const failed = await failure('sh', ['-c', 'echo "fatal: https://me:pw@host/x" >&2; echo out; exit 3']);
    expect(failed).toBeInstanceOf(SubprocessError);
    expect(failed?.message).toBe('sh ended with code 3: fatal: https://xxxxx:xxxxx@host/x');
    expect([failed?.reason, failed?.exitCode, failed?.stdout.toString()]).toEqual(['failed', 3, 'out\n']);
    const killed = await failure('sh', ['-c', 'kill -9 $$']);
    expect(killed?.message).toBe('sh was ended by SIGKILL');
    const directory = await failure('sh', [], { cwd: '/no/such/directory' });
    expect(directory?.message).toBe('sh cannot be run in /no/such/directory: there is no such directory');
    expect((await failure('sh', ['a\0b']))?.message).toMatch(/^the command sh cannot be run: /);
    expect((await failure('/', []))?.message).toMatch(/^the command \/ cannot be run: .*EACCES/);
  });

  test('a subprocess has a limit of output and of time', async () => {
    const much = await failure('sh', ['-c', 'while :; do echo yes; done'], { maxOutputBytes: 1000 });
    expect([much?.message, much?.reason]).toEqual(['sh wrote more than 1000 bytes', 'output']);
    const long = await failure('sleep', ['1000'], { timeoutMs: 50 });
    expect([long?.message, long?.reason]).toEqual(['sleep did not end within 0.05 s', 'timeout']);
    const { stderr } = await runSubprocess('sh', ['-c', 'head -c 200000 /dev/zero >&2; echo end >&2']);
    expect(stderr.length).toBeLessThanOrEqual(65_536);
    expect(stderr.endsWith('end\n')).toBe(true);
  });

  test('an abort ends a subprocess and its child processes, even those that ignore SIGTERM', async () => {
    const directory = temporaryDir();
    const pids = path.join(directory, 'pids');
    const abort = new AbortController();
    const script = `trap "" TERM; sleep 1000 & echo $! >> ${pids}; (trap "" TERM; echo $$ >> ${pids}; while :; do sleep 1; done)`;
    const running = failure('sh', ['-c', script], { signal: abort.signal });
    while (!existsSync(pids) || (await readFile(pids, 'utf8')).split('\n').length < 3) await sleep(10);
    abort.abort(new Error('enough'));
    expect((await running)?.message).toBe('enough');
    // Killed, it may still be ending.
    for (const pid of (await readFile(pids, 'utf8')).trim().split('\n'))
      await expect.poll(() => isRunning(Number(pid)), { timeout: 10_000 }).toBe(false);
    await expect(runSubprocess('sh', [], { signal: abort.signal })).rejects.toThrow('enough');
  });

  test('the run does not wait for an agent that a subprocess leaves running', async () => {
    const { stdout } = await runSubprocess('sh', ['-c', 'sleep 1000 & echo $!']);
    const agent = Number(stdout.toString());
    expect(await isRunning(agent)).toBe(true);
    process.kill(agent);
  });
});

test('endSubprocess ends a subprocess with its child processes', async () => {
  const child = startSubprocess('sh', ['-c', 'sleep 1000 & echo $!; wait']);
  const [pid] = await Promise.all([
    new Promise<number>((resolve) => child.stdout.once('data', (chunk) => resolve(Number(chunk)))),
  ]);
  const closed = new Promise((resolve) => child.once('close', resolve));
  endSubprocess(child);
  await closed;
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
});

/** Zombies that nobody reaps have ended, too. */
async function isRunning(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/\) [ZX] /.test(state);
}

describe('runSubprocessSync', () => {
  test('runSubprocessSync runs the subprocess in a prepared environment', () => {
    process.env['GIT_DIR'] = '/home/user/repo/.git';
    try {
      runSubprocessSync('sh', ['-c', 'test -z "$GIT_DIR"']);
    } finally {
      delete process.env['GIT_DIR'];
    }
  });

  test.each([
    ['sh', ['-c', 'echo why >&2; exit 3'], { message: 'sh ended with code 3: why', exitCode: 3, stderr: 'why\n' }],
    ['sh', ['-c', 'kill -9 $$'], { message: 'sh was ended by SIGKILL', exitCode: undefined }],
    ['no-such-program', [], { message: 'the command no-such-program is not installed', reason: 'missing' }],
  ])('runSubprocessSync says why %s %j failed', (program, args, expected) => {
    expect(() => runSubprocessSync(program, args)).toThrow(expect.objectContaining(expected));
  });

  test('runSubprocessSync keeps the end of endless standard error', () => {
    const failed = (() => {
      try {
        return runSubprocessSync('sh', ['-c', 'yes "no space" >&2']);
      } catch (error) {
        return error;
      }
    })();
    expect(failed).toBeInstanceOf(SubprocessError);
    expect((failed as SubprocessError).stderr.length).toBeLessThanOrEqual(64 << 10);
  });
});
