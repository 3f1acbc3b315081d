/** Shows a definition as a tree, from the result down to the sources. */
import { checkArgument } from '../text/arguments.ts';
import { printableLine } from '../text/printable.ts';
import type { Definition, DefinitionEntry } from './definition.ts';
import { formatOp, shortDigest } from './format-op.ts';
import { aDefinition } from './llb-arguments.ts';

/**
 * Returns the graph as a tree. The first input of an op is below it; other inputs are branches. An op that several ops
 * use is shown once.
 *
 * @throws Error if an op is invalid or missing
 * @example
 * console.log(formatTree(image('alpine').run({ shlex: 'apk add git' }).root.marshal()));
 * // 0c1c2b5dd1f4  run    apk add git
 * // a7f9733e307d  image  docker.io/library/alpine:latest (linux/amd64)
 */
export function formatTree(definition: Definition): string {
  checkArgument('formatTree', 'definition', definition, aDefinition);
  const entries = new Map(definition.ops().map((entry) => [entry.digest, entry]));
  const head = definition.head();
  if (head === '') return 'scratch\n';
  const lines: string[] = [];
  const shown = new Set<string>();
  const stack: { digest: string; first: string; rest: string }[] = [{ digest: head, first: '', rest: '' }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { digest, first, rest } = next;
    const entry = entries.get(digest);
    if (!entry) throw new Error(`the definition has no op ${digest}`);
    if (shown.has(digest)) {
      lines.push(`${first}${shortDigest(digest)}  (above)`);
      continue;
    }
    shown.add(digest);
    const [base, ...branches] = new Set(entry.op.inputs.map((input) => input.digest));
    const details = branches.length > 0 ? `${rest}│ ` : `${rest}  `;
    formatEntry(entry).forEach((line, at) => {
      lines.push((at === 0 ? first : details) + printableLine(line));
    });
    if (base) stack.push({ digest: base, first: rest, rest });
    for (const branch of branches.reverse()) stack.push({ digest: branch, first: `${rest}├─ `, rest: `${rest}│  ` });
  }
  return `${lines.join('\n')}\n`;
}

function formatEntry(entry: DefinitionEntry): string[] {
  const { kind, summary, details } = formatOp(entry.op);
  const name = entry.metadata?.description['llb.customname'];
  const indent = ' '.repeat(12);
  return [
    `${shortDigest(entry.digest)}  ${kind.padEnd(5)}  ${summary}`,
    ...(name ? [`${indent}# ${name}`] : []),
    ...details.map((line) => indent + line),
  ];
}
