/**
 * Addresses without their credentials. Everything that prints or records an address (errors, labels, progress) passes it
 * through here.
 *
 * People write passwords as they are, with `@`, `/`, `#` and `?` in them, so an address is not cut as RFC 3986 does. What
 * may be a password is hidden; better too much than too little.
 */

const mask = 'xxxxx';

/** One address in a text, or what looks like one: places in the text. */
interface Found {
  /** Behind `scheme://`. */
  readonly start: number;
  /** Where the `@` behind the credentials is. */
  readonly at: number;
  readonly scheme: string;
}

/** The user of an SSH address is no secret: with SSH there is no password in an address that it could be. */
const sshSchemes = new Set(['ssh', 'git+ssh', 'ssh+git', 'git', 'docker+ssh', 'buildkit+ssh']);

/**
 * The text with `xxxxx` in place of the credentials of each address in it, as BuildKit prints them:
 * `https://xxxxx:xxxxx@host`, and `https://xxxxx@host` for a name alone, which may be a token. The user of
 * `ssh://git@host` stays, and so do variables (`https://$USER:$TOKEN@host`). Of `user:password@host:path` both go, and of
 * a query (`?token=…`, `&X-Amz-Signature=…`) what gives access.
 */
export function redactCredentials(text: string): string {
  return hideInQueries(hideWithoutScheme(replaceCredentials(text, hidden)))
    .replace(cutBefore, `$1${mask}$2`)
    .replace(notAPort, `$1:${mask}$2`);
}

/** What Go says of `user:pass/word@host`, in which it takes the start of the password for a port: `parse "https://user:pass": invalid port ":pass" after host`. */
const cutBefore = /(parse \\?"[a-z][a-z0-9+.-]{0,31}:\/\/)[^\s"@]{0,300}?(\\?": invalid port )/gi;
const notAPort = /(invalid port \\?["'])(?!:\d+\\?["']):[^\n]{0,300}?(\\?["'] after host)/g;

/** An address for the record (an image's label, provenance): without credentials, and without a place for them. */
export function stripCredentials(address: string): string {
  const stripped = replaceCredentials(address.trim(), () => '');
  return redactCredentials(stripped.replace(withoutScheme, (whole, host: string) => (isDigest(host) ? whole : '')));
}

/**
 * The same for what a program says of an address that it was given: its credentials are hidden also where they are quoted
 * without the rest, in whole or in part.
 */
export function redactSecretsOf(address: string, text: string): string {
  const secrets = new Set<string>();
  for (const { start, at, scheme } of findCredentials(address)) {
    const credentials = address.slice(start, at);
    if (hidden(scheme, credentials) === `${credentials}@`) continue;
    const password = credentials.slice(credentials.indexOf(':') + 1);
    for (const secret of [credentials, password, decoded(password), ...password.split(/[@/?#:]/)])
      if (secret.length >= MIN_SECRET) secrets.add(secret);
  }
  let result = redactCredentials(text);
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) result = result.replaceAll(secret, mask);
  return result;
}

/** Shorter pieces are in every text. */
const MIN_SECRET = 3;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What stands for the part in front of the `@`, with it. */
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

/** The credentials in front of a host, in linear time. */
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
    const at = goesOn(authority, text.slice(wordAt + 1, wordAt + 1 + MAX_HOST)) ? wordAt : inAuthority;
    if (at < start || isDigest(text.slice(at + 1, at + 1 + MAX_HOST))) continue;
    yield { start, at, scheme };
    from = at + 1;
  }
}

const MAX_SCHEME = 32;
const MAX_HOST = 255;

/** The scheme that ends in front of a colon. */
function schemeBefore(text: string, colon: number): string | undefined {
  return /[a-z][a-z0-9+.-]*$/i.exec(text.slice(Math.max(0, colon - MAX_SCHEME), colon))?.[0].toLowerCase();
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
 * Whether the credentials go on behind the first `/`, `?` or `#`.
 *
 * @param authority what is in front of that
 * @param last what is behind the last `@` of the address
 */
function goesOn(authority: string, last: string): boolean {
  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    const hasPassword = authority.lastIndexOf(':', at) >= 0;
    return hasPassword && (isHost(last) || !isHost(authority.slice(at + 1)));
  }
  if (/^[^[\]:]+:.*\D/s.test(authority)) return true; // `user:pa`, which is no host with its port
  return /^(?!localhost(?::|$))[^.[\]]+$/.test(authority) && isHost(last); // `user:12` and `token`, which might be
}

/** Whether a text begins with what is clearly a host, as `pkg` of `https://host:8080/@scope/pkg` is not. */
function isHost(text: string): boolean {
  return /^(?:\[[\da-f:.]+\]|localhost|(?:\d+\.){3}\d+|(?:[\w-]+\.)+[a-z]{2,}|[\w.-]+(?=:\d))(?::\d+)?(?:[/?#]|$)/i.test(
    text,
  );
}

/** Of `image:tag@sha256:…`, what stands behind the `@`. */
function isDigest(text: string): boolean {
  return /^sha\d{3}:[0-9a-f]/.test(text);
}

/** `user:password@host:path` and `user:password@host/path`: no scheme, as scp and proxies have it. The user may be a mailbox. */
const withoutScheme =
  /(?<![\p{L}\p{N}_./:@$+-])[\p{L}\p{N}_.@+-]{1,64}:(?!\/\/)[^\s"'`<>/:]{1,256}@(?=([\p{L}\p{N}_.-]{1,255}[:/][0-9a-f]?))/gu;

/** `https:/user:password@host`, `https:user:password@host` and `//user:password@host`, which some take for addresses, too. */
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

/** Parameters that give access: tokens, and what signs an address of a store. */
const secretParameter =
  /([?&;#](?:[\w.-]{0,40}?(?:token|signature|credential|secret|passw(?:or)?d|pwd|jwt|api[_-]?key|access[_-]?key(?:id)?|auth|sig)|key)=)([^\s&#;"'`<>]+)/gi;

function hideInQueries(text: string): string {
  return text.replace(secretParameter, (whole: string, name: string, value: string) =>
    isVariable(value) ? whole : name + mask,
  );
}
