/**
 * Requests tokens from a registry's token service, as containerd does. This module decides where the credentials of a
 * registry may be sent, both for images that are resolved here and for tokens that a daemon requests.
 */
import type { Trust } from '../http/certificates.ts';
import { defaultLimits, type HttpResponse, type RequestLimits, type RequestOptions, request } from '../http/request.ts';
import type { ResponseHeaders } from '../http/send-request.ts';
import { printableLine } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { ShortError } from '../text/short-error.ts';
import { parseChallenge } from './challenge.ts';
import type { Credentials } from './docker-config.ts';
import { encrypted, isThisMachine } from './registry-address.ts';

/** A request for a token. */
export interface TokenRequest {
  /** The registry that the token is for. */
  readonly registry: URL;
  /** The address of the token service. */
  readonly realm: string;
  /** The name of the registry for the service; '' if the registry does not give one. */
  readonly service: string;
  /** The access to ask for, such as `repository:library/alpine:pull`. */
  readonly scopes: readonly string[];
  /** The name of this program for the service. */
  readonly clientId: string;
  /** Certificates of the registry; its token service uses the same. */
  readonly trust?: Trust | undefined;
}

/** A token with its time limit. */
export interface Token {
  /** The bearer token. */
  readonly token: string;
  /** Seconds from `issuedAt`. */
  readonly expiresIn: number;
  /** Unix seconds, 0 if the service does not say. */
  readonly issuedAt: number;
}

/** Credentials were asked for by a service that must not have them. */
export class CredentialsWithheld extends ShortError {
  override readonly name = 'CredentialsWithheld';
}

