/** Shows the progress of a build, and its warnings at the end. */
import {
  type Build,
  createDisplay,
  type ProgressMode,
  type SolveResult,
  showProgress,
  type VertexWarning,
} from '../../client/index.ts';
import type { Io } from '../io.ts';
import type { ShownPath } from '../shown-path.ts';
import type { OpenedNode } from './nodes.ts';

/** Whether a progress mode prints text for people, so that notes and warnings may be printed as well. */
export function isForPeople(mode: ProgressMode): boolean {
  return ['auto', 'plain', 'tty'].includes(mode);
}

/** Shows a build until it ends, and then its warnings, also if it failed. */
export async function show(
  running: Build,
  mode: ProgressMode,
  {
    shown,
    builder,
    verbose,
  }: {
    readonly shown: ShownPath;
    readonly builder?: OpenedNode['builder'];
    readonly verbose?: boolean | undefined;
  },
  io: Io,
): Promise<{ result: SolveResult; warnings: VertexWarning[] }> {
  const display = await createDisplay(mode, io.stderr, io.env, builder);
  const warnings = await showProgress(running.status, display, io.signal);
  if (warnings.length > 0 && isForPeople(mode)) {
    await running.result.catch(() => {});
    const { formatWarnings, maxWarnings } = await import('../../client/progress/source-excerpt.ts');
    const more = warnings.length > maxWarnings ? 'tsfront check --format json lists all of a Dockerfile\n' : '';
    const named = warnings.map(({ source, ...warning }) => ({
      ...warning,
      source: source && { ...source, filename: shown(source.filename) },
    }));
    const format = { color: io.stderrHasColor, expandHint: verbose ? undefined : 'use --verbose to expand' };
    io.writeStderr(`${formatWarnings(named, format)}${more}\n`); // an error that follows stands apart
    const { workflowAnnotations } = await import('./workflow-annotations.ts');
    io.stderr.write(workflowAnnotations(named.slice(0, maxWarnings), io.env));
  }
  return { result: await running.result, warnings };
}
