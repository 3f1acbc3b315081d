/** Session service that takes what exporters send: a directory tree, or the bytes of one file. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { BytesMessageSchema, FileSend } from '../../gen/moby/filesync/v1/filesync_pb.ts';
import type { RawCall, RawHandler } from '../../rpc/server.ts';
import { methodPath } from '../../rpc/service.ts';
import { makeDirs } from '../fsutil/make-dirs.ts';
import { receiveTree } from '../fsutil/receive.ts';
import type { Attachable } from './session.ts';

/** Where an exporter's output goes. */
export type ExportTarget =
  /** A directory; what is in it already stays, unless the export has the same name. */
  | { readonly kind: 'directory'; readonly path: string }
  /** A file, which appears when all of it is there. */
  | { readonly kind: 'file'; readonly path: string }
  /** A stream, opened when the first bytes come; `metadata` is what the exporter says of them. */
  | { readonly kind: 'stream'; open(metadata: Readonly<Record<string, string>>): Writable | Promise<Writable> };

const EXPORTER_ID = 'buildkit-attachable-exporter-id';
const METADATA_PREFIX = 'exporter-md-';

/** Takes exports by the position of their exporter in the request. */
export function fileSend(targets: ReadonlyMap<number, ExportTarget>): Attachable {
  const transfers = new Set<Promise<void>>();
  const receive = async (call: RawCall, target: Exclude<ExportTarget, { kind: 'stream' }>) => {
    const transfer = target.kind === 'directory' ? receiveTree(call, target.path) : receiveFile(call, target.path);
    transfers.add(transfer);
    await transfer.finally(() => transfers.delete(transfer));
  };
  const diffCopy: RawHandler = async (call) => {
    const id = call.headers.get(EXPORTER_ID)?.[0] || '0'; // daemons that know only one exporter do not name it
    const target = targets.get(/^\d+$/.test(id) ? Number(id) : -1);
    if (!target) throw new Error(`exporter ${id} not found`);
    if (target.kind !== 'stream') return receive(call, target);
    const metadata: Record<string, string> = Object.create(null);
    for (const [name, values] of call.headers)
      if (name.startsWith(METADATA_PREFIX)) metadata[name.slice(METADATA_PREFIX.length)] = values.join(',');
    await receiveInto(call, await target.open(metadata));
  };
  return {
    routes: new Map([[methodPath(FileSend, 'diffCopy'), diffCopy]]),
    async close() {
      await Promise.allSettled(transfers);
    },
  };
}

/** Writes beside the destination and renames at the end, so that nobody sees half a file. */
async function receiveFile(call: RawCall, file: string): Promise<void> {
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) throw new Error(`destination file ${file} is a directory`);
  if (existing && !existing.isFile()) return receiveInto(call, createWriteStream(file)); // a device, a pipe
  const dest = existing ? await realpath(file) : path.resolve(file);
  const created = await makeDirs(path.dirname(dest));
  const partial = `${dest}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await receiveInto(call, createWriteStream(partial, { flags: 'wx' }));
    await rename(partial, dest);
  } catch (error) {
    await rm(partial, { force: true });
    if (created) await rm(created, { recursive: true, force: true });
    throw error;
  }
}

async function receiveInto(call: RawCall, output: Writable): Promise<void> {
  const done = finished(output);
  done.catch(() => {});
  try {
    for await (const message of call.messages) {
      const { data } = fromBinary(BytesMessageSchema, message);
      if (!output.write(data)) await Promise.race([drained(output), done]);
    }
    call.signal.throwIfAborted(); // the daemon went away in the middle
    output.end();
    await done;
  } catch (error) {
    output.destroy();
    await done.catch(() => {});
    throw error;
  }
}

function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => output.once('drain', resolve));
}
