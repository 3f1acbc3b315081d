/** Sends a directory tree: the sender's side of fsutil's transfer protocol. */
import type { FileHandle } from 'node:fs/promises';
import { hasContents } from '../../go/file-mode.ts';
import type { RawCall } from '../../rpc/server.ts';
import { LeadsOutside, openInside } from '../../system/open-inside.ts';
import { isMissing } from '../../text/system-error.ts';
import { type FileEntry, type PathFilter, resolveRoot, walk } from '../../tree/walk.ts';
import { decodePacket } from './packet.ts';
import { dataFrame, dataFrameHead, PacketBuffer, PacketType } from './packet-buffer.ts';
import { type FileRequest, type SmallFileReader, smallFileBytes, startSmallFileReader } from './small-file-reader.ts';

/** Frames are collected until they have this many bytes, and then written together. */
const flushBytes = 64 << 10;
/** Bytes in a data packet. Receivers accept messages of at least 4 MiB. */
const chunkBytes = 256 << 10;
/** Number of files that are read at the same time. */
const readerCount = 8;
/** After this many requests for small files, a worker thread reads them. */
const inlineFiles = 200;
/** Number of small files in a batch for the worker thread. */
const batchFiles = 128;
/** Maximum number of batches in progress. Further requests are collected for the next batch. */
const maxBatches = 2;

/** What has been sent so far. */
export interface SendProgress {
  readonly files: number;
  readonly bytes: number;
}

/** Options for sending a tree. */
export interface SendOptions {
  readonly filter?: PathFilter | undefined;
  readonly onProgress?: ((progress: SendProgress) => void) | undefined;
  /** Called for each file whose name, or whose target, is not UTF-8. */
  readonly onNonUtf8Name?: ((path: string) => void) | undefined;
}

/**
 * Sends the tree below `root` on a DiffCopy call and answers the receiver's requests until it is done.
 * @throws Error if the receiver fails, or if a file cannot be read or has changed since it was listed, which is also
 * reported to the receiver
 */
export async function sendTree(call: RawCall, root: string, options: SendOptions = {}): Promise<void> {
  await new TreeSender(call, await resolveRoot(root), options).run();
}

/** One transfer. It lists the tree, receives requests and reads the requested files, all at the same time. */
class TreeSender {
  private readonly call: RawCall;
  private readonly base: string;
  private readonly options: SendOptions;
  private readonly buffer = new PacketBuffer();
  /** Files that may still be asked for, by their number in the list. */
  private readonly offered = new Map<number, Omit<FileRequest, 'id'>>();
  /** Files asked for that a reader takes one at a time. */
  private readonly requests: FileRequest[] = [];
  /** Readers that wait for a request. */
  private waiting: (() => void)[] = [];
  private readonly batches: SmallFileBatches;
  private smallFiles = 0;
  private sentFiles = 0;
  private sentBytes = 0;
  /** The receiver has said that it needs nothing more. */
  private finished = false;
  private readonly abort = new AbortController();
  /** Writes the collected packets at the end of this turn of the event loop. */
  private readonly planFlush = oncePerTurn(() => void this.flush().catch(() => {}));

  constructor(call: RawCall, base: string, options: SendOptions) {
    this.call = call;
    this.base = base;
    this.options = options;
    this.batches = new SmallFileBatches(base, {
      signal: this.abort.signal,
      write: (frames) => this.write(frames),
      onSent: (files) => {
        this.sentFiles += files;
      },
      onError: (error) => this.abort.abort(error),
    });
  }

  async run(): Promise<void> {
    const { abort, call } = this;
    // Not AbortSignal.any: Node never releases such a signal while it has listeners.
    const stop = () => abort.abort(call.signal.reason);
    abort.signal.addEventListener('abort', () => this.wakeAll(), { once: true });
    call.signal.addEventListener('abort', stop, { once: true });
    if (call.signal.aborted) stop();
    try {
      const readers = Array.from({ length: readerCount }, () => this.readRequested());
      await allOrAbort([this.list(), this.receive(), ...readers], abort);
      this.buffer.packet(PacketType.Fin, 0, noBytes);
      await this.flush();
    } catch (error) {
      this.buffer.packet(PacketType.Error, 0, Buffer.from((error as Error).message));
      await this.flush().catch(() => {});
      throw error;
    } finally {
      call.signal.removeEventListener('abort', stop);
      await this.batches.close();
    }
  }

  /** Sends the list of the tree. */
  private async list(): Promise<void> {
    const { buffer, offered, options } = this;
    let id = 0;
    const take = (entry: FileEntry) => {
      if (hasContents(entry.mode) && entry.linkname === '') offered.set(id, { path: entry.path, size: entry.size });
      id++;
      if (!entry.path.isWellFormed() || !entry.linkname.isWellFormed()) options.onNonUtf8Name?.(entry.path);
      buffer.stat(entry);
      return buffer.length >= flushBytes ? this.flush() : undefined;
    };
    await walk(this.base, take, options.filter, this.abort.signal);
    buffer.packet(PacketType.Stat, 0, noBytes);
    await this.flush();
  }

  /** Takes requests until the receiver has all it needs. */
  private async receive(): Promise<void> {
    for await (const message of this.call.messages) {
      const packet = decodePacket(message);
      if (packet.type === PacketType.Request) this.request(packet.id);
      else if (packet.type === PacketType.Error)
        throw new Error(`the daemon could not take the files: ${Buffer.from(packet.data).toString()}`);
      else if (packet.type === PacketType.Fin) {
        this.finished = true;
        this.wakeAll();
        return;
      }
    }
    throw new Error('the daemon ended the transfer early');
  }

