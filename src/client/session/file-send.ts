/** Session service that takes what exporters send: a directory tree, or the bytes of one file. */
import { createWriteStream } from 'node:fs';
import { link, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { BytesMessageSchema, FileSend } from '../../gen/moby/filesync/v1/filesync_pb.ts';
import type { RawCall, RawHandler } from '../../rpc/server.ts';
import { methodPath } from '../../rpc/service.ts';
import { RpcError } from '../../rpc/status.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { makeStaging, removeEmptyDirs, temporaryName } from '../fsutil/make-dirs.ts';
import { receiveTree } from '../fsutil/receive.ts';
import { startTreeWriter, type TreeWriter } from '../fsutil/tree-writer.ts';
import type { Attachable } from './session.ts';

/** Where an exporter's output goes. */
export type ExportTarget =
  /**
   * A directory; what is in it already stays, unless the export has the same name. Of a mirror it goes, at the very end.
   */
  | { readonly kind: 'directory'; readonly path: string; readonly mirror?: boolean }
  /** A file, which appears when all of it is there. */
  | { readonly kind: 'file'; readonly path: string }
  /** A stream, opened when the first bytes come; `metadata` is what the exporter says of them. */
  | { readonly kind: 'stream'; open(metadata: Readonly<Record<string, string>>): Writable | Promise<Writable> };

/**
 * What was received is kept aside until the build has succeeded. What is published and not kept when the service is
 * closed is taken back.
 */
export interface ReceivedExports extends Attachable {
  /**
   * Puts all outputs into their places.
   * @throws Error when one was not sent, or not all of it, whatever the daemon says of the build
   */
  publish(): Promise<void>;
  /**
   * Gives up what was in these places before, and in mirrors all that was not sent.
   * @throws Error when something in a mirror cannot be deleted; all outputs are in their places then
   */
  keep(): Promise<void>;
  close(): Promise<void>;
}

/** Something that the daemon sends for a target; several for a directory, when each platform comes by itself. */
interface Transfer {
  readonly position: number;
  readonly number: number;
  complete: boolean;
  error?: Error;
  /** Where a file waits to be published. */
  waiting?: WaitingFile;
}

const EXPORTER_ID = 'buildkit-attachable-exporter-id';
const METADATA_PREFIX = 'exporter-md-';
/** A daemon ends a build when its outputs were received; this is for what may still be on its way then. */
const GRACE_MS = 5000;

/**
 * Takes exports by the position of their exporter in the request.
 *
 * @param onWarning told what of a failed build could not be taken back
 */
export function fileSend(
  targets: ReadonlyMap<number, ExportTarget>,
  onWarning: (message: string) => void = () => {},
): ReceivedExports {
  const transfers: Transfer[] = [];
  const running = new Set<Promise<void>>();
  const places: FilePlace[] = [];
  let writer: TreeWriter | undefined;
  let kept = false;

  const receive = async (call: RawCall, target: ExportTarget, transfer: Transfer) => {
    if (target.kind === 'directory') {
      writer ??= startTreeWriter();
      return receiveTree(call, writer, transfer.number, target.path, () => {
        transfer.complete = true;
      });
    }
    if (target.kind === 'stream') await receiveInto(call, await target.open(metadataOf(call)));
    else if (await isSpecial(target.path)) await receiveInto(call, createWriteStream(target.path), target.path);
    else transfer.waiting = await receiveFile(call, target.path);
    transfer.complete = true;
  };
  const diffCopy: RawHandler = async (call) => {
    const id = call.headers.get(EXPORTER_ID)?.[0] || '0'; // daemons that know only one exporter do not name it
    const position = /^\d+$/.test(id) ? Number(id) : -1;
    const target = targets.get(position);
    if (!target) throw new Error(`exporter ${id} not found`);
    if (target.kind !== 'directory' && transfers.some((other) => other.position === position))
      throw new Error(`exporter ${id} has sent its output already`);
    const transfer: Transfer = { position, number: transfers.length, complete: false };
    transfers.push(transfer);
    const receiving = receive(call, target, transfer);
    running.add(receiving);
    try {
      await receiving;
    } catch (error) {
      transfer.error = error as Error;
      throw error;
    } finally {
      running.delete(receiving);
    }
  };
  /** @throws Error for the first target that has not everything */
  const checkAll = async () => {
    if (transfers.some(({ complete, error }) => !complete && !error)) await settled(running, GRACE_MS);
    for (const [position, target] of targets) {
      const what = `output ${position + 1}${target.kind === 'stream' ? '' : ` (${target.path})`}`;
      const sent = transfers.filter((transfer) => transfer.position === position);
      const failed = sent.find(({ error }) => error)?.error;
      if (failed) throw new Error(`the daemon says that the build succeeded, but ${what} failed: ${failed.message}`);
      if (sent.length === 0) throw new Error(`the daemon says that the build succeeded, but it has not sent ${what}`);
      if (sent.some(({ complete }) => !complete))
        throw new Error(`the daemon says that the build succeeded, but it has not sent all of ${what}`);
    }
  };

  return {
    routes: new Map([[methodPath(FileSend, 'diffCopy'), diffCopy]]),
    async publish() {
      await checkAll();
      for (const [position, target] of targets) {
        const sent = transfers.filter((transfer) => transfer.position === position);
        if (target.kind === 'directory') {
          const numbers = sent.map(({ number }) => number);
          const { path: dest, mirror = false } = target;
          await writer!.ask({ kind: 'publish', transfers: numbers, dest, mirror });
        } else if (target.kind === 'file' && sent[0]?.waiting) {
          places.push(await placeFile(sent[0].waiting, target.path));
        }
      }
    },
    async keep() {
      kept = true;
      for (const { aside } of places) if (aside) await rm(aside, { force: true });
      await writer?.ask({ kind: 'keep' });
    },
    /**
     * BuildKit sends any bytes, but dockerd from 28 on sends names as text. It cannot say so either: its error quotes the
     * name, and it resets the call instead.
     */
    explain(error) {
      if (!(error instanceof RpcError) || !/reset the stream with code 2$|invalid UTF-8/.test(error.status))
        return error;
      const cut = transfers.find(({ complete, position }) => !complete && targets.get(position)?.kind === 'directory');
      const target = cut && targets.get(cut.position);
      if (target?.kind !== 'directory') return error;
      const why =
        `the daemon broke off while it sent the files for ${target.path}, as Docker 28 and newer do for a name or a ` +
        'target of a link that is not UTF-8; rename that file in the build, or export to a tar file';
      return new RpcError(error.code, `${error.status}: ${why}`, error.details, { cause: error });
    },
    async close() {
      await Promise.allSettled(running);
      const orWarn = (error: Error) => onWarning(error.message); // the build has failed already, for another reason
      try {
        if (!kept) {
          for (const place of places.splice(0).reverse()) await takeBack(place).catch(orWarn);
          await writer?.ask({ kind: 'undo' }).catch(orWarn);
        }
      } finally {
        for (const { waiting } of transfers) if (waiting) await removeWaiting(waiting, kept);
        for (const { number } of writer ? transfers : []) await writer!.ask({ kind: 'drop', transfer: number });
        await writer?.close();
      }
    },
  };
}

function metadataOf(call: RawCall): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, values] of call.headers)
    if (name.startsWith(METADATA_PREFIX)) metadata[name.slice(METADATA_PREFIX.length)] = values.join(',');
  return metadata;
}

