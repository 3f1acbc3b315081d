/** The graph of a target: its stages get names, and an order in which each comes after those it needs. */
import type { GraphJson, InstructionJson, Place, SourceJson, StageJson } from './protocol.ts';
import { usedContexts } from './settings.ts';

/** Gives the name of a node: of the stage that it becomes. */
export type NameOf = (node: Node) => string;

/** A base: an image, a source of its own, or nothing. */
export interface BaseNode {
  readonly kind: 'base';
  /** What stands after FROM; undefined for a source. */
  readonly image: string | undefined;
  /** The value of --platform; '' if absent. */
  readonly platform: string;
  /** The source; undefined for an image. */
  readonly source: ((nameOf: NameOf) => SourceJson) | undefined;
  /** Nodes that the source is made of. */
  readonly reads: readonly Node[];
  readonly places: readonly Place[];
}

/** A node with one more instruction, or with a name. */
interface StepNode {
  readonly kind: 'step';
  readonly parent: Node;
  /** undefined if this node only has a name. */
  readonly instruction: ((nameOf: NameOf) => InstructionJson) | undefined;
  /** Nodes that the instruction reads from. */
  readonly reads: readonly Node[];
  /** The name that the program gives the stage up to here; '' if it gives none. */
  readonly name: string;
  /**
   * Whether a stage that begins with this one, as FROM does, is the same as one that goes on: no instruction up to here
   * sets what a beginning sets anew (variables, arguments, triggers, what containers run).
   */
  readonly isSplittable: boolean;
}

/** A base of a stage, or a step on another node. */
export type Node = BaseNode | StepNode;

/** Nodes with the name that each should have. The last one is the target. */
export type Roots = readonly [...{ readonly node: Node; readonly name: string }[]];

/**
 * Instructions that a stage repeats of another one that it goes on with. Without a limit, chains would be as long as
 * their square.
 */
const maxRepeated = 50;

/** Makes the graph. `stageOf` gives the name of the stage that a root has become. */
export function graphOf(roots: Roots): { readonly graph: GraphJson; readonly stageOf: NameOf } {
  const order = visit(roots.map(({ node }) => node));
  const bases = findBases(order);
  const heads = findHeads(order, roots);
  const names = nameHeads(heads, roots, bases, namesOutside(order));
  const nameOf: NameOf = (node) => names.get(node)!;
  const stages: StageJson[] = [];
  const sources: Record<string, SourceJson> = {};
  const sourceNames = new Map<Node, string>();
  for (const head of order) {
    if (!heads.has(head)) continue;
    const instructions: InstructionJson[] = [];
    let node: Node = head;
    for (; node.kind === 'step'; node = node.parent) {
      const isLong = instructions.length >= maxRepeated && node.isSplittable && heads.has(node);
      if (node !== head && (node.name !== '' || isLong)) break;
      if (node.instruction) instructions.push(node.instruction(nameOf));
    }
    instructions.reverse();
    let base: string;
    let platform = '';
    if (node.kind === 'step') base = nameOf(node);
    else {
      const { image, source } = node;
      platform = node.platform;
      base = image ?? sourceNames.get(node) ?? `tsfront-source-${sourceNames.size + 1}`;
      if (source) {
        sourceNames.set(node, base);
        sources[base] ??= source(nameOf);
      }
    }
    stages.push({ name: nameOf(head), base, platform, places: bases.get(node)!.places, instructions });
  }
  return { graph: { stages, sources, target: nameOf(roots.at(-1)!.node) }, stageOf: nameOf };
}

/** The base of each node. */
function findBases(order: readonly Node[]): ReadonlyMap<Node, BaseNode> {
  const bases = new Map<Node, BaseNode>();
  for (const node of order) bases.set(node, node.kind === 'step' ? bases.get(node.parent)! : node);
  return bases;
}

/**
 * All nodes that the roots need, each after those it needs itself. Without recursion: chains are as long as programs
 * make them.
 */
function visit(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; isReady: boolean }[] = [];
  for (const root of roots) {
    stack.push({ node: root, isReady: false });
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.isReady) {
        order.push(top.node);
        continue;
      }
      if (seen.has(top.node)) continue;
      seen.add(top.node);
      stack.push({ node: top.node, isReady: true });
      const { reads } = top.node;
      for (let at = reads.length - 1; at >= 0; at--) stack.push({ node: reads[at]!, isReady: false });
      if (top.node.kind === 'step') stack.push({ node: top.node.parent, isReady: false });
    }
  }
  return order;
}

/**
 * The nodes with which stages end: the roots, what others copy or mount from, and what has a name. A stage continues
 * another one at a name, and otherwise only where that changes nothing: a stage begins with the settings of the one
 * before it, as in a Dockerfile, so what a target is may not depend on what else is built. What stages have in common
 * is the same ops, which are built once.
 */
function findHeads(order: readonly Node[], roots: Roots): Set<Node> {
  const heads = new Set(roots.map(({ node }) => node));
  for (const node of order) {
    for (const read of node.reads) heads.add(read);
    if (node.kind === 'step' && node.name !== '') heads.add(node);
  }
  return heads;
}

/**
 * Names that mean images and contexts, so that no stage may have them: it would be meant instead, or be replaced by
 * them.
 */
function namesOutside(order: readonly Node[]): ReadonlySet<string> {
  const images = order.flatMap((node) =>
    node.kind === 'base' && node.image !== undefined ? [node.image.replace(/:latest$/, '')] : [],
  );
  return new Set([...images, ...usedContexts()]);
}

/** Names of stages: the target's, those that the program gives, and for others one that tells their base. */
function nameHeads(
  heads: ReadonlySet<Node>,
  roots: Roots,
  bases: ReadonlyMap<Node, BaseNode>,
  outside: ReadonlySet<string>,
): Map<Node, string> {
  const names = new Map<Node, string>();
  const usedNames = new Set(outside);
  const numbers = new Map<string, number>();
  const give = (node: Node, wanted: string) => {
    let name = wanted;
    let number = numbers.get(wanted) ?? 2;
    for (; usedNames.has(name); number++) name = `${wanted}-${number}`;
    numbers.set(wanted, number);
    usedNames.add(name);
    names.set(node, name);
  };
  for (const { node, name } of roots) if (!names.has(node)) give(node, stageName(name));
  for (const node of heads) if (!names.has(node) && node.kind === 'step' && node.name !== '') give(node, node.name);
  for (const node of heads) if (!names.has(node)) give(node, `${plainNameOf(bases.get(node)!)}-stage`);
  return names;
}

/** A name that a stage can have, from the name of an export. */
export function stageName(name: string): string {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9-_.]/g, '-')
    .replace(/^[^a-z]+/, '');
  return plain === '' ? 'stage' : plain;
}

function plainNameOf({ image }: BaseNode): string {
  if (image === undefined) return 'source';
  const [, name = ''] = /([^/:@]+)(?::[^/@]*)?(?:@.*)?$/.exec(image) ?? [];
  return stageName(name);
}
