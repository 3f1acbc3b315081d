/**
 * Which proxy a request takes: the rules of Go's net/http (golang.org/x/net/http/httpproxy), by which buildx and BuildKit
 * go. Those of Node and of the packages for it differ: they know no ranges of addresses, and take proxies to this machine.
 */
import { BlockList, isIP } from 'node:net';

/**
 * The proxy for an address; undefined where it is asked directly. HTTPS_PROXY and HTTP_PROXY name one for their schemes,
 * NO_PROXY what goes without: hosts with all that is below them (`example.com`), only what is below (`.example.com`),
 * addresses, ranges of them (`10.0.0.0/8`), each with a port if need be, or `*`. Each may be in lower case. This machine is
 * always asked directly.
 *
 * @throws Error that names the variable, never its value, where that is no address of a proxy
 */
export function proxyFor(url: URL, env: Readonly<Record<string, string | undefined>>): URL | undefined {
  const names = url.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const name = names.find((candidate) => env[candidate]);
  if (!name || goesDirectly(url, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined;
  const value = env[name]!;
  const proxy = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (proxy && /^https?:$/.test(proxy.protocol) && proxy.hostname) return proxy;
  const kind = /^socks/i.test(value) ? 'is of the kind SOCKS, which is not supported' : 'is no address of a proxy';
  throw new Error(`${name} ${kind}: give it as http://proxy.example.com:3128`);
}

function goesDirectly(url: URL, noProxy: string): boolean {
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

const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, '$1');

/** A name as it stands in an address: other letters than ASCII are encoded. */
function asciiName(name: string): string {
  if (/^[\x21-\x7e]*$/.test(name)) return name;
  const host = URL.parse(`http://x${name}`)?.hostname ?? '';
  return name.startsWith('.') ? host.replace(/^x/, '') : (URL.parse(`http://${name}`)?.hostname ?? '');
}
