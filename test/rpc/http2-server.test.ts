import { once } from 'node:events';
import http2 from 'node:http2';
import { Duplex, duplexPair, type Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeHeaders, type HeaderField, maxHeaderBytes, readHeaders } from '../../src/rpc/hpack.ts';
import { frameOf } from '../../src/rpc/http2-frames.ts';
import { type Http2Stream, serveHttp2 } from '../../src/rpc/http2-server.ts';
import { nodeStream } from '../../src/rpc/node-stream.ts';
import { ends } from '../ends.ts';

type Handler = (stream: Http2Stream) => Promise<void>;
const ok: readonly HeaderField[] = [[':status', '200']];
const gone = () => new Error('gone');

/** A server, and Node's own client at its other end. */
function connect(handler: Handler, settings: http2.Settings = {}, wire: Duplex[] = duplexPair()) {
  const [near, far] = wire as [Duplex, Duplex];
  serveHttp2(nodeStream(far), (stream) => void handler(stream).catch(() => {}), gone);
  const session = http2.connect('http://localhost', {
    createConnection: () => near,
    settings,
    maxSendHeaderBlockLength: 64 << 20,
  });
  session.on('error', () => {});
  return { session, near, far };
}

const post = (session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders = {}) =>
  session.request({ ':method': 'POST', ':path': '/', ...headers });

