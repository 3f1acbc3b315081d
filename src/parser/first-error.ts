/** Makes one error that can be thrown of all errors of a Dockerfile. */
import { DiagnosticError } from '../diagnostic/diagnostic.ts';
import type { Dockerfile } from './ast.ts';

/**
 * The error that a Dockerfile fails with; undefined if it has no errors. Message and lines are those of the first
 * problem, as the reference reports it; further problems are listed below the message. `diagnostics` holds all, each
 * with its own message.
 */
export function firstError({
  diagnostics,
  source,
}: Pick<Dockerfile, 'diagnostics' | 'source'>): DiagnosticError | undefined {
  const [first, ...others] = diagnostics;
  return first && new DiagnosticError([first, ...others], { source });
}
