/** Sends a directory tree: the sender's side of fsutil's transfer protocol. */
import type { FileHandle } from 'node:fs/promises';
import type { RawCall } from '../../rpc/server.ts';
import { LeadsOutside, openInside } from '../../system/open-inside.ts';
import { hasContents } from './file-mode.ts';
import { decodePacket } from './packet.ts';
import { createPacketBuffer, DATA_FRAME_HEAD, dataFrame, PacketType } from './packet-buffer.ts';
import { type FileRequest, SMALL_FILE_BYTES, type SmallFileReader, startSmallFileReader } from './small-file-reader.ts';
import { type FileEntry, isGone, type PathFilter, resolveRoot, walk } from './walk.ts';

/** Frames are written when that many bytes have come together. */
const FLUSH_BYTES = 64 << 10;
/** One data packet; the receiver takes messages of 4 MiB at least. */
const CHUNK_BYTES = 256 << 10;
/** Files that are read at the same time. */
const READERS = 8;
/** After that many small files were asked for, a thread of its own reads them. */
const INLINE_FILES = 200;
/** Small files that the thread reads at a time, */
const BATCH_FILES = 128;
/** and how many such batches it has at a time: what is asked for meanwhile comes together in the next. */
const BATCHES = 2;

/** What was sent so far. */
export interface SendProgress {
  readonly files: number;
  readonly bytes: number;
}

export interface SendOptions {
  readonly filter?: PathFilter | undefined;
  readonly onProgress?: ((progress: SendProgress) => void) | undefined;
  /** Called for each file whose name, or whose target, is not UTF-8. */
  readonly onBytes?: ((path: string) => void) | undefined;
}

/**
 * Sends the tree below `root` on a DiffCopy call and answers the receiver's requests until it is done.
 * @throws Error when the receiver failed, and when a file cannot be read or has changed since it was listed; the
 * receiver is told then
 */
