import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHeaders, encodeHeaders, type HeaderField } from '../../src/rpc/hpack.ts';
import { connectHttp2 } from '../../src/rpc/http2-client.ts';
import { nodeStream } from '../../src/rpc/node-stream.ts';

type Handler = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

const post = (path: string): HeaderField[] => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'localhost'],
];

/** A client whose other end is Node's own HTTP/2 server. */
async function connect(handler: Handler, settings: http2.Settings = {}, window = 1 << 20) {
  const server = http2.createServer({ settings });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    handler(stream, headers);
  });
  server.on('session', (session) => session.on('error', () => {}));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  socket.setNoDelay().on('close', () => server.close());
  return { client: connectHttp2(nodeStream(socket), { window, silenceMs: 60_000 }), socket };
}

interface Answer {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  readonly reason: string | undefined;
}

function call(client: ReturnType<typeof connectHttp2>, fields: HeaderField[], body: Uint8Array): Promise<Answer> {
  return new Promise((resolve) => {
    const headers: Record<string, string> = {};
    const chunks: Uint8Array[] = [];
    const handler = {
      headers: (received: readonly HeaderField[]) => Object.assign(headers, Object.fromEntries(received)),
      data: (chunk: Uint8Array) => chunks.push(chunk),
      end: (reason: string | undefined) => resolve({ headers, body: Buffer.concat(chunks), reason }),
    };
    client.request(fields, handler, body);
  });
}

const echo: Handler = (stream) => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'x-answer': 'yes' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat(chunks));
  });
};

test('a request gets its answer with trailers', async () => {
  const { client } = await connect(echo);
  const { headers, body, reason } = await call(client, post('/a'), Buffer.from('hello'));
  expect(body.toString()).toBe('hello');
  expect(headers).toMatchObject({ ':status': '200', 'x-answer': 'yes', 'grpc-status': '0' });
  expect(reason).toBeUndefined();
  client.close();
});

test('many requests at once are answered, together larger than every window', async () => {
  const { client } = await connect(echo, { initialWindowSize: 20_000 }, 100_000);
  const bodies = Array.from({ length: 100 }, (_, index) => Buffer.alloc(1 + index * 900, `part ${index} `));
  const answers = await Promise.all(bodies.map((body) => call(client, post('/'), body)));
  answers.forEach(({ body, reason }, index) => {
    expect(reason).toBeUndefined();
    expect(body.equals(bodies[index]!)).toBe(true);
  });
  client.close();
});

test('a body sent through a small window arrives whole', async () => {
  const { client } = await connect(echo, { initialWindowSize: 1_000 }, 17 << 20);
  const body = Buffer.alloc(300_000, 'window ');
  expect((await call(client, post('/'), body)).body.equals(body)).toBe(true);
  client.close();
});

test('headers of any bytes and lengths arrive, Huffman coded by the server', async () => {
  const { client } = await connect((stream, headers) => {
    stream.respond({ ':status': 200, 'x-back': String(headers['x-value']) });
    stream.end();
  });
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: fc.constantFrom(...printable()), maxLength: 300 }), async (given) => {
      const value = given.trim();
      const { headers } = await call(client, [...post('/'), ['x-value', value]], Buffer.alloc(0));
      expect(headers['x-back']).toBe(value);
    }),
    { numRuns: 50 },
  );
  const long = 'long '.repeat(8_000).trim(); // needs CONTINUATION
  const { headers } = await call(client, [...post('/'), ['x-value', 'v']], Buffer.alloc(0));
  expect(headers['x-back']).toBe('v');
  const other = await connect((stream) => {
    stream.respond({ ':status': 200, 'x-long': long });
    stream.end();
  });
  expect((await call(other.client, post('/'), Buffer.alloc(0))).headers['x-long']).toBe(long);
  client.close();
  other.client.close();
});

function printable(): string[] {
  return Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
}

test('what a server does with a request ends it: reset, going away, hanging up', async () => {
  const reset = await connect((stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM));
  expect((await call(reset.client, post('/'), Buffer.from('x'))).reason).toContain('reset the stream with code 7');

  const away = await connect((stream) => {
    stream.session!.goaway(0, 1);
    setTimeout(() => {
      stream.respond({ ':status': 200 });
      stream.end('late');
    }, 20);
  });
  expect((await call(away.client, post('/'), Buffer.from('x'))).body.toString()).toBe('late');
  expect((await call(away.client, post('/'), Buffer.from('x'))).reason).toContain('going away');

  const hung = await connect((stream) => stream.session!.destroy());
  expect((await call(hung.client, post('/'), Buffer.from('x'))).reason).toBeDefined();
});

test('a request that is given up is heard of no more', async () => {
  const closed = Promise.withResolvers<number>();
  const { client } = await connect((stream) => {
    stream.on('close', () => closed.resolve(stream.rstCode!));
  });
  const handler = {
    headers: () => expect.fail('an answer'),
    data: () => expect.fail('an answer'),
    end: () => expect.fail('an end'),
  };
  const request = client.request(post('/'), handler, Buffer.from('x'));
  setTimeout(() => request.cancel(), 20);
  expect(await closed.promise).toBe(http2.constants.NGHTTP2_CANCEL);
  client.close();
});

test.each([
  ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'the server does not speak HTTP/2'],
  ['a first frame that is not SETTINGS', '0000010900000000 01 78', 'the server does not speak HTTP/2'],
  ['a frame larger than allowed', '000000040000000000 004001000000000001', 'a frame of 16385 bytes'],
  ['more padding than frame', '000000040000000000 000002000800000001 05 00', 'all padding'],
  ['no room in frames', '000006040000000000 0005 00000000', 'frames of at most 0 bytes'],
  ['a header block that is not begun', '000000040000000000 000001090400000001 82', 'not begun'],
])('a peer that breaks the protocol is an error, not a hang: %s', async (_, sent, reason) => {
  const [near, far] = duplexPair();
  const client = connectHttp2(nodeStream(near), { window: 1 << 20, silenceMs: 0 });
  const answer = call(client, post('/'), Buffer.from('x'));
  far.write(sent.startsWith('0') ? Buffer.from(sent.replaceAll(' ', ''), 'hex') : sent);
  expect((await answer).reason).toContain(reason);
  expect((await call(client, post('/'), Buffer.from('x'))).reason).toContain(reason);
});

test('header blocks survive encoding and decoding', () => {
  const token = fc.stringMatching(/^[a-z-]{1,40}$/);
  const latin1 = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 400,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(token, latin1)), (fields) => {
      expect(decodeHeaders(encodeHeaders(fields))).toEqual(fields);
    }),
  );
  expect(() => decodeHeaders(Buffer.of(0xff, 0x00))).toThrow('index');
  expect(() => decodeHeaders(Buffer.of(0x00, 0x05, 0x61))).toThrow('breaks off');
});

test('the server’s chunks may be cut anywhere', async () => {
  const [near, far] = duplexPair();
  const server = http2.createServer();
  server.on('stream', echo);
  server.emit('connection', far);
  const dribble = new Duplex({
    read() {},
    write: (chunk, encoding, done) => void near.write(chunk, encoding, done),
  });
  near.on('data', (chunk: Buffer) => {
    for (const byte of chunk) dribble.push(Buffer.of(byte));
  });
  const client = connectHttp2(nodeStream(dribble), { window: 1 << 20, silenceMs: 0 });
  const body = Buffer.alloc(10_000, 'cut ');
  expect((await call(client, post('/'), body)).body.equals(body)).toBe(true);
});
