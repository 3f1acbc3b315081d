/** Frames of HTTP/2 (RFC 9113): their numbers, and how they are written and read. */
import { joinBytes, readUint32, toLatin1, writeUint32 } from '../go/bytes.ts';
import { decodeLossy, encodeText } from '../go/text.ts';

/** Frame types. */
export const FrameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames. A value has a different meaning in different types of frames. */
export const FrameFlag = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Identifiers of settings. */
export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const;

/** Error codes of RST_STREAM and GOAWAY. */
export const Http2ErrorCode = { protocolError: 1, refusedStream: 7, cancel: 8 } as const;

/** The first bytes of a client. */
export const clientPreface = toLatin1('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Bytes that may be sent ahead, on a stream and on all of them, until the peer says otherwise. */
export const defaultWindow = 65_535;
/** The largest flow-control window, in bytes. */
export const largestWindow = 2 ** 31 - 1;
/** Bytes of a payload that every peer takes. We take no more either. */
export const defaultFrameSize = 16_384;
const largestFrameSize = 16_777_215;
/** Bytes before a payload. */
export const headSize = 9;

/** The least that a payload holds. */
const leastPayload = new Map<number, number>([
  [FrameType.rstStream, 4],
  [FrameType.ping, 8],
  [FrameType.goaway, 8],
  [FrameType.windowUpdate, 4],
]);

/** A received frame. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** ID of the stream; 0 for the connection. */
  readonly id: number;
  /** Without padding and priority. */
  readonly payload: Uint8Array;
  /** Bytes that count against windows: with the padding. */
  readonly size: number;
}

/** Cuts what a peer sends into frames. */
export class FrameReader {
  private readonly peer: 'client' | 'server';
  private chunks: Uint8Array[] = [];
  private size = 0;
  private wanted = headSize;
  private isPrefaceMissing: boolean;
  private isFirst = true;

  /** @param peer who is at the other end: a client sends its preface first */
  constructor(peer: 'client' | 'server') {
    this.peer = peer;
    this.isPrefaceMissing = peer === 'client';
  }

  /**
   * Takes what has arrived and calls `onFrame` for each complete frame. @throws Error for what cannot be a frame, and
   * what `onFrame` throws
   */
  take(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size < this.wanted) return; // a large frame comes in many chunks: they are joined once
    let buffer = this.chunks.length === 1 ? chunk : joinBytes(this.chunks);
    if (this.isPrefaceMissing && buffer.length >= clientPreface.length) {
      if (!clientPreface.every((byte, at) => buffer[at] === byte)) throw new Error('the client does not speak HTTP/2');
      buffer = buffer.subarray(clientPreface.length);
      this.isPrefaceMissing = false;
    }
    while (!this.isPrefaceMissing && buffer.length >= headSize) {
      const end = headSize + this.payloadLength(buffer);
      this.wanted = end;
      if (buffer.length < end) break;
      onFrame(this.frame(buffer, end));
      buffer = buffer.subarray(end);
      this.wanted = headSize;
    }
    this.chunks = buffer.length > 0 ? [buffer] : [];
    this.size = buffer.length;
  }

  private payloadLength(buffer: Uint8Array): number {
    const length = readUint32(buffer, 0) >>> 8;
    if (this.isFirst && buffer[3] !== FrameType.settings) throw new Error(`the ${this.peer} does not speak HTTP/2`);
    if (length > defaultFrameSize) throw new Error(`the ${this.peer} sent a frame of ${length} bytes`);
    this.isFirst = false;
    return length;
  }

  private frame(buffer: Uint8Array, end: number): Frame {
    const type = buffer[3]!;
    const flags = buffer[4]!;
    let payload = buffer.subarray(headSize, end);
    const size = payload.length;
    if (flags & FrameFlag.padded && (type === FrameType.data || type === FrameType.headers)) {
      const padding = payload[0] ?? 0;
      if (padding >= payload.length) throw new Error('a frame is all padding and more');
      payload = payload.subarray(1, payload.length - padding);
    }
    if (payload.length < (leastPayload.get(type) ?? 0))
      throw new Error(`the ${this.peer} sent a frame that is too short`);
    if (flags & FrameFlag.priority && type === FrameType.headers) payload = payload.subarray(5);
    return { type, flags, id: readUint32(buffer, 5) & 0x7fffffff, payload, size };
  }
}

