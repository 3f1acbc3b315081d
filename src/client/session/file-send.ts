/** Session service that takes what exporters send: a directory tree, or the bytes of one file. */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { FileSend } from '../../gen/moby/filesync/v1/filesync_pb.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { RawCall, Router } from '../../rpc/server.ts';
import { methodPath } from '../../rpc/service.ts';
import { receiveTree } from '../fsutil/receive.ts';
import { startTreeWriter, type TreeWriter } from '../fsutil/tree-writer.ts';
import {
  type FilePlace,
  isSpecial,
  placeFile,
  receiveFile,
  receiveInto,
  removeWaiting,
  undoPlacement,
  type WaitingFile,
} from './received-file.ts';
import type { Attachable } from './session.ts';

/** The destination of an exporter's output. */
export type ExportTarget =
  /**
   * A directory; what is in it already stays, unless the export has the same name. Of a mirror it goes, at the very
   * end.
   */
  | { readonly kind: 'directory'; readonly path: string; readonly mirror?: boolean }
  /** A file, which appears when all of it is there. */
  | { readonly kind: 'file'; readonly path: string }
  /** A stream, opened when the first bytes come; `metadata` is what the exporter says of them. */
  | { readonly kind: 'stream'; open(metadata: Readonly<Record<string, string>>): Writable | Promise<Writable> };

/** Something that the daemon sends for a target; several for a directory, when each platform comes by itself. */
interface Transfer {
  readonly position: number;
  readonly number: number;
  complete: boolean;
  error?: Error;
  /** The temporary place of a file. */
  waiting?: WaitingFile;
}

const exporterId = 'buildkit-attachable-exporter-id';
const metadataPrefix = 'exporter-md-';
/** A daemon ends a build when its outputs were received; this is for what may still be on its way then. */
const graceMs = 5000;

/**
 * Receives exports by the position of their exporter in the request. They stay in temporary places until the build has
 * succeeded; closing the service restores what was published but not kept.
 */
export class ExportReceiver implements Attachable {
  readonly routes: Router;
  private readonly targets: ReadonlyMap<number, ExportTarget>;
  private readonly onWarning: (message: string) => void;
  private readonly transfers: Transfer[] = [];
  private readonly running = new Set<Promise<void>>();
  /** The files that are in their places. */
  private readonly places: FilePlace[] = [];
  /** What writes directories. */
  private writer: TreeWriter | undefined;
  private isKept = false;

  /** @param onWarning called for outputs of a failed build that could not be restored */
  constructor(targets: ReadonlyMap<number, ExportTarget>, onWarning: (message: string) => void = () => {}) {
    this.targets = targets;
    this.onWarning = onWarning;
    this.routes = new Map([[methodPath(FileSend, 'diffCopy'), (call) => this.take(call)]]);
  }

  /**
   * Moves all outputs into place. @throws Error if one was not sent, or not completely, even if the daemon reports
   * success
   */
  async publish(): Promise<void> {
    const { targets, transfers } = this;
    if (transfers.some(({ complete, error }) => !complete && !error)) await settled(this.running, graceMs);
    requireAllSent(targets, transfers);
    for (const [position, target] of targets) {
      const sent = transfers.filter((transfer) => transfer.position === position);
      if (target.kind === 'directory') {
        const numbers = sent.map(({ number }) => number);
        const { path: dest, mirror = false } = target;
        await this.writer!.ask({ kind: 'publish', transfers: numbers, dest, mirror });
      } else if (target.kind === 'file' && sent[0]?.waiting) {
        this.places.push(await placeFile(sent[0].waiting, target.path));
      }
    }
  }

  /**
   * Gives up what was in these places before, and in mirrors all that was not sent.
   * @throws Error if something in a mirror cannot be deleted; all outputs are in their places then
   */
  async keep(): Promise<void> {
    this.isKept = true;
    for (const { aside } of this.places) if (aside) await rm(aside, { force: true });
    await this.writer?.ask({ kind: 'keep' });
  }

