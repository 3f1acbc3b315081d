import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  endProgram,
  ProgramError,
  programEnvironment,
  runProgram,
  runProgramSync,
  startProgram,
} from '../../src/system/program.ts';

describe('the environment of a program', () => {
  test('the environment of a program has nothing of the repository that a hook runs for', () => {
    const local = execFileSync('git', ['rev-parse', '--local-env-vars']).toString().trim().split('\n');
    expect(local).toContain('GIT_DIR');
    const ofHooks = ['GIT_QUARANTINE_PATH', 'GIT_NAMESPACE', 'GIT_AUTHOR_NAME', 'GIT_EDITOR', 'GIT_REFLOG_ACTION'];
    const others = ['GIT_DEFAULT_HASH', 'GIT_TEMPLATE_DIR', 'GIT_EXTERNAL_DIFF', 'GIT_ATTR_SOURCE'];
    const hostile = Object.fromEntries([...local, ...ofHooks, ...others].map((name) => [name, '/home/user/repo/.git']));
    expect(programEnvironment({ PATH: '/bin', ...hostile })).toEqual({ PATH: '/bin' });
  });

  test('keeps how git and ssh reach others', () => {
    const kept = {
      PATH: '/bin',
      HOME: '/home/user',
      SSH_AUTH_SOCK: '/agent',
      https_proxy: 'http://proxy',
      GIT_SSH_COMMAND: 'ssh -i key',
      GIT_SSL_CAINFO: '/ca.pem',
      GIT_HTTP_PROXY_AUTHMETHOD: 'basic',
      GIT_ASKPASS: 'ask',
      GIT_CONFIG_GLOBAL: '/gitconfig',
      GIT_ALLOW_PROTOCOL: 'https',
      GIT_EXEC_PATH: '/usr/lib/git-core',
      DOCKER_CONFIG: '/docker',
    };
    expect(programEnvironment(kept)).toEqual(kept);
  });

  test('the environment of a program has a configuration of git as a whole or not at all', () => {
    const whole = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.extraHeader', GIT_CONFIG_VALUE_0: 'A: b' };
    expect(programEnvironment(whole)).toEqual(whole);
    for (const broken of [
      { ...whole, GIT_CONFIG_COUNT: '2' },
      { ...whole, GIT_CONFIG_COUNT: '-1' },
      { ...whole, GIT_CONFIG_COUNT: undefined },
      { ...whole, GIT_CONFIG_KEY_0: '' },
    ])
      expect(programEnvironment(broken)).toEqual({});
  });

  test('the environment of a program has nothing that is about this process of Node', () => {
    const own = { NODE_OPTIONS: '--inspect', NODE_V8_COVERAGE: '/c', npm_config_cache: '/n', npm_lifecycle_event: 'x' };
    expect(programEnvironment({ ...own, NODE_EXTRA_CA_CERTS: '/ca' })).toEqual({ NODE_EXTRA_CA_CERTS: '/ca' });
  });

  test('the environment of a program is changed as the caller wants', () => {
    const env = programEnvironment(
      { LANGUAGE: 'de', GIT_DIR: '/x' },
      { LANGUAGE: undefined, LC_ALL: 'C', GIT_DIR: '/y' },
    );
    expect(env).toEqual({ LC_ALL: 'C', GIT_DIR: '/y' });
  });
});