async function settled(promises: Iterable<Promise<unknown>>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.allSettled(promises), late]);
  clearTimeout(timer);
}

/** Whether a file is a device or a pipe: these are written to, not replaced. @throws Error for a directory */
async function isSpecial(file: string): Promise<boolean> {
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) throw new Error(`destination file ${file} is a directory`);
  return existing !== undefined && !existing.isFile();
}

/** A file that has come, in a private folder beside its place. */
interface WaitingFile {
  readonly staging: string;
  readonly contents: string;
  readonly file: string;
  /** The topmost directory that was made for it. */
  readonly created: string | undefined;
}

async function receiveFile(call: RawCall, wanted: string): Promise<WaitingFile> {
  const file = await followLinks(wanted);
  const { staging, created } = await makeStaging(path.dirname(file));
  const waiting = { staging, contents: path.join(staging, 'contents'), file, created };
  try {
    await receiveInto(call, createWriteStream(waiting.contents, { flags: 'wx' }), wanted);
    return waiting;
  } catch (error) {
    await removeWaiting(waiting, false);
    throw error;
  }
}

async function removeWaiting({ staging, file, created }: WaitingFile, kept: boolean): Promise<void> {
  await rm(staging, { recursive: true, force: true });
  if (created && !kept) await removeEmptyDirs(path.dirname(file), created);
}

