/** The thread of small-file-reader.ts: reads batches of files with blocking calls. */
import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createPacketBuffer, PacketType } from './packet-buffer.ts';
import { type FileRequest, type ReaderAnswer, type ReaderSettings, SMALL_FILE_BYTES } from './small-file-reader.ts';

const { base, strict } = workerData as ReaderSettings;
const port = parentPort!;
const buffer = createPacketBuffer();
const contents = Buffer.allocUnsafeSlow(SMALL_FILE_BYTES + 1);
const EMPTY = new Uint8Array(0);
const FLUSH_BYTES = 64 << 10;

port.on('message', (files: readonly FileRequest[]) => {
  try {
    for (const file of files) {
      send(file);
      if (buffer.length >= FLUSH_BYTES) flush();
    }
    flush();
    post({ done: true });
  } catch (error) {
    post({ done: true, error: (error as Error).message });
  }
});

function send({ id, path: name, size }: FileRequest): void {
  let bytes = 0;
  try {
    const descriptor = openSync(path.join(base || path.sep, name), 'r');
    try {
      // one byte more than expected shows that the file has grown
      bytes = readSync(descriptor, contents, 0, size + 1, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (strict && code !== 'ENXIO') {
      if (code === 'ENOENT') throw new Error(`${name} vanished while the context was being sent`);
      throw error;
    }
  }
  if (strict && bytes !== size)
    throw new Error(`${name} changed while the context was being sent (${size} bytes, then ${bytes})`);
  if (bytes > 0) buffer.packet(PacketType.Data, id, contents.subarray(0, bytes));
  buffer.packet(PacketType.Data, id, EMPTY);
}

function flush(): void {
  if (buffer.length === 0) return;
  const frames = buffer.take();
  port.postMessage({ frames } satisfies ReaderAnswer, [frames.buffer as ArrayBuffer]);
}

function post(answer: ReaderAnswer): void {
  port.postMessage(answer);
}
