/** The text of an error, and an error that says more. */

/** The message of an error, or what else was thrown, as text. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Puts what was being done in front of an error's message. The cause stays reachable, for its diagnostic or its status.
 */
export function wrapError(cause: unknown, doing: string): Error {
  return new Error(`${doing}: ${errorMessage(cause)}`, { cause });
}

/** Runs a function; puts what was being done in front of the message of its error. */
export function wrapErrors<T>(doing: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw wrapError(error, doing);
  }
}
