import { findCause } from '../text/causes.ts';
import { ShortError } from '../text/short-error.ts';

/**
 * The error for a file that the user has named and that cannot be used: it is missing, a pipe, too large, or not a
 * certificate.
 */
export class UnusableFile extends ShortError {
  override readonly name = 'UnusableFile';
}

/** Whether that is what has led to an error. */
export function isOfUnusableFile(error: unknown): boolean {
  return findCause(error, UnusableFile) !== undefined;
}
