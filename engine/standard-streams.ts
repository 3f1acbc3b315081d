/** Standard input and output as one stream of bytes, as HTTP/2 needs it. */
import { on, want } from './event-loop.ts';

/** What is written in one turn leaves together, in pieces of this size: a pipe takes as much at once. */
const pieceSize = 65_536;

interface Listener {
  data(bytes: Uint8Array): void;
  closed(error?: Error): void;
}

/** Opens the stream; `listen` is called once. Its members are those of `ByteStream` of src/rpc. */
export function openStandardStreams() {
  const unsent = new SendQueue();
  let listener: Listener | undefined;
  let open = true;
  let ending = false;

  const update = () => want(open && listener !== undefined, open && !unsent.isEmpty);
  const close = (error?: Error) => {
    if (!open) return;
    open = false;
    update();
    unsent.drop();
    listener?.closed(error);
  };

  on('input', () => {
    const bytes = native.read();
    if (bytes === null) close();
    else if (bytes) listener?.data(bytes);
  });
  on('output', () => {
    try {
      unsent.write(1);
    } catch (error) {
      return close(error as Error);
    }
    if (ending && unsent.isEmpty) close();
    else update();
  });

  return {
    write(bytes: Uint8Array, left?: () => void): void {
      if (!open || ending || bytes.length === 0) {
        if (left) queueMicrotask(left);
        return;
      }
      const wasEmpty = unsent.isEmpty;
      unsent.push({ bytes, left });
      if (wasEmpty) update();
    },
    get waitingBytes() {
      return unsent.waitingBytes;
    },
    end(): void {
      ending = true;
      if (unsent.isEmpty) queueMicrotask(close);
    },
    destroy(): void {
      queueMicrotask(close);
    },
    listen(newListener: Listener): void {
      listener = newListener;
      update();
    },
  };
}

/** Bytes that wait to be written. */
interface Unsent {
  bytes: Uint8Array;
  /** Called when they are written, or never will be. */
  readonly left: (() => void) | undefined;
}

/** What waits to be written, in its order. */
class SendQueue {
  waitingBytes = 0;
  private readonly parts: Unsent[] = [];

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  push(part: Unsent): void {
    this.parts.push(part);
    this.waitingBytes += part.bytes.length;
  }

  /** Writes as much as the pipe takes at once. @throws Error if the reader is gone */
  write(fd: 1 | 2): void {
    const { parts } = this;
    let written = native.write(fd, joinFirst(parts, pieceSize));
    this.waitingBytes -= written;
    while (written > 0) {
      const first = parts[0]!;
      if (written < first.bytes.length) {
        first.bytes = first.bytes.subarray(written);
        break;
      }
      written -= first.bytes.length;
      parts.shift();
      first.left?.();
    }
  }

  /** Forgets what waits. */
  drop(): void {
    this.waitingBytes = 0;
    for (const { left } of this.parts.splice(0)) left?.();
  }
}

/** What is written at once; the same memory each time, since taking fresh pages takes longer than copying. */
let joined: Uint8Array | undefined;

/** The first bytes of what is not sent, at most `size` if there are several parts. */
function joinFirst(parts: readonly { readonly bytes: Uint8Array }[], size: number): Uint8Array {
  let count = 0;
  let length = 0;
  while (count < parts.length && length + parts[count]!.bytes.length <= size) length += parts[count++]!.bytes.length;
  if (count <= 1) return parts[0]!.bytes;
  joined ??= new Uint8Array(size);
  for (let at = 0, end = 0; at < count; at++) {
    joined.set(parts[at]!.bytes, end);
    end += parts[at]!.bytes.length;
  }
  return joined.subarray(0, length);
}
