/** Which bytes are an archive: one with everything in it, and not a Dockerfile. */
import { isTarHeader } from './tar.ts';

/** So many bytes of a file tell. */
export const archiveHeaderSize = 1024;

const magic = ['425a68', '1f8b08', 'fd377a585a00', '28b52ffd']; // bzip2, gzip, xz, zstd
/** What may stand before the frames of zstd: one of 16 magic numbers, and a size. */
const skippableFrame = /^5.2a4d18.{8}/;

/** Whether a file that begins so is a tar archive, which may be compressed. zstd is known since Dockerfile 1.27. */
export function isArchive(header: Uint8Array): boolean {
  const hex = Buffer.from(header.subarray(0, 8)).toString('hex');
  return magic.some((it) => hex.startsWith(it)) || skippableFrame.test(hex) || isTarHeader(header);
}
