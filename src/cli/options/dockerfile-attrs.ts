/** The frontend options that all commands with a Dockerfile have flags for. */
import { type LockMode, lockBuildArg } from '../../lock/lock-mode.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { Io } from '../io.ts';
import { frontendArgs, refusePath } from './build-args.ts';
import type { DockerfileFlags } from './dockerfile-command.ts';
import { prefixed, readLabels } from './named-values.ts';
import { noCache } from './no-cache.ts';
import { requestedPlatforms } from './platform-option.ts';

type AttrFlags = Pick<DockerfileFlags, 'target' | 'platform' | 'buildArg' | 'label' | 'cache' | 'uncached'> &
  Partial<Pick<DockerfileFlags, 'lock' | 'frozen'>>;

/** Makes the frontend options. @throws UsageError for a flag whose value is invalid */
export function dockerfileAttrs(flags: AttrFlags, env: Io['env']): Record<string, string> {
  const { target } = flags;
  if (target) refusePath('--target', target, 'the name of a stage');
  const platforms = requestedPlatforms(flags.platform, env);
  const lock = lockOf(flags);
  return {
    ...(target && { target }),
    ...(platforms.length > 0 && { platform: platforms.join(',') }),
    ...noCache(flags.cache, flags.uncached),
    ...prefixed('build-arg:', frontendArgs(flags.buildArg, env)),
    ...(lock !== undefined && { [lockOption]: lock }),
    ...prefixed('label:', readLabels(flags.label)),
  };
}

/** The frontend option that says how the lock is used. */
export const lockOption = `build-arg:${lockBuildArg}`;

function lockOf({ lock, frozen }: AttrFlags): LockMode | undefined {
  if (frozen && lock !== undefined && lock !== 'frozen')
    throw new UsageError(`--frozen and --lock ${lock} contradict each other: give one of them`);
  return frozen ? 'frozen' : lock;
}
