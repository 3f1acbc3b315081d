/** `--auth-host`. */
import { isRegistryHost } from '../../registry/registry-address.ts';
import { redactCredentials } from '../../text/redact.ts';
import { UsageError } from '../../text/usage-error.ts';

/**
 * The registries of `--auth-host`; undefined for all of them. @throws UsageError for what is not a host of a registry
 */
export function authHosts(hosts: readonly string[]): { readonly hosts: readonly string[] } | undefined {
  const wrong = hosts.find((host) => !isRegistryHost(host));
  if (wrong !== undefined)
    throw new UsageError(
      `invalid value ${JSON.stringify(redactCredentials(wrong))} for --auth-host: it takes HOST or HOST:PORT, as registry.example.com:5000, without a scheme or a path`,
    );
  return hosts.length > 0 ? { hosts } : undefined;
}
