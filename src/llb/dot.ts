/** Draws a definition with Graphviz. */
import { checkArgument } from '../text/arguments.ts';
import { printable } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import type { Definition } from './definition.ts';
import { formatOp, shortDigest } from './format-op.ts';
import { definitionArgument } from './llb-arguments.ts';

/**
 * Returns the graph in Graphviz's language. Edges go from an input to the op that uses it. Addresses in it have no
 * credentials.
 *
 * @throws Error if an op is invalid
 * @example
 * await writeFile('build.dot', formatDot(definition)); // dot -Tsvg build.dot
 */
export function formatDot(definition: Definition): string {
  checkArgument('formatDot', 'definition', definition, definitionArgument);
  const lines = ['digraph {', '  rankdir=BT;', '  node [shape=box, fontname=monospace];'];
  for (const { digest, op, metadata } of definition.ops()) {
    const id = JSON.stringify(shortDigest(digest));
    const { kind, summary } = formatOp(op);
    const label = printable(redactCredentials(metadata?.description['llb.customname'] ?? `${kind} ${summary}`));
    lines.push(`  ${id} [label=${JSON.stringify(label)}${op.op.case ? '' : ', shape=oval'}];`);
    for (const input of op.inputs) {
      const index = input.index ? ` [label="${input.index}"]` : '';
      lines.push(`  ${JSON.stringify(shortDigest(input.digest))} -> ${id}${index};`);
    }
  }
  return `${lines.join('\n')}\n}\n`;
}
