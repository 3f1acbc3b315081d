// biome-ignore-all lint/style/useNamingConvention: the names of RFC 9113
/** HTTP/2 by hand: a server that sends what no HTTP/2 library would. */
import type { Duplex } from 'node:stream';
import { encodeHeaders, type HeaderField } from '../../src/rpc/hpack.ts';

export const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION] = [0, 1, 3, 4, 6, 7, 9] as const;
export const [END_STREAM, END_HEADERS] = [1, 4] as const;

export function frameOf(type: number, flags: number, id: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

export const headersOf = (id: number, fields: readonly HeaderField[], flags: number = END_HEADERS) =>
  frameOf(HEADERS, flags, id, encodeHeaders(fields));

export const started: readonly HeaderField[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];

/** A gRPC message: `length` is what its header says of it. */
export function messageOf(body: Uint8Array, length = body.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, body]);
}

/** A whole answer. */
export const answerOf = (id: number, body: Uint8Array, trailers: readonly HeaderField[] = [['grpc-status', '0']]) => [
  headersOf(id, started),
  frameOf(DATA, 0, id, messageOf(body)),
  headersOf(id, trailers, END_HEADERS | END_STREAM),
];

/**
 * Calls `onRequest` with the id of each request that comes, and how many came before; answers pings.
 */
export function serveFrames(duplex: Duplex, onRequest: (id: number, nth: number) => void): void {
  let buffer = Buffer.alloc(0);
  let preface = 24;
  let requests = 0;
  duplex.write(frameOf(SETTINGS, 0, 0));
  duplex.on('error', () => {});
  duplex.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    if (buffer.length < preface) return;
    buffer = buffer.subarray(preface);
    preface = 0;
    while (buffer.length >= 9 && buffer.length >= 9 + buffer.readUIntBE(0, 3)) {
      const end = 9 + buffer.readUIntBE(0, 3);
      const [type, flags, id] = [buffer[3], buffer[4]!, buffer.readUInt32BE(5)];
      const payload = buffer.subarray(9, end);
      buffer = buffer.subarray(end);
      if (type === HEADERS) onRequest(id, requests++);
      if (type === PING && !(flags & 1)) duplex.write(frameOf(PING, 1, 0, payload));
    }
  });
}

/**
 * Writes without end, as fast as the other side takes it, until the stream is closed or `limit` bytes are gone.
 * @returns the bytes that were taken
 */
export async function flood(duplex: Duplex, bytes: Buffer, limit: number): Promise<number> {
  let taken = 0;
  while (!duplex.destroyed && duplex.writable && taken < limit) {
    const more = duplex.write(bytes);
    taken += bytes.length;
    await new Promise<void>((resolve) => {
      const done = () => {
        duplex.off('drain', done).off('close', done).off('error', done);
        resolve();
      };
      if (more) setImmediate(done);
      else duplex.once('drain', done).once('close', done).once('error', done);
    });
  }
  return taken;
}
