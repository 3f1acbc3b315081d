/**
 * Digests of values that may be secret. Whoever has a plain digest of a short value can try all values, so these are
 * made with a key that no record has.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Makes digests of values. */
export interface ValueKey {
  /** What tells keys apart, and reveals nothing of them. */
  readonly id: string;
  /** The digest of a value. */
  digest(value: string): string;
}

const bytes = 32;

/** @param secret the key in hexadecimal digits, as {@link readValueKey} gives it */
export function valueKey(secret: string): ValueKey {
  const digest = (value: string) => createHmac('sha256', secret).update(value).digest('hex').slice(0, 16);
  return { id: digest('the id of this key'), digest: (value) => digest(`value ${value}`) };
}

/** The key of this process, for records that are compared in it. */
export const ownSecret = randomBytes(bytes).toString('hex');

/**
 * The user's key, in a directory: a file that nobody else can read. It is made if absent.
 *
 * @returns undefined if it cannot be read or made
 */
export async function readValueKey(directory: string | undefined): Promise<string | undefined> {
  if (directory === undefined) return undefined;
  const file = path.join(directory, 'record-key');
  const read = async () => {
    const text = (await readFile(file, 'utf8')).trim();
    return /^[0-9a-f]{64}$/.test(text) ? text : undefined;
  };
  try {
    return await read();
  } catch {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const created = await open(file, 'wx', 0o600);
      try {
        await created.writeFile(`${randomBytes(bytes).toString('hex')}\n`);
      } finally {
        await created.close();
      }
      return await read();
    } catch {
      return read().catch(() => undefined); // another process was first
    }
  }
}
