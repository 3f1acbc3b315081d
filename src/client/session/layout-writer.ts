/**
 * Writes content into OCI layouts for one build. Blobs wait in a directory of the build's own until it has succeeded;
 * then they are moved into place and named, which can be taken back.
 */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { blobPath } from '../../oci/layout.ts';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import { makeDirs, removeEmptyDirs } from '../fsutil/make-dirs.ts';
import { lockIndex, type NameContent, putInIndex, readIndex, referencedContent } from './layout-index.ts';

/** A blob that is being written. */
export class Ingest {
  readonly ref: string;
  readonly startedAt = new Date();
  updatedAt = this.startedAt;
  /** Bytes written so far. */
  offset = 0;
  /** Bytes that the daemon announced; 0 if it has not. */
  total = 0;
  /** The digest that the daemon announced; '' if it has not. */
  expected = '';
  readonly file: string;
  private readonly handle: FileHandle;
  private hash: Hash = createHash('sha256');

  constructor(ref: string, file: string, handle: FileHandle) {
    this.ref = ref;
    this.file = file;
    this.handle = handle;
  }

  /** The digest of what is written so far. */
  digest(): string {
    return `sha256:${this.hash.copy().digest('hex')}`;
  }

  /** Writes data to the blob. @param offset position of the data: the end of what is written, or 0 to start again */
  async append(offset: number, data: Uint8Array): Promise<void> {
    if (offset > 0 && offset !== this.offset)
      throw new RpcError(Code.outOfRange, `write @${offset} must occur at current offset ${this.offset}`);
    if (data.length === 0) return;
    if (offset === 0 && this.offset > 0) {
      await this.handle.truncate(0);
      this.hash = createHash('sha256');
      this.offset = 0;
    }
    for (let written = 0; written < data.length; ) {
      const { bytesWritten } = await this.handle.write(data, written, data.length - written, this.offset + written);
      written += bytesWritten;
    }
    this.hash.update(data);
    this.offset += data.length;
    this.updatedAt = new Date();
  }

  /** Makes sure that the bytes are on disk. */
  async finish(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
  }

  async remove(): Promise<void> {
    await this.handle.close().catch(() => {});
    await rm(this.file, { force: true });
  }
}

/** The directory in a layout that is the build's own. */
interface Staging {
  readonly dir: string;
  /** The topmost directory that was made for it. */
  readonly created: string | undefined;
  /** Files by digest. */
  readonly blobs: Map<string, string>;
  /** Number of files so far, which are named by numbers. */
  files: number;
}

interface Published {
  readonly dir: string;
  readonly digest: string;
  /** The topmost directory that was made for it. */
  readonly created: string | undefined;
}

/** Writes blobs and an index to an OCI layout, and restores the layout if the build fails. */
export class LayoutWriter {
  /** By directory. */
  private readonly stagings = new Map<string, Promise<Staging>>();
  /** By directory and reference. */
  private readonly ingests = new Map<string, Ingest>();
  private readonly published: Published[] = [];
  /** Each takes back a name. */
  private readonly named: (() => Promise<void>)[] = [];

  /** The file of a blob that this build has written; undefined if it has not. */
  async staged(dir: string, digest: string): Promise<string | undefined> {
    return (await this.stagings.get(dir))?.blobs.get(digest);
  }

  /** The digests of all that this build has written. */
  async stagedDigests(dir: string): Promise<readonly string[]> {
    return [...((await this.stagings.get(dir))?.blobs.keys() ?? [])];
  }

  /** Forgets a blob that this build has written. */
  async unstage(dir: string, digest: string): Promise<void> {
    const file = await this.staged(dir, digest);
    (await this.stagings.get(dir))?.blobs.delete(digest);
    if (file !== undefined) await rm(file);
  }

  ingest(dir: string, ref: string): Ingest | undefined {
    return this.ingests.get(keyOf(dir, ref));
  }

  ingestsIn(dir: string): readonly Ingest[] {
    return [...this.ingests].filter(([key]) => key.startsWith(keyOf(dir, ''))).map(([, ingest]) => ingest);
  }

