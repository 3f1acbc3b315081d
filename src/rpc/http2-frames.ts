/** Frames of HTTP/2 (RFC 9113): their numbers, and how they are written and read. */
import type { Duplex } from 'node:stream';

/** Frame types. */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

/** Flags. */
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY = 32;

/** Settings. */
export const HEADER_TABLE_SIZE = 1;
export const MAX_CONCURRENT_STREAMS = 3;
export const INITIAL_WINDOW_SIZE = 4;
export const MAX_FRAME_SIZE = 5;

/** Error codes. */
export const PROTOCOL_ERROR = 1;
export const REFUSED_STREAM = 7;

/** What a client sends first. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const defaultWindow = 65_535;
export const largestWindow = 2 ** 31 - 1;
export const defaultFrameSize = 16_384;
export const largestFrameSize = 16_777_215;
export const headSize = 9;

/** Takes one frame; what it throws ends the reading. */
export type OnFrame = (type: number, flags: number, id: number, payload: Buffer) => void;

/**
 * Cuts what arrives into frames. The first one that `onFrame` throws at, or that cannot be one, ends the reading.
 *
 * @param peer who is at the other end: a client sends its preface first
 */
export function readFrames(
  duplex: Duplex,
  peer: 'client' | 'server',
  onFrame: OnFrame,
  onError: (error: Error) => void,
): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = headSize;
  let isPrefaceMissing = peer === 'client';
  let first = true;
  const take = (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < wanted) return; // a large frame comes in many chunks: they are joined once
    let buffer = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    if (isPrefaceMissing && buffer.length >= PREFACE.length) {
      if (!buffer.subarray(0, PREFACE.length).equals(PREFACE)) throw new Error('the client does not speak HTTP/2');
      buffer = buffer.subarray(PREFACE.length);
      isPrefaceMissing = false;
    }
    while (!isPrefaceMissing && buffer.length >= headSize) {
      const length = buffer.readUIntBE(0, 3);
      if (first && buffer[3] !== SETTINGS) throw new Error(`the ${peer} does not speak HTTP/2`);
      if (length > defaultFrameSize) throw new Error(`the ${peer} sent a frame of ${length} bytes`);
      first = false;
      const end = headSize + length;
      wanted = end;
      if (buffer.length < end) break;
      onFrame(buffer[3]!, buffer[4]!, buffer.readUInt32BE(5) & 0x7fffffff, buffer.subarray(headSize, end));
      buffer = buffer.subarray(end);
      wanted = headSize;
    }
    chunks = buffer.length > 0 ? [buffer] : [];
    size = buffer.length;
  };
  const onChunk = (chunk: Buffer) => {
    try {
      take(chunk);
    } catch (error) {
      duplex.off('data', onChunk);
      onError(error as Error);
    }
  };
  duplex.on('data', onChunk);
}

/** The payload of a frame without its padding. @throws Error when there is more padding than payload */
export function withoutPadding(type: number, flags: number, payload: Buffer): Buffer {
  if (!(flags & PADDED) || (type !== DATA && type !== HEADERS)) return payload;
  const padding = payload[0] ?? 0;
  if (padding >= payload.length) throw new Error('a frame is all padding and more');
  return payload.subarray(1, payload.length - padding);
}

/** The pairs of a SETTINGS frame that are of concern to a sender. @throws Error for sizes that there cannot be */
export function readSettings(payload: Buffer): { initialWindow?: number; frameSize?: number } {
  const settings: { initialWindow?: number; frameSize?: number } = {};
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    const setting = payload.readUInt16BE(at);
    if (setting === MAX_FRAME_SIZE) {
      if (value < defaultFrameSize || value > largestFrameSize) throw new Error(`frames of at most ${value} bytes`);
      settings.frameSize = value;
    } else if (setting === INITIAL_WINDOW_SIZE) {
      if (value > largestWindow) throw new Error(`a window of ${value} bytes`);
      settings.initialWindow = value;
    }
  }
  return settings;
}

/** Writes the head of a frame at `at`, and returns where its payload begins. */
export function writeFrameHead(
  target: Buffer,
  at: number,
  type: number,
  flags: number,
  id: number,
  size: number,
): number {
  target.writeUIntBE(size, at, 3);
  target[at + 3] = type;
  target[at + 4] = flags;
  return target.writeUInt32BE(id, at + 5);
}

export function frameHead(type: number, flags: number, id: number, size: number): Buffer {
  const head = Buffer.alloc(headSize);
  writeFrameHead(head, 0, type, flags, id, size);
  return head;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return Buffer.concat([frameHead(SETTINGS, 0, 0, payload.length), payload]);
}

/** A frame whose payload is one number of 32 bits: a larger window, or why a stream is reset. */
export function numberFrame(type: typeof WINDOW_UPDATE | typeof RST_STREAM, id: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return Buffer.concat([frameHead(type, 0, id, 4), payload]);
}