async function text(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const echo: Handler = async (stream) => {
  stream.respond(ok);
  for await (const chunk of stream.body) await stream.write(chunk);
  stream.end([['x-status', 'done']]);
};

test('calls stream both ways, many at once and larger than every window', async () => {
  const { session } = connect(echo, { initialWindowSize: 20_000 });
  const bodies = [0, 1, 300_000, 9_000_000, ...Array.from({ length: 50 }, (_, i) => i * 700)].map((size, i) =>
    Buffer.alloc(size, `part ${i} `),
  );
  await ends(
    Promise.all(
      bodies.map(async (body) => {
        const stream = post(session);
        const trailers = once(stream, 'trailers');
        stream.end(body);
        expect((await text(stream)).equals(body)).toBe(true);
        expect((await trailers)[0]).toMatchObject({ 'x-status': 'done' });
      }),
    ),
  );
  session.destroy();
});

test('a short answer does not wait until a long one has left', async () => {
  const { session } = connect(async (stream) => {
    stream.respond(ok);
    const isLong = stream.headers.some(([name, value]) => name === ':path' && value === '/long');
    await stream.write(Buffer.alloc(isLong ? 16 << 20 : 10));
    stream.end([]);
  });
  const long = post(session, { ':path': '/long' });
  let received = 0;
  long.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await once(long, 'data');
  await ends(text(post(session)));
  expect(received).toBeLessThan(16 << 20);
  session.destroy();
});

test('a writer waits for a client that does not read, and hears when it is gone', async () => {
  const failed = Promise.withResolvers<Error>();
  let written = 0;
  const { session } = connect(async (stream) => {
    stream.respond(ok);
    try {
      for (;;) {
        await stream.write(Buffer.alloc(100_000));
        written += 100_000;
      }
    } catch (error) {
      failed.resolve(error as Error);
    }
  });
  const stream = post(session);
  stream.on('error', () => {});
  await once(stream, 'response');
  stream.close(http2.constants.NGHTTP2_CANCEL);
  expect((await ends(failed.promise)).message).toBe('gone');
  expect(written).toBeLessThan(4 << 20);
  session.destroy();
});

test('a reader hears when the connection is gone', async () => {
  const failed = Promise.withResolvers<Error>();
  const { session, far } = connect(async (stream) => {
    stream.respond(ok);
    try {
      for await (const _ of stream.body);
    } catch (error) {
      failed.resolve(error as Error);
    }
  });
  const stream = post(session);
  stream.on('error', () => {});
  await once(stream, 'response');
  far.destroy();
  expect((await ends(failed.promise)).message).toBe('gone');
});

test('what nobody reads does not close the connection’s window', async () => {
  const { session } = connect(async (stream) => {
    stream.respond(ok);
    stream.end([['x-status', 'done']]);
  });
  for (let i = 0; i < 12; i++) {
    const stream = post(session);
    const trailers = once(stream, 'trailers');
    stream.write(Buffer.alloc(3 << 20)); // 36 MB in all, of a window of 16
    stream.resume();
    await ends(trailers);
    stream.close();
  }
  session.destroy();
});

test('a request may have as many headers as a long ignore file has lines', async () => {
  let seen: readonly HeaderField[] = [];
  const { session } = connect(async (stream) => {
    seen = stream.headers;
    stream.respond(ok);
    stream.end([]);
  });
  const patterns = Array.from({ length: 15_000 }, (_, i) => `p${i}/`.padEnd(60, 'x'));
  const stream = post(session, { 'exclude-patterns': patterns });
  stream.end();
  await ends(text(stream));
  expect(seen.filter(([name]) => name === 'exclude-patterns').map(([, value]) => value)).toEqual(patterns);
  session.destroy();
});

/** Raw frames of a client, and what the server makes of them. */
function raw() {
  const [near, far] = duplexPair();
  const streams: Http2Stream[] = [];
  let answer = Buffer.alloc(0);
  near.on('data', (chunk: Buffer) => {
    answer = Buffer.concat([answer, chunk]);
  });
  serveHttp2(nodeStream(far), (stream) => streams.push(stream), gone);
  near.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const send = (type: number, flags: number, id: number, payload: Uint8Array) => {
    near.write(frameOf(type, flags, id, payload));
  };
  send(4, 0, 0, Buffer.alloc(0));
  return { near, streams, send, answer: () => answer.toString('latin1') };
}

test('headers beyond the limit are cut off, and the connection goes on', async () => {
  const { streams, send } = raw();
  const path = encodeHeaders([[':path', '/files']]);
  const pattern = encodeHeaders([['p', 'x'.repeat(16_000)]]);
  send(1, 1, 1, path);
  for (let i = 0; i < 1.5 * (maxHeaderBytes / 16_000); i++) send(9, 0, 1, pattern);
  send(9, 4, 1, Buffer.alloc(0));
  send(1, 5, 3, path);
  await expect.poll(() => streams.length).toBe(2);
  expect(streams.map(({ isTruncated, headers }) => [isTruncated, headers[0]])).toEqual([
    [true, [':path', '/files']],
    [false, [':path', '/files']],
  ]);
  const bytes = streams[0]!.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  expect(bytes).toBeLessThanOrEqual(maxHeaderBytes + 16_000);
});

test('headers that grow when they are read are bounded like others', async () => {
  const { streams, send } = raw();
  const kept = encodeHeaders([['n', 'x'.repeat(4000)]]);
  kept[0] = 0x40; // to be kept, and referred to by one byte
  send(1, 1, 1, kept);
  for (let i = 0; i < 100; i++) send(9, 0, 1, Buffer.alloc(16_000, 0x80 | 62));
  send(9, 4, 1, Buffer.alloc(0));
  await expect.poll(() => streams.length).toBe(1);
  expect(streams[0]!.isTruncated).toBe(true);
  expect(streams[0]!.headers.length).toBeLessThan(maxHeaderBytes / 4000 + 2);
});

test('streams without end are refused', async () => {
  const { streams, send, answer } = raw();
  for (let i = 0; i < 10_100; i++) send(1, 4, 2 * i + 1, encodeHeaders([[':path', '/']]));
  await expect.poll(() => answer().includes('\0\0\x04\x03\0')).toBe(true); // RST_STREAM
  expect(streams.length).toBe(10_000);
});

test.each<[string, (send: ReturnType<typeof raw>['send']) => void, string]>([
  ['more than its window', (send) => {
    send(1, 4, 1, encodeHeaders([[':path', '/']]));
    for (let i = 0; i < 300; i++) send(0, 0, 1, Buffer.alloc(16_000));
  }, 'sent more than it may'],
  ['data after the end', (send) => {
    send(1, 5, 1, encodeHeaders([[':path', '/']]));
    send(0, 0, 1, Buffer.from('x'));
  }, 'sent more than it may'],
  ['a frame larger than allowed', (send) => send(0, 0, 1, Buffer.alloc(16_385)), 'a frame of 16385 bytes'],
  ['an even stream', (send) => send(1, 5, 2, encodeHeaders([[':path', '/']])), 'cannot open stream 2'],
  ['half a reset', (send) => send(3, 0, 1, Buffer.alloc(2)), 'too short'],
  ['a push', (send) => send(5, 4, 1, Buffer.alloc(4)), 'cannot push'],
  ['a block that is interrupted', (send) => {
    send(1, 0, 1, encodeHeaders([[':path', '/']]));
    send(6, 0, 0, Buffer.alloc(8));
  }, 'is not continued'],
  ['a header that there is not', (send) => send(1, 5, 1, Buffer.of(0xff, 0)), 'no header with the index'],
  ['windows beyond all bounds', (send) => {
    for (let i = 0; i < 2; i++) send(8, 0, 0, Buffer.of(0x7f, 0xff, 0xff, 0xff));
  }, 'larger than there are'],
])('a client that breaks the protocol is told and cut off: %s', async (_, act, reason) => {
  const { near, send, answer } = raw();
  act(send);
  await ends(once(near, 'end'));
  expect(answer()).toContain(reason);
}); // biome-ignore format: a case is a line

test('any bytes for frames end in an answer or a cut, and no exception gets out', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(10), fc.nat(255), fc.nat(5), fc.uint8Array({ maxLength: 40 })), { maxLength: 30 }),
      async (frames) => {
        const { near, send, answer } = raw();
        for (const [type, flags, id, payload] of frames) send(type, flags, id, payload);
        send(6, 0, 0, Buffer.from('12345678'));
        await expect.poll(() => answer().includes('12345678') || near.readableEnded, { interval: 1 }).toBe(true);
        near.destroy();
      },
    ),
    { numRuns: 300, seed: 12 },
  );
});

