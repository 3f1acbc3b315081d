/** Counts files and bytes of parts of a context, each part in a time that does not depend on its size. */
import type { ContextNode, ContextTree } from './context-tree.ts';
import type { Selection, Visible } from './select-files.ts';

/** A number of files, and their size. */
export interface Amount {
  /** Files and links; a directory is not counted. */
  readonly files: number;
  /** Bytes of their content. A file with several names counts for each. */
  readonly bytes: number;
}

/** The sum of amounts. */
export function addAmounts(amounts: Iterable<Amount>): Amount {
  let [files, bytes] = [0, 0];
  for (const amount of amounts) {
    files += amount.files;
    bytes += amount.bytes;
  }
  return { files, bytes };
}

/** The amounts of the nodes of a tree that exist for an instruction. */
export class Totals {
  private readonly tree: ContextTree;
  private readonly isVisible: Visible;
  /** Of all nodes before each. */
  private readonly files: Float64Array;
  private readonly bytes: Float64Array;

  constructor(tree: ContextTree, isVisible: Visible) {
    const { nodes } = tree;
    this.tree = tree;
    this.isVisible = isVisible;
    this.files = new Float64Array(nodes.length + 1);
    this.bytes = new Float64Array(nodes.length + 1);
    for (const [i, node] of nodes.entries()) {
      const counts = !node.isDirectory && isVisible(node);
      this.files[i + 1] = this.files[i]! + (counts ? 1 : 0);
      this.bytes[i + 1] = this.bytes[i]! + (counts ? node.size : 0);
    }
  }

  /** A file, or all that is in a directory. */
  below({ index, end }: ContextNode): Amount {
    return { files: this.files[end]! - this.files[index]!, bytes: this.bytes[end]! - this.bytes[index]! };
  }

  /** What is selected; what several parts have counts once. */
  amountOf(selection: Selection): Amount {
    const amounts: Amount[] = [];
    for (const { from, to } of rangesOf(selection))
      amounts.push({ files: this.files[to]! - this.files[from]!, bytes: this.bytes[to]! - this.bytes[from]! });
    return addAmounts(amounts);
  }

  /** The files of a selection. */
  list(selection: Selection): { path: string; bytes: number }[] {
    const files: { path: string; bytes: number }[] = [];
    for (const { from, to } of rangesOf(selection))
      for (let i = from; i < to; i++) {
        const node = this.tree.nodes[i]!;
        if (!node.isDirectory && this.isVisible(node)) files.push({ path: node.path, bytes: node.size });
      }
    return files;
  }

  /** The files of a selection, with a directory and a slash in place of all that is in it. */
  pathsOf({ parts }: Selection): string[] {
    const paths = new Set<string>();
    const add = (node: ContextNode) => {
      if (!node.isDirectory) paths.add(node.path);
      else paths.add(node.path === '' ? './' : `${node.path}/`);
    };
    for (const { node: root, only } of parts) {
      const files = only?.filter((node) => !node.isDirectory && this.isVisible(node)).map(({ index }) => index) ?? [];
      const isWhole = (node: ContextNode) =>
        placeOf(files, node.end) - placeOf(files, node.index) === this.below(node).files;
      if (!only || isWhole(root)) {
        add(root);
        continue;
      }
      let end = 0;
      for (const node of only) {
        if (node.index < end || (node.isDirectory && !isWhole(node))) continue;
        add(node);
        end = node.end;
      }
    }
    return [...paths];
  }
}

/** The number of members of a sorted list that are less than a value. */
function placeOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The places of the selected nodes, in order and apart. */
function rangesOf({ parts }: Selection): Range[] {
  const ranges = parts
    .flatMap(({ node, only }): Range[] =>
      only ? only.map(({ index }) => ({ from: index, to: index + 1 })) : [{ from: node.index, to: node.end }],
    )
    .sort((a, b) => a.from - b.from);
  const apart: Range[] = [];
  let last = 0;
  for (const { from, to } of ranges) {
    if (to <= last) continue;
    apart.push({ from: Math.max(from, last), to });
    last = to;
  }
  return apart;
}

/** The nodes that instructions take. */
export class Coverage {
  private readonly tree: ContextTree;
  /** How much the number of instructions changes at each node. */
  private readonly changes: Int32Array;
  /** The number of taken nodes before each; made when it is asked for. */
  private before: Int32Array | undefined;

  constructor(tree: ContextTree) {
    this.tree = tree;
    this.changes = new Int32Array(tree.nodes.length + 1);
  }

  add(selection: Selection): void {
    this.before = undefined;
    for (const { from, to } of rangesOf(selection)) this.mark(from, to);
    for (const { index } of selection.links) this.mark(index, index + 1);
  }

  private mark(from: number, to: number): void {
    this.changes[from]! += 1;
    this.changes[to]! -= 1;
  }

  private counts(): Int32Array {
    if (this.before) return this.before;
    const before = new Int32Array(this.changes.length);
    let takers = 0;
    for (let i = 0; i + 1 < before.length; i++) {
      takers += this.changes[i]!;
      before[i + 1] = before[i]! + (takers > 0 ? 1 : 0);
    }
    return (this.before = before);
  }

  /** Whether an instruction takes the node itself. */
  covers({ index }: ContextNode): boolean {
    const before = this.counts();
    return before[index + 1]! > before[index]!;
  }

  /** Whether an instruction takes the node or something in it. */
  coversIn({ index, end }: ContextNode): boolean {
    const before = this.counts();
    return before[end]! > before[index]!;
  }

  /** What is taken. */
  amount(isVisible: Visible): Amount {
    let [files, bytes] = [0, 0];
    for (const node of this.tree.nodes)
      if (!node.isDirectory && isVisible(node) && this.covers(node)) {
        files++;
        bytes += node.size;
      }
    return { files, bytes };
  }

  /** The nodes of which nothing is taken, without those in others. */
  unused(isVisible: Visible): ContextNode[] {
    const { nodes } = this.tree;
    const unused: ContextNode[] = [];
    for (let i = 1; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (!isVisible(node)) i = node.end - 1;
      else if (!this.coversIn(node)) {
        unused.push(node);
        i = node.end - 1;
      }
    }
    return unused;
  }
}
