/** Plays a golden case against the program of a frontend, which is started as BuildKit starts it. */
import { spawn } from 'node:child_process';
import http2 from 'node:http2';
import { Duplex } from 'node:stream';
import type { GoldenCase } from './cases.ts';
import { createDaemon, environmentOf } from './lib/daemon.mjs';

/**
 * Starts a frontend and answers it until it is done.
 * @param onCall told the method of each call, before it is answered, and the process that made it
 * @returns the record of the run
 */
export function startFrontend(
  command: readonly string[],
  goldenCase: GoldenCase,
  onCall: (method: string, pid: number) => void = () => {},
): Promise<Readonly<Record<string, unknown>>> {
  const daemon = createDaemon(goldenCase);
  const child = spawn(command[0]!, command.slice(1), {
    env: environmentOf(goldenCase),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const server = http2.createServer();
  let returned = false;
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const method = headers[':path']!.split('/').at(-1)!;
      onCall(method, child.pid!);
      returned ||= method === 'Return';
      const trailers: Record<string, string> = { 'grpc-status': '0' };
      let answer = Buffer.alloc(0);
      try {
        answer = Buffer.from(daemon.call(method, Buffer.concat(chunks).subarray(5)));
      } catch (error) {
        const { code = 13, message } = error as { code?: number; message: string };
        Object.assign(trailers, { 'grpc-status': String(code), 'grpc-message': message });
      }
      const head = Buffer.alloc(5);
      head.writeUInt32BE(answer.length, 1);
      if (stream.destroyed) return; // the frontend no longer waits for it
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      stream.end(trailers['grpc-message'] ? undefined : Buffer.concat([head, answer]));
    });
  });
  server.on('session', (session) => session.on('error', () => {}));
  server.emit('connection', Duplex.from({ readable: child.stdout, writable: child.stdin }));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      if (returned) resolve(daemon.record);
      else reject(new Error(`${command.join(' ')} ended early: ${code}`));
    });
  });
}
