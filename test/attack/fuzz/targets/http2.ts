/**
 * The frontend's HTTP/2: whatever the peer sends, a call ends, and with an error of the call if it does not succeed.
 */
import { duplexPair } from 'node:stream';
import { decodeHeaders, encodeHeaders } from '../../../../src/rpc/hpack.ts';
import { nodeStream } from '../../../../src/rpc/node-stream.ts';
import { RpcError } from '../../../../src/rpc/rpc-error.ts';
import { createUnaryTransport } from '../../../../src/rpc/unary.ts';
import { mutate } from '../mutate.ts';
import { hold, mayThrow, type Target } from '../run.ts';

function frame(type: number, flags: number, id: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

const headers = encodeHeaders([
  [':status', '200'],
  ['content-type', 'application/grpc'],
]);
const trailers = encodeHeaders([
  ['grpc-status', '0'],
  ['grpc-message', 'all%20well'],
]);
const message = Buffer.concat([Buffer.of(0, 0, 0, 0, 5), Buffer.from('hello')]);
const settings = frame(4, 0, 0, Buffer.from('000400010000000500004000', 'hex'));
const answers = [
  [
    settings,
    frame(4, 1, 0, Buffer.alloc(0)),
    frame(1, 4, 1, headers),
    frame(0, 0, 1, message),
    frame(1, 5, 1, trailers),
  ],
  [
    settings,
    frame(6, 0, 0, Buffer.alloc(8)),
    frame(8, 0, 0, Buffer.of(0, 0, 1, 0)),
    frame(3, 0, 1, Buffer.of(0, 0, 0, 8)),
  ],
  [settings, frame(1, 0, 1, headers.subarray(0, 9)), frame(9, 4, 1, headers.subarray(9)), frame(0, 1, 1, message)],
  [settings, frame(7, 0, 0, Buffer.concat([Buffer.alloc(8), Buffer.from('going away')]))],
].map((frames) => Buffer.concat(frames));

export const http2: Target = {
  name: 'http2',
  share: 700,
  async try(random, tell) {
    const bytes = mutate(random, random.pick(answers), answers);
    tell(bytes);
    const [ours, theirs] = duplexPair();
    theirs.on('error', () => {});
    theirs.resume();
    const transport = createUnaryTransport(nodeStream(ours), '/a.B/Ping');
    const call = transport.unary('/service/Method', Buffer.from('request')).then(
      (answer) => hold(answer.length <= bytes.length, 'the answer was sent'),
      (error: unknown) => {
        hold(error instanceof RpcError, `a call fails with an error of its own, not ${String(error)}`);
        hold(error.message !== '', 'the error has words');
      },
    );
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random.below(200);
      if (!theirs.destroyed) theirs.write(bytes.subarray(at, at + size));
      at += size;
    }
    theirs.end();
    await call;
    transport.close();
    theirs.destroy();
    ours.destroy();
  },
};

const blocks = [
  headers,
  trailers,
  Buffer.from('828684418cf1e3c2e5f23a6ba0ab90f4ff', 'hex'),
  Buffer.from('3fe11f88', 'hex'),
];

export const hpack: Target = {
  name: 'hpack',
  share: 800,
  try(random, tell) {
    const bytes = mutate(random, random.pick(blocks), blocks);
    tell(bytes);
    mayThrow(() => {
      const fields = decodeHeaders(bytes);
      const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
      hold(fields.length <= bytes.length && size <= bytes.length * 64, 'the fields are in the block');
    });
  },
};
