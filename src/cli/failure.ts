/** The one place that decides which error becomes which text and exit code. */
import { AddressError } from '../client/connect/address-error.ts';
import { LintConfigError } from '../daemonless/lint-config-error.ts';
import { isOfUnusableFile } from '../system/unusable-file.ts';
import { findCause } from '../text/causes.ts';
import { errorMessage } from '../text/error-message.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { UsageError } from '../text/usage-error.ts';
import { Exit, exitCode } from './exit.ts';
import { interruptedCode } from './interrupt.ts';
import type { Io } from './io.ts';
import { inFlags } from './options/flag-names.ts';
import { asNamed, type ShownPath } from './shown-path.ts';

/** What a command knows about its failure. */
export interface FailureContext {
  /** The kind of request, if a daemon was asked: its errors are reported as in buildx. */
  readonly asked?: 'build' | 'records';
  readonly shown?: ShownPath;
}

/**
 * Writes what went wrong to standard error.
 *
 * | error                              | text                                                    | exit code     |
 * | ---------------------------------- | ------------------------------------------------------- | ------------- |
 * | {@link Exit}                       | none: everything was said                               | its own       |
 * | any, after a signal                | `error: interrupted`; `ERROR: the build was canceled`   | of the signal |
 * | wrong usage                        | the message                                             | 2             |
 * | about a Dockerfile that is read here | its lines and a hint (`problems.ts`)                  | 1             |
 * | with a daemon                      | `ERROR:`, the lines and a hint (`daemon-failure.ts`)    | 1, or 2       |
 * | any other                          | the message                                             | 1             |
 * | that nobody has expected           | {@link unexpectedText}                                  | 1             |
 *
 * @returns the exit code
 */
export async function reportFailure(
  error: unknown,
  io: Pick<Io, 'signal' | 'writeStderr' | 'stderrHasColor'>,
  context: FailureContext = {},
): Promise<number> {
  io.writeStderr(await failureText(inFlags(error), io, context));
  if (error instanceof Exit) return error.code;
  if (io.signal.aborted) return interruptedCode(io.signal);
  return isUsage(error) ? exitCode.usage : exitCode.failed;
}

async function failureText(
  error: unknown,
  io: Pick<Io, 'signal' | 'stderrHasColor'>,
  { asked, shown = asNamed }: FailureContext,
): Promise<string> {
  if (error instanceof Exit) return '';
  if (io.signal.aborted) return asked === 'build' ? 'ERROR: the build was canceled\n' : plainText(error);
  if (asked !== undefined) return (await import('./daemon-failure.ts')).formatDaemonFailure(error, asked, shown);
  if (error instanceof LintConfigError) return (await import('./problems.ts')).formatConfigError(error, io);
  if (isUsage(error)) return plainText(error);
  return (await import('./problems.ts')).formatError(error, io, shown);
}

/** An unexpected error: one line for people, the whole error with TSFRONT_DEBUG. */
export function unexpectedText(error: Error, env: Io['env']): string {
  return env['TSFRONT_DEBUG'] && error.stack !== undefined ? `error: ${error.stack}\n` : plainText(error);
}

function plainText(error: unknown): string {
  return `error: ${systemErrorsInWords(errorMessage(error))}\n`;
}

/** Whether the command line is wrong, or a file that it names: an address of a daemon has files too. */
function isUsage(error: unknown): boolean {
  return error instanceof UsageError || isOfUnusableFile(error) || findCause(error, AddressError) !== undefined;
}
