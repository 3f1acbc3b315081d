/** A problem as reports for services show it: plain text, a path with slashes, lines and columns. */
import path from 'node:path';
import { type Diagnostic, wireMessage } from '../../diagnostic/diagnostic.ts';
import { withOneGuess } from '../../diagnostic/shown-message.ts';
import { lineColumn, type SourceFile, type SourceRange } from '../../diagnostic/source-file.ts';
import { hideSecretsOf, hidingAddresses } from '../../text/hide-secrets.ts';
import { printableLine } from '../../text/printable.ts';
import type { CheckedFile } from './checked-file.ts';

/** A place: lines and columns from 1; the end is after the last character. */
export interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A problem and where it is. */
export interface ReportedProblem {
  readonly problem: Diagnostic;
  /** The file that it is in, which may be an ignore file. */
  readonly source: SourceFile;
  /** The path of that file from the working directory, with slashes; absolute if it is not below it. */
  readonly path: string;
  /** Undefined for a problem without a place. */
  readonly region: Region | undefined;
  /** One line, without secrets and credentials. */
  readonly message: string;
  /** The hint, or what the fix does; one line, '' if absent. */
  readonly advice: string;
}

/** The problems of files, in order. */
export function reportedProblems(files: readonly CheckedFile[]): ReportedProblem[] {
  return files.flatMap(({ source, problems }) => {
    const hide = hidingAddresses(hideSecretsOf([source.text]));
    const shown = (text: string) => oneLine(hide(text));
    return problems.map((problem) => {
      const file = problem.file ?? source;
      return {
        problem,
        source: file,
        path: reportPath(file.filename),
        region: problem.range && regionOf(file, problem.range),
        message: shown(withOneGuess(wireMessage(problem), problem)),
        advice: shown(problem.hint ?? (problem.fix ? `${problem.fix.title}.` : '')),
      };
    });
  });
}

/** A path from the working directory, with slashes. */
function reportPath(file: string): string {
  const relative = path.relative('.', file);
  const below = relative === '' || relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
  return below.split(path.sep).join('/');
}

/** The place of a range. */
export function regionOf(file: SourceFile, { start, end }: SourceRange): Region {
  const from = lineColumn(file, start);
  const to = lineColumn(file, Math.max(start, end));
  return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column };
}

function oneLine(text: string): string {
  return printableLine(text.replace(/\s*\r?\n\s*/g, '; '));
}
