/** A byte stream carried in the messages of a gRPC call: Control.Session of BuildKit's own daemon, agents of SSH. */
import { Duplex } from 'node:stream';
import type { BidiCall } from '../../rpc/service.ts';

const chunkBytes = 64 << 10;

interface BytesMessages {
  send(message: { data: Uint8Array }): Promise<void>;
  end(): void;
  cancel(): void;
  readonly messages: AsyncIterable<{ data: Uint8Array }>;
}

/** The stream of a call whose messages have only `data`. */
export function bytesDuplex(call: BytesMessages | BidiCall<never, never>): Duplex {
  const { send, end, cancel, messages } = call as BytesMessages;
  const reader = messages[Symbol.asyncIterator]();
  return new Duplex({
    read() {
      reader.next().then(
        ({ value, done }) => this.push(done ? null : value.data),
        (error: Error) => this.destroy(error),
      );
    },
    write(chunk: Buffer, _encoding, done) {
      (async () => {
        for (let offset = 0; offset < chunk.length; offset += chunkBytes)
          await send({ data: chunk.subarray(offset, offset + chunkBytes) });
      })().then(() => done(), done);
    },
    final(done) {
      end();
      done();
    },
    destroy(error, done) {
      cancel();
      done(error);
    },
  });
}
