/** Session service that lends the daemon OCI layouts of this machine: to read images and caches, and to write them. */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Content, WriteAction } from '../../gen/containerd/services/content/v1/content_pb.ts';
import { routes } from '../../rpc/server.ts';
import type { ServerContext } from '../../rpc/service.ts';
import { Code, RpcError } from '../../rpc/status.ts';
import { makeDirs, removeEmptyDirs } from '../fsutil/make-dirs.ts';
import { blobPath, contentOf, lockIndex, type NameContent, namesIn, putInIndex, readIndex } from './oci-layout.ts';
import type { Attachable } from './session.ts';

const CHUNK_BYTES = 1 << 20;
const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/** A write that is going on. */
interface Ingest {
  readonly ref: string;
  readonly file: string;
  readonly handle: FileHandle;
  readonly startedAt: Date;
  updatedAt: Date;
  hash: Hash;
  offset: number;
  total: number;
  expected: string;
}

/** A layout that is lent. */
export interface ContentStore {
  /** An absolute path; a layout that is written to need not be there yet. */
  readonly dir: string;
  /** Whether the build has its output there. All other layouts are the user's, and only read. */
  readonly writable: boolean;
}

/** What the daemon writes is seen by it at once, and by others when the build has succeeded. */
export interface ContentStores extends Attachable {
  /** Puts what was written into its place. */
  publish(): Promise<void>;
  /** Names content of a layout, once it was published. @throws Error when it is not there */
  readonly name: NameContent;
  /** Takes back what was published and named, and the directories that were made for it. */
  discard(): Promise<void>;
}

/** What a build has written into a layout: files of a folder in it that is the build's own. */
interface Staging {
  readonly folder: string;
  /** The topmost directory that was made. */
  readonly created: string | undefined;
  /** Files by digest. */
  readonly blobs: Map<string, string>;
  files: number;
}

