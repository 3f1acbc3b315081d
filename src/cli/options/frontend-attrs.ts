/** The frontend options that the flags of `tsfront build` stand for. */
import { parseRamInBytes } from '../../go/size.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { Io } from '../io.ts';
import { parseHost } from './add-host.ts';
import { attestations } from './attestations.ts';
import type { BuildFlags } from './declare-build.ts';
import { dockerfileAttrs } from './dockerfile-attrs.ts';
import { flagValue } from './flag-value.ts';
import { resourceAttrs } from './resources.ts';
import { requireUlimit } from './ulimit.ts';

type Reader = (flags: BuildFlags, hostGateway: string | undefined) => string | undefined;

/**
 * Reads the flags that only builds on a daemon have, by the frontend option that each sets. An empty value is not sent.
 */
const readers: Readonly<Record<string, Reader>> = {
  'image-resolve-mode': ({ pull }) => (pull ? 'pull' : ''),
  'add-hosts': ({ addHost }, hostGateway) => addHost.flatMap((host) => parseHost(host, hostGateway)).join(','),
  'force-network-mode': ({ network }) => (network === 'default' ? '' : requireNetwork(network)),
  'cgroup-parent': ({ cgroupParent }) => cgroupParent,
  'shm-size': ({ shmSize }) => shmSize && String(flagValue('--shm-size', shmSize, parseRamInBytes)),
  ulimit({ ulimit }) {
    for (const limit of ulimit) requireUlimit(limit);
    return ulimit.join(',');
  },
};

/**
 * Makes the options of the Dockerfile frontend.
 * @param hostGateway the address of the daemon's host, if the daemon reports it
 * @throws UsageError for a flag whose value is invalid
 */
export function frontendAttrs(flags: BuildFlags, env: Io['env'], hostGateway?: string): Record<string, string> {
  const single = Object.entries(readers).map(([name, read]) => [name, read(flags, hostGateway)]);
  return {
    ...dockerfileAttrs(flags, env),
    ...(Object.fromEntries(single.filter(([, value]) => value)) as Record<string, string>),
    ...resourceAttrs(flags.resource),
    ...attestations(flags),
  };
}

function requireNetwork(mode: string | undefined): string | undefined {
  if (!mode || mode === 'host' || mode === 'none') return mode;
  throw new UsageError(`--network: unsupported network mode ${JSON.stringify(mode)}: known are default, none and host`);
}
