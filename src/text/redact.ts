/**
 * Removes credentials from addresses, and tokens. Everything that prints or records an address (errors, labels,
 * progress) passes it through here.
 *
 * People write passwords without encoding, with `@`, `/`, `#` and `?` in them, so an address is not cut as in RFC 3986.
 * All that may be a password is hidden; better too much than too little.
 */
import { closingLength } from './end-of-value.ts';
import { hideTokens } from './token-shapes.ts';

const mask = 'xxxxx';

/** An address in a text, or a part that looks like one; its members are offsets in the text. */
interface Found {
  /** After `scheme://`. */
  readonly start: number;
  /** The `@` after the credentials. */
  readonly at: number;
  readonly scheme: string;
}

/** Schemes of SSH, whose addresses cannot have a password: their user is not a secret. */
const sshSchemes = new Set(['ssh', 'git+ssh', 'ssh+git', 'git', 'docker+ssh', 'buildkit+ssh']);

/**
 * The text with `xxxxx` in place of the credentials of each address in it, as BuildKit prints them:
 * `https://xxxxx:xxxxx@host`, and `https://xxxxx@host` for a name alone, which may be a token. The user of
 * `ssh://git@host` stays, and so do variables (`https://$USER:$TOKEN@host`). In `user:password@host:path` both are
 * hidden, and in a query (`?token=…`, `&X-Amz-Signature=…`, `&%74oken=…`) the values that give access. Tokens that are
 * known by their form are hidden wherever they stand, with a `•` for each character.
 */
export function redactCredentials(given: string): string {
  const text = mayHaveCredentials.test(given) ? redactAddresses(given) : given;
  return hideTokens(text);
}

function redactAddresses(text: string): string {
  return hideInQueries(hideWithoutScheme(replaceCredentials(text, hidden)))
    .replace(inParameter, `$1${mask}%40`)
    .replace(cutBefore, `$1${mask}$2`)
    .replace(notAPort, `$1:${mask}$2`);
}

/** A quick test: every text with credentials has one of these, and most texts have none. */
const mayHaveCredentials = /[@=]|%3d|%40|invalid port/i;

/**
 * Go's error about `user:pass/word@host`, in which it mistakes the start of the password for a port: `parse
 * "https://user:pass": invalid port ":pass" after host`.
 */
