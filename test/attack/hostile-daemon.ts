/** A daemon that answers as it should now and then: what it sends is nearly right, at every level. */
import type { Duplex } from 'node:stream';
import { decodeHeaders } from '../../src/rpc/hpack.ts';
import type { GoldenCase } from '../golden/cases.ts';
import { createDaemon, encodeStatus } from '../golden/lib/daemon.mjs';
import { mutate } from './fuzz/mutate.ts';
import type { Random } from './fuzz/random.ts';
import { attacks } from './http2-attacks.ts';
import {
  answerOf,
  DATA,
  END_HEADERS,
  END_STREAM,
  frameOf,
  GOAWAY,
  HEADERS,
  headersOf,
  PING,
  RST_STREAM,
  SETTINGS,
  started,
} from './http2-frames.ts';

/** A peer that waits for something that never comes is left after so long without a byte. */
const silenceMs = 400;

const WindowUpdate = 8;
const largeWindow = frameOf(WindowUpdate, 0, 0, Buffer.from('3fffffff', 'hex'));
const noLimits = frameOf(SETTINGS, 0, 0, Buffer.from('00047fffffff', 'hex'));

/** How a daemon is hostile: each kind in a connection of its own, since the first fault often ends it. */
type Kind = 'bytes' | 'messages' | 'frames' | 'statuses' | 'attack' | 'all';
const kinds: readonly Kind[] = ['bytes', 'bytes', 'messages', 'messages', 'messages', 'frames', 'statuses', 'all'];

/** Answers a frontend that builds `build`, until either of the two has had enough. */
export function serveHostile(stream: Duplex, random: Random, build: GoldenCase): void {
  const kind: Kind = random.chance(0.02) ? 'attack' : random.pick(kinds);
  const does = (what: Kind, probability: number) => (kind === what || kind === 'all') && random.chance(probability);
  const daemon = createDaemon(build);
  const sent: Buffer[] = [noLimits];
  const messages: Buffer[] = [Buffer.from([8, 1])];
  const hangsUpAfter = random.chance(0.1) ? random.below(3000) : Number.POSITIVE_INFINITY;
  const piece = random.chance(0.3) ? 1 + random.below(40) : 65_536;
  let bytes = 0;
  let silence: NodeJS.Timeout | undefined;

  const listen = () => {
    clearTimeout(silence);
    silence = setTimeout(() => stream.end(), silenceMs);
  };
  const write = (frames: Buffer) => {
    for (let at = 0; at < frames.length && !stream.destroyed; at += piece) {
      const part = frames.subarray(at, Math.min(at + piece, at + hangsUpAfter - bytes));
      stream.write(part);
      bytes += part.length;
      if (bytes < hangsUpAfter) continue;
      if (random.chance(0.5)) stream.end();
      else stream.destroy();
      return;
    }
  };
  const send = (frames: Buffer) => {
    sent.push(frames);
    if (does('frames', 0.3)) write(oddFrame(random));
    write(does('bytes', 0.2) ? mutate(random, frames, sent) : frames);
  };

  const answer = (id: number, method: string, request: Buffer) => {
    if (kind === 'attack' && random.chance(0.3)) return void random.pick(attacks)[2](stream, id);
    if (does('statuses', 0.2)) return send(oddStatus(random, id));
    try {
      const message = Buffer.from(daemon.call(method, request));
      messages.push(message);
      send(Buffer.concat(answerOf(id, does('messages', 0.25) ? mutate(random, message, messages) : message)));
    } catch (error) {
      const { code = 2, message, details } = error as { code?: number; message: string; details?: unknown };
      const status = details ? [statusDetails(encodeStatus({ code, message, details }))] : [];
      send(statusOf(id, String(code), encodeURIComponent(message.toWellFormed()), status));
    }
  };

  send(Buffer.concat([noLimits, largeWindow]));
  readRequests(stream, listen, answer, (payload) => write(frameOf(PING, 1, 0, payload)));
  stream.on('close', () => clearTimeout(silence));
  listen();
}

/** Reads frames; `heard` for each chunk, `answer` for each request that is complete. */
function readRequests(
  stream: Duplex,
  heard: () => void,
  answer: (id: number, method: string, request: Buffer) => void,
  pong: (payload: Buffer) => void,
): void {
  const requests = new Map<number, { method: string; chunks: Buffer[] }>();
  let unread: Buffer = Buffer.alloc(0);
  let preface = 24;
  stream.on('data', (chunk: Buffer) => {
    heard();
    unread = Buffer.concat([unread, chunk]);
    if (unread.length < preface) return;
    unread = unread.subarray(preface);
    preface = 0;
    while (unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
      const [type, flags, id] = [unread[3], unread[4]!, unread.readUInt32BE(5)];
      const payload = unread.subarray(9, 9 + unread.readUIntBE(0, 3));
      unread = unread.subarray(9 + payload.length);
      if (type === PING && !(flags & 1)) pong(payload);
      if (type === HEADERS) {
        const fields = new Map(decodeHeaders(payload));
        requests.set(id, { method: fields.get(':path')!.split('/').at(-1)!, chunks: [] });
      }
      const request = requests.get(id);
      if (type === DATA) request?.chunks.push(payload);
      if (!request || !(flags & END_STREAM) || type === RST_STREAM) continue;
      requests.delete(id);
      answer(id, request.method, Buffer.concat(request.chunks).subarray(5));
    }
  });
}

const statusDetails = (bytes: Buffer) => ['grpc-status-details-bin', bytes.toString('base64')] as const;

const statusOf = (id: number, code: string, message: string, more: readonly (readonly [string, string])[] = []) =>
  headersOf(id, [...started, ['grpc-status', code], ['grpc-message', message], ...more], END_HEADERS | END_STREAM);

function oddStatus(random: Random, id: number): Buffer {
  const code = random.pick(['0', '1', '2', '5', '12', '13', '14', '16', '99', '-1', '', '1e9', '٣']);
  const message = random.pick(['', 'not found', '%', '%zz', '%e0%a4', '%00', 'é', 'x'.repeat(5000), '{}', '__proto__']);
  const details = encodeStatus({ code: 2, message: 'no', details: [{ type_url: 'github.com/moby/buildkit/errdefs.Source+json', value: Buffer.from('{"info":{"data":"eA=="},"ranges":[{"start":{"line":1}}]}') }] }); // biome-ignore format: one message
  const more = random.chance(0.5) ? [statusDetails(mutate(random, details, [details]))] : [];
  return statusOf(id, code, message, more);
}

function oddFrame(random: Random): Buffer {
  const type = random.pick([DATA, HEADERS, 2, RST_STREAM, SETTINGS, 5, PING, GOAWAY, WindowUpdate, 9, 10, 0xfe]);
  const id = random.pick([0, 0, 1, 1, 3, 5, 2, 7, 99, 0x7fffffff, 0xffffffff]);
  const size = random.pick([0, 1, 4, 5, 6, 8, 8, 9, 12, 100, 16_384, 20_000]);
  const byte = random.pick([0, 0, 1, 0x7f, 0x80, 0xff, 0x88, 0x20]);
  const payload = random.chance(0.5)
    ? Buffer.alloc(size, Buffer.of(byte))
    : Buffer.from(Array.from({ length: Math.min(size, 200) }, () => random.below(256)));
  return frameOf(type, random.pick([0, 1, 4, 5, 8, 0x20, 0x2d, 0xff]), id, payload);
}
