/**
 * The receiver's side of fsutil's transfer protocol, with blocking calls: it runs in a thread of its own. The sender is
 * not trusted: everything is written to a private directory, in which a link is never a parent.
 */
import { closeSync, writeSync } from 'node:fs';
import { hasContents } from '../../go/file-mode.ts';
import { printable } from '../../text/printable.ts';
import type { FileEntry } from '../../tree/walk.ts';
import type { XattrCalls } from '../../tree/xattr.ts';
import { type Metadata, systemReason } from './apply-metadata.ts';
import { EntryWriter, type OpenFile } from './entry-writer.ts';
import { createOrderCheck, quoteName } from './order-check.ts';
import { decodePacket } from './packet.ts';
import { PacketBuffer, PacketType } from './packet-buffer.ts';

/** Files that are asked for at the same time. The sender reads a few of them at once. */
const requests = 1024;

/** A file that was received; directories get their attributes, modes and times when they are in place. */
export interface ReceivedFile extends Metadata {
  readonly path: string;
  readonly size: number;
}

/** A file that was asked for. */
interface Wanted {
  readonly entry: FileEntry;
  /** Open from the first bytes on. */
  file: OpenFile | undefined;
  received: number;
}

/** One transfer. */
export class Receiver {
  /** In the order of the listing. */
  readonly files: ReceivedFile[] = [];
  /** Whether all has arrived. */
  complete = false;
  /** Whether the sender has said that it knows. */
  ended = false;
  private readonly writer: EntryWriter;
  private readonly check = createOrderCheck();
  private readonly buffer = new PacketBuffer(16 << 10);
  /** Further names of files, which need the first one to be there. */
  private readonly links: FileEntry[] = [];
  /** Files not yet asked for, from `next` on. */
  private readonly waiting: [id: number, entry: FileEntry][] = [];
  private next = 0;
  private readonly asked = new Map<number, Wanted>();
  /** The list of files is complete. */
  private listed = false;

  /** @param root an empty directory @param scratch a directory for files that get their name later */
  constructor(root: string, scratch: string, xattrs: XattrCalls | undefined) {
    this.writer = new EntryWriter(root, scratch, xattrs);
  }

  /** Takes a packet of the sender. @throws Error if the sender fails or breaks the rules */
  take(message: Uint8Array): void {
    const packet = decodePacket(message);
    if (packet.type === PacketType.Stat) this.takeStat(packet.stat);
    else if (packet.type === PacketType.Data) this.takeData(packet.id, packet.data);
    else if (packet.type === PacketType.Error)
      throw new Error(`error from sender: ${printable(Buffer.from(packet.data).toString())}`);
    else if (packet.type === PacketType.Fin) this.takeFin();
  }

  /** Framed packets to send; undefined if absent. */
  frames(): Buffer | undefined {
    return this.buffer.length > 0 ? this.buffer.take() : undefined;
  }

  close(): void {
    for (const { file } of this.asked.values()) if (file) closeSync(file.handle);
    this.asked.clear();
  }

  private takeStat(entry: FileEntry | undefined): void {
    if (this.listed) throw new Error('more files after the end of the list');
    if (entry) this.takeEntry(entry);
    else {
      this.listed = true;
      this.askForMore();
    }
  }

  private takeEntry(entry: FileEntry): void {
    this.check(entry);
    const id = this.files.length;
    const { path, mode, size, modTime, xattrs } = entry;
    this.files.push({ path, mode, size, modTime, ...(xattrs?.size ? { xattrs } : {}) });
    if (!hasContents(mode)) {
      attempt(entry, () => this.writer.makeSpecial(entry));
    } else if (entry.linkname !== '') {
      this.links.push(entry);
    } else if (size === 0) {
      attempt(entry, () => this.writer.finish(entry, this.writer.open(entry))); // what it holds is known
    } else {
      this.waiting.push([id, entry]);
      this.askForMore();
    }
  }

  private takeData(id: number, data: Uint8Array): void {
    const pending = this.asked.get(id);
    if (!pending) throw new Error(`data for a file that was not asked for (${id})`);
    const { entry } = pending;
    pending.received += data.length;
    if (pending.received > entry.size || (data.length === 0 && pending.received !== entry.size))
      throw new Error(`${quoteName(entry.path)} has ${pending.received} bytes or more instead of ${entry.size}`);
    attempt(entry, () => {
      pending.file ??= this.writer.open(entry);
      for (let at = 0; at < data.length; ) at += writeSync(pending.file.handle, data, at);
      if (data.length > 0) return;
      const { file } = pending;
      pending.file = undefined;
      this.asked.delete(id);
      this.writer.finish(entry, file);
    });
    if (data.length === 0) this.askForMore();
  }

  private takeFin(): void {
    if (!this.complete) throw new Error('the sender finished before it had sent everything');
    this.ended = true;
  }

  private askForMore(): void {
    const { waiting, asked } = this;
    for (; this.next < waiting.length && asked.size < requests; this.next++) {
      const [id, entry] = waiting[this.next]!;
      asked.set(id, { entry, file: undefined, received: 0 });
      this.buffer.packet(PacketType.Request, id, noBytes);
    }
    if (this.next === waiting.length) {
      waiting.length = 0;
      this.next = 0;
    }
    if (this.listed && asked.size === 0 && !this.complete) this.completeAll();
  }

  private completeAll(): void {
    for (const entry of this.links) attempt(entry, () => this.writer.link(entry));
    this.complete = true;
    this.buffer.packet(PacketType.Fin, 0, noBytes);
  }
}

const noBytes = new Uint8Array(0);

/** Names the file that a call has failed for. */
function attempt(entry: FileEntry, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw new Error(`cannot write ${quoteName(entry.path)}: ${systemReason(error)}`, { cause: error });
  }
}
