/**
 * Makes files, directories, links and devices in a private directory as the entries of a listing say, with blocking
 * calls.
 */
import { closeSync, fchmodSync, futimesSync, linkSync, mkdirSync, openSync, renameSync, symlinkSync } from 'node:fs';
import {
  isDirectory,
  isSymlink,
  ModeCharDevice,
  ModeDevice,
  ModeNamedPipe,
  toUnixPermissions,
} from '../../go/file-mode.ts';
import { onDisk } from '../../system/file-name.ts';
import { complaintOf, runSubprocessSync } from '../../system/subprocess.ts';
import { printableLine } from '../../text/printable.ts';
import type { FileEntry } from '../../tree/walk.ts';
import type { XattrCalls } from '../../tree/xattr.ts';
import { applyMetadata, applyXattrs, fileTime } from './apply-metadata.ts';

/** A file that is being written. */
export interface OpenFile {
  readonly path: string;
  readonly handle: number;
}

/** Writes the entries of one transfer. */
export class EntryWriter {
  private readonly root: string;
  private readonly scratch: string;
  private readonly xattrs: XattrCalls | undefined;
  /** Files made in the scratch directory. */
  private made = 0;

  /** @param root an empty directory @param scratch a directory for files that get their name later */
  constructor(root: string, scratch: string, xattrs: XattrCalls | undefined) {
    this.root = root;
    this.scratch = scratch;
    this.xattrs = xattrs;
  }

  /** Opens a new file for its contents. */
  open(entry: FileEntry): OpenFile {
    const path = entry.xattrs?.size ? this.birthplace(entry.path) : this.place(entry.path);
    return { path, handle: openSync(onDisk(path), 'wx', 0o600) };
  }

  /** Closes a file that has its contents, and gives it its attributes, mode, time and name. */
  finish(entry: FileEntry, file: OpenFile): void {
    try {
      applyXattrs(file.path, entry, this.xattrs);
      fchmodSync(file.handle, toUnixPermissions(entry.mode));
      const time = fileTime(entry.modTime);
      futimesSync(file.handle, time, time);
    } finally {
      closeSync(file.handle);
    }
    this.nameIt(file.path, entry.path);
  }

  /** Gives an existing file a further name. */
  link(entry: FileEntry): void {
    linkSync(onDisk(this.place(entry.linkname)), onDisk(this.place(entry.path)));
  }

  /** Makes what has no contents. */
  makeSpecial(entry: FileEntry): void {
    const { mode } = entry;
    if (isDirectory(mode)) {
      mkdirSync(onDisk(this.place(entry.path)), 0o700); // its own mode comes last: it might forbid to write
    } else if (isSymlink(mode)) {
      const file = entry.xattrs?.size ? this.birthplace(entry.path) : this.place(entry.path);
      symlinkSync(onDisk(entry.linkname), onDisk(file));
      applyMetadata(file, entry, this.xattrs);
      this.nameIt(file, entry.path);
    } else if (mode & (ModeDevice | ModeNamedPipe)) {
      this.makeDevice(entry);
    } else {
      throw new Error('unknown kind of file');
    }
  }

  private makeDevice(entry: FileEntry): void {
    const { mode } = entry;
    const kind = mode & ModeNamedPipe ? 'p' : mode & ModeCharDevice ? 'c' : 'b';
    const numbers = kind === 'p' ? [] : [String(entry.devmajor), String(entry.devminor)];
    const file = this.birthplace(entry.path);
    // Node cannot make device files.
    try {
      runSubprocessSync('mknod', ['--', file, kind, ...numbers]);
    } catch (error) {
      throw new Error(`failed to create device: ${printableLine(complaintOf(error))}`);
    }
    applyMetadata(file, entry, this.xattrs);
    this.nameIt(file, entry.path);
  }

  private place(name: string): string {
    return `${this.root}/${name}`;
  }

  /** A temporary name for calls and programs that only accept text: a name that is not UTF-8 is set afterwards. */
  private birthplace(name: string): string {
    return name.isWellFormed() ? this.place(name) : `${this.scratch}/${this.made++}`;
  }

  private nameIt(file: string, name: string): void {
    if (file !== this.place(name)) renameSync(onDisk(file), onDisk(this.place(name)));
  }
}