export async function sendTree(call: RawCall, root: string, options: SendOptions = {}): Promise<void> {
  const base = await resolveRoot(root);
  const buffer = createPacketBuffer();
  const files = new Map<number, Omit<FileRequest, 'id'>>(); // requests that may still come
  const abort = new AbortController();
  const { signal } = abort;
  // not AbortSignal.any: Node keeps such a signal for ever while somebody listens to it
  const stop = () => abort.abort(call.signal.reason);
  const requests: FileRequest[] = [];
  const batch: FileRequest[] = [];
  let smallFiles = 0;
  let reader: SmallFileReader | undefined;
  let sentFiles = 0;
  let sentBytes = 0;
  let finished = false;
  let wake: (() => void)[] = [];

  const wakeAll = () => {
    const waiting = wake;
    wake = [];
    for (const act of waiting) act();
  };
  const write = (frames: Uint8Array): Promise<void> => {
    sentBytes += frames.length;
    const written = call.writeFrames(frames);
    written.catch(() => {}); // whoever waits for it gets the error
    options.onProgress?.({ files: sentFiles, bytes: sentBytes });
    return written;
  };
  const flush = async (): Promise<void> => {
    if (buffer.length > 0) await write(buffer.take());
  };
  // what is collected goes out when nothing more comes, or when enough has come together
  let flushPlanned = false;
  const plan = () => {
    if (flushPlanned) return;
    flushPlanned = true;
    setImmediate(() => {
      flushPlanned = false;
      void flush().catch(() => {});
    });
  };
  const added = async () => {
    if (buffer.length >= FLUSH_BYTES) await flush();
    else plan();
  };

  const list = async () => {
    let id = 0;
    const take = (entry: FileEntry) => {
      if (hasContents(entry.mode) && entry.linkname === '') files.set(id, { path: entry.path, size: entry.size });
      id++;
      if (!entry.path.isWellFormed() || !entry.linkname.isWellFormed()) options.onBytes?.(entry.path);
      buffer.stat(entry);
      return buffer.length >= FLUSH_BYTES ? flush() : undefined;
    };
    await walk(base, take, options.filter, signal);
    buffer.packet(PacketType.Stat, 0, EMPTY);
    await flush();
  };

  const read = async () => {
    while (!finished || requests.length > 0) {
      const file = requests.shift();
      if (!file) {
        await new Promise<void>((resolve) => {
          wake.push(resolve);
          if (finished || signal.aborted) resolve();
        });
        if (signal.aborted) return;
        continue;
      }
      await sendFile(file);
      sentFiles++;
    }
  };

  const sendFile = async ({ id, ...file }: FileRequest) => {
    let handle: FileHandle;
    try {
      handle = await openInside(base, file.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENXIO') {
        buffer.packet(PacketType.Data, id, EMPTY); // a socket, listed as an empty file
        return added();
      }
      if (isGone(error)) throw new Error(`${file.path} vanished while the context was being sent`);
      if (error instanceof LeadsOutside) throw changed(file.path, error.message);
      throw error;
    }
    let sent = 0;
    try {
      // it may have become a pipe, which would be waited for, or a device, which has no end
      if (!(await handle.stat()).isFile()) throw changed(file.path, 'it is no regular file any more');
      // a read that comes back short is the end of the file, so that most files take one
      for (let more = true; more; ) {
        signal.throwIfAborted();
        const room = Math.min(CHUNK_BYTES, file.size - sent + 1);
        const chunk = Buffer.allocUnsafeSlow(DATA_FRAME_HEAD + room);
        const { bytesRead } = await handle.read(chunk, DATA_FRAME_HEAD, room);
        if (bytesRead > 0) await write(dataFrame(chunk, id, bytesRead));
        sent += bytesRead;
        more = bytesRead === room && sent <= file.size;
      }
    } finally {
      await handle.close();
    }
    if (sent !== file.size) throw changed(file.path, `${file.size} bytes, then ${sent}`);
    buffer.packet(PacketType.Data, id, EMPTY);
    await added();
  };

  /** Hands what has come together to the thread, and more before it is done with that, so that it never waits. */
  let batches = 0;
  const readBatch = () => {
    while (batch.length > 0 && batches < BATCHES) {
      reader ??= startSmallFileReader(base);
      const files = batch.splice(0, BATCH_FILES);
      batches++;
      reader.read(files, write).then(
        () => {
          batches--;
          sentFiles += files.length;
          readBatch();
        },
        (error: unknown) => abort.abort(error),
      );
    }
  };
  let readPlanned = false;
  const planRead = () => {
    if (readPlanned) return;
    readPlanned = true;
    setImmediate(() => {
      readPlanned = false;
      if (!signal.aborted) readBatch();
    });
  };

  const receive = async () => {
    for await (const message of call.messages) {
      const packet = decodePacket(message);
      if (packet.type === PacketType.Request) {
        const { id } = packet;
        const file = files.get(id);
        if (!file) throw new Error(`the daemon asked for a file that was not offered (${id})`);
        files.delete(id);
        if (file.size <= SMALL_FILE_BYTES && smallFiles++ >= INLINE_FILES) {
          batch.push({ id, path: file.path, size: file.size });
          planRead();
        } else {
          requests.push({ id, path: file.path, size: file.size });
          wake.shift()?.();
        }
      } else if (packet.type === PacketType.Error) {
        throw new Error(`the daemon could not take the files: ${Buffer.from(packet.data).toString()}`);
      } else if (packet.type === PacketType.Fin) {
        finished = true;
        wakeAll();
        return;
      }
    }
    throw new Error('the daemon ended the transfer early');
  };

  signal.addEventListener('abort', wakeAll, { once: true });
  call.signal.addEventListener('abort', stop, { once: true });
  if (call.signal.aborted) stop();
  try {
    await allOrAbort([list(), receive(), ...Array.from({ length: READERS }, read)], abort);
    buffer.packet(PacketType.Fin, 0, EMPTY);
    await flush();
  } catch (error) {
    buffer.packet(PacketType.Error, 0, Buffer.from((error as Error).message));
    await flush().catch(() => {});
    throw error;
  } finally {
    call.signal.removeEventListener('abort', stop);
    await reader?.close();
  }
}

function changed(file: string, how: string): Error {
  return new Error(`${file} changed while the context was being sent (${how})`);
}

const EMPTY = new Uint8Array(0);

/** Waits for all; the first that fails aborts the others and is thrown once they have ended or gone quiet. */
async function allOrAbort(tasks: Promise<void>[], abort: AbortController): Promise<void> {
  for (const task of tasks) task.catch((error: unknown) => abort.abort(error));
  const aborted = new Promise<never>((_, reject) =>
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true }),
  );
  await Promise.race([Promise.all(tasks), aborted]);
}

export type { FileEntry };