const cutBefore = /(parse \\?"[a-z][a-z0-9+.-]{0,31}:\/\/)[^\s"@]{0,300}?(\\?": invalid port )/gi;
const notAPort = /(invalid port \\?["'])(?!:\d+\\?["']):[^\n]{0,300}?(\\?["'] after host)/g;

/** An address to record (an image's label, provenance), with its credentials removed. */
export function stripCredentials(address: string): string {
  const stripped = replaceCredentials(address.trim(), () => '');
  return redactCredentials(stripped.replace(withoutScheme, (whole, host: string) => (isDigest(host) ? whole : '')));
}

/**
 * Redacts a program's message about an address that was passed to it. The credentials of that address are also redacted
 * if the message quotes only a part of them.
 */
export function redactSecretsOf(address: string, text: string): string {
  const secrets = new Set<string>();
  for (const { start, at, scheme } of findCredentials(address)) {
    const credentials = address.slice(start, at);
    if (hidden(scheme, credentials) === `${credentials}@`) continue;
    const password = credentials.slice(credentials.indexOf(':') + 1);
    for (const secret of [credentials, password, decoded(password), ...password.split(/[@/?#:]/)])
      if (secret.length >= minSecret) secrets.add(secret);
  }
  let result = redactCredentials(text);
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) result = result.replaceAll(secret, mask);
  return result;
}

/** Minimum length of a piece that is hidden; shorter ones are in every text. */
const minSecret = 3;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The replacement of the part before the `@`, with the `@`. */
function hidden(scheme: string, credentials: string): string {
  const colon = credentials.indexOf(':');
  if (colon < 0) return sshSchemes.has(scheme) || isVariable(credentials) ? `${credentials}@` : `${mask}@`;
  const [name, password] = [credentials.slice(0, colon), credentials.slice(colon + 1)];
  if (isVariable(password)) return `${credentials}@`;
  return `${name && mask}:${password && mask}@`;
}

function isVariable(text: string): boolean {
  return /^(?:\$\w+|\$\{[^{}]*\})$/.test(text);
}

function replaceCredentials(text: string, replace: (scheme: string, credentials: string) => string): string {
  let result = '';
  let done = 0;
  for (const { start, at, scheme } of findCredentials(text)) {
    result += text.slice(done, start) + replace(scheme, text.slice(start, at));
    done = at + 1;
  }
  return result + text.slice(done);
}

/** Finds the credentials before hosts, in linear time. */
function* findCredentials(text: string): Generator<Found> {
  let wordEnd = -1;
  let wordAt = -1;
  for (let from = 0; ; ) {
    const colon = text.indexOf('://', from);
    if (colon < 0) return;
    const start = colon + 3;
    from = start;
    const scheme = schemeBefore(text, colon);
    if (scheme === undefined) continue;
    if (start > wordEnd) {
      wordEnd = endOfWord(text, start);
      wordAt = start + text.slice(start, wordEnd).lastIndexOf('@');
    }
    if (wordAt < start) continue;
    const authority = text.slice(start, endOfAuthority(text, start, wordEnd));
    const inAuthority = start + authority.lastIndexOf('@');
    const at = continuesCredential(authority, text.slice(wordAt + 1, wordAt + 1 + maxHost)) ? wordAt : inAuthority;
    if (at < start || isDigest(text.slice(at + 1, at + 1 + maxHost))) continue;
    yield { start, at, scheme };
    from = at + 1;
  }
}

const maxScheme = 32;
const maxHost = 255;

/** The scheme that ends before a colon; undefined if absent. */
function schemeBefore(text: string, colon: number): string | undefined {
  return /[a-z][a-z0-9+.-]*$/i.exec(text.slice(Math.max(0, colon - maxScheme), colon))?.[0].toLowerCase();
}

/** An address ends at a blank, and at a quote or bracket that closes something. */
const endOfAddress = /[\s\0-\x1f]|["'`>)\]}](?=[\s,.;:)\]}>]|$)|,(?=[a-z][a-z0-9+.-]{0,31}:\/\/)/gi;

function endOfWord(text: string, start: number): number {
  endOfAddress.lastIndex = start;
  return endOfAddress.exec(text)?.index ?? text.length;
}

function endOfAuthority(text: string, start: number, end: number): number {
  for (let i = start; i < end; i++) if ('/?#'.includes(text[i]!)) return i;
  return end;
}

/**
 * Whether the credentials continue after the first `/`, `?` or `#`.
 *
 * @param authority the part before it
 * @param last the part after the last `@` of the address
 */
function continuesCredential(authority: string, last: string): boolean {
  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    const hasPassword = authority.lastIndexOf(':', at) >= 0;
    return hasPassword && (isHost(last) || !isHost(authority.slice(at + 1)));
  }
  if (/^[^[\]:]+:.*\D/s.test(authority)) return true; // like `user:pa`, which is not a host with a port
  // Like `user:12` and `token`, which may be hosts.
  return /^(?!localhost(?::|$))[^.[\]]+$/.test(authority) && isHost(last);
}

/** Whether a text clearly begins with a host; `pkg` of `https://host:8080/@scope/pkg` does not. */
function isHost(text: string): boolean {
  return /^(?:\[[\da-f:.]+\]|localhost|(?:\d+\.){3}\d+|(?:[\w-]+\.)+[a-z]{2,}|[\w.-]+(?=:\d))(?::\d+)?(?:[/?#]|$)/i.test(
    text,
  );
}

/** The digest in `image:tag@sha256:…`. */
function isDigest(text: string): boolean {
  return /^sha\d{3}:[0-9a-f]/.test(text);
}

/**
 * `user:password@host:path` and `user:password@host/path`, without a scheme, for scp and proxies. The user may be a
 * mailbox.
 */
const withoutScheme =
  /(?<![\p{L}\p{N}_./:@$+-])[\p{L}\p{N}_.@+-]{1,64}:(?!\/\/)[^\s"'`<>/:]{1,256}@(?=([\p{L}\p{N}_.-]{1,255}[:/][0-9a-f]?))/gu;

/**
 * `https:/user:password@host`, `https:user:password@host` and `//user:password@host`, which some programs accept as
 * addresses.
 */
const withFewSlashes = /(?<![\w+.:/-])(https?:\/?(?!\/)|\/\/)[^\s"'`<>/@:]{0,64}:(?!\/\/)([^\s"'`<>/]{1,256})@/gi;

function hideWithoutScheme(given: string): string {
  const text = given.replace(withFewSlashes, (whole: string, start: string, password: string) =>
    isVariable(password) ? whole : `${start}${mask}:${mask}@`,
  );
  return text.replace(withoutScheme, (whole: string, host: string) => {
    const password = whole.slice(whole.indexOf(':') + 1, -1);
    return isDigest(host) || isVariable(password) ? whole : `${mask}:${mask}@`;
  });
}

/** A parameter with its value, in a plain address, in Go's JSON (`\\u0026`) and in HTML. Its name may have escapes. */
const parameter = /([?&;#]|\\u0026)((?:amp;)?[\w.%[\]-]{1,80}=)((?:(?!\\u0026)[^\s&#;"'`<>])+)/gi;

/** The same in an address that is itself a parameter: `?next=https%3A%2F%2Fhost%2F%3Ftoken%3D…%26a%3Db`. */
const parameterInParameter =
  /([?&;#]|\\u0026|%(?:3f|26|23))([\w.%[\]-]{1,80}?%3d)((?:(?!\\u0026|%2[36])[^\s&#;"'`<>])+)/gi;

/** Names of parameters that give access: tokens, and signatures of a store's addresses. */
const secretParameter =
  /(?:token|signature|credentials?|secret|passw(?:or)?d|passphrase|pwd|jwt|api[_-]?key|access[_-]?key(?:id)?|googleaccessid|key-pair-id|session[_-]?id|authorization|auth|sig|assertion|samlresponse|[._-]key|[._-]pass)$|^key$/i;

/**
 * The same, but such names are also in the commands of steps, where `;` is not a part of an address: `make;code=$?`.
 */
const secretInAddress = /(?:^|[._-]|auth|access)(?:code|pass|otp|ticket|session|sid|hmac)$/i;

function hideInQueries(text: string): string {
  return text.replace(parameter, hideValue).replace(parameterInParameter, hideValue);
}

function hideValue(whole: string, separator: string, written: string, value: string): string {
  const name = unescaped(unescaped(written))
    .replace(/^amp;/i, '')
    .replace(/(?:\[\w*\])?=$/, '');
  const isSecret = secretParameter.test(name) || (separator !== ';' && secretInAddress.test(name));
  const end = value.length - closingLength(value);
  return isSecret && !isVariable(value.slice(0, end)) ? separator + written + mask + value.slice(end) : whole;
}

function unescaped(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** An address that is a parameter of another one: `?next=https%3A%2F%2Fuser%3Apass%40host`. */
const inParameter = /(%3A%2F%2F)(?:(?!%2F)[^\s&#"'`<>]){1,300}%40/gi;

/**
 * JSON for programs, without credentials and tokens in its texts.
 *
 * @param hide hides more than these
 */
export function redactedJson(
  value: unknown,
  indent?: number,
  hide: (text: string) => string = redactCredentials,
): string {
  return JSON.stringify(value, (_, it) => (typeof it === 'string' ? hide(it) : it), indent);
}

/** The same for a text that is JSON; a text with nothing to hide stays unchanged. */
export function redactJsonText(text: string): string {
  if (redactCredentials(text) === text && !text.includes('\\u')) return text;
  try {
    const value: unknown = JSON.parse(text);
    const redacted = redactedJson(value, 2);
    return redacted === JSON.stringify(value, null, 2) ? text : redacted;
  } catch {
    return redactCredentials(text); // it is not an address
  }
}
