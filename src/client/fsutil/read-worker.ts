/** The thread of small-file-reader.ts: reads batches of files with blocking calls. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { type InsideOf, insideOf, LeadsOutside, openBelowSync, openInsideSync } from '../../system/open-inside.ts';
import { PacketBuffer, PacketType } from './packet-buffer.ts';
import { type FileRequest, type ReaderAnswer, type ReaderSettings, smallFileBytes } from './small-file-reader.ts';

const { base } = workerData as ReaderSettings;
const port = parentPort!;
const buffer = new PacketBuffer();
const contents = Buffer.allocUnsafeSlow(smallFileBytes + 1);
const noBytes = new Uint8Array(0);
const flushBytes = 64 << 10;

/** The directory of the last file, as most files come from the same one as the file before. */
let directory: { readonly name: string; readonly descriptor: number; readonly inside: InsideOf } | undefined;

port.on('message', (files: readonly FileRequest[]) => {
  try {
    for (const file of files) {
      sendFile(file);
      if (buffer.length >= flushBytes) flush();
    }
    flush();
    post({ done: true });
  } catch (error) {
    post({ done: true, error: (error as Error).message });
  } finally {
    leaveDirectory();
  }
});

function sendFile({ id, path: name, size }: FileRequest): void {
  let bytes = 0;
  try {
    const descriptor = open(name);
    try {
      // It may have become a pipe, which would be waited for, or a device, which has no end.
      if (!fstatSync(descriptor).isFile()) throw changed(name, 'it is not a regular file any more');
      // One byte more than expected shows that the file has grown.
      bytes = readSync(descriptor, contents, 0, size + 1, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new Error(`${name} vanished while the context was being sent`);
    if (error instanceof LeadsOutside) throw changed(name, error.message);
    if (code !== 'ENXIO') throw error; // a socket, listed as an empty file
  }
  if (bytes !== size) throw changed(name, `${size} bytes, then ${bytes}`);
  if (bytes > 0) buffer.packet(PacketType.Data, id, contents.subarray(0, bytes));
  buffer.packet(PacketType.Data, id, noBytes);
}

/**
 * Opens a file below its directory, which is kept open: to check the whole way for each file would take twice as long.
 */
function open(name: string): number {
  const slash = name.lastIndexOf('/');
  const dir = name.slice(0, Math.max(0, slash));
  if (directory?.name !== dir) {
    leaveDirectory();
    const descriptor = openInsideSync(base, dir);
    directory = { name: dir, descriptor, inside: insideOf(descriptor, path.posix.join(base, dir)) };
  }
  return openBelowSync(directory!.inside, name.slice(slash + 1));
}

function leaveDirectory(): void {
  if (directory) closeSync(directory.descriptor);
  directory = undefined;
}

function changed(file: string, how: string): Error {
  return new Error(`${file} changed while the context was being sent (${how})`);
}

function flush(): void {
  if (buffer.length === 0) return;
  const frames = buffer.take();
  port.postMessage({ frames } satisfies ReaderAnswer, [frames.buffer as ArrayBuffer]);
}

function post(answer: ReaderAnswer): void {
  port.postMessage(answer);
}
