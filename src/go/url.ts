/** Parses and formats URLs as Go's `net/url` does. */
import { isIPv4, isIPv6 } from './net.ts';
import { quote } from './quote.ts';
import { splitAtFirst } from './split-at-first.ts';
import { decodeText, encodeText } from './text.ts';

/** A parsed URL with decoded parts; absent parts are ''. */
export interface GoUrl {
  /** The scheme in lower case. */
  readonly scheme: string;
  /** The part after the scheme, if it does not begin with a slash. */
  readonly opaque: string;
  /** The user and password; undefined if there is no `@`. */
  readonly user: Userinfo | undefined;
  /** Host with port, if any. */
  readonly host: string;
  /** The decoded path. */
  readonly path: string;
  /** The path as written if its default encoding would differ; otherwise ''. */
  readonly rawPath: string;
  /** Whether there was no authority (`file:/path`). */
  readonly omitHost: boolean;
  /** Whether it ended in a question mark without a query. */
  readonly forceQuery: boolean;
  /** The query, still encoded, without `?`. */
  readonly rawQuery: string;
  /** The decoded fragment, without `#`. */
  readonly fragment: string;
}

interface Userinfo {
  readonly username: string;
  readonly password: string | undefined;
}

type Part = 'path' | 'user' | 'host' | 'zone' | 'query' | 'fragment';

/** `url.Parse`. @throws Error `parse "http://[::1/": missing ']' in host` and the like */
export function parseUrl(text: string): GoUrl {
  const hash = text.indexOf('#');
  const beforeFragment = hash < 0 ? text : text.slice(0, hash);
  const failed = (url: string, error: unknown) => new Error(`parse ${quote(url)}: ${(error as Error).message}`);
  let url: GoUrl;
  try {
    url = parseWithoutFragment(beforeFragment);
  } catch (error) {
    throw failed(beforeFragment, error);
  }
  if (hash < 0) return url;
  try {
    return { ...url, fragment: unescapeUrl(text.slice(hash + 1), 'fragment') };
  } catch (error) {
    throw failed(text, error);
  }
}

/** `URL.String`, without query and fragment. */
export function formatUrl(url: GoUrl): string {
  let text = url.scheme && `${url.scheme}:`;
  if (url.opaque) return text + url.opaque + (url.forceQuery ? '?' : '');
  const hasAuthority = url.host !== '' || url.user !== undefined;
  if (hasAuthority || (url.scheme && url.path && !url.omitHost)) text += '//';
  if (url.user) text += `${formatUserinfo(url.user)}@`;
  text += escapeUrl(url.host, 'host');
  const path = encodedPath(url);
  if (path && !path.startsWith('/') && url.host) text += '/';
  if (text === '' && /^[^/]*:/.test(path)) text = './';
  return text + path + (url.forceQuery ? '?' : '');
}

/** `Userinfo.String`. */
function formatUserinfo(user: Userinfo): string {
  const name = escapeUrl(user.username, 'user');
  return user.password === undefined ? name : `${name}:${escapeUrl(user.password, 'user')}`;
}

/**
 * `url.ParseQuery`: the values by key, in their order. Invalid pairs are skipped; the first one is the `error`,
 * or the last one with a semicolon.
 */
export function parseUrlQuery(query: string): { values: Map<string, string[]>; error: Error | undefined } {
  const values = new Map<string, string[]>();
  let error: Error | undefined;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    if (pair.includes(';')) {
      error = new Error('invalid semicolon separator in query');
      continue;
    }
    try {
      const [name, text = ''] = splitAtFirst(pair, '=');
      const key = unescapeUrl(name, 'query');
      const value = unescapeUrl(text, 'query');
      const list = values.get(key);
      if (list) list.push(value);
      else values.set(key, [value]);
    } catch (problem) {
      error ??= problem as Error;
    }
  }
  return { values, error };
}

/** `url.QueryEscape`. */
export function escapeQuery(text: string): string {
  return escapeUrl(text, 'query');
}

/** `url.PathUnescape`. @throws Error `invalid URL escape "%x"` */
export function unescapePath(text: string): string {
  return unescapeUrl(text, 'path');
}

function parseWithoutFragment(text: string): GoUrl {
  const url = {
    scheme: '',
    opaque: '',
    user: undefined as Userinfo | undefined,
    host: '',
    path: '',
    rawPath: '',
    omitHost: false,
    forceQuery: false,
    rawQuery: '',
    fragment: '',
  };
  if (/[\0-\x1f\x7f]/.test(text)) throw new Error('net/url: invalid control character in URL');
  if (text === '*') return { ...url, path: '*' };
  if (text.startsWith(':')) throw new Error('missing protocol scheme');
  const scheme = /^([A-Za-z][A-Za-z\d+.-]*):/.exec(text)?.[1] ?? '';
  url.scheme = scheme.toLowerCase();
  let rest = scheme ? text.slice(scheme.length + 1) : text;

  const question = rest.indexOf('?');
  if (question >= 0) {
    url.forceQuery = question === rest.length - 1;
    url.rawQuery = rest.slice(question + 1);
    rest = rest.slice(0, question);
  }
  if (!rest.startsWith('/')) {
    if (url.scheme) return { ...url, opaque: rest };
    // A malformed scheme must not be read as a path.
    if (/^[^/]*:/.test(rest)) throw new Error('first path segment in URL cannot contain colon');
  }
  if (rest.startsWith('//') && (url.scheme || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2);
    const authority = rest.slice(2, slash < 0 ? rest.length : slash);
    rest = slash < 0 ? '' : rest.slice(slash);
    const at = authority.lastIndexOf('@');
    url.host = parseHost(url.scheme, authority.slice(at + 1));
    if (at >= 0) url.user = parseUserinfo(authority.slice(0, at));
  } else if (url.scheme && rest.startsWith('/')) url.omitHost = true;

  url.path = unescapeUrl(rest, 'path');
  if (escapeUrl(url.path, 'path') !== rest) url.rawPath = rest;
  return url;
}

