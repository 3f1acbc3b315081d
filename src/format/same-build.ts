/** Compares the meaning of two Dockerfiles: whatever their build takes from the text. */
import type { Dockerfile, KeyValue } from '../parser/ast.ts';
import { detectSyntax } from '../parser/directives.ts';
import { withoutQuotes } from './legacy-pair.ts';

/** The keys of what differs in Dockerfiles that build the same: places, and spellings of what means the same. */
const spellings = /^(?:range|.*Ranges?|lines?|keyword|code|docComment)$/;

/**
 * Requires that a formatted file means what the file means.
 *
 * @throws Error if it does not, which is a mistake of the formatter
 */
export function requireSameBuild(before: Dockerfile, after: Dockerfile): void {
  const [meant, means] = [meaningOf(before), meaningOf(after)];
  const at = meant.findIndex((part, i) => part !== means[i]);
  if (at < 0 && meant.length === means.length) return;
  const line = before.instructions[at]?.lines.start;
  throw new Error(
    `${before.source.filename}${line === undefined ? '' : `:${line}`}: its formatted text would not build the same, so it is left as it is; please report this`,
  );
}

/** A text for each instruction, and for the rest of the file. */
function meaningOf({ instructions, directives, escape: escapeToken, source, diagnostics }: Dockerfile): string[] {
  const rest = { directives, escapeToken, syntax: detectSyntax(source.text)?.cmdline, errors: diagnostics.length };
  const meaningful = (key: string, value: unknown): unknown => {
    if (spellings.test(key)) return undefined;
    // A comment with a blank before it keeps its mark.
    if (key === 'comments') return (value as readonly string[]).map((comment) => comment.replace(/^[#\s]+/, ''));
    if (key === 'pairs')
      return (value as readonly KeyValue[]).map((pair) => [pair.key, withoutQuotes(pair.value, escapeToken)]);
    return typeof value === 'bigint' ? String(value) : value;
  };
  return [...instructions, rest].map((part) => JSON.stringify(part, meaningful));
}
