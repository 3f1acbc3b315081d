/** A BuildKit that stops, lies or floods: the frontend ends with an error in bounded time and memory. */
import { type Duplex, duplexPair } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { nodeStream } from '../../src/rpc/node-stream.ts';
import { createUnaryTransport } from '../../src/rpc/unary.ts';
import { ends } from '../ends.ts';
import { pong, spawnFrontend, startFrontend } from '../gateway/frontend-process.ts';
import { stopWatches } from '../watches.ts';
import { type Attack, attacks, send, unread } from './http2-attacks.ts';
import { answerOf, frameOf, PING, SETTINGS, serveFrames } from './http2-frames.ts';

test.each(attacks)('a call ends with an error, in bounded memory, if the peer sends %s', async (_, reason, attack) => {
  const [near, far] = duplexPair();
  near.once('close', () => far.destroy()); // a pair does not hand that on
  const transport = createUnaryTransport(nodeStream(near), '/a.B/Ping');
  let attacked: unknown;
  serveFrames(far, (id) => {
    attacked = attack(far, id);
  });
  await expect(ends(transport.unary('/a.B/C', Buffer.alloc(100)))).rejects.toThrow(reason);
  transport.close();
  // What was sent before it was noticed, which is all that can be held in memory.
  expect(Number((await attacked) ?? 0)).toBeLessThan(40 << 20);
});

/** A server that has 60 s to give a sign of life. */
function watched(answer: (stream: Duplex, id: number, nth: number) => void) {
  const { step } = stopWatches(60_000);
  const [near, far] = duplexPair();
  serveFrames(far, (id, nth) => answer(far, id, nth));
  const transport = createUnaryTransport(nodeStream(near), '/a.B/Ping', 60_000);
  onTestFinished(() => transport.close());
  return { transport, far, step };
}

const done = (id: number, body = '') => Buffer.concat(answerOf(id, Buffer.from(body)));
const settings = (hex: string) => frameOf(SETTINGS, 0, 0, Buffer.from(hex, 'hex'));
const noWindow = settings('000400000000');

test.each<[string, string, number, (stream: Duplex, id: number, nth: number) => void]>([
  ['says nothing', 'no sign of life for 60 s', 100, (stream) => stream.pause()],
  ['answers pings of HTTP/2 and no call', 'no sign of life for 60 s', 100, () => {}],
  [
    'takes no byte of a request',
    'nothing of a request was taken for 60 s',
    100_000,
    (stream, id, nth) => stream.write(nth === 0 ? noWindow : done(id)),
  ],
])('a server that %s is given up', async (_, reason, size, answer) => {
  const { transport, far, step } = watched(answer);
  let ended = false;
  const call = transport.unary('/a.B/C', Buffer.alloc(size)).finally(() => {
    ended = true;
  });
  call.catch(() => {});
  for (let i = 0; i < 5; i++) await step();
  expect(ended).toBe(false);
  for (let i = 0; i < 2; i++) {
    far.write(frameOf(PING, 0, 0, Buffer.alloc(8))); // no sign of life: a library sends it by itself
    await step();
  }
  await expect(ends(call)).rejects.toThrow(reason);
});

test.each([
  ['at once', 0],
  ['only just in time', 4],
])('a server that works for hours and answers a question %s is waited for', async (_, steps) => {
  let questions = 0;
  let work = 0;
  const late: (() => void)[] = []; // by step
  const { transport, far, step } = watched((stream, id, nth) => {
    if (nth === 0) work = id;
    else {
      questions++;
      late[steps] = () => stream.write(done(id));
      if (steps === 0) late.shift()!();
    }
  });
  const call = transport.unary('/a.B/C', Buffer.alloc(100));
  for (let i = 0; i < 600; i++) {
    late.shift()?.();
    await step();
  }
  expect(questions).toBeGreaterThan(80);
  far.write(done(work, 'late'));
  expect(Buffer.from(await ends(call)).toString()).toBe('late');
});

test('a question finds its place where a server takes no more calls', async () => {
  const open: number[] = [];
  let working = true;
  let questions = 0;
  const { transport, far, step } = watched((stream, id) => {
    if (working) return void open.push(id);
    questions++;
    stream.write(done(id));
  });
  far.write(settings('000300000004')); // four
  await step();
  const calls = Array.from({ length: 10 }, () => transport.unary('/a.B/C', Buffer.alloc(100)));
  await step();
  working = false;
  for (let i = 0; i < 60; i++) await step();
  expect(open).toHaveLength(3);
  expect(questions).toBeGreaterThan(20);
  for (const id of open) far.write(done(id));
  await ends(Promise.all(calls));
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

test('the process returns an error for an answer that is not a message', async () => {
  const { exited } = startFrontend({ Solve: () => Buffer.from('ffffffff0f', 'hex') });
  const { code, returned, stderr } = await ends(exited);
  expect(returned?.error?.message).toBeTruthy();
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
});