  async start(dir: string, ref: string): Promise<Ingest> {
    if (!this.stagings.has(dir)) this.stagings.set(dir, createStaging(dir));
    const staging = await this.stagings.get(dir)!;
    const file = path.join(staging.dir, String(staging.files++));
    const ingest = new Ingest(ref, file, await open(file, 'w'));
    this.ingests.set(keyOf(dir, ref), ingest);
    return ingest;
  }

  async abort(dir: string, ref: string): Promise<void> {
    const ingest = this.ingest(dir, ref);
    this.ingests.delete(keyOf(dir, ref));
    await ingest?.remove();
  }

  /**
   * Makes a blob of what was written.
   * @returns the digest
   * @throws RpcError for another size or digest than was announced: the blob is gone then
   */
  async commit(dir: string, ingest: Ingest): Promise<string> {
    const { ref, offset, total, expected } = ingest;
    const digest = ingest.digest();
    const wrong =
      total > 0 && offset !== total
        ? `unexpected commit size ${offset}, expected ${total}`
        : expected && expected !== digest
          ? `unexpected commit digest ${digest}, expected ${expected}`
          : undefined;
    if (wrong !== undefined) {
      await this.abort(dir, ref);
      throw new RpcError(Code.failedPrecondition, wrong);
    }
    await ingest.finish();
    this.ingests.delete(keyOf(dir, ref));
    (await this.stagings.get(dir))?.blobs.set(digest, ingest.file);
    return digest;
  }

  /** Moves what was written into place. */
  async publish(): Promise<void> {
    for (const [dir, staging] of this.stagings) {
      for (const [digest, file] of (await staging).blobs) {
        const target = blobPath(dir, digest);
        if (await stat(target).catch(() => undefined)) continue; // another build has written the same
        const created = await makeDirs(path.dirname(target));
        await rename(file, target);
        this.published.push({ dir, digest, created });
      }
    }
  }

  /** Names content that was published. @throws Error if it does not exist */
  readonly name: NameContent = async (...content) => {
    this.named.push(await putInIndex(...content));
  };

  /** Takes back what was published and named, and the directories that were made for it. */
  async discard(): Promise<void> {
    for (const undo of this.named.splice(0).reverse()) await undo();
    for (const dir of new Set(this.published.map((blob) => blob.dir)))
      await lockIndex(dir, async () => {
        // A concurrent build may refer to a blob that it found here; if that is unknown, all blobs are kept.
        const used = await readIndex(dir).then(
          (entries) => referencedContent(dir, entries),
          () => undefined,
        );
        for (const { digest } of this.published.filter((blob) => blob.dir === dir))
          if (used && !used.digests.has(digest)) await rm(blobPath(dir, digest), { force: true });
      });
    for (const { dir, digest, created } of this.published.reverse())
      if (created) await removeEmptyDirs(path.dirname(blobPath(dir, digest)), created);
    for (const [dir, staging] of this.stagings) {
      const created = (await staging.catch(() => undefined))?.created;
      if (created) await removeEmptyDirs(dir, created);
    }
  }

  /** Removes what is unfinished, and the build's own directories. */
  async close(): Promise<void> {
    for (const ingest of this.ingests.values()) await ingest.remove();
    this.ingests.clear();
    for (const staging of this.stagings.values()) {
      const stagingDir = (await staging.catch(() => undefined))?.dir;
      if (!stagingDir) continue;
      await rm(stagingDir, { recursive: true, force: true });
      await rmdir(path.dirname(stagingDir)).catch(() => {}); // another build may use it too
    }
  }
}

const keyOf = (dir: string, ref: string) => `${dir}\0${ref}`;

async function createStaging(dir: string): Promise<Staging> {
  const stagingDir = path.join(dir, 'ingest', randomBytes(8).toString('hex'));
  return { dir: stagingDir, created: await makeDirs(stagingDir), blobs: new Map(), files: 0 };
}
