/** The thread of tree-writer.ts: receives trees and moves them into place with blocking calls. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { isDirectory } from '../../go/file-mode.ts';
import { onDisk } from '../../system/file-name.ts';
import { xattrCalls } from '../../tree/xattr.ts';
import { deleteOthers, type Placed } from './delete-others.ts';
import { makeStaging, removeEmptyDirs } from './make-dirs.ts';
import { type Placement, placeTrees } from './merge-tree.ts';
import { Receiver } from './receiver.ts';
import type { WriterAnswer, WriterRequest } from './tree-writer.ts';

interface Transfer {
  readonly staging: string;
  readonly root: string;
  readonly receiver: Receiver;
  error?: Error;
}

const port = parentPort!;
const transfers = new Map<number, Transfer>();
const placements: (Placement & Placed)[] = [];
/** Directories that were made for exports, with the topmost one. */
const exportDirs: { readonly dir: string; readonly created: string }[] = [];

// One after the other: some of them wait.
let turn = Promise.resolve();
port.on('message', (request: WriterRequest) => {
  turn = turn.then(async () => {
    try {
      answer((await act(request)) ?? {});
    } catch (error) {
      answer({ error: (error as Error).message });
    }
  });
});

function answer(message: WriterAnswer): void {
  port.postMessage(message, message.frames ? [message.frames.buffer as ArrayBuffer] : []);
}

async function act(request: WriterRequest): Promise<WriterAnswer | undefined> {
  switch (request.kind) {
    case 'open': {
      const { staging, created } = await makeStaging(request.dest, 0o700);
      if (created) exportDirs.push({ dir: request.dest, created });
      const root = `${staging}/tree`;
      mkdirSync(onDisk(root), 0o700);
      transfers.set(request.transfer, { staging, root, receiver: new Receiver(root, staging, await xattrCalls()) });
      return;
    }
    case 'take':
      return take(transfers.get(request.transfer)!, request.messages);
    case 'drop': {
      const transfer = transfers.get(request.transfer);
      transfers.delete(request.transfer);
      if (transfer) remove(transfer);
      for (const { dir, created } of exportDirs) await removeEmptyDirs(dir, created);
      return;
    }
    case 'publish': {
      const trees = request.transfers.map((id) => transfers.get(id)!);
      const received = trees.map(({ root, receiver }) => ({ root, files: receiver.files }));
      const fresh = exportDirs.some(({ dir }) => dir === request.dest);
      const { dest, mirror } = request;
      const placement = placeTrees(received, dest, await xattrCalls(), fresh);
      placements.push({ ...placement, dest, mirror, files: received.flatMap(({ files }) => files) });
      return;
    }
    case 'keep': {
      exportDirs.length = 0;
      const finished = placements.splice(0);
      try {
        for (const placement of finished) placement.keep();
        deleteOthers(finished);
      } finally {
        for (const placement of finished) placement.close();
      }
      return;
    }
    case 'undo': {
      const left: string[] = [];
      for (const placement of placements.splice(0).reverse()) {
        left.push(...placement.undo());
        placement.close();
      }
      if (left.length > 0) throw new Error(`what could not be put back: ${left.join(', ')}`);
    }
  }
}

/** Takes messages, each preceded by its length. After an error nothing more is taken. */
function take(transfer: Transfer, messages: Uint8Array): WriterAnswer {
  if (transfer.error) throw transfer.error;
  try {
    return takeAll(transfer.receiver, messages);
  } catch (error) {
    transfer.error = error as Error;
    throw error;
  }
}

function takeAll(receiver: Receiver, messages: Uint8Array): WriterAnswer {
  const view = new DataView(messages.buffer, messages.byteOffset, messages.byteLength);
  for (let at = 0; at < messages.length; ) {
    const end = at + 4 + view.getUint32(at);
    receiver.take(messages.subarray(at + 4, end));
    at = end;
  }
  const frames = receiver.frames();
  return { ...(frames ? { frames } : {}), complete: receiver.complete, ended: receiver.ended };
}

function remove({ staging, root, receiver }: Transfer): void {
  receiver.close();
  try {
    rmSync(onDisk(staging), { recursive: true, force: true });
  } catch {
    // Directories that have their modes already may forbid it.
    for (const { path, mode } of receiver.files)
      if (isDirectory(mode))
        try {
          chmodSync(onDisk(`${root}/${path}`), 0o700);
        } catch {
          // It is gone.
        }
    rmSync(onDisk(staging), { recursive: true, force: true });
  }
}
