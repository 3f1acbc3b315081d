/** Receives frames for both ends of an HTTP/2 connection: joins header blocks, acknowledges, and dispatches by type. */
import { readUint32 } from '../go/bytes.ts';
import type { ByteStream } from './byte-stream.ts';
import { HeaderBlock } from './header-block.ts';
import {
  type Frame,
  FrameFlag,
  FrameReader,
  FrameType,
  frameOf,
  type Goaway,
  type PeerSettings,
  readGoaway,
  readSettings,
} from './http2-frames.ts';

/** An end of a connection. What its methods throw breaks the connection. */
export interface Http2Endpoint {
  readonly peer: 'client' | 'server';
  /** Called for each frame before it is handled. */
  onFrame?(id: number): void;
  /** Data of a stream has come. @param payload bytes of the body @param size bytes that count against windows */
  onData(id: number, payload: Uint8Array, size: number, isEnd: boolean): void;
  /** A part of a block has come. */
  onHeaderPart?(block: HeaderBlock): void;
  onHeaders(block: HeaderBlock): void;
  onSettings(settings: PeerSettings): void;
  /** The peer takes more, on a stream or (0) on all of them. */
  onWindowUpdate(id: number, bytes: number): void;
  onReset(id: number, code: number): void;
  onGoaway?(goaway: Goaway): void;
  /** Sends what the peer has a right to for a frame of its own. */
  answer(frame: Uint8Array): void;
  /** The peer has broken the rules: nothing more is read. */
  onBroken(error: Error): void;
  /** The peer sends nothing more; may be called again. */
  onClosed(error?: Error): void;
}

/** Calls the methods of `end` with all that arrives on `stream`. */
export function receiveFrames(stream: ByteStream, end: Http2Endpoint): void {
  const reader = new FrameReader(end.peer);
  const dispatcher = new FrameDispatcher(end);
  let isBroken = false;
  stream.listen({
    data(bytes) {
      if (isBroken) return;
      try {
        reader.take(bytes, (frame) => dispatcher.take(frame));
      } catch (error) {
        isBroken = true;
        end.onBroken(error as Error);
      }
    },
    closed: (error) => end.onClosed(error),
  });
}

class FrameDispatcher {
  private readonly end: Http2Endpoint;
  /** The header block that is not complete. */
  private block: HeaderBlock | undefined;

  constructor(end: Http2Endpoint) {
    this.end = end;
  }

  take(frame: Frame): void {
    const { end } = this;
    const { type, flags, id, payload } = frame;
    end.onFrame?.(id);
    if (this.block && type !== FrameType.continuation) throw new Error('a header block is not continued');
    switch (type) {
      case FrameType.data:
        end.onData(id, payload, frame.size, (flags & FrameFlag.endStream) !== 0);
        break;
      case FrameType.headers:
        this.takeHeaders(new HeaderBlock(id, (flags & FrameFlag.endStream) !== 0), frame);
        break;
      case FrameType.continuation:
        if (this.block?.id !== id) throw new Error('a header block is continued that was not begun');
        this.takeHeaders(this.block, frame);
        break;
      case FrameType.settings:
        this.takeSettings(frame);
        break;
      case FrameType.ping:
        if (!(flags & FrameFlag.ack)) end.answer(frameOf(FrameType.ping, FrameFlag.ack, 0, payload.subarray(0, 8)));
        break;
      case FrameType.windowUpdate:
        end.onWindowUpdate(id, readUint32(payload, 0) & 0x7fffffff);
        break;
      case FrameType.rstStream:
        end.onReset(id, readUint32(payload, 0));
        break;
      case FrameType.goaway:
        end.onGoaway?.(readGoaway(payload));
        break;
      case FrameType.pushPromise:
        throw new Error(end.peer === 'server' ? 'the server pushes what it was told not to' : 'a client cannot push');
    }
  }

  private takeHeaders(block: HeaderBlock, { payload, flags }: Frame): void {
    this.block = block;
    block.add(payload);
    this.end.onHeaderPart?.(block);
    if (!(flags & FrameFlag.endHeaders)) return;
    this.block = undefined;
    this.end.onHeaders(block);
  }

  private takeSettings({ payload, flags }: Frame): void {
    if (flags & FrameFlag.ack) return;
    const settings = readSettings(payload);
    this.end.answer(frameOf(FrameType.settings, FrameFlag.ack, 0));
    this.end.onSettings(settings);
  }
}
