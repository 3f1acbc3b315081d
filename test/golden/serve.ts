/** The daemon of a golden case at the other end of a frontend's connection. */
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import type { GoldenCase } from './cases.ts';
import { createDaemon, encodeStatus } from './lib/daemon.mjs';

/**
 * Answers a frontend on a connection.
 *
 * @param onCall told the method of each call and its message, before it is answered
 * @returns the record of the run, which grows
 */
export function serveCase(
  connection: Duplex,
  goldenCase: GoldenCase,
  onCall: (method: string, request: Buffer) => void,
): Readonly<Record<string, unknown>> {
  const daemon = createDaemon(goldenCase);
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const method = headers[':path']!.split('/').at(-1)!;
      const request = Buffer.concat(chunks).subarray(5);
      onCall(method, request);
      const trailers: Record<string, string> = { 'grpc-status': '0' };
      let answer = Buffer.alloc(0);
      try {
        answer = Buffer.from(daemon.call(method, request));
      } catch (error) {
        const { code = 13, message, details } = error as { code?: number; message: string; details?: unknown };
        trailers['grpc-status'] = String(code);
        trailers['grpc-message'] = encodeURIComponent(message.toWellFormed());
        if (details)
          trailers['grpc-status-details-bin'] = encodeStatus({ code, message, details }).toString('base64');
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
  server.emit('connection', connection);
  return daemon.record;
}
