/** Session service that lends the daemon OCI layouts of this machine: to read images and caches, and to write them. */
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Content, WriteAction, type WriteContentRequest } from '../../gen/containerd/services/content/v1/content_pb.ts';
import { blobPath } from '../../oci/layout.ts';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import { routes } from '../../rpc/server.ts';
import type { ServerContext, ServiceHandlers } from '../../rpc/service.ts';
import { type NameContent, namesIn } from './layout-index.ts';
import { type Ingest, LayoutWriter } from './layout-writer.ts';
import type { Attachable } from './session.ts';

const chunkBytes = 1 << 20;
const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/** A layout that is lent. */
export interface ContentStore {
  /** An absolute path; a layout that is written to need not be there yet. */
  readonly dir: string;
  /** Whether the build has its output there. All other layouts are the user's, and only read. */
  readonly writable: boolean;
}

/** Blobs that the daemon writes are visible to it at once, and to others after the build has succeeded. */
export interface ContentStores extends Attachable {
  /** Puts what was written into its place. */
  publish(): Promise<void>;
  /** Names content of a layout, once it was published. @throws Error if it does not exist */
  readonly nameContent: NameContent;
  /** Takes back what was published and named, and the directories that were made for it. */
  discard(): Promise<void>;
}

/**
 * Offers layouts by store id: `oci:NAME` for images that a build reads, `local:DIR` for caches, `export` for images.
 */
export function createContentStores(stores: ReadonlyMap<string, ContentStore>): ContentStores {
  const writer = new LayoutWriter();
  return {
    routes: routes(Content, { ...blobHandlers(stores, writer), ...ingestHandlers(stores, writer) }),
    publish: () => writer.publish(),
    nameContent: writer.name,
    discard: () => writer.discard(),
    close: () => writer.close(),
  };
}

/** The store that a call is for. */
function chooseStore(stores: ReadonlyMap<string, ContentStore>, context: ServerContext): ContentStore & { id: string } {
  const id = context.headers.get('buildkit-attachable-store-id')?.[0] ?? '';
  const store = stores.get(id);
  if (store === undefined) throw new RpcError(Code.notFound, `unknown store ${id}`);
  return { id, ...store };
}

/** The directory of the store that a call writes to. */
function chooseWritable(stores: ReadonlyMap<string, ContentStore>, context: ServerContext): string {
  const { id, dir, writable } = chooseStore(stores, context);
  if (!writable)
    throw new RpcError(Code.permissionDenied, `store ${id} is only read by this build: ${dir} must not be changed`);
  return dir;
}

/** The calls about blobs that are there. */
function blobHandlers(stores: ReadonlyMap<string, ContentStore>, writer: LayoutWriter) {
  const info = async (dir: string, digest: string) => {
    const { size, mtime } = await found(digest, stat(await locate(writer, dir, digest)));
    const at = timestampFromDate(mtime);
    return { digest, size: BigInt(size), createdAt: at, updatedAt: at, labels: {} };
  };
  return {
    info: async ({ digest }, context) => ({ info: await info(chooseStore(stores, context).dir, digest) }),
    // Labels are not kept: a layout has no place for them.
    update: async (request, context) => ({
      info: await info(chooseWritable(stores, context), request.info?.digest ?? ''),
    }),
    async *list(_request, context) {
      const { dir } = chooseStore(stores, context);
      const digests = new Set(await writer.stagedDigests(dir));
      for (const algorithm of await namesIn(path.join(dir, 'blobs')))
        for (const hex of await namesIn(path.join(dir, 'blobs', algorithm))) digests.add(`${algorithm}:${hex}`);
      for (const digest of digests) yield { info: [await info(dir, digest)] };
    },
    async delete({ digest }, context) {
      const dir = chooseWritable(stores, context);
      if ((await writer.staged(dir, digest)) === undefined) {
        await found(digest, stat(blob(dir, digest)));
        throw new RpcError(Code.permissionDenied, `content ${digest} was in ${dir} before this build: it is kept`);
      }
      await writer.unstage(dir, digest);
      return {};
    },
    async *read({ digest, offset, size }, context) {
      const { dir } = chooseStore(stores, context);
      const handle = await found(digest, openBlob(await locate(writer, dir, digest)));
      try {
        yield* readChunks(handle, digest, Number(offset), Number(size));
      } finally {
        await handle.close();
      }
    },
  } satisfies ServiceHandlers<typeof Content>;
}

