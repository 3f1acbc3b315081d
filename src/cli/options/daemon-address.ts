/** Addresses of daemons, as options name them. Loaded when a command talks to one. */
import { parseAddress } from '../../client/connect/address.ts';
import { isBuilderName } from '../../client/connect/buildx-builder.ts';
import { UsageError } from '../../text/usage-error.ts';

/**
 * Checks the value of a flag that names a daemon.
 * @throws UsageError for what is neither an address of a daemon nor the name of a builder
 */
export function requireAddress(flag: string, address: string | undefined): void {
  if (address === undefined || isBuilderName(address)) return;
  try {
    parseAddress(address);
  } catch (cause) {
    throw new UsageError(`${flag}: ${(cause as Error).message}`, { cause });
  }
}
