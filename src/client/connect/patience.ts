import { AddressError } from './address-error.ts';

/**
 * Maximum time in milliseconds without an answer. It is longer than BuildKit's own limit: BuildKit drops a session
 * after some 30 s.
 */
const patienceMs = 60_000;

/**
 * The milliseconds that a daemon may give no sign of life: TSFRONT_PATIENCE in seconds, 60,000 by default.
 * @throws AddressError if the variable is not a number of seconds
 */
export function patienceOf(env: Readonly<Record<string, string | undefined>>): number {
  const value = env['TSFRONT_PATIENCE'];
  if (!value) return patienceMs;
  const seconds = Number(value);
  if (!(seconds >= 0 && seconds < 1e6))
    throw new AddressError(
      `TSFRONT_PATIENCE must be a number of seconds, or 0 for no limit, not ${JSON.stringify(value)}`,
    );
  return seconds * 1000;
}