/** The calls about blobs that the daemon is writing. */
function ingestHandlers(stores: ReadonlyMap<string, ContentStore>, writer: LayoutWriter) {
  const locks = new Set<string>(); // one call at a time may write to a reference
  return {
    async status({ ref }, context) {
      const ingest = writer.ingest(chooseStore(stores, context).dir, ref);
      if (!ingest) throw new RpcError(Code.notFound, `ingest ${ref}: not found`);
      return { status: statusOf(ingest) };
    },
    listStatuses: async (_request, context) => ({
      statuses: writer.ingestsIn(chooseStore(stores, context).dir).map(statusOf),
    }),
    async abort({ ref }, context) {
      await writer.abort(chooseWritable(stores, context), ref);
      return {};
    },
    async *write(requests, context) {
      yield* receiveBlob(writer, locks, chooseWritable(stores, context), requests);
    },
  } satisfies ServiceHandlers<typeof Content>;
}

/** The file of a blob: what this build has written, or what the layout has. */
async function locate(writer: LayoutWriter, dir: string, digest: string): Promise<string> {
  return (await writer.staged(dir, digest)) ?? blob(dir, digest);
}

/** Receives a blob that the daemon writes, in one call or in several with the same reference. */
async function* receiveBlob(
  writer: LayoutWriter,
  locks: Set<string>,
  dir: string,
  requests: AsyncIterable<WriteContentRequest>,
) {
  let ingest: Ingest | undefined;
  let locked: string | undefined;
  try {
    for await (const request of requests) {
      const { ref, expected, total, action } = request;
      if (!ingest) {
        if (!ref) throw new RpcError(Code.invalidArgument, 'first message must have a reference');
        const key = `${dir}\0${ref}`;
        if (locks.has(key)) throw new RpcError(Code.unavailable, `ref ${ref} locked: unavailable`);
        locks.add(key);
        locked = key;
        ingest = writer.ingest(dir, ref) ?? (await writer.start(dir, ref));
      }
      if (expected) {
        ingest.expected = expected;
        if (await stat(await locate(writer, dir, expected)).catch(() => undefined)) {
          await writer.abort(dir, ingest.ref);
          throw new RpcError(Code.alreadyExists, `blob with expected digest ${expected} exists`);
        }
      }
      if (total > 0n) ingest.total = Number(total);
      let digest = '';
      if (action === WriteAction.STAT) digest = ingest.digest();
      else await ingest.append(Number(request.offset), request.data);
      if (action === WriteAction.COMMIT) digest = await writer.commit(dir, ingest);
      yield { ...statusOf(ingest), action, digest };
      if (action === WriteAction.COMMIT) return;
    }
  } catch (error) {
    // A full disk must not leave half a blob behind.
    if (ingest && !(error instanceof RpcError)) await writer.abort(dir, ingest.ref);
    throw error;
  } finally {
    if (locked !== undefined) locks.delete(locked);
  }
}

function statusOf({ ref, offset, total, expected, startedAt, updatedAt }: Ingest) {
  return {
    ref,
    offset: BigInt(offset),
    total: BigInt(total),
    expected,
    startedAt: timestampFromDate(startedAt),
    updatedAt: timestampFromDate(updatedAt),
  };
}

/** @param size bytes to read at most; 0 for all */
async function* readChunks(handle: FileHandle, digest: string, offset: number, size: number) {
  const end = (await handle.stat()).size;
  if (offset < 0 || offset > end) throw new RpcError(Code.outOfRange, `read past object length ${end} bytes`);
  const stop = size > 0 ? Math.min(end, offset + size) : end;
  for (let at = offset; at < stop; ) {
    const data = Buffer.allocUnsafe(Math.min(chunkBytes, stop - at));
    const { bytesRead } = await handle.read(data, 0, data.length, at);
    if (bytesRead === 0) throw new RpcError(Code.dataLoss, `${digest} became shorter while it was read`);
    yield { offset: BigInt(at), data: data.subarray(0, bytesRead) };
    at += bytesRead;
  }
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
