/** What a hostile server does with a gRPC call, below HTTP/2. */
import type { Duplex } from 'node:stream';
import {
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
  started,
} from './http2-frames.ts';

const GiB = 2 ** 30;

/** What a server does with a request. It may send `limit` bytes at most: that is how much a flood can be worth. */
export type Attack = (stream: Duplex, id: number) => unknown;

export const send =
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

export const attacks: readonly [name: string, reason: string | RegExp, attack: Attack][] = [
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

export function unread(frame: Buffer): Attack {
  return (stream) => {
    stream.pause();
    return flood(stream, many(frame, 1000), GiB);
  };
}