/** A link stays, and what it leads to is replaced, or made where it leads to nothing. @throws Error for a circle of links */
async function followLinks(file: string): Promise<string> {
  let at = path.resolve(file);
  for (let links = 0; links <= MAX_LINKS; links++) {
    const found = await realpath(at).catch(() => undefined);
    if (found !== undefined) return found;
    const target = await readlink(at).catch(() => undefined);
    if (target === undefined) return at;
    const folder = path.dirname(at);
    at = path.resolve(await realpath(folder).catch(() => folder), target);
  }
  throw new Error(`cannot write ${file}: its links lead in a circle`);
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** A file in its place. */
interface FilePlace {
  readonly file: string;
  readonly ino: number;
  /** What was there before. */
  readonly aside: string | undefined;
}

async function placeFile({ contents, file }: WaitingFile, wanted: string): Promise<FilePlace> {
  const { ino } = await stat(contents);
  const aside = path.join(path.dirname(file), temporaryName());
  let hadOne = false;
  try {
    hadOne = await setAside(file, aside);
    await rename(contents, file);
    return { file, ino, aside: hadOne ? aside : undefined };
  } catch (error) {
    if (hadOne) await rename(aside, file).then(() => rm(aside, { force: true }));
    throw new Error(systemErrorsInWords(`cannot write ${wanted}: ${(error as Error).message}`), { cause: error });
  }
}

/** A file that is replaced keeps its name until then, where the file system has hard links. */
async function setAside(file: string, aside: string): Promise<boolean> {
  const { code } = await link(file, aside).then(
    () => ({ code: '' }),
    (error: NodeJS.ErrnoException) => error,
  );
  if (code === 'ENOENT') return false;
  if (code !== '') await rename(file, aside);
  return true;
}

/** Unless somebody has put another file there since. @throws Error that names what was not put back */
async function takeBack({ file, ino, aside }: FilePlace): Promise<void> {
  const now = await stat(file).catch(() => undefined);
  if (now && now.ino !== ino) {
    if (aside)
      throw new Error(`what could not be put back: ${file} is now ${aside} (something else has taken its place)`);
    return;
  }
  try {
    if (aside) await rename(aside, file);
    else await rm(file, { force: true });
  } catch (error) {
    const what = aside ? `${file} is now ${aside}` : `${file} is still there`;
    throw new Error(systemErrorsInWords(`what could not be put back: ${what} (${(error as Error).message})`), {
      cause: error,
    });
  }
}

/** @param file what the output is, as the user has named it */
async function receiveInto(call: RawCall, output: Writable, file?: string): Promise<void> {
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
    const { code, message } = error as NodeJS.ErrnoException;
    if (file === undefined || !/^E[A-Z]+$/.test(code ?? '')) throw error;
    throw new Error(systemErrorsInWords(`cannot write ${file}: ${message}`), { cause: error });
  }
}

function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => output.once('drain', resolve));
}