  private request(id: number): void {
    const file = this.offered.get(id);
    if (!file) throw new Error(`the daemon asked for a file that was not offered (${id})`);
    this.offered.delete(id);
    if (file.size <= smallFileBytes && this.smallFiles++ >= inlineFiles) {
      this.batches.add({ id, ...file });
      return;
    }
    this.requests.push({ id, ...file });
    this.waiting.shift()?.();
  }

  /** A reader: sends one file after the other. */
  private async readRequested(): Promise<void> {
    const { signal } = this.abort;
    while (!this.finished || this.requests.length > 0) {
      const file = this.requests.shift();
      if (file) {
        await this.sendFile(file);
        this.sentFiles++;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        if (this.finished || signal.aborted) resolve();
      });
      if (signal.aborted) return;
    }
  }

  private async sendFile({ id, ...file }: FileRequest): Promise<void> {
    const handle = await this.open(file.path);
    if (handle) {
      const sent = await this.sendContents(handle, id, file).finally(() => handle.close());
      if (sent !== file.size) throw changed(file.path, `${file.size} bytes, then ${sent}`);
    }
    this.buffer.packet(PacketType.Data, id, noBytes);
    if (this.buffer.length >= flushBytes) await this.flush();
    else this.planFlush();
  }

  /** undefined for a socket, which is listed as an empty file. */
  private async open(file: string): Promise<FileHandle | undefined> {
    try {
      return await openInside(this.base, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
      if (isMissing(error)) throw new Error(`${file} vanished while the context was being sent`);
      if (error instanceof LeadsOutside) throw changed(file, error.message);
      throw error;
    }
  }

  /** @returns the number of bytes sent: more than `size` if the file has grown */
  private async sendContents(handle: FileHandle, id: number, file: Omit<FileRequest, 'id'>): Promise<number> {
    // It may have become a pipe, which would be waited for, or a device, which has no end.
    if (!(await handle.stat()).isFile()) throw changed(file.path, 'it is not a regular file any more');
    let sent = 0;
    // A read that comes back short is the end of the file, so that most files take one.
    for (let more = true; more; ) {
      this.abort.signal.throwIfAborted();
      const room = Math.min(chunkBytes, file.size - sent + 1);
      const chunk = Buffer.allocUnsafeSlow(dataFrameHead + room);
      const { bytesRead } = await handle.read(chunk, dataFrameHead, room);
      if (bytesRead > 0) await this.write(dataFrame(chunk, id, bytesRead));
      sent += bytesRead;
      more = bytesRead === room && sent <= file.size;
    }
    return sent;
  }

  private write(frames: Uint8Array): Promise<void> {
    this.sentBytes += frames.length;
    const written = this.call.writeFrames(frames);
    written.catch(() => {}); // whoever waits for it gets the error
    this.options.onProgress?.({ files: this.sentFiles, bytes: this.sentBytes });
    return written;
  }

  /** Writes the collected packets now. */
  private async flush(): Promise<void> {
    if (this.buffer.length > 0) await this.write(this.buffer.take());
  }

  private wakeAll(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}

interface BatchTarget {
  readonly signal: AbortSignal;
  readonly write: (frames: Uint8Array) => Promise<void>;
  readonly onSent: (files: number) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Small files, which a thread reads in batches. It gets the next one before it is done with the last, so that it never
 * waits.
 */
class SmallFileBatches {
  private readonly base: string;
  private readonly target: BatchTarget;
  private readonly files: FileRequest[] = [];
  /** Batches that the thread has. */
  private running = 0;
  private reader: SmallFileReader | undefined;
  private readonly planRead = oncePerTurn(() => {
    if (!this.target.signal.aborted) this.read();
  });

  constructor(base: string, target: BatchTarget) {
    this.base = base;
    this.target = target;
  }

  add(file: FileRequest): void {
    this.files.push(file);
    this.planRead();
  }

  private read(): void {
    const { target } = this;
    while (this.files.length > 0 && this.running < maxBatches) {
      this.reader ??= startSmallFileReader(this.base);
      const batch = this.files.splice(0, batchFiles);
      this.running++;
      this.reader.read(batch, target.write).then(() => {
        this.running--;
        target.onSent(batch.length);
        this.read();
      }, target.onError);
    }
  }

  async close(): Promise<void> {
    await this.reader?.close();
  }
}

/** Runs `act` once at the end of this turn of the event loop, even if it was requested several times. */
function oncePerTurn(act: () => void): () => void {
  let planned = false;
  return () => {
    if (planned) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      act();
    });
  };
}

function changed(file: string, how: string): Error {
  return new Error(`${file} changed while the context was being sent (${how})`);
}

const noBytes = new Uint8Array(0);

/** Waits for all; the first that fails aborts the others and is thrown once they have ended or gone quiet. */
async function allOrAbort(tasks: Promise<void>[], abort: AbortController): Promise<void> {
  for (const task of tasks) task.catch((error: unknown) => abort.abort(error));
  const aborted = new Promise<never>((_, reject) =>
    abort.signal.addEventListener('abort', () => reject(abort.signal.reason), { once: true }),
  );
  await Promise.race([Promise.all(tasks), aborted]);
}
