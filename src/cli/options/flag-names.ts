/** Errors of the library about its options, in the words of the command line. */
import { inBuildFlags } from '../../gateway/build-flags.ts';
import { errorMessage } from '../../text/error-message.ts';
import { UsageError } from '../../text/usage-error.ts';

/** The flag for each option that the library names, in backticks, in its errors. */
const flags: Readonly<Record<string, string>> = {
  buildContexts: '--build-context',
  file: '--file',
  ociLayouts: '--oci-layout',
  offline: '--offline',
  update: '--update',
};

const optionFlags = (text: string) =>
  text.replace(/`([A-Za-z]+)`/g, (quoted, name: string) => (Object.hasOwn(flags, name) ? flags[name]! : quoted));

/**
 * The error with flags instead of options. The message of an error that is not about usage may quote a Dockerfile,
 * whose shell has backticks: in it, only advice to leave out an option is translated. Hints are, where they are shown.
 */
export function inFlags(error: unknown): unknown {
  if (error instanceof UsageError) {
    const message = inBuildFlags(optionFlags(error.message));
    return message === error.message ? error : new UsageError(message, { cause: error });
  }
  if (!(error instanceof Error) || error.name !== 'Error') return error;
  const message = errorMessage(error).replace(/: leave out `[A-Za-z]+`$/gm, optionFlags);
  return message === errorMessage(error) ? error : new Error(message, { cause: error });
}
