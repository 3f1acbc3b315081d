/** A BuildKit that stops, lies or floods: the frontend ends with an error in bounded time and memory. */
import { duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { createUnaryTransport } from '../../src/rpc/unary.ts';
import { ends } from '../ends.ts';
import { pong, spawnFrontend, startFrontend } from '../gateway/frontend-process.ts';
import { type Attack, attacks, send, unread } from './http2-attacks.ts';
import { answerOf, frameOf, PING, SETTINGS, serveFrames } from './http2-frames.ts';

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
