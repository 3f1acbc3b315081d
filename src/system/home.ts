/** Where the user's own files are. */
import { homedir } from 'node:os';

/**
 * The user's home folder: HOME, else what the system's list of users says. undefined where neither knows one, as in a
 * container that runs with a made-up user ID.
 */
export function homeFolder(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (env['HOME']) return env['HOME'];
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}
