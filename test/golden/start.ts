/** Plays a golden case against the program of a frontend, which is started as BuildKit starts it. */
import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { GoldenCase } from './cases.ts';
import { environmentOf } from './lib/daemon.mjs';
import { serveCase } from './serve.ts';

/**
 * Starts a frontend and answers it until it is done.
 * @param onCall told the method of each call, before it is answered, the process that made it, and the message
 * @returns the record of the run
 */
export function startFrontend(
  command: readonly string[],
  goldenCase: GoldenCase,
  onCall: (method: string, pid: number, request: Buffer) => void = () => {},
): Promise<Readonly<Record<string, unknown>>> {
  const child = spawn(command[0]!, command.slice(1), {
    env: environmentOf(goldenCase),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {}); // its exit code says more
  let returned = false;
  const connection = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const record = serveCase(connection, goldenCase, (method, request) => {
    onCall(method, child.pid!, request);
    returned ||= method === 'Return';
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (returned && code === (record['error'] ? 1 : 0)) resolve(record);
      else reject(new Error(`${command.join(' ')} ended early: ${code ?? signal}`));
    });
  });
}
