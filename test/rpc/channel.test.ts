import { once } from 'node:events';
import { createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect as connectTo, createServer as createTcpServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Control } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { type Channel, createDuplexChannel } from '../../src/rpc/channel.ts';
import { createClient } from '../../src/rpc/client.ts';
import { ends } from '../ends.ts';

const toClose: (() => void)[] = [];
afterEach(() => {
  for (const close of toClose.splice(0)) close();
});

/** A daemon that answers `Info`, and whose `Status` goes on until it is told to end. */
async function daemon(maxConcurrentStreams: number) {
  const server = createServer({ settings: { maxConcurrentStreams } });
  const sessions = new Set<Http2Session>();
  const held: ServerHttp2Stream[] = [];
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}).resume();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    if (String(headers[':path']).endsWith('/Status')) held.push(stream);
    else stream.end(Buffer.alloc(5)); // an empty message
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const channel = createDuplexChannel({
    target: 'daemon',
    authority: 'localhost',
    dial: async () => connectTo(port, '127.0.0.1'),
  });
  toClose.push(() => channel.close());
  return { channel, held, sessions };
}

const client = (channel: Channel) => createClient(Control, channel);

test('calls that stay open do not keep others waiting: what finds no room opens a connection', async () => {
  const { channel, held, sessions } = await daemon(4);
  const control = client(channel);
  await control.info({});
  const watching = Array.from({ length: 10 }, async () => {
    for await (const _ of control.status({ Ref: 'r' })) throw new Error('nothing is reported');
  });
  while (held.length < 10) await control.info({});
  await ends(control.info({}));
  expect(sessions.size).toBe(4); // three calls each, one is left for a question
  for (const stream of held) stream.end();
  await ends(Promise.all(watching));
  for (let i = 0; i < 20; i++) await control.info({});
  expect(sessions.size).toBe(4);
});

test('a daemon that takes one call at a time is asked one after the other', async () => {
  const { channel, sessions } = await daemon(1);
  const control = client(channel);
  for (let i = 0; i < 5; i++) await control.info({});
  expect(sessions.size).toBe(1);
});

test('a daemon that hangs up each time is asked once for each call', async () => {
  let dialed = 0;
  const server = createTcpServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const dial = async () => {
    dialed++;
    return connectTo(port, '127.0.0.1');
  };
  const control = client(createDuplexChannel({ target: 'daemon', authority: 'localhost', dial }));
  for (let i = 0; i < 3; i++) await expect(ends(control.info({}))).rejects.toMatchObject({ code: 14 });
  expect(dialed).toBe(3);
});
