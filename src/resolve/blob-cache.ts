/** A cache of blobs on disk, by digest. A blob is checked against its digest when it is read. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { blobPath } from '../oci/layout.ts';
import { maxBlobSizes, verifyBlob } from '../oci/manifest.ts';
import { readNamedFile } from '../system/named-file.ts';
import { aString, checkArgument } from '../text/arguments.ts';

/** Keeps blobs between runs. */
export interface BlobCache {
  /** undefined if the blob is missing or damaged. */
  get(digest: string): Promise<Uint8Array | undefined>;
  /** Keeps a blob. Does nothing if the cache cannot be written. */
  put(digest: string, bytes: Uint8Array): Promise<void>;
}

/** A cache in a directory, which need not exist. */
export function createBlobCache(dir: string): BlobCache {
  checkArgument('createBlobCache', 'dir', dir, aString);
  return {
    async get(digest) {
      try {
        const bytes = await readNamedFile(blobPath(dir, digest), maxBlobSizes.config);
        verifyBlob({ digest, size: undefined }, bytes);
        return bytes;
      } catch {
        return undefined;
      }
    },
    async put(digest, bytes) {
      const file = blobPath(dir, digest);
      const partial = `${file}.${randomUUID()}`;
      try {
        await mkdir(path.dirname(file), { recursive: true });
        await writeFile(partial, bytes);
        await rename(partial, file);
      } catch {
        await rm(partial, { force: true }).catch(() => {});
      }
    },
  };
}
