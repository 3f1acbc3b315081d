/** The text of a failure on a daemon, as buildx has it: the lines that it is about, the message, and what to do. */
import { errorSources, formatSource } from '../client/index.ts';
import { withDefaultHint } from '../diagnostic/default-hint.ts';
import { findDiagnosticError } from '../diagnostic/diagnostic.ts';
import { rangeLines, type SourceFile } from '../diagnostic/source-file.ts';
import { inBuildFlags } from '../gateway/build-flags.ts';
import { SourceError } from '../gateway/error-status.ts';
import { sourceFile } from '../gateway/source-info.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { findCause } from '../text/causes.ts';
import { errorMessage } from '../text/error-message.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { lackingHint } from './missing-option-hint.ts';
import type { ShownPath } from './shown-path.ts';

/**
 * Formats an error of a daemon, with the lines of the Dockerfile that it is about.
 * @param asked what the daemon was asked for
 */
export function formatDaemonFailure(error: unknown, asked: 'build' | 'records', shown: ShownPath): string {
  const frames = errorSources(error).map((source) => formatSource({ ...source, filename: shown(source.filename) }));
  const isAnswer = error instanceof RpcError;
  const message = hintLinesInFlags(isAnswer ? error.status : errorMessage(error));
  return [
    frames.join('') || explainedFrame(error, sourceOf(error), shown),
    `ERROR: ${isAnswer && asked === 'build' ? 'failed to solve: ' : ''}${isAnswer ? message : systemErrorsInWords(message)}\n`,
    hintLine(error, message),
  ].join('');
}

/**
 * The code frame from a frontend in this process, for an answer of the daemon without one; '' if absent.
 * @param dockerfile the file of the error, unless the error names another
 */
export function explainedFrame(error: unknown, dockerfile: SourceFile | undefined, shown: ShownPath): string {
  const { range, file = dockerfile } = findDiagnosticError(error)?.diagnostics[0] ?? {};
  if (!range || !file) return '';
  const ranges = [rangeLines(file, range)];
  return formatSource({ filename: shown(file.filename), text: file.text, ranges });
}

/** The hint as a line of its own, unless the message has it. */
export function hintLine(error: unknown, message: string): string {
  const known = findDiagnosticError(error)?.diagnostics[0];
  const hint = known?.hint ?? lackingHint(message) ?? (known && withDefaultHint(known).hint);
  const shown = hint && inBuildFlags(hint);
  return shown === undefined || message.includes(shown) ? '' : `hint: ${shown}\n`;
}

/** A daemon answers with the message of a frontend in this process, whose hint names frontend options. */
const hintLinesInFlags = (message: string) => message.replace(/^hint: .*$/gm, inBuildFlags);

function sourceOf(error: unknown): SourceFile | undefined {
  const located = findCause(error, SourceError);
  return located && sourceFile(located.source);
}
