import { ShortError } from '../text/short-error.ts';

/** What a user names is not a file of the kind that it has to be: it is missing, a pipe, too large, no certificate. */
export class UnusableFile extends ShortError {
  override readonly name = 'UnusableFile';
}

/** Whether that is what has led to an error. */
export function isOfUnusableFile(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof UnusableFile) return true;
  return false;
}
