/** `--add-host`. */
import { isIP } from 'node:net';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { UsageError } from '../../text/usage-error.ts';

/** `HOST:IP[,IP…]` or `HOST=IP[,IP…]`; the IP `host-gateway` is what the daemon says its host is. @throws UsageError */
export function parseHost(text: string, hostGateway: string | undefined): string[] {
  const [host, ips] = splitAtFirst(text.includes('=') ? text : text.replace(':', '='), '=');
  if (!host || !ips) throw new UsageError(`invalid host ${JSON.stringify(text)} for --add-host, expected host:ip`);
  if (ips === 'host-gateway') {
    if (!hostGateway)
      throw new UsageError(
        `--add-host ${text}: unable to derive the IP value for host-gateway: host-gateway is not supported by this daemon, which does not tell the address of its host as Docker engines do: give the address itself, --add-host ${host}=IP`,
      );
    return [`${host}=${hostGateway}`];
  }
  return ips.split(',').map((ip) => {
    const address = ip.replace(/^\[(.+)\]$/, '$1');
    if (isIP(address) === 0 || address.includes('%'))
      throw new UsageError(
        `invalid host ${JSON.stringify(text)} for --add-host: ${JSON.stringify(address)} is not an IP address`,
      );
    return `${host}=${address}`;
  });
}
