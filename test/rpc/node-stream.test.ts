import { once } from 'node:events';
import { duplexPair, PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { nodeStream } from '../../src/rpc/node-stream.ts';
import { ends } from '../ends.ts';

test('what is written in one turn leaves together', async () => {
  const batches: string[][] = [];
  const output = new Writable({
    writev(chunks, done) {
      batches.push(chunks.map(({ chunk }) => chunk.toString()));
      done();
    },
  });
  const stream = nodeStream(new PassThrough(), output);
  const write = (text: string) => new Promise<void>((left) => stream.write(Buffer.from(text), left));
  await ends(Promise.all(['a', 'b', 'c'].map(write)));
  await ends(write('d'));
  expect(batches).toEqual([['a', 'b', 'c'], ['d']]);
});

test('what arrives is plain bytes, and the end is told', async () => {
  const [near, far] = duplexPair();
  const received: Uint8Array[] = [];
  const closed = new Promise<Error | undefined>((resolve) => {
    nodeStream(near).listen({ data: (bytes) => received.push(bytes), closed: resolve });
  });
  far.end('hello');
  expect(await ends(closed)).toBeUndefined();
  expect(received.map((bytes) => new TextDecoder().decode(bytes))).toEqual(['hello']);
  expect(received.filter(Buffer.isBuffer)).toEqual([]);
});

test('the error of a stream says why it failed', async () => {
  const [near] = duplexPair();
  const closed = new Promise<Error | undefined>((resolve) => {
    nodeStream(near).listen({ data() {}, closed: resolve });
  });
  near.destroy(new Error('cut'));
  expect(await ends(closed)).toMatchObject({ message: 'cut' });
});

test('what is written after the end is not sent, and its writer is told all the same', async () => {
  const [near, far] = duplexPair();
  const stream = nodeStream(near);
  stream.write(Buffer.from('last'));
  stream.end();
  await ends(new Promise<void>((left) => stream.write(Buffer.from('more'), left)));
  const arrived: string[] = [];
  far.setEncoding('utf8').on('data', (text: string) => arrived.push(text));
  await ends(once(near, 'close'));
  await ends(new Promise<void>((left) => stream.write(Buffer.from('more'), left)));
  expect(arrived).toEqual(['last']);
});
