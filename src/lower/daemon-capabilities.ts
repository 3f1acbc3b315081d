/** Capabilities of the daemon without which lowering omits or replaces something. */
import type { Lowering } from './lowering.ts';

/** BuildKit's names of the capabilities. */
const capabilities = {
  merge: 'mergeop',
  bindWithoutOutput: 'exec.mount.bind.readwrite-nooutput',
  tmpfsSize: 'exec.mount.tmpfs.size',
  ulimit: 'exec.meta.ulimit',
  devices: 'exec.meta.cdi',
  cgroupParent: 'exec.meta.cgroup.parent',
  linuxResources: 'exec.meta.linux.resources',
} as const;

/** Whether the daemon has a capability; false if its capabilities are not known. */
export function isSupported({ options }: Pick<Lowering, 'options'>, capability: keyof typeof capabilities): boolean {
  return options.llbCapabilities?.supports(capabilities[capability]) ?? false;
}
