/** Header blocks: the headers of a message, cut into a HEADERS frame and CONTINUATION frames. */
import { joinBytes } from '../go/bytes.ts';
import { encodeHeaders, type HeaderField, maxHeaderBytes } from './hpack.ts';
import { FrameFlag, FrameType, headSize, writeFrameHead } from './http2-frames.ts';

/** A block that a peer sends. What goes beyond `maxHeaderBytes` is counted and not kept. */
export class HeaderBlock {
  readonly id: number;
  /** The stream ends with it. */
  readonly isEnd: boolean;
  /** Bytes that have come. */
  bytes = 0;
  /** Frames that have come. */
  frames = 0;
  private readonly parts: Uint8Array[] = [];

  constructor(id: number, isEnd: boolean) {
    this.id = id;
    this.isEnd = isEnd;
  }

  add(payload: Uint8Array): void {
    this.bytes += payload.length;
    this.frames++;
    // A copy: the frame may be a small part of what came with it.
    if (payload.length > 0 && !this.isCut) this.parts.push(payload.slice());
  }

  get isCut(): boolean {
    return this.bytes > maxHeaderBytes;
  }

  /** The block as far as it was kept. */
  encoded(): Uint8Array {
    return joinBytes(this.parts);
  }
}

/**
 * All frames of a header block. @param flags of the first frame, without END_HEADERS @param frameSize bytes of the
 * largest payload
 */
export function headerFrames(id: number, fields: readonly HeaderField[], flags: number, frameSize: number): Uint8Array {
  const block = encodeHeaders(fields);
  const count = Math.max(1, Math.ceil(block.length / frameSize));
  const out = new Uint8Array(block.length + count * headSize);
  let at = 0;
  for (let n = 0; n < count; n++) {
    const part = block.subarray(n * frameSize, (n + 1) * frameSize);
    const type = n === 0 ? FrameType.headers : FrameType.continuation;
    const end = n === count - 1 ? FrameFlag.endHeaders : 0;
    at = writeFrameHead(out, at, type, (n === 0 ? flags : 0) | end, id, part.length);
    out.set(part, at);
    at += part.length;
  }
  return out;
}