  explain(error: unknown): unknown {
    return explainReset(error, this.targets, this.transfers);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.running);
    const { writer, transfers } = this;
    try {
      if (!this.isKept) await this.undo();
    } finally {
      for (const { waiting } of transfers) if (waiting) await removeWaiting(waiting, this.isKept);
      for (const { number } of writer ? transfers : []) await writer!.ask({ kind: 'drop', transfer: number });
      await writer?.close();
    }
  }

  /** Takes one transfer. @throws Error for an exporter that is not known, or has sent its file already */
  private async take(call: RawCall): Promise<void> {
    const id = call.headers.get(exporterId)?.[0] || '0'; // daemons that know only one exporter do not name it
    const position = /^\d+$/.test(id) ? Number(id) : -1;
    const target = this.targets.get(position);
    if (!target) throw new Error(`exporter ${id} not found`);
    if (target.kind !== 'directory' && this.transfers.some((other) => other.position === position))
      throw new Error(`exporter ${id} has sent its output already`);
    const transfer: Transfer = { position, number: this.transfers.length, complete: false };
    this.transfers.push(transfer);
    const receiving = this.receive(call, target, transfer);
    this.running.add(receiving);
    try {
      await receiving;
    } catch (error) {
      transfer.error = error as Error;
      throw error;
    } finally {
      this.running.delete(receiving);
    }
  }

  private async receive(call: RawCall, target: ExportTarget, transfer: Transfer): Promise<void> {
    if (target.kind === 'directory') {
      this.writer ??= startTreeWriter();
      return receiveTree(call, this.writer, transfer.number, target.path, () => {
        transfer.complete = true;
      });
    }
    if (target.kind === 'stream') await receiveInto(call, await target.open(metadataOf(call)));
    else if (await isSpecial(target.path)) await receiveInto(call, createWriteStream(target.path), target.path);
    else transfer.waiting = await receiveFile(call, target.path);
    transfer.complete = true;
  }

  /** Restores what was in the places. The build has failed already, for another reason. */
  private async undo(): Promise<void> {
    const orWarn = (error: Error) => this.onWarning(error.message);
    for (const place of this.places.splice(0).reverse()) await undoPlacement(place).catch(orWarn);
    await this.writer?.ask({ kind: 'undo' }).catch(orWarn);
  }
}

/** @throws Error for the first target that has not everything */
function requireAllSent(targets: ReadonlyMap<number, ExportTarget>, transfers: readonly Transfer[]): void {
  for (const [position, target] of targets) {
    const what = `output ${position + 1}${target.kind === 'stream' ? '' : ` (${target.path})`}`;
    const sent = transfers.filter((transfer) => transfer.position === position);
    const failed = sent.find(({ error }) => error)?.error;
    if (failed) throw new Error(`the daemon says that the build succeeded, but ${what} failed: ${failed.message}`);
    if (sent.length === 0) throw new Error(`the daemon says that the build succeeded, but it has not sent ${what}`);
    if (sent.some(({ complete }) => !complete))
      throw new Error(`the daemon says that the build succeeded, but it has not sent all of ${what}`);
  }
}

/**
 * BuildKit sends any bytes, but dockerd from 28 on sends names as text. It cannot say so either: its error quotes the
 * name, and it resets the call instead.
 */
function explainReset(
  error: unknown,
  targets: ReadonlyMap<number, ExportTarget>,
  transfers: readonly Transfer[],
): unknown {
  if (!(error instanceof RpcError) || !/reset the stream with code 2$|invalid UTF-8/.test(error.status)) return error;
  const cut = transfers.find(({ complete, position }) => !complete && targets.get(position)?.kind === 'directory');
  const target = cut && targets.get(cut.position);
  if (target?.kind !== 'directory') return error;
  const why =
    `the daemon broke off while it sent the files for ${target.path}, as Docker 28 and newer do for a name or a ` +
    'target of a link that is not UTF-8; rename that file in the build, or export to a tar file';
  return new RpcError(error.code, `${error.status}: ${why}`, error.details, { cause: error });
}

function metadataOf(call: RawCall): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, values] of call.headers)
    if (name.startsWith(metadataPrefix)) metadata[name.slice(metadataPrefix.length)] = values.join(',');
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
