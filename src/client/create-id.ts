import { randomBytes } from 'node:crypto';

/** A new random id, for builds and sessions. */
export function createId(): string {
  return randomBytes(16).toString('hex').slice(0, 25);
}
