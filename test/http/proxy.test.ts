import { expect, test } from 'vitest';
import { proxyFor } from '../../src/http/proxy.ts';

const proxy = 'http://proxy.example:3128';
const taken = (url: string, noProxy: string) =>
  proxyFor(new URL(url), { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: noProxy }) !== undefined;

// The cases of golang.org/x/net/http/httpproxy, and what its documentation says.
test.each<[noProxy: string, url: string, proxied: boolean]>([
  ['', 'https://registry.example/', true],
  ['', 'http://localhost/', false],
  ['', 'http://localhost:5000/', false],
  ['', 'http://127.0.0.1/', false],
  ['', 'http://127.0.0.2:5000/', false],
  ['', 'http://[::1]/', false],
  ['', 'http://[::2]/', true],
  ['', 'http://localhost.net/', true],
  ['', 'http://barbaz.net:80/', true],
  ['*', 'http://registry.example/', false],
  ['registry.example', 'http://registry.example/', false],
  ['registry.example', 'http://REGISTRY.example:5000/', false],
  ['registry.example', 'http://a.registry.example/', false],
  ['registry.example', 'http://aregistry.example/', true],
  ['.example', 'http://registry.example/', false],
  ['.registry.example', 'http://registry.example/', true],
  ['*.registry.example', 'http://a.registry.example/', false],
  ['*.registry.example', 'http://registry.example/', true],
  ['registry.example:5000', 'http://registry.example:5000/', false],
  ['registry.example:5000', 'http://registry.example:5001/', true],
  ['registry.example:443', 'https://registry.example/', false],
  ['registry.example:80', 'http://registry.example/', false],
  ['registry.example:80', 'https://registry.example/', true],
  [' a.example , B.example', 'https://b.example/', false],
  ['192.168.1.1', 'http://192.168.1.1/', false],
  ['192.168.1.1', 'http://192.168.1.2/', true],
  ['192.168.1.1:81', 'http://192.168.1.1/', true],
  ['192.168.0.0/16', 'http://192.168.77.1:5000/', false],
  ['192.168.0.0/16', 'http://192.169.0.1/', true],
  ['192.168.0.0/16', 'http://registry.example/', true],
  ['2001:db8::/32', 'http://[2001:db8::52:0:1]:5000/', false],
  ['[2001:db8::52:0:1]:443', 'https://[2001:db8::52:0:1]/', false],
  ['[2001:db8::52:0:1]:443', 'http://[2001:db8::52:0:1]/', true],
  ['2001:db8::52:0:1', 'https://[2001:db8::52:0:1]/', false],
  ['10.0.0.0/99', 'http://10.0.0.1/', true],
  [',:5000,.', 'http://registry.example/', true],
  ['bücher.example', 'https://xn--bcher-kva.example/', false],
  ['.bücher.example', 'https://a.xn--bcher-kva.example/', false],
])('NO_PROXY=%j: %s goes through the proxy: %s', (noProxy, url, proxied) => {
  expect(taken(url, noProxy)).toBe(proxied);
});

test.each<[env: Record<string, string>, url: string, proxy: string | undefined]>([
  [{ HTTPS_PROXY: 'http://a:1' }, 'https://x.example', 'http://a:1/'],
  [{ https_proxy: 'http://a:1' }, 'https://x.example', 'http://a:1/'],
  [{ HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:1' }, 'https://x.example', 'http://a:1/'],
  [{ HTTPS_PROXY: '', https_proxy: 'b:1' }, 'https://x.example', 'http://b:1/'],
  [{ HTTP_PROXY: 'https://a' }, 'http://x.example', 'https://a/'],
  [{ HTTP_PROXY: 'http://a:1' }, 'https://x.example', undefined],
  [{ HTTPS_PROXY: 'http://a:1' }, 'http://x.example', undefined],
  [{ ALL_PROXY: 'http://a:1' }, 'https://x.example', undefined],
  [{ HTTPS_PROXY: 'http://a:1', no_proxy: 'x.example' }, 'https://x.example', undefined],
])('the environment %j selects for %s the proxy %s', (env, url, expected) => {
  expect(proxyFor(new URL(url), env)?.href).toBe(expected);
});

test.each(['socks5://me:s3cret@a:1', 'ftp://me:s3cret@a', 'http://me:s3cret@', 'http://me:s3cret@a:port'])(
  '%s is not a proxy, and its credentials are in no error',
  (value) => {
    const ask = () => proxyFor(new URL('https://x.example'), { HTTPS_PROXY: value });
    expect(ask).toThrow(/^HTTPS_PROXY is .*: give it as http:\/\/proxy\.example\.com:3128$/);
    expect(ask).not.toThrow(/s3cret/);
  },
);
