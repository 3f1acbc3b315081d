/**
 * Sends bodies for both ends of an HTTP/2 connection: as much as the peer's windows allow, with the streams taking
 * turns.
 */
import { headerFrames } from './header-block.ts';
import type { HeaderField } from './hpack.ts';
import {
  defaultFrameSize,
  defaultWindow,
  FrameFlag,
  FrameType,
  frameOf,
  headSize,
  largestWindow,
  type PeerSettings,
  writeFrameHead,
} from './http2-frames.ts';

/** Bytes that a stream sends before it is another one's turn. */
const turnBytes = 256 << 10;

/** Called while a body is sent. */
export interface BodyListener {
  /** Some bytes have left. */
  onWritten?(): void;
  /** The end of the body was sent. */
  ended?(): void;
}

interface Part {
  readonly bytes: Uint8Array;
  /** Called when all of it has left, or never will. */
  readonly onWritten: (() => void) | undefined;
}

/** The body of one stream, as far as it has not left. */
export class OutgoingBody {
  /** The stream; 0 until it is started. */
  id = 0;
  /** The peer's window of the stream, in bytes. */
  window = 0;
  /** Bytes that wait for a window. */
  queued = 0;
  /** Bytes that wait, or are on their way. */
  pending = 0;
  /** Nothing more will be added. */
  hasEnd = false;
  /** Nothing more will be sent: all was, the end too, or the rest was given up. */
  isOver = false;
  /** Frame after the body; undefined if the body itself ends the stream. */
  trailers: readonly HeaderField[] | undefined;
  readonly listener: BodyListener;
  private readonly parts: Part[] = [];
  /** Bytes of the first part that were sent. */
  private sentOfFirst = 0;

  constructor(listener: BodyListener = {}) {
    this.listener = listener;
  }

  add(bytes: Uint8Array, onWritten?: () => void): void {
    if (bytes.length === 0 || this.isOver) {
      onWritten?.();
      return;
    }
    this.parts.push({ bytes, onWritten });
    this.queued += bytes.length;
    this.pending += bytes.length;
  }

  /** Gives up what waits. */
  drop(): void {
    this.isOver = true;
    this.queued = 0;
    for (const { onWritten } of this.parts.splice(0)) onWritten?.();
  }

  /** Takes `bytes` of what waits as DATA frames. @returns them, and what to call when they have left */
  take(bytes: number, frameSize: number): { readonly frames: Uint8Array; readonly onWritten: () => void } {
    this.queued -= bytes;
    const endsStream = this.hasEnd && !this.trailers && this.queued === 0;
    const frames = new Uint8Array(bytes + headSize * Math.ceil(bytes / frameSize));
    let at = 0;
    let count = 0; // of complete parts
    for (let rest = bytes; rest > 0; ) {
      let space = Math.min(rest, frameSize);
      rest -= space;
      const flags = endsStream && rest === 0 ? FrameFlag.endStream : 0;
      at = writeFrameHead(frames, at, FrameType.data, flags, this.id, space);
      while (space > 0) {
        const part = this.parts[count]!.bytes;
        const step = Math.min(space, part.length - this.sentOfFirst);
        frames.set(part.subarray(this.sentOfFirst, this.sentOfFirst + step), at);
        at += step;
        space -= step;
        this.sentOfFirst += step;
        if (this.sentOfFirst < part.length) break;
        count++;
        this.sentOfFirst = 0;
      }
    }
    const complete = this.parts.splice(0, count);
    const onWritten = () => {
      this.pending -= bytes;
      for (const part of complete) part.onWritten?.();
      this.listener.onWritten?.();
    };
    return { frames, onWritten };
  }
}

/** Sends the bodies of a connection. */
export class BodySender {
  /** Bytes of the largest payload that the peer takes. */
  frameSize = defaultFrameSize;
  /** Bytes of bodies that were sent so far. */
  sent = 0;
  private readonly write: (bytes: Uint8Array, onWritten?: () => void) => void;
  private readonly bodies = new Map<number, OutgoingBody>();
  /** Bodies with something to send, in the order of their turns. */
  private readonly sending = new Set<OutgoingBody>();
  /** The peer's window of the connection, in bytes. */
  private window = defaultWindow;
  private initialWindow = defaultWindow;

  constructor(write: (bytes: Uint8Array, onWritten?: () => void) => void) {
    this.write = write;
  }

  /** Starts to send a body, after its headers. */
  start(body: OutgoingBody, id: number): void {
    body.id = id;
    body.window = this.initialWindow;
    this.bodies.set(id, body);
    this.advance(body);
  }

  /** Sends more of a body. @param onWritten called when it has left, or never will */
  add(body: OutgoingBody, bytes: Uint8Array, onWritten?: () => void): void {
    body.add(bytes, onWritten);
    this.advance(body);
  }

  /** Ends a body after what was added: with trailers if there are any. */
  end(body: OutgoingBody, trailers?: readonly HeaderField[]): void {
    body.hasEnd = true;
    body.trailers = trailers;
    this.advance(body);
  }

  /** Sends nothing more of a body. */
  forget(body: OutgoingBody): void {
    this.bodies.delete(body.id);
    this.sending.delete(body);
    body.drop();
  }

  /** Takes over what the peer has said it takes. {@link flush} sends what that lets through. */
  apply({ frameSize, initialWindow = this.initialWindow }: PeerSettings): void {
    this.frameSize = frameSize ?? this.frameSize;
    const growth = initialWindow - this.initialWindow;
    this.initialWindow = initialWindow;
    for (const body of this.bodies.values()) this.widen(body, growth);
  }

  /**
   * Sends what the larger window of a stream, or (0) of the connection, lets through. @throws Error for an impossible
   * window
   */
  grow(id: number, bytes: number): void {
    const body = this.bodies.get(id);
    if (id === 0) this.window += bytes;
    else if (body) this.widen(body, bytes);
    if (this.window > largestWindow) throw new Error('a window is larger than there are');
    this.flush();
  }

  /** Sends as much as the windows allow. */
  flush(): void {
    for (const body of this.sending) {
      if (this.window <= 0) return;
      this.sending.delete(body); // back at the end if there is more, so that the loop comes to it again
      const bytes = Math.min(turnBytes, this.window, body.window, body.queued);
      if (bytes <= 0) continue; // until the peer opens its window
      this.window -= bytes;
      body.window -= bytes;
      this.sent += bytes;
      const { frames, onWritten } = body.take(bytes, this.frameSize);
      this.write(frames, onWritten);
      if (body.queued > 0) this.sending.add(body);
      else if (body.hasEnd) this.finish(body, !body.trailers);
    }
  }

  private widen(body: OutgoingBody, bytes: number): void {
    body.window += bytes;
    if (body.queued > 0) this.sending.add(body);
  }

  private advance(body: OutgoingBody): void {
    if (!this.bodies.has(body.id) || body.isOver) return;
    if (body.queued > 0) {
      this.sending.add(body);
      this.flush();
    } else if (body.hasEnd) this.finish(body, false);
  }

  /** @param isTold whether the last frame said already that the stream ends */
  private finish(body: OutgoingBody, isTold: boolean): void {
    body.isOver = true;
    if (body.trailers) this.write(headerFrames(body.id, body.trailers, FrameFlag.endStream, this.frameSize));
    else if (!isTold) this.write(frameOf(FrameType.data, FrameFlag.endStream, body.id));
    body.listener.ended?.();
  }
}
