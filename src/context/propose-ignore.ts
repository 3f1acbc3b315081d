/** Proposes patterns for an ignore file: they drop what is sent and what no instruction takes. */
import path from 'node:path';
import type { IgnoreFile } from '../parser/hints/explain-missing-source.ts';
import { createPatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { type Amount, addAmounts, type Coverage, type Totals } from './amounts.ts';
import type { ContextNode, ContextTree } from './context-tree.ts';

/** Patterns for an ignore file. */
export interface IgnoreProposal {
  /** The ignore file that is in effect, or the one to make. */
  readonly file: string;
  /** Patterns that change no stage of the Dockerfile: they drop what is sent and what no instruction takes. */
  readonly unused: readonly ProposedPattern[];
  /** Patterns for what an instruction takes with a whole directory, and what images seldom need. */
  readonly seldomNeeded: readonly ProposedPattern[];
}

/** A pattern, and what it drops of what is sent. */
export interface ProposedPattern extends Amount {
  /** The line of the ignore file. */
  readonly pattern: string;
}

/** What the proposal is made of. */
export interface ProposalInput {
  readonly tree: ContextTree;
  readonly sent: Totals;
  /** What the build takes. */
  readonly coverage: Coverage;
  /** What all stages of the Dockerfile take. */
  readonly protectedNodes: Coverage;
  /** What instructions name themselves. */
  readonly named: ReadonlySet<ContextNode>;
  readonly ignoreFile: IgnoreFile | undefined;
  readonly ignorePath: string;
  /** The directory of the context. */
  readonly dir: string;
}

/** Names of what an image seldom needs, in any directory. */
const seldomNeeded: readonly (readonly [name: RegExp, pattern: string])[] = [
  [/^\.(?:git|hg|svn)$/, ''],
  [/^node_modules$/, ''],
  [/^(?:\.venv|__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox)$/, ''],
  [/^(?:\.gradle|\.terraform|\.next|\.nuxt|\.turbo|\.nyc_output|coverage)$/, ''],
  [/^(?:\.idea|\.vscode|\.github|\.DS_Store)$/, ''],
  [/^\.env(?:\.[^/]+)?$/, '.env*'],
  [/^npm-debug\.log.*$|^[^/]+\.log$/, '*.log'],
  [/^(?:[^/]+\.)?Dockerfile(?:\.[^/]+)?$|^\.dockerignore$/, ''],
];

/** Number of names from which one pattern takes their place. */
const leastAlike = 3;
/** Maximum number of patterns of each kind. */
const maxPatterns = 50;

/** Makes the proposal. */
export function proposeIgnore(input: ProposalInput): IgnoreProposal {
  const { tree, sent, coverage, protectedNodes, dir, ignoreFile, ignorePath } = input;
  const isSent = ({ fate }: ContextNode) => fate === 'sent';
  const file = ignoreFile ? ignorePath : path.join(dir, '.dockerignore');
  const isFree = (node: ContextNode) => !coverage.coversIn(node) && !protectedNodes.coversIn(node);
  const free: ContextNode[] = [];
  for (let i = 1; i < tree.nodes.length; i++) {
    const node = tree.nodes[i]!;
    if (!isSent(node)) i = node.end - 1;
    else if (isFree(node)) {
      if (sent.below(node).files > 0) free.push(node);
      i = node.end - 1;
    }
  }
  return {
    file,
    unused: inOrder(generalise(tree, free, isFree, sent)),
    seldomNeeded: inOrder(findSeldomNeeded(input)),
  };
}

const inOrder = (patterns: readonly ProposedPattern[]) =>
  [...patterns].sort((a, b) => b.bytes - a.bytes).slice(0, maxPatterns);

/** One pattern for names that are alike, if it drops nothing else; otherwise one for each. */
function generalise(
  { nodes }: ContextTree,
  free: readonly ContextNode[],
  isFree: (node: ContextNode) => boolean,
  sent: Totals,
): ProposedPattern[] {
  const patterns: ProposedPattern[] = [];
  const left = new Set(free);
  const take = (pattern: string, dropped: readonly ContextNode[]) => {
    for (const node of dropped) left.delete(node);
    patterns.push({ pattern, ...addAmounts(dropped.map((node) => sent.below(node))) });
  };
  // The same name in several directories.
  const needed = new Set(nodes.filter((node) => !isFree(node)).map(({ name }) => name));
  for (const [name, alike] of Map.groupBy(free, ({ name }) => name)) {
    const pattern = `**/${escaped(name)}`;
    if (alike.length < leastAlike || needed.has(name)) continue;
    if (alike.every((node) => drops(pattern, node))) take(pattern, alike);
  }
  // Files of one kind in a directory.
  for (const [key, alike] of Map.groupBy(left, kindOf)) {
    if (key === '' || alike.length < leastAlike) continue;
    const slash = alike[0]!.path.lastIndexOf('/') + 1;
    const prefix = alike[0]!.path.slice(0, slash);
    const extension = key.slice(slash);
    const pattern = `${escaped(prefix)}*${escaped(extension)}`;
    const parent = directoryAt(nodes[0]!, prefix);
    const isClean = [...parent.children.values()].every((node) => !node.name.endsWith(extension) || isFree(node));
    if (isClean && alike.every((node) => drops(pattern, node))) take(pattern, alike);
  }
  for (const node of [...left]) {
    const pattern = escaped(node.path);
    if (drops(pattern, node)) take(pattern, [node]);
  }
  return patterns;
}

function directoryAt(root: ContextNode, path: string): ContextNode {
  let node = root;
  for (const part of path.split('/')) if (part !== '') node = node.children.get(part)!;
  return node;
}

/** The directory and the extension of a file: `docs/.md`; '' for others. */
function kindOf({ path: file, name, isDirectory }: ContextNode): string {
  const dot = name.lastIndexOf('.');
  return isDirectory || dot < 1 ? '' : file.slice(0, file.length - name.length) + name.slice(dot);
}

/** What has a well-known name, and is taken only because it is in a directory that an instruction takes. */
function findSeldomNeeded({ tree, sent, coverage, named }: ProposalInput): ProposedPattern[] {
  const nodesByPattern = new Map<string, ContextNode[]>();
  for (let i = 1; i < tree.nodes.length; i++) {
    const node = tree.nodes[i]!;
    if (node.fate !== 'sent') {
      i = node.end - 1;
      continue;
    }
    const rule = seldomNeeded.find(([name]) => name.test(node.name));
    const isNamed = () => [...named].some(({ index }) => index >= node.index && index < node.end);
    if (!rule || !coverage.coversIn(node) || isNamed()) continue;
    const isTop = !node.path.includes('/');
    const pattern = (isTop ? '' : '**/') + (rule[1] || escaped(node.name));
    const alike = nodesByPattern.get(pattern);
    if (alike) alike.push(node);
    else nodesByPattern.set(pattern, [node]);
    i = node.end - 1;
  }
  return [...nodesByPattern]
    .filter(([pattern, nodes]) => nodes.every((node) => drops(pattern, node)))
    .map(([pattern, nodes]) => ({ pattern, ...addAmounts(nodes.map((node) => sent.below(node))) }));
}

/** A path as a pattern that matches it alone. */
function escaped(text: string): string {
  return text.replace(/[\\*?[\]^|{}]/g, '\\$&').replace(/^[!#]/, '\\$&');
}

/** Whether a line of an ignore file with the pattern drops the node. */
function drops(pattern: string, { path: file }: ContextNode): boolean {
  if (!pattern.isWellFormed() || /[\n\r\ufeff]|^\s|\s$/.test(pattern)) return false;
  try {
    return createPatternMatcher([pattern]).matchesOrParentMatches(file);
  } catch {
    return false;
  }
}

/** Number of lines of the ignore file that the difference shows before the new ones. */
const contextLines = 3;

/**
 * The proposal as a unified difference to the ignore file, which `git apply` and `patch` take: patterns for what no
 * instruction takes as they are, the others as comments.
 *
 * @param text the ignore file; undefined if absent
 * @returns '' if nothing is proposed
 */
export function formatIgnoreProposal({ file, unused, seldomNeeded }: IgnoreProposal, text: string | undefined): string {
  const added: string[] = [];
  if (unused.length > 0) added.push('# sent, and no instruction takes it', ...unused.map(({ pattern }) => pattern));
  if (seldomNeeded.length > 0)
    added.push(
      '# taken with a whole directory, and seldom needed in an image: remove the # of what yours does not need',
      ...seldomNeeded.map(({ pattern }) => `#${pattern}`),
    );
  if (added.length === 0) return '';
  const lines = (text ?? '').split('\n');
  const endsOpen = lines.at(-1) !== '';
  if (!endsOpen) lines.pop();
  const shown = lines.slice(-contextLines);
  const start = lines.length - shown.length;
  const last = endsOpen ? shown.pop() : undefined;
  const hunk = [
    ...shown.map((line) => ` ${line}`),
    ...(last === undefined ? [] : [`-${last}`, '\\ No newline at end of file', `+${last}`]),
    ...added.map((line) => `+${line}`),
  ];
  const before = lines.length - start;
  const range = (from: number, count: number) => `${count === 0 ? from : from + 1}${count === 1 ? '' : `,${count}`}`;
  const head = `@@ -${range(start, before)} +${range(start, before + added.length)} @@`;
  return `${[`--- ${text === undefined ? '/dev/null' : file}`, `+++ ${file}`, head, ...hunk].join('\n')}\n`;
}
