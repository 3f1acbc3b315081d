/**
 * gRPC's message framing: each message is preceded by one byte of flags and its length (4 bytes, big endian).
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { joinBytes, readUint32, writeUint32 } from '../go/bytes.ts';
import { Code, RpcError } from './rpc-error.ts';

/** The largest message taken, as in containerd's defaults. A peer that sends more is cut off. */
export const maxMessageBytes = 16 << 20;

/** Bytes before a message. */
export const prefixBytes = 5;

/** A message with its header, ready to be written to an HTTP/2 stream. */
export function frame(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(prefixBytes + message.length);
  out.set(message, writeUint32(out, 1, message.length));
  return out;
}

/**
 * Cuts a byte stream back into messages. Messages that lie within one chunk are views of it, so they are only valid as
 * long as the chunk is left alone.
 * @throws RpcError for compressed and for too large messages, and when the stream ends inside a message.
 */
export async function* deframe(chunks: AsyncIterable<Uint8Array>, limit = maxMessageBytes): AsyncGenerator<Uint8Array> {
  let buffered: Uint8Array = new Uint8Array(0);
  let parts: Uint8Array[] = [];
  let partsBytes = 0;
  let needed = prefixBytes;
  for await (const chunk of chunks) {
    parts.push(chunk);
    partsBytes += chunk.length;
    if (buffered.length + partsBytes < needed) continue;
    buffered = buffered.length === 0 && parts.length === 1 ? chunk : joinBytes([buffered, ...parts]);
    parts = [];
    partsBytes = 0;
    let offset = 0;
    for (;;) {
      needed = prefixBytes;
      if (buffered.length - offset < needed) break;
      if (buffered[offset] !== 0) throw new RpcError(Code.unimplemented, 'compressed messages are not supported');
      const length = readUint32(buffered, offset + 1);
      if (length > limit)
        throw new RpcError(Code.resourceExhausted, `received message larger than max (${length} vs. ${limit})`);
      needed += length;
      if (buffered.length - offset < needed) break;
      const start = offset + prefixBytes;
      offset += needed;
      yield buffered.subarray(start, offset);
    }
    buffered = buffered.subarray(offset);
  }
  if (buffered.length + partsBytes > 0) throw new RpcError(Code.internal, 'stream ended inside a message');
}
