/**
 * Receives a directory tree: the receiver's side of fsutil's transfer protocol. The packets are handed to a thread that
 * writes the files (receiver.ts).
 */
import type { RawCall } from '../../rpc/server.ts';
import { PacketBuffer, PacketType } from './packet-buffer.ts';
import type { TreeWriter } from './tree-writer.ts';

/** Packets are passed on when they have this many bytes, or when no more arrive. */
const batchBytes = 64 << 10;
/** Bytes passed on and not yet written. */
const writeAheadBytes = 8 << 20;

/**
 * Receives a tree on a DiffCopy call into a private directory near `dest`. Owners are those of this process.
 * @param onComplete called when everything has arrived, before our last packet lets the daemon end the build
 * @throws Error if the sender fails or violates the protocol; nothing is left then
 */
export async function receiveTree(
  call: RawCall,
  writer: TreeWriter,
  transfer: number,
  dest: string,
  onComplete: () => void,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  // It may be rejected while the thread still opens the directory; the wait for it sees it.
  over.promise.catch(() => {});
  let complete = false;
  let inFlight = 0;
  let wake: (() => void) | undefined;
  let stopped = false;

  const handOver = async (messages: Buffer<ArrayBuffer>) => {
    const bytes = messages.length; // the thread takes the buffer, and nothing is left of it here
    inFlight += bytes;
    const { frames, ...state } = await writer.ask({ kind: 'take', transfer, messages }, [messages.buffer]);
    inFlight -= bytes;
    if (inFlight < writeAheadBytes) wake?.();
    if (state.complete && !complete) {
      complete = true;
      onComplete();
    }
    if (frames && !stopped) await call.writeFrames(frames);
    if (state.ended) over.resolve();
  };
  const batch = createBatch((messages) => void handOver(messages).catch(over.reject));
  const pump = async () => {
    for await (const message of call.messages) {
      if (stopped) continue;
      batch.add(message);
      if (inFlight >= writeAheadBytes)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    batch.flush();
    await writer.ask({ kind: 'take', transfer, messages: noBytes }); // all before it has been taken
    throw new Error('the transfer ended early');
  };

  const gone = () => over.reject(call.signal.reason as Error); // also if the pump is waiting
  call.signal.addEventListener('abort', gone, { once: true });
  try {
    await writer.ask({ kind: 'open', transfer, dest });
    pump().catch(over.reject);
    await over.promise;
  } catch (error) {
    stopped = true;
    if (complete) return; // whatever becomes of the call, the daemon may have ended the build by now
    const failure = new PacketBuffer(1024);
    failure.packet(PacketType.Error, 0, Buffer.from((error as Error).message));
    await call.writeFrames(failure.take()).catch(() => {});
    await writer.ask({ kind: 'drop', transfer });
    throw error;
  } finally {
    stopped = true;
    call.signal.removeEventListener('abort', gone);
    wake?.();
  }
}

const noBytes = new Uint8Array(0);

/** Collects messages, each preceded by its length. */
function createBatch(flush: (messages: Buffer<ArrayBuffer>) => void) {
  let buffer = Buffer.allocUnsafeSlow(batchBytes);
  let at = 0;
  let planned = false;
  const batch = {
    add(message: Uint8Array) {
      const needed = 4 + message.length;
      if (at + needed > buffer.length) batch.flush();
      if (needed > buffer.length) buffer = Buffer.allocUnsafeSlow(needed);
      buffer.writeUInt32BE(message.length, at);
      buffer.set(message, at + 4);
      at += needed;
      if (planned) return;
      planned = true;
      setImmediate(() => {
        planned = false;
        batch.flush();
      });
    },
    flush() {
      if (at === 0) return;
      const taken = buffer.subarray(0, at);
      buffer = Buffer.allocUnsafeSlow(batchBytes);
      at = 0;
      flush(taken);
    },
  };
  return batch;
}
