/** Warnings of a build as GitHub Actions shows them beside the lines of a change. */
import path from 'node:path';
import type { VertexWarning } from '../../client/index.ts';
import { printable, printableLine } from '../../text/printable.ts';
import { redactCredentials } from '../../text/redact.ts';
import { isGitHubActions, workflowCommand } from '../../text/workflow-commands.ts';
import { parseBoolean } from '../options/fields.ts';

/**
 * Makes the annotations of docker/build-push-action, unless DOCKER_BUILD_CHECKS_ANNOTATIONS is false; '' outside of
 * GitHub Actions. Paths are relative to the repository if the file is in it.
 */
export function workflowAnnotations(
  warnings: readonly VertexWarning[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  const wanted = env['DOCKER_BUILD_CHECKS_ANNOTATIONS'];
  if (!isGitHubActions(env) || (wanted && !parseBoolean('DOCKER_BUILD_CHECKS_ANNOTATIONS', wanted))) return '';
  return warnings
    .map(({ short, detail, url, source, ranges }) => {
      const message = short.replace(/ \(line \d+\)$/, '') + (url ? `\nMore info: ${url}` : '');
      const { start, end } = ranges[0] ?? {};
      return workflowCommand('warning', printable(redactCredentials(message)), {
        ...(detail.length > 0 && { title: printableLine(redactCredentials(detail.join(' '))) }),
        ...(source && { file: printableLine(pathInRepository(source.filename, env['GITHUB_WORKSPACE'])) }),
        ...(start && { line: String(start.line), endLine: String(end?.line || start.line) }),
      });
    })
    .join('');
}

function pathInRepository(file: string, workspace: string | undefined): string {
  if (!workspace) return file;
  const relative = path.relative(workspace, path.resolve(file));
  return relative === '..' || relative.startsWith(`..${path.sep}`) ? file : relative;
}
