/**
 * The digests by which BuildKit knows the files of a local source (its package contenthash): a file's kind, mode, link
 * target, extended attributes and content count, and the names below the path that is taken. Times do not, and owners
 * are always root.
 */
import { createHash, hash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import type { ContextNode, ContextTree } from '../context/context-tree.ts';
import { type Selection, selectFiles } from '../context/select-files.ts';
import { isWildcard, type TakenPath } from '../daemonless/taken-paths.ts';
import {
  hasContents,
  isDirectory,
  isSymlink,
  ModeCharDevice,
  ModeDevice,
  ModeNamedPipe,
  toUnixPermissions,
} from '../go/file-mode.ts';
import { base, clean } from '../go/path.ts';
import { encodeText } from '../go/text.ts';
import { compareBytes } from '../go/unicode.ts';
import type { Turns } from '../host/turns.ts';
import { type InsideOf, insideOf, openBelowSync, openInsideSync } from '../system/open-inside.ts';
import { lineDigests, maxTextBytes } from './changed-lines.ts';
import type { DigestCache, FileDigests } from './digest-cache.ts';

/** What one file is, for a comparison of two states of a context. */
export interface FileIdentity {
  /** Kind and permissions, a digest of extended attributes, and the target of a link: see {@link readHeader}. */
  readonly header: string;
  /** Digest of the content; '' for a directory, and other nodes without content. */
  readonly content: string;
  /** Bytes of the content. */
  readonly size: number;
  /** Digests of the lines of a short text. */
  readonly lines: string | undefined;
}

/** Maximum length of the digests of lines of all files together, in characters. */
const maxLinesLength = 1 << 20;

/** The digests of a context. A file is read once, when its digest is first needed, unless a cache knows it. */
export class ContentHash {
  private readonly tree: ContextTree;
  /** Digests by the place of the node: of a file or link, or of all that is in a directory. */
  private readonly digests: (string | undefined)[] = [];
  private readonly contents: (string | undefined)[] = [];
  private readonly lines: (string | undefined)[] = [];
  private linesLeft = maxLinesLength;
  private readonly buffer = Buffer.allocUnsafe(1 << 20);
  private readonly cache: DigestCache | undefined;
  private open:
    | { readonly root: string; readonly path: string; readonly descriptor: number; readonly inside: InsideOf }
    | undefined;

  /** @param cache has digests of files that are as they were, and gets those of the others */
  constructor(tree: ContextTree, cache?: DigestCache) {
    this.tree = tree;
    this.cache = cache;
  }

  /** Closes what is open. */
  close(): void {
    if (this.open) closeSync(this.open.descriptor);
    this.open = undefined;
  }

  /**
   * The digest of what an instruction takes. Equal selections of equal files have equal digests.
   *
   * @throws Error if a file cannot be read, or has changed since the walk
   */
  async ofSelection(
    taken: TakenPath,
    turns: Turns,
  ): Promise<{ readonly digest: string; readonly selection: Selection }> {
    const selection = selectFiles(this.tree, taken, ({ fate }) => fate === 'sent');
    const { parts } = selection;
    const path = clean(`/${taken.path}`);
    if (!isWildcard({ ...taken, path }) && parts.every(({ only }) => only === undefined)) {
      const [part] = parts;
      return { digest: part ? await this.ofNode(part.node, turns) : 'missing', selection };
    }
    const entries: (readonly [path: string, digest: string])[] = [];
    for (const { node: root, only, match } of parts) {
      const rest = match?.rest ?? '';
      // Of a link that a pattern matches, what it leads to counts, under the name of the link.
      if (match && match.node !== root) {
        entries.push([rest, await this.ofNode(root, turns)]);
        continue;
      }
      if (!root.isDirectory) {
        entries.push([rest, this.ofFile(root)]);
        continue;
      }
      const members = only ?? this.tree.nodes.slice(root.index + 1, root.end).filter(({ fate }) => fate === 'sent');
      const wanted = new Set(members);
      // The directories of what is taken count with it.
      if (only)
        for (const member of members)
          for (let up = this.parentOf(member); up && up.index > root.index && !wanted.has(up); up = this.parentOf(up))
            wanted.add(up);
      // Of a whole context, the root has no header.
      if (root.entry !== undefined && (taken.include.length === 0 || wanted.size > 0))
        entries.push([rest, headerDigest(root)]);
      const from = root.path === '' ? 0 : root.path.length + 1;
      for (const node of [...wanted].sort((a, b) => a.index - b.index)) {
        if (turns.isDue()) await this.pause(turns);
        const digest = node.isDirectory ? headerDigest(node) : this.ofFile(node);
        entries.push([`${rest}/${node.path.slice(from)}`, digest]);
      }
    }
    return { digest: listDigest(path, entries), selection };
  }

  /** What a file is. */
  identity(node: ContextNode): FileIdentity {
    const hasContent = node.entry !== undefined && hasContents(node.entry.mode);
    return {
      header: writeHeader(node),
      content: hasContent ? this.contentOf(node) : '',
      size: node.size,
      lines: this.lines[node.index],
    };
  }

  private parents: (ContextNode | undefined)[] | undefined;

  private parentOf({ index }: ContextNode): ContextNode | undefined {
    if (!this.parents) {
      this.parents = [];
      for (const node of this.tree.nodes) for (const child of node.children.values()) this.parents[child.index] = node;
    }
    return this.parents[index];
  }

  private async ofNode(root: ContextNode, turns: Turns): Promise<string> {
    const known = this.digests[root.index];
    if (known !== undefined) return known;
    if (!root.isDirectory) return this.ofFile(root);
    const { nodes } = this.tree;
    // Files in the order of the walk, so that each directory is opened once.
    for (let i = root.index; i < root.end; i++) {
      const node = nodes[i]!;
      if (node.fate !== 'sent') i = node.end - 1;
      else if (!node.isDirectory) this.ofFile(node);
      if (turns.isDue()) await this.pause(turns);
    }
    // What is in a directory before the directory.
    for (let i = root.end - 1; i >= root.index; i--) {
      const node = nodes[i]!;
      if (!node.isDirectory || node.fate !== 'sent' || this.digests[i] !== undefined) continue;
      const hashed = new TextHash();
      hashed.add(`\0${headerDigest(node)}`);
      for (const child of node.children.values())
        if (child.fate === 'sent') hashed.add(`\0${child.name}${this.digests[child.index]!}`);
      this.digests[i] = hashed.digest();
    }
    return this.digests[root.index]!;
  }

  private async pause(turns: Turns): Promise<void> {
    this.cache?.saveIfDue();
    await turns.pass();
  }

  private ofFile(node: ContextNode): string {
    let digest = this.digests[node.index];
    if (digest === undefined) {
      this.read(node);
      digest = this.digests[node.index]!;
    }
    return digest;
  }

  private contentOf(node: ContextNode): string {
    if (this.contents[node.index] === undefined) this.read(node);
    return this.contents[node.index] ?? '';
  }

  private read(node: ContextNode): void {
    const { entry, size } = node;
    if (entry === undefined || !hasContents(entry.mode)) {
      this.digests[node.index] = `sha256:${hash('sha256', headerText(node, 0), 'hex')}`;
      this.contents[node.index] = '';
      return;
    }
    const attributes = attributesOf(node);
    const known = this.cache?.find(node, attributes);
    if (known) {
      this.keep(node, known);
      return;
    }
    const keeps = this.cache?.canKeep(node);
    const slash = node.path.lastIndexOf('/');
    const inside = this.directory(node.disk?.root ?? this.tree.root, slash < 0 ? '' : node.path.slice(0, slash));
    const descriptor = openBelowSync(inside, node.name);
    const header = headerText(node, size);
    try {
      const isSmall = header.length + size < this.buffer.length;
      const digests = isSmall ? this.hashAtOnce(node, header, descriptor) : this.hashInPieces(node, header, descriptor);
      if (keeps) this.cache!.keep(node, attributes, descriptor, digests);
      this.keep(node, digests);
    } finally {
      closeSync(descriptor);
    }
  }

  private keep({ index }: ContextNode, { whole, content, lines }: FileDigests): void {
    this.digests[index] = whole;
    this.contents[index] = content;
    if (lines === undefined || lines.length > this.linesLeft) return;
    this.linesLeft -= lines.length;
    this.lines[index] = lines;
  }

  /** Hashes a file that fits into the buffer after its header, with one byte to spare: one call for each digest. */
  private hashAtOnce(node: ContextNode, header: Uint8Array, descriptor: number): FileDigests {
    const { size } = node;
    const start = header.length;
    this.buffer.set(header);
    let total = 0;
    let count: number;
    do {
      // One byte more than there should be shows that the file has grown.
      count = readSync(descriptor, this.buffer, start + total, size + 1 - total, null);
      total += count;
    } while (count > 0 && total < size);
    if (total !== size) throw new Error(`${node.path} has changed meanwhile`);
    const data = this.buffer.subarray(start, start + size);
    return {
      whole: `sha256:${hash('sha256', this.buffer.subarray(0, start + size), 'hex')}`,
      content: shortHash(data),
      lines: size <= maxTextBytes && this.linesLeft > 0 ? lineDigests(data) : undefined,
    };
  }

  private hashInPieces(node: ContextNode, header: Uint8Array, descriptor: number): FileDigests {
    const whole = createHash('sha256').update(header);
    const content = createHash('sha256');
    let total = 0;
    // A file that grows without an end has an end here.
    while (total <= node.size) {
      const count = readSync(descriptor, this.buffer, 0, this.buffer.length, null);
      if (count === 0) break;
      const data = this.buffer.subarray(0, count);
      whole.update(data);
      content.update(data);
      total += count;
    }
    if (total !== node.size) throw new Error(`${node.path} has changed meanwhile`);
    return { whole: `sha256:${whole.digest('hex')}`, content: content.digest('hex').slice(0, 16), lines: undefined };
  }

  private directory(root: string, path: string): InsideOf {
    if (this.open?.path === path && this.open.root === root) return this.open.inside;
    this.close();
    const descriptor = openInsideSync(root, path);
    const inside = insideOf(descriptor, path === '' ? root : `${root === '/' ? '' : root}/${path}`);
    this.open = { root, path, descriptor, inside };
    return inside;
  }
}

/** The digest of several files: each path, with zero bytes in place of its slashes, and its digest. */
function listDigest(path: string, entries: readonly (readonly [path: string, digest: string])[]): string {
  const [first] = entries;
  // One file of the same name is known as when it is taken alone.
  if (first && entries.length === 1 && base(first[0] || path) === base(path)) return first[1];
  const hashed = new TextHash();
  for (const [name, digest] of entries) hashed.add(`${name === '' ? '\0' : name.replaceAll('/', '\0')}${digest}`);
  return hashed.digest();
}

/** Hashes many short texts: a call for each takes longer than the hash. */
class TextHash {
  private readonly hashed = createHash('sha256');
  private text = '';

  /** @param text in the form of go/text.ts */
  add(text: string): void {
    this.text += text;
    if (this.text.length > 1 << 16) this.flush();
  }

  /** `sha256:…` */
  digest(): string {
    this.flush();
    return `sha256:${this.hashed.digest('hex')}`;
  }

  private flush(): void {
    this.hashed.update(encodeText(this.text));
    this.text = '';
  }
}

function headerDigest(node: ContextNode): string {
  // The root of a source has no header.
  const text = node.entry === undefined ? '' : headerText(node, 0);
  return `sha256:${hash('sha256', text, 'hex')}`;
}

/** The header of a file in the form of the first tarsum: names and values, without the time. */
function headerText({ entry, target }: ContextNode, size: number): Uint8Array {
  if (!entry) return new Uint8Array();
  const { mode, devmajor, devminor, xattrs } = entry;
  const fields = [
    `name`,
    `mode${toUnixPermissions(mode)}`,
    'uid0',
    'gid0',
    `size${size}`,
    `typeflag${typeFlag(mode)}`,
    `linkname${target}`,
    'uname',
    'gname',
    `devmajor${devmajor}`,
    `devminor${devminor}`,
  ];
  const parts = [encodeText(fields.join(''))];
  for (const [name, value] of [...(xattrs ?? [])].sort(([a], [b]) => compareBytes(a, b))) {
    if (name !== 'security.capability' && /^(?:security|system)\./.test(name)) continue;
    parts.push(encodeText(name), value);
  }
  return Buffer.concat(parts);
}

/** What a header says. */
export interface FileHeader {
  /** `file`, `directory`, `link`, `device` or `pipe`. */
  readonly kind: string;
  /** Permissions in octal digits. */
  readonly mode: string;
  /** Digest of device numbers and extended attributes; '' without them. */
  readonly attributes: string;
  /** The target of a link; '' for others. */
  readonly target: string;
}

const kinds: Readonly<Record<string, string>> = {
  '0': 'file',
  '2': 'link',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'pipe',
};

/** The header of a file as a record has it: `file 644`, `link 777 -> TARGET`, `file 755 (DIGEST)`. */
function writeHeader(node: ContextNode): string {
  const { entry, target } = node;
  if (!entry) return '';
  const { mode } = entry;
  const attributes = attributesOf(node);
  const others = attributes === '' ? '' : ` (${attributes})`;
  const link = target === '' ? '' : ` -> ${target}`;
  return `${kinds[typeFlag(mode)]} ${(toUnixPermissions(mode) & 0o7777).toString(8)}${others}${link}`;
}

/** Tells device numbers and extended attributes apart; '' without them. */
function attributesOf(node: ContextNode): string {
  const { devmajor = 0, devminor = 0, xattrs } = node.entry ?? {};
  return devmajor !== 0 || devminor !== 0 || (xattrs?.size ?? 0) > 0 ? shortHash(headerText(node, 0)) : '';
}

/** Reads a header of a record. */
export function readHeader(header: string): FileHeader {
  const [, kind = '', mode = '', attributes = '', target = ''] =
    /^(\w+) ([0-7]+)(?: \((\w+)\))?(?: -> (.*))?$/s.exec(header) ?? [];
  return { kind, mode: mode.padStart(4, '0'), attributes, target };
}

function typeFlag(mode: number): string {
  if (isDirectory(mode)) return '5';
  if (isSymlink(mode)) return '2';
  if (mode & ModeCharDevice) return '3';
  if (mode & ModeDevice) return '4';
  return mode & ModeNamedPipe ? '6' : '0';
}

/** The first 64 bits of a digest, for what is only compared with itself. */
export function shortHash(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex').slice(0, 16);
}
