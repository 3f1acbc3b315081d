/**
 * gRPC's message framing: each message is preceded by one byte of flags and its length (4 bytes, big endian).
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { Code, RpcError } from './status.ts';

/** The largest message taken, as in containerd's defaults. A peer that sends more is cut off. */
export const MAX_MESSAGE_BYTES = 16 << 20;

const HEADER_BYTES = 5;

/** Writes the header of a message of `length` bytes at `offset` and returns the offset behind it. */
export function writeFrameHeader(target: Buffer, offset: number, length: number): number {
  target[offset] = 0;
  return target.writeUInt32BE(length, offset + 1);
}

/** A message with its header, ready to be written to an HTTP/2 stream. */
export function frame(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  out.set(message, writeFrameHeader(out, 0, message.length));
  return out;
}

/**
 * Cuts a byte stream back into messages. Messages that lie within one chunk are views of it, so they are only valid as
 * long as the chunk is left alone.
 * @throws RpcError for compressed and for too large messages, and when the stream ends inside a message.
 */
export async function* deframe(
  chunks: AsyncIterable<Uint8Array>,
  limit = MAX_MESSAGE_BYTES,
): AsyncGenerator<Uint8Array> {
  let buffered: Buffer = Buffer.alloc(0);
  let parts: Uint8Array[] = [];
  let partsBytes = 0;
  let needed = HEADER_BYTES;
  for await (const chunk of chunks) {
    parts.push(chunk);
    partsBytes += chunk.length;
    if (buffered.length + partsBytes < needed) continue;
    buffered =
      buffered.length === 0 && parts.length === 1
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([buffered, ...parts]);
    parts = [];
    partsBytes = 0;
    let offset = 0;
    for (;;) {
      needed = HEADER_BYTES;
      if (buffered.length - offset < needed) break;
      if (buffered[offset] !== 0) throw new RpcError(Code.unimplemented, 'compressed messages are not supported');
      const length = buffered.readUInt32BE(offset + 1);
      if (length > limit)
        throw new RpcError(Code.resourceExhausted, `received message larger than max (${length} vs. ${limit})`);
      needed += length;
      if (buffered.length - offset < needed) break;
      const start = offset + HEADER_BYTES;
      offset += needed;
      yield buffered.subarray(start, offset);
    }
    buffered = buffered.subarray(offset);
  }
  if (buffered.length + partsBytes > 0) throw new RpcError(Code.internal, 'stream ended inside a message');
}
