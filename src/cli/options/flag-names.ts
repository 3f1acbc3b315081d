/** Errors of the library about its arguments, in the words of the command line. */
import { UsageError } from '../../offline/usage-error.ts';

/** The flag for each argument that the library names, in backticks, in its errors of usage. */
const flags: Readonly<Record<string, string>> = {
  buildContexts: '--build-context',
  file: '--file',
  ociLayouts: '--oci-layout',
  offline: '--offline',
  update: '--update',
};

/** The error with flags instead of arguments; any error but a UsageError as it is. */
export function inFlags(error: unknown): unknown {
  if (!(error instanceof UsageError)) return error;
  const message = error.message.replace(/`([A-Za-z]+)`/g, (quoted, name: string) =>
    Object.hasOwn(flags, name) ? flags[name]! : quoted,
  );
  return message === error.message ? error : new UsageError(message, { cause: error });
}
