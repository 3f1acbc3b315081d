/** Answers what happens to a path of a context. */
import { dirTree } from '../daemonless/file-tree.ts';
import { missingSourceHint } from '../daemonless/missing-source-hint.ts';
import type { PathAnswer } from './context-report.ts';
import type { SelectedTake } from './context-takes.ts';
import type { ContextNode, ContextTree } from './context-tree.ts';
import type { IgnoreInEffect } from './ignore-in-effect.ts';
import type { Selection } from './select-files.ts';

/** A context, and what instructions take from it. */
export interface AskedContext {
  /** Its directory. */
  readonly dir: string;
  readonly tree: ContextTree;
  readonly selected: readonly SelectedTake[];
  readonly ignore: IgnoreInEffect;
}

/** Answers for a path, as it is asked for. */
export async function answerPath(path: string, { dir, tree, selected, ignore }: AskedContext): Promise<PathAnswer> {
  const node = findNode(path, tree);
  if (!node) {
    const hint = await missingSourceHint(path, dirTree(dir), ignore.file);
    return { path, fate: 'missing', takenAt: [], ...(hint !== undefined && { hint }) };
  }
  const lines = selected.filter(({ selection }) => isIn(node, selection)).map(({ take }) => take.line);
  const rule = node.fate === 'ignored' ? ignore.rules[node.rule] : undefined;
  return {
    path,
    fate: node.fate,
    ...(rule && { rule: { file: ignore.path, line: rule.line, text: rule.text } }),
    takenAt: node.fate === 'sent' ? [...new Set(lines)] : [],
  };
}

/** The node of a path, or that of a directory above whose fate it shares; undefined if the context does not have it. */
function findNode(path: string, tree: ContextTree): ContextNode | undefined {
  let node = tree.nodes[0]!;
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    const child = node.children.get(part);
    // What is below a directory that was not counted to its end shares its fate.
    if (!child) return tree.isCut && node.fate !== 'sent' ? node : undefined;
    node = child;
  }
  return node;
}

/** Whether a selection has a node, or something in it. */
function isIn(node: ContextNode, { parts, links }: Selection): boolean {
  return (
    links.includes(node) ||
    parts.some(({ node: part, only }) => {
      if (only) return only.some((it) => it.index >= node.index && it.index < node.end);
      return (part.index <= node.index && node.index < part.end) || (part.index >= node.index && part.index < node.end);
    })
  );
}
