/** A cache of blobs on disk, by digest. What is in it is checked when it is read, so that nothing can be passed off. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { homeFolder } from '../system/home.ts';
import { splitDigest } from './digest.ts';
import { maxBlobSizes, verifyBlob } from './manifest.ts';
import { readSmallFile } from './small-file.ts';

export interface BlobCache {
  /** undefined where the blob is not there or damaged. */
  get(digest: string): Promise<Uint8Array | undefined>;
  /** Keeps a blob; a cache that cannot be written to is none, not an error. */
  put(digest: string, bytes: Uint8Array): Promise<void>;
}

/** `$XDG_CACHE_HOME/tsfront`, by default `~/.cache/tsfront`; undefined where the user has no home folder. */
export function defaultCacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const base = env['XDG_CACHE_HOME'];
  if (base && path.isAbsolute(base)) return path.join(base, 'tsfront');
  const home = homeFolder(env);
  return home && path.join(home, '.cache/tsfront');
}

/** A cache in a folder, which need not exist. */
export function createBlobCache(folder: string): BlobCache {
  const fileOf = (digest: string) => {
    const { algorithm, hex } = splitDigest(digest);
    return path.join(folder, 'blobs', algorithm, hex);
  };
  return {
    async get(digest) {
      try {
        const bytes = await readSmallFile(fileOf(digest), maxBlobSizes.config);
        verifyBlob({ digest, size: undefined }, bytes);
        return bytes;
      } catch {
        return undefined;
      }
    },
    async put(digest, bytes) {
      const file = fileOf(digest);
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
