/** Draws a Definition for Graphviz. */
import { printable } from '../text/printable.ts';
import type { Definition } from './definition.ts';
import { formatOp, shortDigest } from './describe.ts';

/**
 * The graph in Graphviz's language; edges go from what an op builds on to the op.
 *
 * @example
 * await writeFile('build.dot', formatDot(definition)); // dot -Tsvg build.dot
 */
export function formatDot(definition: Definition): string {
  const lines = ['digraph {', '  rankdir=BT;', '  node [shape=box, fontname=monospace];'];
  for (const { digest, op, metadata } of definition.ops()) {
    const id = JSON.stringify(shortDigest(digest));
    const { kind, summary } = formatOp(op);
    const label = printable(metadata?.description['llb.customname'] ?? `${kind} ${summary}`);
    lines.push(`  ${id} [label=${JSON.stringify(label)}${op.op.case ? '' : ', shape=oval'}];`);
    for (const input of op.inputs) {
      const index = input.index ? ` [label="${input.index}"]` : '';
      lines.push(`  ${JSON.stringify(shortDigest(input.digest))} -> ${id}${index};`);
    }
  }
  return `${lines.join('\n')}\n}\n`;
}
