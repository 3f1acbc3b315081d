/** A BuildKit that stops, lies or floods: the frontend ends with an error in bounded time and memory. */
import { type Duplex, duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { createUnaryTransport } from '../../src/rpc/unary.ts';
import { ends } from '../ends.ts';
import { pong, spawnFrontend, startFrontend } from '../gateway/frontend-process.ts';
import {
  answerOf,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  flood,
  frameOf,
  GOAWAY,
  HEADERS,
  headersOf,
  messageOf,
  PING,
  RST_STREAM,
  SETTINGS,
  serveFrames,
  started,
} from './http2-frames.ts';

const GiB = 2 ** 30;

/** What a server does with a request. It may send `limit` bytes at most: that is how much a flood can be worth. */
type Attack = (stream: Duplex, id: number) => unknown;

const send =
  (...frames: readonly ((id: number) => Buffer)[]): Attack =>
  (stream, id) => {
    for (const frame of frames) stream.write(frame(id));
  };
const endless =
  (first: (id: number) => Buffer, repeated: (id: number) => Buffer): Attack =>
  (stream, id) => {
    stream.write(first(id));
    return flood(stream, repeated(id), GiB);
  };
const many = (frame: Buffer, count: number) => Buffer.concat(Array<Buffer>(count).fill(frame));

const begin = (id: number) => headersOf(id, started);
const block = 'bytes of headers, or in too many frames';

const attacks: readonly [name: string, reason: string | RegExp, attack: Attack][] = [
  ['garbage', 'lost: the server sent a frame of', send(() => Buffer.alloc(4096, 'garbage '))],
  ['a header block without end', block,
    endless((id) => frameOf(HEADERS, 0, id), (id) => many(frameOf(CONTINUATION, 0, id, Buffer.alloc(16_384)), 8))],
  ['a header block of empty frames', block, endless((id) => frameOf(HEADERS, 0, id), (id) => many(frameOf(CONTINUATION, 0, id), 1000))],
  ['headers again and again', block,
    endless(begin, (id) => many(frameOf(HEADERS, END_HEADERS, id, Buffer.alloc(16_384, Buffer.of(0x20))), 8))],
  ['small fields that are large headers', 'more than 16777216 bytes of headers',
    (stream, id) => {
      stream.write(frameOf(HEADERS, 0, id));
      stream.write(many(frameOf(CONTINUATION, 0, id, Buffer.alloc(16_384, Buffer.of(0x88))), 100));
      stream.write(frameOf(CONTINUATION, END_HEADERS, id));
    }],
  ['a length of 4 GiB', 'larger than max (4294967295 vs. 16777216)', send(begin, (id) => frameOf(DATA, 0, id, messageOf(Buffer.from('x'), 2 ** 32 - 1)))],
  ['more than the length says', 'sent more than one message', endless(begin, (id) => frameOf(DATA, 0, id, messageOf(Buffer.alloc(1000), 3)))],
  ['less than the length says', 'before the message was complete', send(begin, (id) => frameOf(DATA, 0, id, messageOf(Buffer.from('x'), 100)), (id) => headersOf(id, [['grpc-status', '0']], 5))],
  ['an answer without a status', 'Unavailable: no status', send(begin, (id) => frameOf(DATA, END_STREAM, id, messageOf(Buffer.from('x'))))],
  ['a status that is none', /^what$/, send((id) => headersOf(id, [...started, ['grpc-status', '-1'], ['grpc-message', 'what']], 5))],
  ['details that are none', 'Internal: what', send((id) => headersOf(id, [...started, ['grpc-status', '13'], ['grpc-message', 'what'], ['grpc-status-details-bin', 'Zm9v/+==']], 5))],
  ['a reset', 'reset the stream with code 11', send((id) => frameOf(RST_STREAM, 0, id, Buffer.of(0, 0, 0, 11)))],
  ['a frame that is too short', 'a frame that is too short', send((id) => frameOf(RST_STREAM, 0, id, Buffer.of(0)))],
  ['a farewell', 'going away: bye', send(() => frameOf(GOAWAY, 0, 0, Buffer.from('0000000000000000627965', 'hex')))],
  ['a number without end', 'a header is too long', send((id) => frameOf(HEADERS, END_HEADERS, id, Buffer.concat([Buffer.of(0xff), Buffer.alloc(2000, Buffer.of(0x80))])))],
  ['pings whose answers are not read', 'asks without taking the answers', unread(frameOf(PING, 0, 0, Buffer.alloc(8)))],
  ['settings whose answers are not read', 'asks without taking the answers', unread(frameOf(SETTINGS, 0, 0))],
]; // biome-ignore format: a table

function unread(frame: Buffer): Attack {
  return (stream) => {
    stream.pause();
    return flood(stream, many(frame, 1000), GiB);
  };
}

test.each(attacks)('%s', async (_, reason, attack) => {
  const [near, far] = duplexPair();
  near.once('close', () => far.destroy()); // a pair does not hand that on
  const transport = createUnaryTransport(near);
  let attacked: unknown;
  serveFrames(far, (id) => {
    attacked = attack(far, id);
  });
  await expect(ends(transport.unary('/a.B/C', Buffer.alloc(100)))).rejects.toThrow(reason);
  transport.close();
  // what was sent before it was noticed, which is all that can be held in memory
  expect(Number((await attacked) ?? 0)).toBeLessThan(40 << 20);
});

test.each<[string, string, Attack]>([
  ['says nothing', 'no sign of life for 0.3 s', (stream) => stream.pause()],
  ['takes no byte of the request', 'nothing of a request was taken for 0.3 s', () => {}],
])('a server that %s is given up', async (_, reason, attack) => {
  const [near, far] = duplexPair();
  const transport = createUnaryTransport(near, 300);
  serveFrames(far, (id) => attack(far, id));
  far.write(frameOf(SETTINGS, 0, 0, Buffer.from('000400000000', 'hex')));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(ends(transport.unary('/a.B/C', Buffer.alloc(100)))).rejects.toThrow(reason);
});

test('a server that works for long is waited for', async () => {
  const [near, far] = duplexPair();
  const transport = createUnaryTransport(near, 300);
  serveFrames(far, (id) => setTimeout(() => far.write(Buffer.concat(answerOf(id, Buffer.from('late')))), 1500));
  expect((await ends(transport.unary('/a.B/C', Buffer.alloc(100)))).toString()).toBe('late');
  transport.close();
});

test.each<[string, Attack]>([
  ['garbage', send(() => Buffer.alloc(4096, 'garbage '))],
  ['an endless header block', attacks[1]![2]],
  ['pings whose answers are not read', unread(frameOf(PING, 0, 0, Buffer.alloc(8)))],
])('the process ends with a line and code 2 after %s', async (_, attack) => {
  const { stream, exited } = spawnFrontend();
  serveFrames(stream, (id, nth) => {
    if (nth === 0) stream.write(Buffer.concat(answerOf(id, pong())));
    else attack(stream, id);
  });
  const { code, stderr } = await ends(exited);
  expect(stderr).toMatch(/^tsfront: Unavailable: the connection to BuildKit was lost: .*\n$/);
  expect(code).toBe(2);
});

test('the process returns an error for an answer that is no message', async () => {
  const { exited } = startFrontend({ Solve: () => Buffer.from('ffffffff0f', 'hex') });
  const { code, returned, stderr } = await ends(exited);
  expect(returned?.error?.message).toBeTruthy();
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
});
