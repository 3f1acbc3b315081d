/** All errors of a Dockerfile as one that can be thrown. */
import type { Dockerfile } from './ast.ts';
import { type Diagnostic, LocatedError } from './diagnostic.ts';
import { lineColumn, type SourceFile } from './source.ts';

/** More are not listed one by one. */
const maxListed = 20;

/**
 * The error a Dockerfile fails with, undefined if it has none. Message and locations are those of the first problem, as
 * the reference reports it; further problems are listed below the message. `diagnostics` holds all, each with its own
 * message.
 */
export function firstError({
  diagnostics,
  source,
}: Pick<Dockerfile, 'diagnostics' | 'source'>): LocatedError | undefined {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first, ...others] = errors;
  if (!first) return undefined;
  return new LocatedError(first.message + listOthers(source, others), [...first.locations], {
    diagnostics: errors,
    ...(first.hint !== undefined && { hint: first.hint }),
  });
}

function listOthers(source: SourceFile, others: readonly Diagnostic[]): string {
  if (others.length === 0) return '';
  const listed = others.slice(0, maxListed).map(({ message, range }) => {
    const { line } = lineColumn(source, range.start);
    return `\n  line ${line}: ${message.replace(/^dockerfile parse error on line \d+: /, '')}`;
  });
  const unlisted = others.length - listed.length;
  const heading = others.length === 1 ? '1 more problem' : `${others.length} more problems`;
  return `\n${heading}:${listed.join('')}${unlisted > 0 ? `\n  and ${unlisted} more` : ''}`;
}
