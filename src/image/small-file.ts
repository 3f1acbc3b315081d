/** Reads files that ought to be small: manifests and configs on this machine. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** A pipe that nobody writes to is not waited for; Windows has no such flag. */
const { O_RDONLY, O_NONBLOCK = 0 } = constants;

/** @throws Error for what is larger than `maxSize` bytes or no regular file; otherwise as Node's open */
export async function readSmallFile(file: string, maxSize: number): Promise<Uint8Array> {
  const handle = await open(file, O_RDONLY | O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new Error(`${file} is no regular file`);
    if (found.size > maxSize)
      throw new Error(`${file} has ${found.size} bytes, more than the ${maxSize} of a manifest or config`);
    const bytes = new Uint8Array(found.size);
    // it may grow or shrink meanwhile: what is read is checked by its digest, or is JSON
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}