/** The token service refused. */
export class TokenRefused extends ShortError {
  override readonly name = 'TokenRefused';
  /** The HTTP status of the answer. */
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

const maxAnswerBytes = 1 << 20;
/** Milliseconds for a token, which is small. */
const maxTotalMs = 60_000;
/** Seconds; used if the service does not say. */
const defaultExpiration = 60;
/** Known token services whose host differs from their registry's: the registry need not confirm them. */
const knownServices = new Map([['https://registry-1.docker.io', 'https://auth.docker.io']]);

/** Checks that the connection to an address may carry credentials: it is encrypted or on this machine. */
export function requirePrivateConnection(registry: URL, to: URL): void {
  if (to.protocol !== 'https:' && !isThisMachine(to))
    throw withheld(registry, to.host, 'the connection is not encrypted');
}

/**
 * Checks that the token service of a registry without encryption has the registry's host name: anybody on the network
 * can change the challenge and name another.
 */
function requireOwnRealm(registry: URL, realm: URL): void {
  if (registry.protocol === 'https:' || isThisMachine(registry) || realm.hostname === registry.hostname) return;
  throw withheld(registry, realm.host, 'the registry names that over a connection that is not encrypted');
}

/**
 * Fetches a token, with credentials if there are any. They are sent to the address in `realm`, encrypted or on this
 * machine: the caller makes sure that the registry itself has named the realm, or has it confirmed by
 * {@link confirmRealm}. If a registry on another machine is asked without encryption, the realm must have its host
 * name; containerd sends credentials to any realm.
 *
 * @throws CredentialsWithheld, TokenRefused, and Error that names host and request, never the credentials
 */
export async function fetchToken(
  wanted: TokenRequest,
  credentials: Credentials,
  limits: RequestLimits = defaultLimits,
): Promise<Token> {
  if (credentials.registryToken) return { token: credentials.registryToken, expiresIn: defaultExpiration, issuedAt: 0 };
  const realm = parseRealm(wanted);
  const ask = (url: URL, options: RequestOptions) => askService(wanted, url, options, limits);
  const secret = credentials.identityToken || credentials.password;
  if (!secret) return parseToken(wanted, realm, await ask(withQuery(realm, wanted), {}), []);
  const secrets = [secret];
  requirePrivateConnection(wanted.registry, realm);
  requireOwnRealm(wanted.registry, realm);
  const username = credentials.identityToken ? '' : credentials.username;
  const response = await ask(realm, { method: 'POST', body: form(wanted, username, secret) });
  const { status } = response;
  // Services without POST answer 404 or 405, some 401.
  if (status !== 404 && status !== 401 && !(status === 405 && username))
    return parseToken(wanted, realm, response, secrets);
  const authorization = `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
  return parseToken(wanted, realm, await ask(withQuery(realm, wanted), { headers: { authorization } }), secrets);
}

/**
 * Checks a realm that a daemon names, not the registry, since the daemon could name its own: credentials go
 * to the registry itself (the same scheme, host and port), or to the service that the registry names when it is asked.
 *
 * @throws CredentialsWithheld
 */
export async function confirmRealm(
  wanted: Pick<TokenRequest, 'registry' | 'realm' | 'trust'>,
  limits: RequestLimits,
): Promise<void> {
  const { registry, trust } = wanted;
  const realm = parseRealm(wanted);
  requirePrivateConnection(registry, realm);
  if (isSame(realm, registry) || knownServices.get(registry.origin) === realm.origin) return;
  let named: string | undefined;
  try {
    named = await realmOf(registry, trust, limits);
  } catch (error) {
    const why = `the registry cannot be asked whether that is its token service: ${(error as Error).message}`;
    throw withheld(registry, realm.host, why);
  }
  if (named === undefined || URL.parse(named)?.href !== realm.href)
    throw withheld(registry, realm.host, 'the registry names another token service');
}

/**
 * The token service that the registry names. A registry on this machine that does not answer over http is asked over
 * TLS.
 */
async function realmOf(registry: URL, trust: Trust | undefined, limits: RequestLimits): Promise<string | undefined> {
  const ask = async (address: URL) => {
    const options: RequestOptions = { redirect: 'manual', trust };
    const { headers } = await request(new URL('/v2/', address), options, maxAnswerBytes, withTokenTimeout(limits));
    return parseChallenge(headers.get('www-authenticate') ?? '', 'bearer')?.get('realm');
  };
  try {
    return await ask(registry);
  } catch (error) {
    if (limits.signal?.aborted || registry.protocol === 'https:' || !isThisMachine(registry)) throw error;
    return ask(encrypted(registry)).catch(() => {
      throw error;
    });
  }
}

/**
 * Whether a realm is the registry. For a registry on this machine, http and https on one port are the same registry.
 */
function isSame(realm: URL, registry: URL): boolean {
  return realm.origin === registry.origin || (isThisMachine(registry) && realm.origin === encrypted(registry).origin);
}

function parseRealm({ registry, realm }: Pick<TokenRequest, 'registry' | 'realm'>): URL {
  const url = URL.parse(realm);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw withheld(registry, 'its token service', 'that is not an http address');
  url.hash = '';
  return url;
}

const withheld = ({ host }: URL, to: string, why: string) =>
  new CredentialsWithheld(`credentials for ${host} are not sent to ${to}: ${why}`);

const withTokenTimeout = (limits: RequestLimits) => ({ ...limits, totalMs: Math.min(limits.totalMs, maxTotalMs) });

function form({ clientId, scopes, service }: TokenRequest, username: string, secret: string): URLSearchParams {
  const fields = new URLSearchParams({ client_id: clientId, scope: scopes.join(' '), service });
  if (username) {
    fields.set('grant_type', 'password');
    fields.set('username', username);
    fields.set('password', secret);
  } else {
    fields.set('grant_type', 'refresh_token');
    fields.set('refresh_token', secret);
  }
  return fields;
}

function withQuery(realm: URL, { service, scopes }: TokenRequest): URL {
  const url = new URL(realm);
  if (service) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return url;
}

async function askService(
  { registry, trust }: TokenRequest,
  url: URL,
  options: RequestOptions,
  limits: RequestLimits,
): Promise<HttpResponse> {
  try {
    // A redirect could send the credentials elsewhere.
    return await request(url, { ...options, redirect: 'error', trust }, maxAnswerBytes, withTokenTimeout(limits));
  } catch (error) {
    if (limits.signal?.aborted) throw error;
    throw new Error(`failed to fetch a token for ${registry.host} from ${(error as Error).message}`, { cause: error });
  }
}

function parseToken(
  { registry }: TokenRequest,
  { host }: URL,
  { status, headers, body }: HttpResponse,
  secrets: readonly string[],
): Token {
  const failed = `failed to fetch a token for ${registry.host} from ${host}`;
  if (status < 200 || status > 299) {
    const reason = errorReason(body, secrets);
    const more = status === 429 ? retryAdvice(headers) : '';
    throw new TokenRefused(`${failed}: HTTP status ${status}${reason && `: ${reason}`}${more}`, status);
  }
  let fields: Readonly<Record<string, unknown>> = {};
  try {
    fields = { ...(JSON.parse(new TextDecoder().decode(body)) as object) };
  } catch {
    // Said below.
  }
  const { token: plain, access_token: access, expires_in: expires, issued_at: issued } = fields;
  const token = plain || access;
  if (typeof token !== 'string' || !isHeaderText(token)) throw new Error(`${failed}: there is no token in its answer`);
  const seconds = typeof issued === 'string' ? Math.floor(Date.parse(issued) / 1000) : Number.NaN;
  return {
    token,
    expiresIn: Number.isSafeInteger(expires) && (expires as number) > 0 ? (expires as number) : defaultExpiration,
    issuedAt: Number.isNaN(seconds) ? 0 : seconds,
  };
}

/**
 * A short reason from a refusal of a token service or registry: OAuth's `error_description`, the `errors` of
 * registries, the `details` of Docker Hub. A reason that repeats a secret is not shown.
 *
 * @param secrets what was sent to it
 */
export function errorReason(body: Uint8Array, secrets: readonly string[] = []): string {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = { ...(JSON.parse(new TextDecoder().decode(body)) as object) };
  } catch {
    return '';
  }
  const { errors, error, error_description: description, details, message } = fields;
  const listed = Array.isArray(errors)
    ? errors.slice(0, 5).map((entry: { message?: unknown } | null) => entry?.message)
    : [];
  const [first = ''] = [description, details, message, error].filter((text) => typeof text === 'string' && text);
  const texts = listed.some((text) => typeof text === 'string') ? listed : [first];
  let said = texts
    .filter((text) => typeof text === 'string')
    .map((text) => text.slice(0, 200))
    .join('; ');
  // Redacting would leave the parts of a password that are cut or quoted, so such a reason is not shown at all.
  for (const secret of secrets) if (secret !== '' && isEchoOf(said, secret)) said = '';
  return printableLine(redactCredentials(said));
}

/** Whether a text contains a secret, or ends within one. */
function isEchoOf(text: string, secret: string): boolean {
  return text.includes(secret.length > 8 ? secret.slice(0, 8) : secret);
}

/** When to ask a registry again that was asked too often: a phrase after its reason; '' if it does not say. */
export function retryAdvice(headers: ResponseHeaders): string {
  const after = headers.get('retry-after')?.slice(0, 100);
  return after ? `; ask again ${/^\d+$/.test(after) ? `in ${after} s` : `at ${after}`}` : '';
}

/** Whether a text may be a header's value. Otherwise Node's error would quote the whole token. */
export function isHeaderText(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
