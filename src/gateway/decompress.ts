/** Unpacks the compression formats of archives, told apart by their first bytes, a piece at a time. */

/**
 * Plain bytes beyond which unpacking ends with an error. What a frontend reads has at most 16 MB packed, which archives
 * of files unpack to far less than this; a few kilobytes can unpack to terabytes.
 */
export const maxPlainBytes = 4 * 2 ** 30;

/** Pieces of plain data are at most this long, mostly. */
const pieceSize = 64 << 10;
/** Frames of a zstd file; the smallest has a few bytes, and each takes a decoder. */
const maxFrames = 20_000;
/** Bytes that `xz` may take: `xz -9` needs 65 MiB to unpack; a file could demand gigabytes. */
const maxXzMemory = 256 << 20;

/** More than an archive may unpack to. */
export class UnpacksTooLarge extends Error {
  override readonly name = 'UnpacksTooLarge';
}

/**
 * The plain bytes of a gzip, zstd, bzip2 or xz stream; others are passed on as they are. Nothing is unpacked ahead of who
 * reads, and memory does not grow with what it unpacks to. Like the reference, this needs an `xz` program for xz, which
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
      throw new UnpacksTooLarge(
        `an archive of ${data.length} bytes unpacks to more than ${maxSize} bytes, which is as much as is read of it`,
      );
    yield piece;
  }
}

function unpack(data: Uint8Array): AsyncIterable<Uint8Array> | undefined {
  const hex = Buffer.from(data.subarray(0, 8)).toString('hex');
  if (hex.startsWith('1f8b08')) return gunzip(data);
  if (hex.startsWith('28b52ffd') || /^5.2a4d18.{8}/.test(hex)) return unzstd(data);
  if (hex.startsWith('425a68')) return bunzip(data);
  if (hex.startsWith('fd377a585a00')) return unxz(data);
  return undefined;
}

/** Between pieces others have their turn, such as answers to the daemon. */
async function* pieces(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += pieceSize * 16) {
    yield data.subarray(at, at + pieceSize * 16);
    await turn();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function* gunzip(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const { constants, createGunzip } = await import('node:zlib');
  // What is cut off behind the end of the archive does not matter.
  const unpacked = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: pieceSize });
  unpacked.end(data);
  yield* unpacked;
}

async function* unzstd(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const { createZstdDecompress } = await import('node:zlib');
  // Node ends with the first frame; a file may have several, some of which hold nothing.
  let frames = 0;
  for (let at = 0; at < data.length; ) {
    if (++frames > maxFrames) throw new UnpacksTooLarge(`a zstd archive has more than ${maxFrames} frames`);
    const frame = createZstdDecompress({ chunkSize: pieceSize });
    frame.end(data.subarray(at));
    yield* frame;
    if (frame.bytesWritten === 0) return;
    at += frame.bytesWritten;
  }
}

async function* bunzip(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const { bunzip2 } = await import('./bzip2.ts');
  for (const piece of bunzip2(data, pieceSize)) {
    yield piece;
    await turn();
  }
}

async function* unxz(data: Uint8Array): AsyncGenerator<Uint8Array> {
  const { endProgram, programEnvironment, startProgram } = await import('../system/program.ts');
  // not as an argument, which other programs of the name would not know
  const memory = { XZ_OPT: `--memlimit-decompress=${maxXzMemory}`, XZ_DEFAULTS: undefined };
  const xz = startProgram('xz', ['-d', '-c', '-q'], { env: programEnvironment(process.env, memory) });
  const ended = new Promise<void>((resolve, reject) => {
    xz.once('error', reject);
    xz.once('close', (code, signal) => (code === 0 ? resolve() : reject(new Error(`xz failed (${signal ?? code})`))));
  });
  ended.catch(() => {}); // thrown below, unless nobody reads on
  xz.stdin.on('error', () => {}); // the program's own end says more
  xz.stdin.end(data);
  xz.stderr.resume();
  try {
    yield* xz.stdout;
    await ended;
  } finally {
    endProgram(xz);
  }
}
