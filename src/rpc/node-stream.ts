/** Node's streams as the byte stream below HTTP/2. */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { ByteStream } from './byte-stream.ts';

/** Makes a byte stream of a connection of Node's, or of two streams from and to the same peer. */
export function nodeStream(connection: Duplex): ByteStream;
export function nodeStream(input: Readable, output: Writable): ByteStream;
export function nodeStream(input: Readable, output: Writable = input as Duplex): ByteStream {
  let isCorked = false;
  const destroy = () => {
    input.destroy();
    output.destroy();
  };
  return {
    write(bytes, onWritten) {
      if (output.destroyed || output.writableEnded) {
        if (onWritten) process.nextTick(onWritten);
        return;
      }
      // What belongs together leaves together, and never while what came is still being read.
      if (!isCorked) {
        isCorked = true;
        output.cork();
        process.nextTick(() => {
          isCorked = false;
          output.uncork();
        });
      }
      output.write(bytes, onWritten && (() => onWritten()));
    },
    get waitingBytes() {
      return output.writableLength;
    },
    end: () => void output.end(destroy),
    destroy,
    listen({ data, closed }) {
      // Plain bytes, so that no code depends on the methods of a Buffer.
      input.on('data', (chunk: Buffer) => data(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)));
      for (const stream of new Set([input, output])) {
        stream.on('error', (error) => closed(error));
        stream.on('close', () => closed());
      }
      input.on('end', () => closed());
    },
  };
}