describe('running a program', () => {
  test('gives it what to read, and takes what it writes', async () => {
    const { stdout, stderr } = await runProgram('sh', ['-c', 'cat; echo said >&2'], { stdin: 'in' });
    expect([stdout.toString(), stderr]).toEqual(['in', 'said\n']);
  });

  const failure = (...args: Parameters<typeof runProgram>) =>
    runProgram(...args).then(
      () => undefined,
      (error) => error as ProgramError,
    );

  test('the error contains what the program printed', async () => {
    const missing = await failure('no-such-program', []);
    expect([missing?.message, missing?.reason]).toEqual(['the command no-such-program is not installed', 'missing']);
    const failed = await failure('sh', ['-c', 'echo "fatal: https://me:pw@host/x" >&2; echo out; exit 3']);
    expect(failed).toBeInstanceOf(ProgramError);
    expect(failed?.message).toBe('sh ended with code 3: fatal: https://xxxxx:xxxxx@host/x');
    expect([failed?.reason, failed?.exitCode, failed?.stdout.toString()]).toEqual(['failed', 3, 'out\n']);
    const killed = await failure('sh', ['-c', 'kill -9 $$']);
    expect(killed?.message).toBe('sh was ended by SIGKILL');
    const folder = await failure('sh', [], { cwd: '/no/such/folder' });
    expect(folder?.message).toBe('sh cannot be run in /no/such/folder: there is no such folder');
    expect((await failure('sh', ['a\0b']))?.message).toMatch(/^the command sh cannot be run: /);
    expect((await failure('/', []))?.message).toMatch(/^the command \/ cannot be run: .*EACCES/);
  });

  test('a program is bounded in output and time', async () => {
    const much = await failure('sh', ['-c', 'while :; do echo yes; done'], { maxOutputBytes: 1000 });
    expect([much?.message, much?.reason]).toEqual(['sh wrote more than 1000 bytes', 'output']);
    const long = await failure('sleep', ['1000'], { timeoutMs: 50 });
    expect([long?.message, long?.reason]).toEqual(['sleep did not end within 0.05 s', 'timeout']);
    const { stderr } = await runProgram('sh', ['-c', 'head -c 200000 /dev/zero >&2; echo end >&2']);
    expect(stderr.length).toBeLessThanOrEqual(65_536);
    expect(stderr.endsWith('end\n')).toBe(true);
  });

  test('ends with its signal, and with it what it has started, even what does not want to', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tsfront-program-'));
    try {
      const pids = path.join(folder, 'pids');
      const abort = new AbortController();
      const script = `trap "" TERM; sleep 1000 & echo $! >> ${pids}; (trap "" TERM; echo $$ >> ${pids}; while :; do sleep 1; done)`;
      const running = failure('sh', ['-c', script], { signal: abort.signal });
      while (!existsSync(pids) || (await readFile(pids, 'utf8')).split('\n').length < 3) await sleep(10);
      abort.abort(new Error('enough'));
      expect((await running)?.message).toBe('enough');
      for (const pid of (await readFile(pids, 'utf8')).trim().split('\n'))
        await expect.poll(() => isRunning(Number(pid)), { timeout: 10_000 }).toBe(false); // killed, it may still be ending
      await expect(runProgram('sh', [], { signal: abort.signal })).rejects.toThrow('enough');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('an agent that a program leaves behind is not waited for', async () => {
    const { stdout } = await runProgram('sh', ['-c', 'sleep 1000 & echo $!']);
    const agent = Number(stdout.toString());
    expect(await isRunning(agent)).toBe(true);
    process.kill(agent);
  });
});

test('a program that is started ends as a whole', async () => {
  const child = startProgram('sh', ['-c', 'sleep 1000 & echo $!; wait']);
  const [pid] = await Promise.all([
    new Promise<number>((resolve) => child.stdout.once('data', (chunk) => resolve(Number(chunk)))),
  ]);
  const closed = new Promise((resolve) => child.once('close', resolve));
  endProgram(child);
  await closed;
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
});

/** Zombies that nobody reaps have ended, too. */
async function isRunning(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/\) [ZX] /.test(state);
}

describe('runProgramSync', () => {
  test('waits for the program, which gets an environment made for it', () => {
    process.env['GIT_DIR'] = '/home/user/repo/.git';
    try {
      runProgramSync('sh', ['-c', 'test -z "$GIT_DIR"']);
    } finally {
      delete process.env['GIT_DIR'];
    }
  });

  test.each([
    ['sh', ['-c', 'echo why >&2; exit 3'], { message: 'sh ended with code 3: why', exitCode: 3, stderr: 'why\n' }],
    ['sh', ['-c', 'kill -9 $$'], { message: 'sh was ended by SIGKILL', exitCode: undefined }],
    ['no-such-program', [], { message: 'the command no-such-program is not installed', reason: 'missing' }],
  ])('%s %s fails with words', (program, args, expected) => {
    expect(() => runProgramSync(program, args)).toThrow(expect.objectContaining(expected));
  });

  test('keeps the end of what a program says without end', () => {
    const failed = (() => {
      try {
        return runProgramSync('sh', ['-c', 'yes "no space" >&2']);
      } catch (error) {
        return error;
      }
    })();
    expect(failed).toBeInstanceOf(ProgramError);
    expect((failed as ProgramError).stderr.length).toBeLessThanOrEqual(64 << 10);
  });
});
