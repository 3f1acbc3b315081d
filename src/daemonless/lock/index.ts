/**
 * `Dockerfile.lock`: what makes, reads and writes it, and the pins that a build takes from it. `tsfront` has these
 * exports, too.
 *
 * @example
 * import { readFile, writeFile } from 'node:fs/promises';
 * import { openBuildContext, registryResolver } from 'tsfront';
 * import { formatLock, updateLock } from 'tsfront/lock';
 *
 * const { opts, locals } = await openBuildContext({ context: '.', readStdin: async () => new Uint8Array() });
 * const options = { opts, locals, images: [registryResolver()] };
 * const text = await readFile('Dockerfile', 'utf8');
 * const { lock } = await updateLock({ options, text, platforms: ['linux/amd64'] });
 * await writeFile('Dockerfile.lock', formatLock(lock));
 *
 * @module
 */

export { formatLock, type Lock, type LockedSource, readLock } from '../../lock/lock-file.ts';
export { type PinsOptions, pinsOf } from '../../lock/pins-of-lock.ts';
export type { SourceKind } from '../../lock/source-name.ts';
export type { SourcePins } from '../../lock/source-pins.ts';
export type { Pin } from './resolve-source.ts';
export { type LockPolicy, lockPolicy } from './source-policy.ts';
export {
  type ChangedSource,
  type LockRequest,
  type SourceChange,
  type UpdatedLock,
  updateLock,
} from './update-lock.ts';