function parseUserinfo(text: string): Userinfo {
  if (!/^[A-Za-z\d\-._:~!$&'()*+,;=%@]*$/.test(text)) throw new Error('net/url: invalid userinfo');
  const colon = text.indexOf(':');
  if (colon < 0) return { username: unescapeUrl(text, 'user'), password: undefined };
  return { username: unescapeUrl(text.slice(0, colon), 'user'), password: unescapeUrl(text.slice(colon + 1), 'user') };
}

function parseHost(scheme: string, host: string): string {
  const open = host.lastIndexOf('[');
  if (open > 0) throw new Error('invalid IP-literal');
  if (open === 0) return parseIpLiteral(host);
  // A second colon is refused only for web addresses; databases use lists of hosts with ports.
  const colon = scheme === 'http' || scheme === 'https' ? host.indexOf(':') : host.lastIndexOf(':');
  if (colon >= 0) checkPort(host.slice(colon));
  return unescapeUrl(host, 'host');
}

/** `[fe80::1%25en0]:80` */
function parseIpLiteral(host: string): string {
  const close = host.lastIndexOf(']');
  if (close < 0) throw new Error("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const address = host.slice(1, close);
  const zone = address.indexOf('%25');
  const name =
    zone < 0
      ? unescapeUrl(address, 'host')
      : unescapeUrl(address.slice(0, zone), 'host') + unescapeUrl(address.slice(zone), 'zone');
  if (isIPv4(name)) throw new Error('invalid IP-literal');
  if (!isIPv6(name)) throw new Error(`invalid host: ParseAddr(${quote(name)}): unable to parse IP`);
  return `[${name}]${port}`;
}

function checkPort(port: string): void {
  if (!/^(?::\d*)?$/.test(port)) throw new Error(`invalid port ${quote(port)} after host`);
}

/** The path as written if it is a valid encoding, otherwise encoded again. */
function encodedPath(url: GoUrl): string {
  const valid = /^(?:[A-Za-z\d\-_.~$&+,/:;=@!'()*[\]%])*$/;
  return url.rawPath && valid.test(url.rawPath) ? url.rawPath : url.path === '*' ? '*' : escapeUrl(url.path, 'path');
}

const unreserved = 'A-Za-z\\d\\-_.~';
const unescapedIn: Readonly<Record<Part, RegExp>> = {
  path: new RegExp(`[${unreserved}$&+,/:;=@]`),
  user: new RegExp(`[${unreserved}$&+,;=]`),
  host: new RegExp(`[${unreserved}!$&'()*+,;=:[\\]<>"]`),
  zone: new RegExp(`[${unreserved}!$&'()*+,;=:[\\]<>"]`),
  query: new RegExp(`[${unreserved}]`),
  fragment: new RegExp(`[${unreserved}$&+,/:;=?@!()*]`),
};

function escapeUrl(text: string, part: Part): string {
  let escaped = '';
  for (const byte of encodeText(text)) {
    const char = String.fromCharCode(byte);
    if (byte < 0x80 && unescapedIn[part].test(char)) escaped += char;
    else if (char === ' ' && part === 'query') escaped += '+';
    else escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}

function unescapeUrl(text: string, part: Part): string {
  const inHost = part === 'host' || part === 'zone';
  if (!inHost && !/[%+]/.test(text)) return text;
  const bytes = encodeText(text);
  const result = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at]!;
    const char = String.fromCharCode(byte);
    if (char === '%') {
      byte = unescapeByte(bytes, at, part);
      at += 2;
    } else if (char === '+' && part === 'query') byte = 0x20;
    else if (inHost && byte < 0x80 && !unescapedIn.host.test(char))
      throw new Error(`invalid character ${quote(char)} in host name`);
    result[length++] = byte;
  }
  return decodeText(result.subarray(0, length));
}

function unescapeByte(bytes: Uint8Array, at: number, part: Part): number {
  const sequence = String.fromCharCode(...bytes.subarray(at, at + 3));
  const invalid = () => new Error(`invalid URL escape ${quote(decodeText(bytes.subarray(at, at + 3)))}`);
  if (!/^%[\da-fA-F]{2}$/.test(sequence)) throw invalid();
  const byte = Number.parseInt(sequence.slice(1), 16);
  // In a host name only bytes beyond ASCII may be escaped; a zone may also contain blanks (Windows).
  if (part === 'host' && byte < 0x80 && sequence !== '%25') throw invalid();
  if (part === 'zone' && sequence !== '%25' && byte !== 0x20 && !unescapedIn.host.test(String.fromCharCode(byte)))
    throw invalid();
  return byte;
}
