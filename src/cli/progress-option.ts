/** `--progress`, and the variable BUILDKIT_PROGRESS behind it. */
import { Option } from 'commander';
import type { ProgressMode } from '../client/index.ts';
import { UsageError } from '../offline/usage-error.ts';

const modes: readonly ProgressMode[] = ['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'];

export function progressOption(): Option {
  return new Option('--progress <mode>', 'how progress is shown')
    .choices(modes)
    .default('auto', 'that of BUILDKIT_PROGRESS, or auto');
}

/** How a build shows itself. @throws UsageError for modes that are not known or do not go together */
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
