/** The server end of a frontend's connection: answers gRPC calls on any duplex stream. */
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';

/** The encoded answer to an encoded request; throws {code, message}. */
export type Handler = (
  method: string,
  request: Uint8Array,
  stream: http2.ServerHttp2Stream,
) => Promise<Uint8Array> | Uint8Array;

export function serve(duplex: Duplex, handle: Handler): http2.ServerHttp2Session {
  const session = http2.performServerHandshake(duplex);
  session.on('error', () => {});
  duplex.on('error', () => {});
  session.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', async () => {
      const method = String(headers[':path']).split('/').at(-1)!;
      const base = { ':status': 200, 'content-type': 'application/grpc' };
      try {
        const message = await handle(method, Buffer.concat(chunks).subarray(5), stream);
        const head = Buffer.alloc(5);
        head.writeUInt32BE(message.length, 1);
        stream.respond(base, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.concat([head, message]));
      } catch (error) {
        const { code = 13, message } = error as { code?: number; message: string };
        if (stream.closed) return;
        stream.respond(
          { ...base, 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) },
          { endStream: true },
        );
      }
    });
  });
  return session;
}
