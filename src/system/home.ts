/** Finds the user's home directory. */
import { homedir } from 'node:os';

/**
 * The user's home directory: HOME, else the one in the system's list of users; undefined if neither has one, as in a
 * container that runs with a made-up user ID.
 */
export function homeDir(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (env['HOME']) return env['HOME'];
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}
