/** Signals while a Dockerfile is read and lowered, which takes seconds of the processor and waits for nobody. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/daemonless/compile.ts';
import { createDaemonlessBridge } from '../../src/daemonless/daemonless-bridge.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

/** Four seconds of work, at whose end there is an error. */
const long = `FROM scratch\n${'EXPOSE 1-65535\n'.repeat(300)}`;
const atItsEnd = 'the history of the image is longer';
/** Processor time after which a command is in the midst of it: it starts within less. */
const inTheMidst = 1.5;

const contextOf = (dockerfile: string): string => temporaryDir({ Dockerfile: dockerfile });

/** The seconds of processor time that a process has used. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Runs a command and sends it a signal when it is in the midst of its work. */
async function interrupt(args: readonly string[], signal: NodeJS.Signals, env = process.env) {
  const child = spawn(process.execPath, [cli, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on('close', (code, died) => resolve(died ?? code)),
  );
  while (child.exitCode === null && processorTime(child.pid!) < inTheMidst) await sleep(20);
  expect(child.exitCode, said).toBe(null);
  child.kill(signal);
  return { code: await ended, said };
}

describe('a signal ends it, not its own end', () => {
  test.each([
    ['compile', 'SIGTERM', 143, 'terminated'],
    ['check', 'SIGINT', 130, 'interrupted'],
    ['graph', 'SIGHUP', 129, 'the terminal was closed'],
  ] as const)('%s ends at %s and says why', async (command, signal, code, reason) => {
    const context = contextOf(long);
    expect(await interrupt([command, '--offline', context], signal)).toEqual({ code, said: `error: ${reason}\n` });
  });

  test('the library ends its work when its signal is aborted', async () => {
    const abort = new AbortController();
    const tree = memoryTree(new Map([['Dockerfile', Buffer.from(`FROM scratch\n${'ARG A=$B\n'.repeat(30_000)}`)]]));
    const options = { opts: {}, locals: new Map([['context', tree], ['dockerfile', tree]]), images: [], signal: abort.signal }; // biome-ignore format: a row
    const bridge = createDaemonlessBridge(options);
    const { runFrontend } = await import('../../src/gateway/run-frontend.ts');
    const running = runFrontend(bridge);
    let turns = 0;
    const watch = () => {
      turns++;
      if (bridge.warnings.length > 0) abort.abort(new Error('nobody wants it any more'));
      else setImmediate(watch);
    };
    setImmediate(watch);
    await expect(running).rejects.toThrow('nobody wants it any more');
    expect(turns).toBeGreaterThan(1);
    expect(bridge.warnings.length).toBeLessThan(30_000);
    await expect(compile(options)).rejects.toThrow('nobody wants it any more');
  });
});

await onEngines('a build', { suites: ['forky'] }, (engine) => {
  test('a build ends at a signal while its Dockerfile is lowered here', async () => {
    const env = { ...process.env, ...engine.env };
    const { code, said } = await interrupt(
      ['build', '--progress=plain', '--frontend=tsfront', '--output=type=cacheonly', contextOf(long)],
      'SIGTERM',
      env,
    );
    expect(code, said).toBe(143);
    expect(said).not.toContain(atItsEnd);
  });
});
