/**
 * Finds the proxy for a request by the rules of Go's net/http (golang.org/x/net/http/httpproxy), which buildx and
 * BuildKit follow. Node and its proxy packages differ: they do not know address ranges, and use proxies for this
 * machine too.
 */
import { BlockList, isIP } from 'node:net';
import { withoutBrackets } from './host-name.ts';

/**
 * The proxy for an address; undefined for a direct connection. HTTPS_PROXY and HTTP_PROXY name a proxy for their
 * schemes; NO_PROXY lists exceptions: a host with its subdomains (`example.com`), only the subdomains (`.example.com`),
 * an address, a range of addresses (`10.0.0.0/8`), each with an optional port, or `*`. The names may be in lower case.
 * Connections to this machine never use a proxy.
 *
 * @throws Error that names the variable, never its value, if the value is not a proxy's address
 */
export function proxyFor(url: URL, env: Readonly<Record<string, string | undefined>>): URL | undefined {
  const names = url.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const name = names.find((candidate) => env[candidate]);
  if (!name || isDirect(url, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined;
  const value = env[name]!;
  const proxy = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (proxy && /^https?:$/.test(proxy.protocol) && proxy.hostname) return proxy;
  const kind = /^socks/i.test(value) ? 'is a SOCKS proxy, which is not supported' : 'is not the address of a proxy';
  throw new Error(`${name} ${kind}: give it as http://proxy.example.com:3128`);
}

function isDirect(url: URL, noProxy: string): boolean {
  const host = withoutBrackets(url.hostname);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry === '*' || (entry !== '' && matches(entry, host, port)));
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function matches(entry: string, host: string, port: string): boolean {
  const kind = isIP(host);
  const [, base = '', bits = ''] = /^([\d.a-f:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const baseKind = isIP(base);
  if (baseKind) return kind !== 0 && Number(bits) <= (baseKind === 6 ? 128 : 32) && isInRange(host, base, Number(bits));
  const [, withPort, entryPort = ''] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (entryPort !== '' && entryPort !== port) return false;
  const name = withoutBrackets(withPort ?? entry);
  const nameKind = isIP(name);
  if (kind || nameKind) return kind !== 0 && nameKind !== 0 && isInRange(host, name, nameKind === 6 ? 128 : 32);
  const suffix = asciiName(name.replace(/^\*\./, '.'));
  if (suffix === '') return false;
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isInRange(address: string, base: string, bits: number): boolean {
  const range = new BlockList();
  range.addSubnet(base, bits, isIP(base) === 6 ? 'ipv6' : 'ipv4');
  return range.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** A host name as an address has it, with letters other than ASCII encoded. */
function asciiName(name: string): string {
  if (/^[\x21-\x7e]*$/.test(name)) return name;
  const host = URL.parse(`http://x${name}`)?.hostname ?? '';
  return name.startsWith('.') ? host.replace(/^x/, '') : (URL.parse(`http://${name}`)?.hostname ?? '');
}