test('the client’s chunks may be cut anywhere', async () => {
  const [near, far] = duplexPair();
  const dribble = new Duplex({
    read() {},
    write: (chunk, encoding, done) => void far.write(chunk, encoding, done),
  });
  far.on('data', (chunk: Buffer) => {
    for (const byte of chunk) dribble.push(Buffer.of(byte));
  });
  const { session } = connect(echo, {}, [near, dribble]);
  const stream = post(session);
  const body = Buffer.alloc(10_000, 'cut ');
  stream.end(body);
  expect((await ends(text(stream))).equals(body)).toBe(true);
  session.destroy();
});

test('what a client keeps of headers before it hears that it must not is understood', () => {
  const table = { fields: [], capacity: 4096 };
  const read = (bytes: number[]) => {
    const fields: HeaderField[] = [];
    readHeaders(Uint8Array.from(bytes), table, (field) => fields.push(field));
    return fields;
  };
  const literal = (name: string, value: string) => {
    const bytes = [...encodeHeaders([[name, value]])];
    bytes[0] = 0x40;
    return bytes;
  };
  expect(read([...literal('a', '1'), ...literal('b', '2'), 0x80 | 62, 0x80 | 63])).toEqual([
    ['a', '1'],
    ['b', '2'],
    ['b', '2'],
    ['a', '1'],
  ]);
  expect(read([0x80 | 63])).toEqual([['a', '1']]);
  expect(read([...literal('c', 'x'.repeat(4040)), 0x80 | 62])).toHaveLength(2); // it has pushed the others out
  expect(() => read([0x80 | 63])).toThrow('index 63');
  expect(read([0x20])).toEqual([]); // the size is 0 from here on
  expect(() => read([0x80 | 62])).toThrow('index 62');
  expect(() => read([0x3f, 0xff, 0x7f])).toThrow('larger than it may be');
});
