/** Something that was asked for makes no sense, whatever the Dockerfile says. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
