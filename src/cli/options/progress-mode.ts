/** The value of `--progress`, and the variable BUILDKIT_PROGRESS behind it. */
import type { ProgressMode } from '../../client/index.ts';
import { UsageError } from '../../text/usage-error.ts';
import { progressModes as modes } from './options.ts';

/** Returns the progress mode of a build. @throws UsageError for an unknown mode, or flags that contradict each other */
export function progressMode(
  { progress, quiet = false }: { readonly progress: string; readonly quiet?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): ProgressMode {
  if (quiet) {
    if (!['auto', 'none', 'quiet'].includes(progress))
      throw new UsageError(`--progress=${progress} and --quiet cannot be used together`);
    return 'quiet';
  }
  const mode = progress === 'auto' ? env['BUILDKIT_PROGRESS'] || progress : progress;
  const known = modes.find((it) => it === mode);
  if (!known) throw new UsageError(`invalid progress mode ${mode} in BUILDKIT_PROGRESS: known are ${modes.join(', ')}`);
  return known;
}
