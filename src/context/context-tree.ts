/** The files of a local source on disk, and what happens to each: sent, dropped by an ignore rule, or not asked for. */
import type { LocalSource } from '../daemonless/taken-paths.ts';
import { hasContents, isDirectory, isSymlink } from '../go/file-mode.ts';
import { createPatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { ShortError } from '../text/short-error.ts';
import { createFilter } from '../tree/filter.ts';
import {
  type FileEntry,
  type FilesElsewhere,
  type PathDecision,
  type PathFilter,
  resolveRoot,
  walk,
} from '../tree/walk.ts';

/**
 * What happens to a file: `sent` to the daemon, `ignored` by a rule of the ignore file, or `unasked`: no instruction
 * needs it, so BuildKit does not ask for it.
 */
export type Fate = 'sent' | 'ignored' | 'unasked';

/** By what the system knows a file, and when it was changed last, in nanoseconds since the epoch. */
export interface OnDisk {
  readonly device: bigint;
  readonly inode: bigint;
  readonly changeTime: bigint;
  /** The real path of the tree that it is read from. */
  readonly root: string;
}

/** A file, link or directory of a context. */
export interface ContextNode {
  /** From the root of the context, slash-separated; '' for the root. */
  readonly path: string;
  /** The last element of the path. */
  readonly name: string;
  /** As it is sent; undefined for the root. */
  readonly entry: FileEntry | undefined;
  /** Of a file that is sent. */
  readonly disk: OnDisk | undefined;
  readonly isDirectory: boolean;
  /** Target of a symbolic link; '' for everything else. */
  readonly target: string;
  /** Bytes of the content; a file with several names has them for each. */
  readonly size: number;
  readonly fate: Fate;
  /** For `ignored`: the index of the pattern that decides. */
  readonly rule: number;
  /** Children by name, in the order of their bytes. */
  readonly children: Map<string, ContextNode>;
  /** Its place in `nodes`. */
  readonly index: number;
  /** The place in `nodes` after its last descendant. */
  end: number;
}

/** The files of a local source. */
export interface ContextTree {
  readonly source: LocalSource;
  /** The real path of the directory. */
  readonly root: string;
  /** Every node, directories before what they contain, in the order of bytes; the first is the root. */
  readonly nodes: readonly ContextNode[];
  /** Whether directories of which nothing is sent have more files than were counted. */
  readonly isCut: boolean;
}

/** Maximum number of files, links and directories. */
const maxNodes = 2_000_000;
/** Once this many are not sent, directories of which nothing is sent are no longer entered. */
const maxNotSent = 500_000;

interface State {
  readonly ignoring: PathDecision | undefined;
  readonly asking: PathDecision | undefined;
  readonly fate: Fate;
  readonly rule: number;
}

/** The error for a directory with more files than are wanted. */
export class TooManyFiles extends ShortError {
  override readonly name = 'TooManyFiles';
}

/**
 * Walks a directory once, as a transfer does: no link leads out of it, and names are bytes.
 *
 * @param limit maximum number of files, links and directories; 2,000,000 if absent
 * @param elsewhere gives the files that count as if they were in it. @param root its real path
 * @throws TooManyFiles for more; Error if the directory or one in it cannot be read, and for an invalid pattern
 */
export async function readContextTree(
  dir: string,
  source: LocalSource,
  signal?: AbortSignal,
  limit = maxNodes,
  elsewhere?: (root: string) => FilesElsewhere | undefined,
): Promise<ContextTree> {
  const root = await resolveRoot(dir);
  const { include, exclude, follow } = source;
  const ignoring = await createFilter(root, { exclude });
  const asking = await createFilter(root, { include, follow });
  const matcher = createPatternMatcher(exclude);
  const states = new Map<string, State>();
  const nodes: Writable<ContextNode>[] = [rootNode()];
  const byPath = new Map([['', nodes[0]!]]);
  let notSent = 0;
  let isCut = false;

  const filter: PathFilter<State> = {
    decide(path, isDirectory, parent) {
      const ignoreDecision = inherit(ignoring, path, isDirectory, parent, parent?.ignoring);
      const askDecision = inherit(asking, path, isDirectory, parent, parent?.asking);
      const isIgnored = ignoreDecision?.listed === false;
      const fate = isIgnored ? 'ignored' : askDecision?.listed === false ? 'unasked' : 'sent';
      const isInherited = parent?.fate === 'ignored' && parent.ignoring?.descend === false;
      const rule = !isIgnored ? -1 : isInherited ? parent.rule : matcher.decidingPattern(path);
      const state: State = { ignoring: ignoreDecision, asking: askDecision, fate, rule };
      states.set(path, state);
      if (fate !== 'sent') notSent++;
      const maySend = ignoreDecision?.descend !== false && askDecision?.descend !== false;
      const descend = maySend || notSent < maxNotSent;
      isCut ||= isDirectory && !descend;
      return { listed: true, descend, state };
    },
  };
  await walk(
    root,
    (entry, { dev: device, ino: inode, ctimeNs: changeTime }, root) => {
      const { fate, rule } = states.get(entry.path)!;
      states.delete(entry.path);
      if (nodes.length > limit) throw new TooManyFiles(`${dir} has more than ${limit} files, the limit`);
      const disk = fate === 'sent' && hasContents(entry.mode) ? { device, inode, changeTime, root } : undefined;
      add(nodes, byPath, entry, disk, fate, rule);
      return undefined;
    },
    filter,
    signal,
    elsewhere?.(root),
  );
  finish(nodes);
  return { source, root, nodes, isCut };
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The decision about a path; below a directory that a filter does not enter, it is that of the directory. */
function inherit(
  filter: PathFilter | undefined,
  path: string,
  isDirectory: boolean,
  parent: State | undefined,
  ofParent: PathDecision | undefined,
): PathDecision | undefined {
  if (!filter) return undefined;
  if (parent && ofParent && !ofParent.descend) return ofParent;
  return filter.decide(path, isDirectory, ofParent?.state);
}

function rootNode(): Writable<ContextNode> {
  const children = new Map<string, ContextNode>();
  const place = { children, index: 0, end: 1, size: 0, rule: -1 };
  return {
    path: '',
    name: '',
    entry: undefined,
    disk: undefined,
    isDirectory: true,
    target: '',
    fate: 'unasked',
    ...place,
  };
}

/** A map for each file would be half of a tree. */
const noChildren: Map<string, ContextNode> = new Map();

function add(
  nodes: Writable<ContextNode>[],
  byPath: Map<string, Writable<ContextNode>>,
  entry: FileEntry,
  disk: OnDisk | undefined,
  fate: Fate,
  rule: number,
): void {
  const { path, mode, linkname } = entry;
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const isLink = isSymlink(mode);
  // The further names of a file are sent as links to the first one.
  const first = linkname !== '' && !isLink ? byPath.get(linkname) : undefined;
  const node: Writable<ContextNode> = {
    path,
    name,
    entry,
    disk,
    isDirectory: isDirectory(mode),
    target: isLink ? linkname : '',
    size: first ? first.size : isLink ? 0 : entry.size,
    fate,
    rule,
    children: isDirectory(mode) ? new Map() : noChildren,
    index: nodes.length,
    end: nodes.length + 1,
  };
  byPath.get(slash < 0 ? '' : path.slice(0, slash))!.children.set(name, node);
  byPath.set(path, node);
  nodes.push(node);
}

/** A directory in which something is sent is sent itself; then every directory gets its end. */
function finish(nodes: readonly Writable<ContextNode>[]): void {
  nodes[0]!.fate = 'sent';
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    for (const child of node.children.values()) {
      if (child.end > node.end) node.end = child.end;
      if (child.fate === 'sent') node.fate = 'sent';
    }
  }
}
