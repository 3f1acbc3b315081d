/** Features of the daemon without which lowering says less, or something else. */
import type { LowerContext } from './context.ts';

const capabilities = {
  merge: 'mergeop',
  bindWithoutOutput: 'exec.mount.bind.readwrite-nooutput',
  tmpfsSize: 'exec.mount.tmpfs.size',
  ulimit: 'exec.meta.ulimit',
  devices: 'exec.meta.cdi',
  cgroupParent: 'exec.meta.cgroup.parent',
  linuxResources: 'exec.meta.linux.resources',
} as const;

/** What is not known to be supported is not used. */
export function isSupported({ options }: Pick<LowerContext, 'options'>, feature: keyof typeof capabilities): boolean {
  return options.llbCaps?.supports(capabilities[feature]) ?? false;
}
