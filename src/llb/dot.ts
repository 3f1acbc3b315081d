/** Draws a definition with Graphviz. */
import { aFunction, checkArgument } from '../text/arguments.ts';
import { type HideSecrets, hidingAddresses } from '../text/hide-secrets.ts';
import { printable } from '../text/printable.ts';
import type { Definition } from './definition.ts';
import { hideSecretsOfAll } from './definition-secrets.ts';
import { formatOp, shortDigest } from './format-op.ts';
import { aDefinition } from './llb-arguments.ts';

/**
 * Returns the graph in Graphviz's language. Edges go from an input to the op that uses it. Addresses in it have no
 * credentials, and values of variables whose names are those of secrets are hidden.
 *
 * @param hide hides what else is secret; by default what the definition itself has
 * @throws Error if an op is invalid
 * @example
 * await writeFile('build.dot', formatDot(definition)); // dot -Tsvg build.dot
 */
export function formatDot(definition: Definition, hide: HideSecrets = hideSecretsOfAll([definition])): string {
  checkArgument('formatDot', 'definition', definition, aDefinition);
  checkArgument('formatDot', 'hide', hide, aFunction);
  const shown = hidingAddresses(hide);
  const lines = ['digraph {', '  rankdir=BT;', '  node [shape=box, fontname=monospace];'];
  for (const { digest, op, metadata } of definition.ops()) {
    const id = JSON.stringify(shortDigest(digest));
    const { kind, summary } = formatOp(op);
    const label = printable(shown(metadata?.description['llb.customname'] ?? `${kind} ${summary}`));
    lines.push(`  ${id} [label=${JSON.stringify(label)}${op.op.case ? '' : ', shape=oval'}];`);
    for (const input of op.inputs) {
      const index = input.index ? ` [label="${input.index}"]` : '';
      lines.push(`  ${JSON.stringify(shortDigest(input.digest))} -> ${id}${index};`);
    }
  }
  return `${lines.join('\n')}\n}\n`;
}
