/** The mounts of a RUN. */
import type { RunInstruction } from '../parser/ast.ts';
import { type MountFlag, parseMount } from '../parser/mount-flag.ts';

/** The mounts that can be read; their variables stay as written. */
export function readMounts({ mounts }: RunInstruction): MountFlag[] {
  return mounts.flatMap((word) => {
    try {
      return [parseMount(word, (text) => text)];
    } catch {
      return [];
    }
  });
}

/** Whether a path is in a mount, so that what a RUN writes there is not part of its layer. */
export function isMounted(run: RunInstruction, path: string): boolean {
  const holdsPath = (target: string): boolean => {
    const mounted = target.replace(/\/+$/, '');
    return mounted === path || path.startsWith(`${mounted}/`);
  };
  const holdsFiles = new Set(['bind', 'cache', 'tmpfs']);
  return readMounts(run).some(({ type, target }) => holdsFiles.has(type) && holdsPath(target));
}
