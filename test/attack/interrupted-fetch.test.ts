/** Signals while something is fetched that never comes: nothing is left, neither directories nor programs. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

let server: http.Server;
let address: string;
let asked: () => void;
let dir: string;
beforeAll(async () => {
  server = http.createServer(() => asked()); // and no answer
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dir = temporaryDir({ Dockerfile: 'FROM scratch\n' });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
});

/** Runs the command, sends the signal when the server has been asked, and gives what came of it. */
async function interrupt(args: readonly string[], signal: NodeJS.Signals) {
  const temporary = await mkdtemp(path.join(dir, 'tmp-'));
  const reached = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  await Promise.race([reached, ended]);
  child.kill(signal);
  const code = await ended;
  return { code, output, left: await readdir(temporary), running: await programsNaming(address) };
}

/** Command lines of this machine that name an address. */
async function programsNaming(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(text)) found.push(line.replaceAll('\0', ' '));
  }
  return found;
}

test.each([
  ['SIGINT', 130, 'compile', 'repository.git'],
  ['SIGTERM', 143, 'check', 'repository.git#main:directory'],
  ['SIGHUP', 129, 'compile', 'repository.git'],
  ['SIGINT', 130, 'compile', 'Dockerfile'],
  ['SIGTERM', 143, 'check', 'Dockerfile'],
] as const)('%s ends with exit code %i and leaves nothing: %s of %s', async (signal, code, command, what) => {
  const { output, ...rest } = await interrupt([command, `${address}/${what}`], signal);
  expect(rest, output).toEqual({ code, left: [], running: [] });
  expect(output).not.toMatch(/^\s+at /m);
});

test('graph of a repository ends at a signal and leaves nothing', async () => {
  const { output, ...rest } = await interrupt(['graph', `${address}/repository.git`], 'SIGINT');
  expect(rest, output).toEqual({ code: 130, left: [], running: [] });
});

await onEngines('a build that is interrupted', { suites: ['forky'] }, (engine) => {
  test('a build that is interrupted while its Dockerfile is downloaded leaves nothing', async () => {
    const args = ['build', '--builder', engine.address, '-f', `${address}/Dockerfile`, dir];
    const { output, ...rest } = await interrupt(args, 'SIGINT');
    expect(rest, output).toEqual({ code: 130, left: [], running: [] });
    expect(output).not.toMatch(/^\s+at /m);
  });
});
