/** Reads a file that the user names on the command line. The file may be anywhere, and may be a pipe of the shell. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { onDisk } from './file-name.ts';
import { NotRegular, readRegular, TooLarge } from './read-inside.ts';

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/** Maximum size in bytes of a file of settings: Docker's configuration, a policy, certificates. */
export const maxSettingsBytes = 16 << 20;

/**
 * Whether a path names an open descriptor: `-f /dev/stdin`, and `-f <(command)`, which shells turn into `/dev/fd/63`.
 */
export function isDescriptor(file: string): boolean {
  return /^\/dev\/(?:stdin|fd\/\d+)$|^\/proc\/(?:self|thread-self)\/fd\/\d+$/.test(file);
}

/**
 * Reads a file, or an open descriptor ({@link isDescriptor}) to its end.
 *
 * @throws NotRegular for a directory and for a named pipe, socket or device, which might never end; TooLarge; the
 *   errors of Node's open; the reason of `signal`
 */
export async function readNamedFile(file: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const handle = await open(onDisk(file), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const found = await handle.stat();
    if (isDescriptor(file) && !found.isFile() && !found.isDirectory())
      return await readStream(handle, file, maxBytes, signal);
    return await readRegular(handle, file, maxBytes);
  } finally {
    await handle.close().catch(() => {});
  }
}

/**
 * Reads a regular file with blocking calls.
 *
 * @throws NotRegular for anything else, which might never end; TooLarge; the errors of Node's open
 */
export function readNamedFileSync(file: string, maxBytes: number): Buffer {
  const fd = openSync(onDisk(file), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile()) throw new NotRegular(`${file} is not a regular file`);
    const chunks: Buffer[] = [];
    for (let total = 0; ; ) {
      const chunk = Buffer.allocUnsafe(64 << 10);
      const bytesRead = readSync(fd, chunk);
      if (bytesRead === 0) return Buffer.concat(chunks);
      total += bytesRead;
      if (total > maxBytes) throw new TooLarge(`${file} is larger than ${maxBytes} bytes, the limit`);
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    closeSync(fd);
  }
}

/** Polls, because a blocking read would keep the process alive, and Node's streams do not support every descriptor. */
async function readStream(
  handle: FileHandle,
  file: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let pauseMs = 1; ; ) {
    const { bytesRead, buffer } = await handle
      .read(Buffer.allocUnsafe(64 << 10), 0, 64 << 10, null)
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EAGAIN') return { bytesRead: undefined, buffer: undefined };
        throw error;
      });
    if (bytesRead === 0) return Buffer.concat(chunks);
    if (bytesRead === undefined) {
      await sleep(pauseMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
      pauseMs = Math.min(pauseMs * 2, 50);
      continue;
    }
    pauseMs = 1;
    total += bytesRead;
    if (total > maxBytes) throw new TooLarge(`${file} is larger than ${maxBytes} bytes, the limit`);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}
