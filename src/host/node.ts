import { hash, randomBytes } from 'node:crypto';
import { encoding } from './encoding.ts';
import type { Host, PackedFormat, ProgramEngine } from './host.ts';

/** Go's names of architectures that have other names in Node. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
};

/** Bytes that are unpacked at a time. */
const pieceSize = 64 << 10;

/** Maximum memory of `xz` in bytes: unpacking `xz -9` needs 65 MiB, and a file could demand gigabytes. */
const maxXzMemory = 256 << 20;

/** The host in Node: of the command line, the libraries and `dist/frontend.js`. */
export const host: Host = {
  ...encoding,
  architecture: architectures[process.arch] ?? process.arch,
  sha256: (data) => hash('sha256', data),
  randomBytes: (size) => randomBytes(size),
  turn: () => new Promise(setImmediate),
  unpack: (format, data) => unpackers[format](data),
  openProgramEngine(listener) {
    const opened = import('./program-engine.ts').then(({ startProgramEngine }) => startProgramEngine(listener));
    const tell = (act: (engine: ProgramEngine) => void) => void opened.then(act, () => {}); // send tells why it failed
    return {
      define: (name, source) => tell((engine) => engine.define(name, source)),
      send: (message) => opened.then((engine) => engine.send(message)),
      close: () => tell((engine) => engine.close()),
    };
  },
};

const unpackers: Readonly<
  Record<PackedFormat, Host['unpack'] extends (format: never, data: infer D) => infer R ? (data: D) => R : never>
> = {
  gzip: gunzip,
  zstd: unzstd,
  xz: unxz,
};

/** Node's own reader of gzip takes all members as one. The last piece waits for the sum that follows it, as in zlib. */
async function* gunzip(data: Uint8Array): AsyncGenerator<Uint8Array, number> {
  const { constants, crc32, createInflateRaw } = await import('node:zlib');
  const start = gzipHeaderSize(data, crc32);
  if (start === undefined) return data.length;
  const unpacked = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: pieceSize });
  unpacked.end(data.subarray(start));
  let sum = 0;
  let size = 0;
  let last: Uint8Array | undefined;
  for await (const piece of unpacked as AsyncIterable<Uint8Array>) {
    if (last) yield last;
    sum = crc32(piece, sum);
    size += piece.length;
    last = piece;
  }
  const end = start + unpacked.bytesWritten;
  const trailer = Buffer.from(data.buffer, data.byteOffset + end, Math.min(8, data.length - end));
  if (trailer.length >= 4 && trailer.readUInt32LE() !== sum) throw new Error('incorrect data check');
  if (trailer.length === 8 && trailer.readUInt32LE(4) !== size % 2 ** 32) throw new Error('incorrect length check');
  if (last) yield last;
  return end + trailer.length;
}

/**
 * Returns the size of the header of a gzip member (RFC 1952); undefined if the data ends before.
 * @throws Error if it is not such a header
 */
function gzipHeaderSize(data: Uint8Array, crc32: (data: Uint8Array) => number): number | undefined {
  const [first, second, method, flags = 0] = data;
  if ((first ?? 0x1f) !== 0x1f || (second ?? 0x8b) !== 0x8b) throw new Error('incorrect header check');
  if ((method ?? 8) !== 8) throw new Error('unknown compression method');
  if ((flags & 0xe0) !== 0) throw new Error('unknown header flags set');
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + data[at]! + 256 * data[at + 1]!; // more fields
  for (const text of [8, 16]) if ((flags & text) !== 0) at = data.indexOf(0, at) + 1 || Number.NaN; // name, comment
  if ((flags & 2) !== 0 && at + 2 <= data.length) {
    const sum = crc32(data.subarray(0, at)) & 0xffff;
    if (data[at]! + 256 * data[at + 1]! !== sum) throw new Error('header crc mismatch');
  }
  if ((flags & 2) !== 0) at += 2;
  return at < data.length ? at : undefined;
}

async function* unzstd(data: Uint8Array): AsyncGenerator<Uint8Array, number> {
  const { createZstdDecompress } = await import('node:zlib');
  const frame = createZstdDecompress({ chunkSize: pieceSize });
  frame.end(data);
  yield* frame;
  return frame.bytesWritten;
}

/** Like the reference, this needs an `xz` program. */
async function* unxz(data: Uint8Array): AsyncGenerator<Uint8Array, number> {
  const { endSubprocess, startSubprocess } = await import('../system/subprocess.ts');
  const { subprocessEnvironment } = await import('../system/subprocess-environment.ts');
  // Not as an argument, which other implementations of `xz` may not know.
  const memory = { XZ_OPT: `--memlimit-decompress=${maxXzMemory}`, XZ_DEFAULTS: undefined };
  const xz = startSubprocess('xz', ['-d', '-c', '-q'], { env: subprocessEnvironment(process.env, memory) });
  const ended = new Promise<void>((resolve, reject) => {
    xz.once('error', reject);
    xz.once('close', (code, signal) => (code === 0 ? resolve() : reject(new Error(`xz failed (${signal ?? code})`))));
  });
  ended.catch(() => {}); // thrown below, unless the reader stops
  xz.stdin.on('error', () => {}); // the program's exit says more
  xz.stdin.end(data);
  xz.stderr.resume();
  try {
    yield* xz.stdout;
    await ended;
  } finally {
    endSubprocess(xz);
  }
  return data.length;
}
