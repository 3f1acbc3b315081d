/** Workflow commands of GitHub Actions, which become annotations of the lines. */
import { workflowCommand } from '../../text/workflow-commands.ts';
import type { CheckedFile } from './checked-file.ts';
import { reportedProblems } from './report-problem.ts';

/** Formats problems as workflow commands, one for each. */
export function formatGitHub(files: readonly CheckedFile[]): string {
  return reportedProblems(files)
    .map(({ problem: { severity, code }, path, region, message, advice }) =>
      workflowCommand(severity, advice === '' ? message : `${message}\n${advice}`, {
        file: path,
        ...(region && {
          line: String(region.startLine),
          endLine: String(region.endLine),
          // The runner shows columns only within one line.
          ...(region.startLine === region.endLine && {
            col: String(region.startColumn),
            endColumn: String(region.endColumn),
          }),
        }),
        title: code,
      }),
    )
    .join('');
}
