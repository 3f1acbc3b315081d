import { ShortError } from '../text/short-error.ts';

/** The error for options that are wrong whatever the Dockerfile contains. */
export class UsageError extends ShortError {
  override readonly name = 'UsageError';
}
