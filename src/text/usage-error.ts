import { ShortError } from './short-error.ts';

/** The error for options that are invalid for any Dockerfile. Its message has their names in backticks. */
export class UsageError extends ShortError {
  override readonly name = 'UsageError';
}
