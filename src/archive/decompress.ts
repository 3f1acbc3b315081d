/** Unpacks compressed archives a piece at a time; their first bytes tell the format. */
import { host } from '#host';
import { packingOf } from './detect.ts';

/**
 * Maximum number of plain bytes. A frontend reads at most 16 MB of packed bytes; archives of files unpack to far less
 * than this, but a few kilobytes can unpack to terabytes.
 */
const maxPlainBytes = 4 * 2 ** 30;

/** Usual maximum length of a piece of plain data, in bytes. */
const pieceSize = 64 << 10;
/**
 * Maximum number of frames of a zstd file, or members of a gzip file: the smallest has a few bytes, and each needs a
 * decoder.
 */
const maxFrames = 20_000;

/** The error for an archive that unpacks to more than the limit. */
export class UnpacksTooLarge extends Error {
  override readonly name = 'UnpacksTooLarge';
}

/**
 * The plain bytes of a gzip, zstd, bzip2 or xz stream; other bytes pass unchanged. Nothing is unpacked before it is
 * read, and memory does not grow with the plain size. Like the reference, this needs an `xz` program for xz, which
 * frontend images do not have.
 *
 * @throws UnpacksTooLarge beyond `maxSize` plain bytes; Error for damaged data
 */
export async function* decompress(data: Uint8Array, maxSize = maxPlainBytes): AsyncGenerator<Uint8Array> {
  const plain = unpack(data);
  if (!plain) {
    yield* pieces(data);
    return;
  }
  let size = 0;
  for await (const piece of plain) {
    size += piece.length;
    if (size > maxSize)
      throw new UnpacksTooLarge(`an archive of ${data.length} bytes unpacks to more than ${maxSize} bytes, the limit`);
    yield piece;
  }
}

function unpack(data: Uint8Array): AsyncIterable<Uint8Array> | undefined {
  const format = packingOf(data);
  if (format === 'bzip2') return bunzip(data);
  if (format === 'zstd') return unzstd(data);
  if (format === 'gzip') return gunzip(data);
  return format && host.unpack(format, data);
}

/** Pauses between pieces for other work, such as answers to the daemon. */
async function* pieces(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += pieceSize * 16) {
    yield data.subarray(at, at + pieceSize * 16);
    await host.turn();
  }
}

/** A file may have several members, and zeros after them. */
async function* gunzip(data: Uint8Array): AsyncGenerator<Uint8Array> {
  let members = 0;
  for (let at = 0; at < data.length && (at === 0 || data[at] !== 0); ) {
    if (++members > maxFrames) throw new UnpacksTooLarge(`a gzip archive has more than ${maxFrames} members`);
    const used = yield* host.unpack('gzip', data.subarray(at));
    if (used === 0) return;
    at += used;
  }
}

/** A file may have several frames, and some may be empty. */
async function* unzstd(data: Uint8Array): AsyncGenerator<Uint8Array> {
  let frames = 0;
  for (let at = 0; at < data.length; ) {
    if (++frames > maxFrames) throw new UnpacksTooLarge(`a zstd archive has more than ${maxFrames} frames`);
    const used = yield* host.unpack('zstd', data.subarray(at));
    if (used === 0) return;
    at += used;
  }
}

async function* bunzip(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const { bunzip2 } = await import('./bzip2.ts');
  for (const piece of bunzip2(data, pieceSize)) {
    yield piece;
    await host.turn();
  }
}
