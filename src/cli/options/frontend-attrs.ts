/** The frontend options that the flags of `tsfront build` stand for. */
import { parseRamInBytes } from '../../go/size.ts';
import { UsageError } from '../../offline/usage-error.ts';
import type { Io } from '../io.ts';
import { parseHost } from './add-host.ts';
import { attestations } from './attestations.ts';
import { frontendArgs, refusePath } from './build-args.ts';
import type { BuildFlags } from './declare-build.ts';
import { flagValue } from './flag-value.ts';
import { prefixed, readLabels } from './named-values.ts';
import { noCache } from './no-cache.ts';
import { requestedPlatforms } from './platform-option.ts';
import { resourceAttrs } from './resources.ts';
import { requireUlimit } from './ulimit.ts';

type Reader = (flags: BuildFlags, env: Io['env'], hostGateway: string | undefined) => string | undefined;

/** Frontend options that have one flag each. What a reader leaves out or finds empty is not sent. */
const readers: Readonly<Record<string, Reader>> = {
  target({ target }) {
    if (target) refusePath('--target', target, 'the name of a stage');
    return target;
  },
  'image-resolve-mode': ({ pull }) => (pull ? 'pull' : ''),
  platform: ({ platform }, env) => requestedPlatforms(platform, env).join(','),
  'add-hosts': ({ addHost }, _, hostGateway) => addHost.flatMap((host) => parseHost(host, hostGateway)).join(','),
  'force-network-mode': ({ network }) => (network === 'default' ? '' : requireNetwork(network)),
  'cgroup-parent': ({ cgroupParent }) => cgroupParent,
  'shm-size': ({ shmSize }) => shmSize && String(flagValue('--shm-size', shmSize, parseRamInBytes)),
  ulimit({ ulimit }) {
    for (const limit of ulimit) requireUlimit(limit);
    return ulimit.join(',');
  },
};

/**
 * The options that every frontend for Dockerfiles takes.
 * @param hostGateway the address that the daemon tells for its host, if it does
 * @throws UsageError for a flag whose value is invalid
 */
export function frontendAttrs(flags: BuildFlags, env: Io['env'], hostGateway?: string): Record<string, string> {
  const single = Object.entries(readers).map(([name, read]) => [name, read(flags, env, hostGateway)]);
  return {
    ...(Object.fromEntries(single.filter(([, value]) => value)) as Record<string, string>),
    ...noCache(flags.cache, flags.uncached),
    ...prefixed('build-arg:', frontendArgs(flags.buildArg, env)),
    ...prefixed('label:', readLabels(flags.label)),
    ...resourceAttrs(flags.resource),
    ...attestations(flags),
  };
}

function requireNetwork(mode: string | undefined): string | undefined {
  if (!mode || mode === 'host' || mode === 'none') return mode;
  throw new UsageError(`--network: unsupported network mode ${JSON.stringify(mode)}: known are default, none and host`);
}
