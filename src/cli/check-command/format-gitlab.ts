/** A report for GitLab's code quality widget. */
import { createHash } from 'node:crypto';
import { lineText } from '../../diagnostic/source-file.ts';
import type { CheckedFile } from './checked-file.ts';
import { type ReportedProblem, reportedProblems } from './report-problem.ts';

/** Formats problems as JSON. The fingerprint of a problem stays the same when lines are added above it. */
export function formatGitLab(files: readonly CheckedFile[]): string {
  const seen = new Map<string, number>();
  const issues = reportedProblems(files).map((reported) => {
    const { problem, path, region, message, advice } = reported;
    const identity = stableKey(reported);
    const count = (seen.get(identity) ?? 0) + 1;
    seen.set(identity, count);
    return {
      description: advice === '' ? message : `${message}. ${advice}`,
      check_name: problem.code,
      fingerprint: createHash('sha256').update(`${identity}\0${count}`).digest('hex'),
      severity: problem.severity === 'error' ? 'major' : 'minor',
      location: { path, lines: { begin: region?.startLine ?? 1, end: region?.endLine ?? 1 } },
    };
  });
  return `${JSON.stringify(issues, null, 2)}\n`;
}

/**
 * What makes a problem the same in another version of the file: all but its line, and how many such there are above.
 */
export function stableKey({ problem, path, source, region }: ReportedProblem): string {
  const line = region ? lineText(source, region.startLine).trim() : '';
  return [path, problem.code, problem.message.replace(/\d+/g, '#'), line].join('\0');
}
