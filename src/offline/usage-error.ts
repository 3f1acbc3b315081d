import { ShortError } from '../text/short-error.ts';

/** The error for options that are invalid for any Dockerfile. */
export class UsageError extends ShortError {
  override readonly name = 'UsageError';
}
