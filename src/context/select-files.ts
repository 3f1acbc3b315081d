/** The files of a context that COPY, ADD and mounts take, by the rules of BuildKit's file copy. */
import { isWildcard, type TakenPath } from '../daemonless/taken-paths.ts';
import { hasWildcard, matchesPath } from '../go/match.ts';
import { clean } from '../go/path.ts';
import { createPatternMatcher, type ParentMatches, type PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import type { ContextNode, ContextTree } from './context-tree.ts';

/** Whether a node exists for the instruction. */
export type Visible = (node: ContextNode) => boolean;

/** A part of a context. */
interface Selected {
  /** The root of the part: what the path of the instruction, or a match of it, leads to. */
  readonly node: ContextNode;
  /** Of a match of a pattern: the link or file itself, and its path after the fixed part of the pattern: `/a.txt`. */
  readonly match: { readonly node: ContextNode; readonly rest: string } | undefined;
  /** What of it is taken; undefined for everything below it. */
  readonly only: readonly ContextNode[] | undefined;
}

/** What a path selects. */
export interface Selection {
  readonly parts: readonly Selected[];
  /** Links on the way to it, which have to be sent too. */
  readonly links: readonly ContextNode[];
}

/** Maximum number of links on the way to a file, as in BuildKit. */
const maxLinks = 255;

/** Finds what a path takes. Nothing, if it does not exist. */
export function selectFiles(tree: ContextTree, taken: TakenPath, isVisible: Visible): Selection {
  const links: ContextNode[] = [];
  const root = tree.nodes[0]!;
  const path = clean(`/${taken.path}`);
  const candidates: Pick<Selected, 'node' | 'match'>[] = [];
  const follow = (from: string, match?: Selected['match']) => {
    const node = resolvePath(root, from, taken.followLinks, isVisible, links);
    if (node) candidates.push({ node, match });
  };
  if (!isWildcard({ ...taken, path })) follow(path);
  else {
    const parts = path.slice(1).split('/');
    const first = parts.findIndex(hasWildcard);
    const base = resolvePath(root, `/${parts.slice(0, first).join('/')}`, taken.followLinks, isVisible, links);
    for (const match of base ? matches(tree, base, parts.slice(first), isVisible) : [])
      follow(`/${match.path}`, {
        node: match,
        rest: `/${match.path}`.slice(base!.path === '' ? 0 : base!.path.length + 1),
      });
  }
  const { include, exclude } = taken;
  if (include.length === 0 && exclude.length === 0)
    return { parts: candidates.map((part) => ({ ...part, only: undefined })), links };
  const included = include.length > 0 ? createPatternMatcher(include) : undefined;
  const excluded = exclude.length > 0 ? createPatternMatcher(exclude) : undefined;
  return {
    parts: candidates.map((part) => ({ ...part, only: filtered(tree, part.node, included, excluded, isVisible) })),
    links,
  };
}

/**
 * The node that a path leads to, with the root of the context as the root of the file system; undefined if it does not
 * exist.
 *
 * @param trailing whether a link at the end is followed
 * @param links receives the links on the way
 */
function resolvePath(
  root: ContextNode,
  path: string,
  trailing: boolean,
  isVisible: Visible,
  links: ContextNode[] = [],
): ContextNode | undefined {
  const way: ContextNode[] = [root];
  const rest = path.split('/').reverse();
  for (let followed = 0; rest.length > 0; ) {
    const part = rest.pop()!;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (way.length > 1) way.pop();
      continue;
    }
    const node = way.at(-1)!.children.get(part);
    if (!node || !isVisible(node)) return undefined;
    const isLast = rest.every((it) => it === '');
    if (node.target === '' || (isLast && !trailing)) {
      way.push(node);
      continue;
    }
    if (++followed > maxLinks) return undefined;
    links.push(node);
    rest.push(...node.target.split('/').reverse());
    if (node.target.startsWith('/')) way.length = 1;
  }
  return way.at(-1);
}

/** The nodes below a directory that match a pattern. */
function matches(tree: ContextTree, base: ContextNode, parts: readonly string[], isVisible: Visible): ContextNode[] {
  // A class may match a slash, so the pattern cannot be cut at its slashes.
  if (parts.some((part) => part.includes('['))) {
    const pattern = parts.join('/');
    const start = base.path === '' ? 0 : base.path.length + 1;
    const matching: ContextNode[] = [];
    for (let i = base.index + 1; i < base.end; i++) {
      const node = tree.nodes[i]!;
      if (!isVisible(node) || !matchesPath(pattern, node.path.slice(start))) continue;
      matching.push(node);
      i = node.end - 1;
    }
    return matching;
  }
  let level = [base];
  for (const part of parts)
    level = level.flatMap((dir) =>
      [...dir.children.values()].filter((node) => isVisible(node) && matchesPath(part, node.name)),
    );
  return level;
}

interface Parent {
  readonly end: number;
  readonly include: ParentMatches | undefined;
  readonly exclude: ParentMatches | undefined;
}

/**
 * What patterns choose below a node. The node itself is always taken, and a directory comes with what is taken in it.
 */
function filtered(
  tree: ContextTree,
  root: ContextNode,
  included: PatternMatcher | undefined,
  excluded: PatternMatcher | undefined,
  isVisible: Visible,
): ContextNode[] {
  if (!root.isDirectory) return [root];
  const nodes: ContextNode[] = [];
  const parents: Parent[] = [];
  const start = root.path === '' ? 0 : root.path.length + 1;
  for (let i = root.index + 1; i < root.end; i++) {
    const node = tree.nodes[i]!;
    if (!isVisible(node)) {
      i = node.end - 1;
      continue;
    }
    while (parents.length > 0 && parents.at(-1)!.end <= i) parents.pop();
    const parent = parents.at(-1);
    const path = node.path.slice(start);
    const include = included?.matchesUsingParent(path, parent?.include);
    const exclude = excluded?.matchesUsingParent(path, parent?.exclude);
    if (include?.matched !== false && exclude?.matched !== true) nodes.push(node);
    else if (exclude?.matched && !excluded!.exclusions) {
      i = node.end - 1;
      continue;
    }
    if (node.isDirectory) parents.push({ end: node.end, include: include?.matches, exclude: exclude?.matches });
  }
  return nodes;
}