/** Offers layouts by store id: `oci:NAME` for images that a build reads, `local:DIR` for caches, `export` for images. */
export function contentStores(stores: ReadonlyMap<string, ContentStore>): ContentStores {
  const ingests = new Map<string, Ingest>();
  const stagings = new Map<string, Promise<Staging>>(); // by directory
  const published: { dir: string; digest: string; created: string | undefined }[] = [];
  const named: (() => Promise<void>)[] = []; // takes back a name each
  const locks = new Set<string>(); // one call at a time may write
  const choose = (context: ServerContext) => {
    const id = context.headers.get('buildkit-attachable-store-id')?.[0] ?? '';
    const store = stores.get(id);
    if (store === undefined) throw new RpcError(Code.notFound, `unknown store ${id}`);
    return { id, ...store };
  };
  const chooseWritable = (context: ServerContext) => {
    const { id, dir, writable } = choose(context);
    if (!writable)
      throw new RpcError(Code.permissionDenied, `store ${id} is only read by this build: ${dir} must not be changed`);
    return dir;
  };
  const staged = async (dir: string, digest: string) => (await stagings.get(dir))?.blobs.get(digest);
  const locate = async (dir: string, digest: string) => (await staged(dir, digest)) ?? blob(dir, digest);
  const info = async (dir: string, digest: string) => {
    const { size, mtime } = await found(digest, stat(await locate(dir, digest)));
    const at = timestampFromDate(mtime);
    return { digest, size: BigInt(size), createdAt: at, updatedAt: at, labels: {} };
  };
  const abort = async (key: string) => {
    const ingest = ingests.get(key);
    if (!ingest) return;
    ingests.delete(key);
    await ingest.handle.close().catch(() => {});
    await rm(ingest.file, { force: true });
  };
  const stage = async (dir: string): Promise<Staging> => {
    const folder = path.join(dir, 'ingest', randomBytes(8).toString('hex'));
    return { folder, created: await makeDirs(folder), blobs: new Map(), files: 0 };
  };
  const start = async (dir: string, ref: string): Promise<Ingest> => {
    if (!stagings.has(dir)) stagings.set(dir, stage(dir));
    const staging = await stagings.get(dir)!;
    const file = path.join(staging.folder, String(staging.files++));
    const handle = await open(file, 'w');
    const now = new Date();
    const ingest: Ingest = {
      ref,
      file,
      handle,
      startedAt: now,
      updatedAt: now,
      hash: createHash('sha256'),
      offset: 0,
      total: 0,
      expected: '',
    };
    ingests.set(`${dir}\0${ref}`, ingest);
    return ingest;
  };
  const commit = async (dir: string, ingest: Ingest): Promise<string> => {
    const digest = `sha256:${ingest.hash.copy().digest('hex')}`;
    const key = `${dir}\0${ingest.ref}`;
    if (ingest.total > 0 && ingest.offset !== ingest.total) {
      await abort(key);
      throw new RpcError(Code.failedPrecondition, `unexpected commit size ${ingest.offset}, expected ${ingest.total}`);
    }
    if (ingest.expected && ingest.expected !== digest) {
      await abort(key);
      throw new RpcError(Code.failedPrecondition, `unexpected commit digest ${digest}, expected ${ingest.expected}`);
    }
    await ingest.handle.sync();
    await ingest.handle.close();
    ingests.delete(key);
    (await stagings.get(dir))?.blobs.set(digest, ingest.file);
    return digest;
  };
  const statusOf = (ingest: Ingest) => ({
    ref: ingest.ref,
    offset: BigInt(ingest.offset),
    total: BigInt(ingest.total),
    expected: ingest.expected,
    startedAt: timestampFromDate(ingest.startedAt),
    updatedAt: timestampFromDate(ingest.updatedAt),
  });

  return {
    routes: routes(Content, {
      info: async ({ digest }, context) => ({ info: await info(choose(context).dir, digest) }),
      // labels are not kept: a layout has no place for them
      update: async (request, context) => ({ info: await info(chooseWritable(context), request.info?.digest ?? '') }),
      async *list(_request, context) {
        const { dir } = choose(context);
        const digests = new Set((await stagings.get(dir))?.blobs.keys());
        for (const algorithm of await namesIn(path.join(dir, 'blobs')))
          for (const hex of await namesIn(path.join(dir, 'blobs', algorithm))) digests.add(`${algorithm}:${hex}`);
        for (const digest of digests) yield { info: [await info(dir, digest)] };
      },
      async delete({ digest }, context) {
        const dir = chooseWritable(context);
        const file = await staged(dir, digest);
        if (!file) {
          await found(digest, stat(blob(dir, digest)));
          throw new RpcError(Code.permissionDenied, `content ${digest} was in ${dir} before this build: it is kept`);
        }
        (await stagings.get(dir))?.blobs.delete(digest);
        await rm(file);
        return {};
      },
      async *read({ digest, offset, size }, context) {
        const handle = await found(digest, openBlob(await locate(choose(context).dir, digest)));
        try {
          const end = (await handle.stat()).size;
          let at = Number(offset);
          if (at < 0 || at > end) throw new RpcError(Code.outOfRange, `read past object length ${end} bytes`);
          const stop = size > 0n ? Math.min(end, at + Number(size)) : end;
          while (at < stop) {
            const data = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, stop - at));
            const { bytesRead } = await handle.read(data, 0, data.length, at);
            if (bytesRead === 0) throw new RpcError(Code.dataLoss, `${digest} became shorter while it was read`);
            yield { offset: BigInt(at), data: data.subarray(0, bytesRead) };
            at += bytesRead;
          }
        } finally {
          await handle.close();
        }
      },
      async status({ ref }, context) {
        const ingest = ingests.get(`${choose(context).dir}\0${ref}`);
        if (!ingest) throw new RpcError(Code.notFound, `ingest ${ref}: not found`);
        return { status: statusOf(ingest) };
      },
      async listStatuses(_request, context) {
        const { dir } = choose(context);
        return { statuses: [...ingests].filter(([key]) => key.startsWith(`${dir}\0`)).map(([, it]) => statusOf(it)) };
      },
      async abort({ ref }, context) {
        await abort(`${chooseWritable(context)}\0${ref}`);
        return {};
      },
      async *write(requests, context) {
        const dir = chooseWritable(context);
        let ingest: Ingest | undefined;
        let locked: string | undefined;
        try {
          for await (const request of requests) {
            if (!ingest && !request.ref)
              throw new RpcError(Code.invalidArgument, 'first message must have a reference');
            if (!ingest) {
              const key = `${dir}\0${request.ref}`;
              if (locks.has(key)) throw new RpcError(Code.unavailable, `ref ${request.ref} locked: unavailable`);
              locks.add(key);
              locked = key;
              ingest = ingests.get(key) ?? (await start(dir, request.ref));
            }
            if (request.expected) {
              ingest.expected = request.expected;
              const file = await locate(dir, request.expected);
              if (await stat(file).catch(() => undefined)) {
                await abort(`${dir}\0${ingest.ref}`);
                throw new RpcError(Code.alreadyExists, `blob with expected digest ${request.expected} exists`);
              }
            }
            if (request.total > 0n) ingest.total = Number(request.total);
            if (request.action !== WriteAction.STAT) await append(ingest, Number(request.offset), request.data);
            const last = request.action === WriteAction.COMMIT;
            const digest = last
              ? await commit(dir, ingest)
              : request.action === WriteAction.STAT
                ? `sha256:${ingest.hash.copy().digest('hex')}`
                : '';
            yield { ...statusOf(ingest), action: request.action, digest };
            if (last) return;
          }
        } catch (error) {
          // a full disk must not leave half a blob behind
          if (ingest && !(error instanceof RpcError)) await abort(`${dir}\0${ingest.ref}`);
          throw error;
        } finally {
          if (locked !== undefined) locks.delete(locked);
        }
      },
    }),
    async publish() {
      for (const [dir, staging] of stagings) {
        for (const [digest, file] of (await staging).blobs) {
          const target = blobPath(dir, digest);
          if (await stat(target).catch(() => undefined)) continue; // another build has written the same
          const created = await makeDirs(path.dirname(target));
          await rename(file, target);
          published.push({ dir, digest, created });
        }
      }
    },
    async name(...content) {
      named.push(await putInIndex(...content));
    },
    async discard() {
      for (const takeBack of named.splice(0).reverse()) await takeBack();
      for (const dir of new Set(published.map((blob) => blob.dir)))
        await lockIndex(dir, async () => {
          // a build that found a blob to be there already may have named it meanwhile; if nobody can tell, all stay
          const used = await readIndex(dir).then(
            (entries) => contentOf(dir, entries),
            () => undefined,
          );
          for (const { digest } of published.filter((blob) => blob.dir === dir))
            if (used && !used.digests.has(digest)) await rm(blobPath(dir, digest), { force: true });
        });
      for (const { dir, digest, created } of published.reverse())
        if (created) await removeEmptyDirs(path.dirname(blobPath(dir, digest)), created);
      for (const [dir, staging] of stagings) {
        const created = (await staging.catch(() => undefined))?.created;
        if (created) await removeEmptyDirs(dir, created);
      }
    },
    async close() {
      for (const key of [...ingests.keys()]) await abort(key);
      for (const staging of stagings.values()) {
        const folder = (await staging.catch(() => undefined))?.folder;
        if (!folder) continue;
        await rm(folder, { recursive: true, force: true });
        await rmdir(path.dirname(folder)).catch(() => {}); // another build may use it too
      }
    },
  };
}

