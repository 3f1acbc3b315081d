/** Pipes in the place of files, and a user without a name. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { openInputs } from '../../src/cli/build-command/build-inputs.ts';
import { connect, dockerfileFrontend, solve } from '../../src/client/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

let dir: string;
let context: string;
beforeEach(async () => {
  dir = temporaryDir();
  context = path.join(dir, 'context');
  await mkdir(context);
  await chmod(dir, 0o755);
  await writeFile(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
});

const replaceByPipe = async (name: string) => {
  const file = path.join(context, name);
  await rm(file, { force: true });
  execFileSync('mkfifo', [file]);
};

describe('a named pipe', () => {
  test.each(['Dockerfile', '.dockerignore', 'Dockerfile.dockerignore'])(
    'a named pipe as %s is refused',
    async (name) => {
      await replaceByPipe(name);
      for (const command of ['compile', 'check']) {
        const { code, stdout, stderr } = await runCli([command, context]);
        expect([code, stdout + stderr]).toEqual([
          2,
          expect.stringContaining(`${name} is a named pipe, not a regular file`),
        ]);
      }
      await expect(openInputs(context, undefined, [])).rejects.toThrow(
        `unable to prepare context: ${path.join(context, name)} is a named pipe, not a regular file`,
      );
    },
  );

  test('a named pipe behind a link or in a named context is refused', async () => {
    await replaceByPipe('pipe');
    await symlink('/pipe', path.join(context, '.dockerignore'));
    expect((await runCli(['check', context])).stderr).toContain('.dockerignore is a named pipe, not a');
    await expect(openInputs(dir, path.join(context, 'Dockerfile'), [`other=${context}`])).rejects.toThrow(
      '.dockerignore is a named pipe',
    );
  });

  test('a named pipe that the user names is refused, with advice', async () => {
    await replaceByPipe('pipe');
    const pipe = path.join(context, 'pipe');
    const { code, stderr } = await runCli(['check', context, '-f', pipe]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('is a named pipe, which might never end: pipe its content'),
    ]);
    await expect(openInputs(context, pipe, [])).rejects.toThrow(`the Dockerfile ${pipe} is a named pipe`);
    expect((await runCli(['compile', context, '--images', pipe])).stderr).toContain('pipe is not a regular file');
  });
});

test('a socket, a device and a directory are not a Dockerfile either', async () => {
  const socket = path.join(context, 'socket');
  const server = net.createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    expect((await runCli(['check', context, '-f', socket])).stderr).toContain('is a socket');
    expect((await runCli(['check', context, '--opt=filename=socket'])).stderr).toContain('is a socket');
  } finally {
    server.close();
  }
  expect((await runCli(['check', context, '-f', '/dev/zero'])).stderr).toContain('/dev/zero is a device');
  expect((await runCli(['check', context, '-f', context])).stderr).toContain('is a directory: name the file in it');
});

describe('a pipe of the shell is read', () => {
  const bash = (script: string) =>
    promisify(execFile)('bash', ['-c', script], {
      cwd: context,
      env: { ...process.env, TSFRONT: `${process.execPath} ${cli}` },
    });

  test.each([
    ['process substitution', '$TSFRONT compile . --format=tree -f <(echo FROM scratch; sleep 0.2; echo COPY a /piped)'],
    [
      'standard input by its name',
      '(echo FROM scratch; echo COPY a /piped) | $TSFRONT compile . --format=tree -f /dev/stdin',
    ],
    ['a descriptor', 'exec 7< <(echo FROM scratch; echo COPY a /piped); $TSFRONT compile . --format=tree -f /dev/fd/7'],
    [
      'a file as standard input',
      'printf "FROM scratch\\nCOPY a /piped\\n" > ../d; $TSFRONT compile . --format=tree -f /dev/fd/0 < ../d',
    ],
  ])('a pipe is read: %s', async (_, script) => {
    expect((await bash(script)).stdout).toContain('/piped');
  });

  test('a pipe is read up to the size of a Dockerfile', async () => {
    const failed = await bash('$TSFRONT check . -f <(yes)').catch((error: { stderr: string }) => error);
    expect(failed.stderr).toMatch(/\/dev\/fd\/\d+ is larger than 16777216 bytes/);
  });
});

await onEngines('a build', { suites: ['forky'] }, (engine) => {
  test.each(['Dockerfile', '.dockerignore', 'Dockerfile.dockerignore'])(
    'the library refuses a pipe as %s',
    async (name) => {
      await replaceByPipe(name);
      const connection = await connect(engine.address);
      try {
        for (const frontend of ['dockerfile.v0', dockerfileFrontend]) {
          const localDirs = { context, dockerfile: context };
          const build = solve(connection, { frontend, localDirs, auth: false, signal: AbortSignal.timeout(20_000) });
          await expect(build.result).rejects.toThrow(`${path.join(context, name)} is a named pipe, not a regular file`);
        }
      } finally {
        await connection.close();
      }
    },
  );

  test('a build reads a Dockerfile from a pipe of the shell', async () => {
    const build = `"${process.execPath}" "${cli}" build -q --builder "${engine.address}" -o ../out -f <(echo FROM scratch; echo COPY Dockerfile /piped) . && ls ../out`;
    const { stdout } = await promisify(execFile)('bash', ['-c', build], { cwd: context });
    expect(stdout).toContain('piped');
  });

  test.skipIf(process.getuid?.() !== 0)('a user without name and home can build', async () => {
    // The engine's socket belongs to root.
    const server = net.createServer((client) => {
      const daemon = net.connect(engine.address.slice('unix://'.length));
      client.pipe(daemon).pipe(client);
      for (const socket of [client, daemon]) socket.on('error', () => {});
    });
    const socket = path.join(dir, 'daemon.sock');
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      await chmod(socket, 0o777);
      await chmod(dir, 0o777);
      const out = path.join(dir, 'out');
      const args = ['build', '--builder', `unix://${socket}`, '-q', '-o', out, context];
      expect(await runAs(12345, args, {})).toEqual({ code: 0, output: '' });
      expect((await stat(path.join(out, 'Dockerfile'))).uid).toBe(12345);
    } finally {
      server.close();
    }
  });
});

describe.skipIf(process.getuid?.() !== 0)('a user without name and home', () => {
  test.each<Record<string, string>>([{}, { HOME: '' }, { HOME: '/nonexistent' }, { XDG_CACHE_HOME: '/proc/nowhere' }])(
    'a home that cannot be used stops no command: %o',
    async (env) => {
      for (const command of env['HOME'] === undefined ? ['compile', 'check'] : ['graph']) {
        const result = await runAs(12345, [command, context], env);
        expect(result, result.output).toMatchObject({ code: 0 });
      }
    },
  );

  test('a user without name and home learns of a missing daemon like others', async () => {
    const { code, output } = await runAs(12345, ['build', '--builder', 'unix:///nonexistent', context], {});
    expect([code, output]).toEqual([1, expect.stringContaining('there is no such socket')]);
    const none = await runAs(12345, ['workers'], { DOCKER_CONTEXT: 'mine' });
    expect([none.code, none.output]).toEqual([2, expect.stringContaining('neither DOCKER_CONFIG nor HOME is set')]);
  });
});

/** Runs the command with that user ID and nothing in the environment but what is given. */
async function runAs(uid: number, args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [cli, ...args], {
    uid,
    gid: uid,
    cwd: context,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}
