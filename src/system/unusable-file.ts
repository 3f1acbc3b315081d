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
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof UnusableFile) return true;
  return false;
}