async function append(ingest: Ingest, offset: number, data: Uint8Array): Promise<void> {
  if (offset > 0 && offset !== ingest.offset)
    throw new RpcError(Code.outOfRange, `write @${offset} must occur at current offset ${ingest.offset}`);
  if (data.length === 0) return;
  if (offset === 0 && ingest.offset > 0) {
    await ingest.handle.truncate(0);
    ingest.hash = createHash('sha256');
    ingest.offset = 0;
  }
  for (let written = 0; written < data.length; ) {
    const { bytesWritten } = await ingest.handle.write(data, written, data.length - written, ingest.offset + written);
    written += bytesWritten;
  }
  ingest.hash.update(data);
  ingest.offset += data.length;
  ingest.updatedAt = new Date();
}

function blob(dir: string, digest: string): string {
  try {
    return blobPath(dir, digest);
  } catch (error) {
    throw new RpcError(Code.invalidArgument, (error as Error).message);
  }
}

async function found<T>(digest: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new RpcError(Code.notFound, `content ${digest}: not found`);
    throw error;
  }
}

/** A layout is the user's: a pipe in the place of a blob is not waited for. */
async function openBlob(file: string): Promise<FileHandle> {
  const handle = await open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new RpcError(Code.failedPrecondition, `${file} is not a regular file`);
}
