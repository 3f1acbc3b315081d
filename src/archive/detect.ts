/** Detects archives, and how they are packed: input that is not an archive is a Dockerfile. */
import { isTarHeader } from './tar.ts';

/** Number of bytes at the start of a file that show whether it is an archive. */
export const archiveHeaderSize = 1024;

const magicNumbers = [
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
] as const;

/** Returns the format that data is packed in; undefined for other data. */
export function packingOf(data: Uint8Array): (typeof magicNumbers)[number][0] | undefined {
  const found = magicNumbers.find(([, magic]) => magic.every((byte, at) => data[at] === byte));
  return found?.[0] ?? (isSkippableFrame(data) ? 'zstd' : undefined);
}

/** A skippable frame before the frames of zstd: one of 16 magic numbers, and a size. */
function isSkippableFrame(data: Uint8Array): boolean {
  const [first = 0, second, third, fourth] = data;
  return data.length >= 8 && first >> 4 === 5 && second === 0x2a && third === 0x4d && fourth === 0x18;
}

/** Whether a file with this start is a tar archive, which may be compressed. zstd counts since Dockerfile 1.27. */
export function isArchive(header: Uint8Array): boolean {
  return packingOf(header) !== undefined || isTarHeader(header);
}
