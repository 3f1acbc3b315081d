import { duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { maxMessageBytes } from '../../src/rpc/framing.ts';
import { nodeStream } from '../../src/rpc/node-stream.ts';
import { Code } from '../../src/rpc/rpc-error.ts';
import { createUnaryTransport } from '../../src/rpc/unary.ts';
import { type Handler, serve } from '../gateway/server.ts';

const method = '/package.Service/Method';

function connect(handle: Handler) {
  const [client, server] = duplexPair();
  const session = serve(server, handle);
  return { transport: createUnaryTransport(nodeStream(client), '/a.B/Ping'), session };
}

describe('createUnaryTransport', () => {
  test('carries messages of any size up to the limit', async () => {
    const { transport } = connect((_, request) => request);
    for (const size of [0, 1, 70_000, maxMessageBytes - 10]) {
      const message = Buffer.alloc(size, 'x');
      expect(Buffer.compare(await transport.unary(method, message), message)).toBe(0);
    }
  });

  test('answers calls that overtake each other', async () => {
    const { transport } = connect(async (_, request) => {
      await new Promise((resolve) => setTimeout(resolve, 50 - request[0]! * 10));
      return request;
    });
    const answers = await Promise.all([0, 1, 2, 3, 4].map((n) => transport.unary(method, Uint8Array.of(n))));
    expect(answers.map((answer) => answer[0])).toEqual([0, 1, 2, 3, 4]);
  });

  test("passes the server's errors on", async () => {
    const { transport } = connect(() => {
      throw Object.assign(new Error('weg, 100% näch'), { code: Code.notFound });
    });
    await expect(transport.unary(method, Uint8Array.of(1))).rejects.toMatchObject({
      code: Code.notFound,
      status: 'weg, 100% näch',
      message: 'NotFound: weg, 100% näch',
    });
  });

  test('refuses messages beyond the limit in both directions', async () => {
    const { transport } = connect(() => Buffer.alloc(maxMessageBytes + 1));
    await expect(transport.unary(method, Uint8Array.of(1))).rejects.toThrow('received message larger than max');
    await expect(transport.unary(method, Buffer.alloc(maxMessageBytes + 1))).rejects.toThrow(
      'trying to send message larger than max (16777217 vs. 16777216)',
    );
  });

  test('gives up after the time given', async () => {
    const { transport } = connect(() => new Promise(() => {}));
    await expect(transport.unary(method, Uint8Array.of(1), { timeoutMs: 20 })).rejects.toMatchObject({
      code: Code.deadlineExceeded,
    });
  });

  test('fails calls under way and later ones when the connection is lost', async () => {
    const { transport, session } = connect(() => new Promise(() => {}));
    const pending = transport.unary(method, Uint8Array.of(1));
    setTimeout(() => session.destroy(), 20);
    await expect(pending).rejects.toMatchObject({ code: Code.unavailable });
    await expect(transport.unary(method, Uint8Array.of(1))).rejects.toMatchObject({ code: Code.unavailable });
  });
});
