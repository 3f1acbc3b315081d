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
  const unsent: { bytes: Uint8Array; left: (() => void) | undefined }[] = [];
  let waitingBytes = 0;
  let listener: Listener | undefined;
  let open = true;
  let ending = false;

  const update = () => want(open && listener !== undefined, open && unsent.length > 0);
  const close = (error?: Error) => {
    if (!open) return;
    open = false;
    waitingBytes = 0;
    update();
    for (const { left } of unsent.splice(0)) left?.();
    listener?.closed(error);
  };

  on('input', () => {
    const bytes = native.read();
    if (bytes === null) close();
    else if (bytes) listener?.data(bytes);
  });
  on('output', () => {
    try {
      const piece = joinFirst(unsent, pieceSize);
      let written = native.write(1, piece);
      waitingBytes -= written;
      while (written > 0) {
        const first = unsent[0]!;
        if (written < first.bytes.length) {
          first.bytes = first.bytes.subarray(written);
          break;
        }
        written -= first.bytes.length;
        unsent.shift();
        first.left?.();
      }
    } catch (error) {
      return close(error as Error);
    }
    if (ending && unsent.length === 0) close();
    else update();
  });

  return {
    write(bytes: Uint8Array, left?: () => void): void {
      if (!open || ending) {
        if (left) queueMicrotask(left);
        return;
      }
      if (bytes.length === 0) {
        if (left) queueMicrotask(left);
        return;
      }
      unsent.push({ bytes, left });
      waitingBytes += bytes.length;
      if (unsent.length === 1) update();
    },
    get waitingBytes() {
      return waitingBytes;
    },
    end(): void {
      ending = true;
      if (unsent.length === 0) queueMicrotask(close);
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