/** The settings that are of concern to a sender; undefined for those that stay as they are. */
export interface PeerSettings {
  /** Initial flow-control window of each stream, in bytes. */
  readonly initialWindow?: number | undefined;
  /** Bytes of the largest payload. */
  readonly frameSize?: number | undefined;
  /** Streams at a time. */
  readonly maxStreams?: number | undefined;
}

/** Reads the payload of a SETTINGS frame. @throws Error for impossible sizes */
export function readSettings(payload: Uint8Array): PeerSettings {
  const settings: { -readonly [K in keyof PeerSettings]: PeerSettings[K] } = {};
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    const value = readUint32(payload, at + 2);
    const setting = (payload[at]! << 8) | payload[at + 1]!;
    if (setting === Setting.maxFrameSize) {
      if (value < defaultFrameSize || value > largestFrameSize) throw new Error(`frames of at most ${value} bytes`);
      settings.frameSize = value;
    } else if (setting === Setting.initialWindowSize) {
      if (value > largestWindow) throw new Error(`a window of ${value} bytes`);
      settings.initialWindow = value;
    } else if (setting === Setting.maxConcurrentStreams) settings.maxStreams = value;
  }
  return settings;
}

/** Why a peer ends a connection. */
export interface Goaway {
  /** The last stream that it may still answer. */
  readonly lastId: number;
  readonly code: number;
  /** May be empty. */
  readonly message: string;
}

/** Reads the payload of a GOAWAY frame. */
export function readGoaway(payload: Uint8Array): Goaway {
  const message = decodeLossy(payload.subarray(8));
  return { lastId: readUint32(payload, 0) & 0x7fffffff, code: readUint32(payload, 4), message };
}

/** Writes the head of a frame at `at`, and returns where its payload begins. */
export function writeFrameHead(
  target: Uint8Array,
  at: number,
  type: number,
  flags: number,
  id: number,
  size: number,
): number {
  writeUint32(target, at, size << 8);
  target[at + 3] = type;
  target[at + 4] = flags;
  return writeUint32(target, at + 5, id);
}

const noBytes = new Uint8Array(0);

/** A whole frame. */
export function frameOf(type: number, flags: number, id: number, payload: Uint8Array = noBytes): Uint8Array {
  const out = new Uint8Array(headSize + payload.length);
  out.set(payload, writeFrameHead(out, 0, type, flags, id, payload.length));
  return out;
}

/** A SETTINGS frame. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Uint8Array {
  const payload = new Uint8Array(6 * settings.length);
  settings.forEach(([id, value], index) => {
    payload[6 * index + 1] = id; // all are below 256
    writeUint32(payload, 6 * index + 2, value);
  });
  return frameOf(FrameType.settings, 0, 0, payload);
}

/** A frame whose payload is one number of 32 bits: a larger window, or why a stream is reset. */
export function numberFrame(
  type: typeof FrameType.windowUpdate | typeof FrameType.rstStream,
  id: number,
  value: number,
): Uint8Array {
  const payload = new Uint8Array(4);
  writeUint32(payload, 0, value);
  return frameOf(type, 0, id, payload);
}

/** Tells the peer why the connection ends. */
export function goawayFrame({ lastId, code, message }: Goaway): Uint8Array {
  const numbers = new Uint8Array(8);
  writeUint32(numbers, 0, lastId);
  writeUint32(numbers, 4, code);
  return frameOf(FrameType.goaway, 0, 0, joinBytes([numbers, encodeText(message)]));
}
