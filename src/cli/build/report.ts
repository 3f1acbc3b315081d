/** How a command ends that talks to a daemon. */
import path from 'node:path';
import { AddressError } from '../../client/connect/address.ts';
import { errorSources, formatSource } from '../../client/index.ts';
import { SourceError } from '../../gateway/errors.ts';
import { sourceFile } from '../../gateway/source-info.ts';
import { explainedError } from '../../lower/errors.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { lineColumn, type SourceFile } from '../../parser/source.ts';
import { RpcError } from '../../rpc/status.ts';
import { isOfUnusableFile } from '../../system/unusable-file.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { exitCode } from '../exit.ts';
import { interruptedCode } from '../interrupt.ts';
import type { Io } from '../io.ts';

type Report = Pick<Io, 'writeStderr'>;

export function warn(message: string, io: Report): void {
  io.writeStderr(`WARNING: ${message}\n`);
}

/** The name of a file as the user knows it: a frontend knows the Dockerfile and its ignore file without their folder. */
export function shownPath(filename: string, dockerfile: string): string {
  const [name, own] = [filename.toLowerCase(), path.basename(dockerfile).toLowerCase()];
  const isBeside = dockerfile !== '' && (name === own || name === `${own}.dockerignore`);
  return isBeside ? path.join(path.dirname(dockerfile), filename) : filename;
}

/**
 * Says what went wrong, with the lines it is about.
 *
 * @param dockerfile the path of the Dockerfile as the user knows it, if there is one
 * @returns the exit code
 */
export function reportFailure(error: unknown, io: Report & Pick<Io, 'signal'>, dockerfile = ''): number {
  if (io.signal.aborted) {
    io.writeStderr('ERROR: the build was canceled\n');
    return interruptedCode(io.signal);
  }
  const sources = errorSources(error);
  const frames = sources
    .map((source) => formatSource({ ...source, filename: shownPath(source.filename, dockerfile) }))
    .join('');
  io.writeStderr(frames || explainedFrame(error, sourceOf(error), dockerfile));
  const message = error instanceof RpcError ? error.status : error instanceof Error ? error.message : String(error);
  io.writeStderr(
    error instanceof RpcError ? `ERROR: failed to solve: ${message}\n` : `ERROR: ${systemErrorsInWords(message)}\n`,
  );
  io.writeStderr(hintLine(error, message));
  return isUsage(error) ? exitCode.usage : exitCode.failed;
}

/** Whether the command line is wrong, or a file that it names: an address of a daemon has files too. */
function isUsage(error: unknown): boolean {
  if (error instanceof UsageError || isOfUnusableFile(error)) return true;
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof AddressError) return true;
  return false;
}

/**
 * The lines that a frontend in this process knows, and that BuildKit is not told of; '' for none.
 *
 * @param dockerfile the Dockerfile, and its path as the user knows it
 */
export function explainedFrame(error: unknown, dockerfile: SourceFile | undefined, path: string): string {
  const { range, file = dockerfile } = explainedError(error) ?? {};
  if (!range || !file) return '';
  const lines = { start: lineColumn(file, range.start).line, end: lineColumn(file, range.end).line };
  return formatSource({ filename: shownPath(file.filename, path), text: file.text, ranges: [lines] });
}

/** The hint as a line of its own, unless the message has it. */
export function hintLine(error: unknown, message: string): string {
  const hint = explainedError(error)?.hint;
  return hint === undefined || message.includes(hint) ? '' : `hint: ${hint}\n`;
}

function sourceOf(error: unknown): SourceFile | undefined {
  for (let e = error; e instanceof Error; e = e.cause) if (e instanceof SourceError) return sourceFile(e.source);
  return undefined;
}
