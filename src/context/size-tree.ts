/** The largest files and directories of a context. */
import type { Amount, Totals } from './amounts.ts';
import type { ContextNode, ContextTree } from './context-tree.ts';

/** A directory or file with its size. */
export interface SizeNode extends Amount {
  /** From the root of the context; a directory ends with a slash. */
  readonly path: string;
  /** The largest things in the directory; empty for a file. */
  readonly children: readonly SizeNode[];
  /** What else the directory has. */
  readonly rest: Amount;
}

/** Number of files and directories that are shown. */
const maxShown = 20;
/** A directory is opened if it has at least this part of all bytes. */
const leastPart = 0.05;

/** The largest files and directories that are sent, a tree of about 20: the largest directory is opened first. */
export function sizeTree({ nodes }: ContextTree, sent: Totals): SizeNode[] {
  const root = nodes[0]!;
  const total = sent.below(root).bytes;
  const opened = new Map<ContextNode, ContextNode[]>();
  const closed: ContextNode[] = [];
  let shown = 0;
  const open = (node: ContextNode) => {
    const least = Math.min(total * leastPart, sent.below(node).bytes / 2);
    const large = [...node.children.values()]
      .filter((child) => child.fate === 'sent' && sent.below(child).files > 0)
      .sort((a, b) => sent.below(b).bytes - sent.below(a).bytes)
      .filter((child, index) => index < 3 || sent.below(child).bytes >= least)
      .slice(0, Math.max(1, maxShown - shown));
    opened.set(node, large);
    shown += large.length;
    closed.push(...large.filter((child) => child.isDirectory));
  };
  open(root);
  while (shown < maxShown && closed.length > 0) {
    const next = closed.reduce((most, it) => (sent.below(it).bytes > sent.below(most).bytes ? it : most));
    closed.splice(closed.indexOf(next), 1);
    if (sent.below(next).bytes < total * leastPart) break;
    open(next);
  }
  // The number of levels is bounded by what is shown.
  const toSize = (node: ContextNode): SizeNode => {
    const children = (opened.get(node) ?? []).map(toSize);
    const whole = sent.below(node);
    const rest = { files: 0, bytes: 0 };
    if (opened.has(node)) {
      rest.files = whole.files - children.reduce((sum, { files }) => sum + files, 0);
      rest.bytes = whole.bytes - children.reduce((sum, { bytes }) => sum + bytes, 0);
    }
    return { path: node.isDirectory ? `${node.path}/` : node.path, ...whole, children, rest };
  };
  return [...toSize(root).children];
}
