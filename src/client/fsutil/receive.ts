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
  await new TreeReceiver(call, writer, transfer, dest, onComplete).run();
}

/** One transfer. It takes messages from the call and hands them to the thread, whose frames it writes to the call. */
class TreeReceiver {
  private readonly call: RawCall;
  private readonly writer: TreeWriter;
  private readonly transfer: number;
  private readonly dest: string;
  private readonly onComplete: () => void;
  /** Resolves when the thread has ended the transfer. */
  private readonly over = Promise.withResolvers<void>();
  private readonly batch = createBatch((messages) => void this.handOver(messages).catch(this.over.reject));
  /** Whether everything has arrived. */
  private isComplete = false;
  /** Whether nothing is handed over or written any more. */
  private isStopped = false;
  /** Bytes that the thread has not yet taken. */
  private inFlight = 0;
  private wake: (() => void) | undefined;

  constructor(call: RawCall, writer: TreeWriter, transfer: number, dest: string, onComplete: () => void) {
    this.call = call;
    this.writer = writer;
    this.transfer = transfer;
    this.dest = dest;
    this.onComplete = onComplete;
    // It may be rejected while the thread still opens the directory; the wait for it sees it.
    this.over.promise.catch(() => {});
  }

  async run(): Promise<void> {
    const { call, writer, transfer, dest, over } = this;
    const gone = () => over.reject(call.signal.reason as Error); // also while `receive` waits
    call.signal.addEventListener('abort', gone, { once: true });
    try {
      await writer.ask({ kind: 'open', transfer, dest });
      this.receive().catch(over.reject);
      await over.promise;
    } catch (error) {
      this.isStopped = true;
      if (this.isComplete) return; // whatever becomes of the call, the daemon may have ended the build by now
      const failure = new PacketBuffer(1024);
      failure.packet(PacketType.Error, 0, Buffer.from((error as Error).message));
      await call.writeFrames(failure.take()).catch(() => {});
      await writer.ask({ kind: 'drop', transfer });
      throw error;
    } finally {
      this.isStopped = true;
      call.signal.removeEventListener('abort', gone);
      this.wake?.();
    }
  }

  /** Collects the messages of the call, and waits while the thread has too many. */
  private async receive(): Promise<void> {
    for await (const message of this.call.messages) {
      if (this.isStopped) continue;
      this.batch.add(message);
      if (this.inFlight >= writeAheadBytes)
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
    }
    this.batch.flush();
    // This is answered after all messages before it.
    await this.writer.ask({ kind: 'take', transfer: this.transfer, messages: noBytes });
    throw new Error('the transfer ended early');
  }

  /** Gives messages to the thread, and writes its answers. */
  private async handOver(messages: Buffer<ArrayBuffer>): Promise<void> {
    const { writer, transfer } = this;
    const bytes = messages.length; // the thread takes the buffer, and nothing is left of it here
    this.inFlight += bytes;
    const { frames, ...state } = await writer.ask({ kind: 'take', transfer, messages }, [messages.buffer]);
    this.inFlight -= bytes;
    if (this.inFlight < writeAheadBytes) this.wake?.();
    if (state.complete && !this.isComplete) {
      this.isComplete = true;
      this.onComplete();
    }
    if (frames && !this.isStopped) await this.call.writeFrames(frames);
    if (state.ended) this.over.resolve();
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
      const packets = buffer.subarray(0, at);
      buffer = Buffer.allocUnsafeSlow(batchBytes);
      at = 0;
      flush(packets);
    },
  };
  return batch;
}
