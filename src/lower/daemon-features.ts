/** Features of the daemon without which lowering omits or replaces something. */
import type { LowerContext } from './lower-context.ts';

const capabilities = {
  merge: 'mergeop',
  bindWithoutOutput: 'exec.mount.bind.readwrite-nooutput',
  tmpfsSize: 'exec.mount.tmpfs.size',
  ulimit: 'exec.meta.ulimit',
  devices: 'exec.meta.cdi',
  cgroupParent: 'exec.meta.cgroup.parent',
  linuxResources: 'exec.meta.linux.resources',
} as const;

/** Whether the daemon supports a feature; false if it is not known. */
export function isSupported({ options }: Pick<LowerContext, 'options'>, feature: keyof typeof capabilities): boolean {
  return options.llbCapabilities?.supports(capabilities[feature]) ?? false;
}
