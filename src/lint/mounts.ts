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

/** Whether files below a directory stay in a cache or disappear: something that is not part of the layer is mounted. */
export function isMounted(run: RunInstruction, directory: string): boolean {
  const below = (target: string): boolean => {
    const path = target.replace(/\/+$/, '');
    return path === directory || directory.startsWith(`${path}/`);
  };
  return readMounts(run).some(({ type, target }) => (type === 'cache' || type === 'tmpfs') && below(target));
}
