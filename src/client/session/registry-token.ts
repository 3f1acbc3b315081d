/** Asks a registry's token service for access. */
import type { Credentials } from '../../image/docker-config.ts';
import { type Answer, type RequestLimits, request } from '../../image/http-request.ts';
import { Code, RpcError } from '../../rpc/status.ts';

export interface TokenRequest {
  readonly host: string;
  readonly realm: string;
  readonly service: string;
  readonly scopes: readonly string[];
}

export interface Token {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
  /** Unix seconds, 0 if the service does not say. */
  readonly issuedAt: number;
}

const CLIENT_ID = 'buildkit-client';
/** The daemon repeats what may pass. */
const LIMITS: RequestLimits = { patienceMs: 8000, attempts: 1, delayMs: 0 };
const MAX_ANSWER_BYTES = 1 << 20;
const DEFAULT_EXPIRATION_S = 60;
/** Token services of another name than their registry, which need not be asked for. */
const knownRealms = new Map([['registry-1.docker.io', 'auth.docker.io']]);

/**
 * Fetches a token, with credentials where there are some.
 * @throws Error that names host and status, never the credentials
 */
export async function fetchToken(wanted: TokenRequest, credentials: Credentials): Promise<Token> {
  if (credentials.registryToken)
    return { token: credentials.registryToken, expiresIn: DEFAULT_EXPIRATION_S, issuedAt: 0 };
  const secret = credentials.identityToken || credentials.password;
  if (!secret) return parseToken(wanted, await get(wanted));
  await checkRealm(wanted);
  const username = credentials.identityToken ? '' : credentials.username;
  const answer = await post(wanted, username, secret);
  const { status } = answer;
  // services without POST answer 404 or 405, some 401
  if (status === 404 || status === 401 || (status === 405 && username))
    return parseToken(wanted, await get(wanted, `${username}:${secret}`));
  return parseToken(wanted, answer);
}

/**
 * The daemon names the realm, and a daemon could name its own: credentials go to the registry's own host, or to the
 * service that the registry itself names.
 */
async function checkRealm({ host, realm }: TokenRequest): Promise<void> {
  const url = URL.parse(realm);
  const refuse = (why: string) =>
    new RpcError(
      Code.permissionDenied,
      `credentials for ${host} are not sent to ${url?.host ?? 'an invalid realm'}: ${why}`,
    );
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw refuse('not an http address');
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
  const registry = URL.parse(`https://${host}`);
  if (url.protocol === 'http:' && !local.test(url.hostname)) throw refuse('the connection is not encrypted');
  if (url.hostname === registry?.hostname || knownRealms.get(host) === url.host) return;
  const scheme = registry && local.test(registry.hostname) ? 'http' : 'https';
  let challenge: string;
  try {
    const { headers } = await request(
      new URL(`${scheme}://${host}/v2/`),
      { redirect: 'manual' },
      MAX_ANSWER_BYTES,
      LIMITS,
    );
    challenge = headers.get('www-authenticate') ?? '';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(`the registry cannot be asked whether that is its token service: ${why}`);
  }
  if (/realm="([^"]*)"/i.exec(challenge)?.[1] !== realm) throw refuse('the registry names another token service');
}

function post({ host, realm, service, scopes }: TokenRequest, username: string, secret: string): Promise<Answer> {
  const form = new URLSearchParams({ client_id: CLIENT_ID, scope: scopes.join(' '), service });
  if (username) {
    form.set('grant_type', 'password');
    form.set('username', username);
    form.set('password', secret);
  } else {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', secret);
  }
  return ask(host, new URL(realm), { method: 'POST', body: form });
}

function get({ host, realm, service, scopes }: TokenRequest, basic?: string): Promise<Answer> {
  const url = new URL(realm);
  if (service) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return ask(host, url, basic ? { headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` } } : {});
}

async function ask(host: string, url: URL, init: RequestInit): Promise<Answer> {
  try {
    // a redirect could lead the credentials elsewhere
    return await request(url, { ...init, redirect: 'error' }, MAX_ANSWER_BYTES, LIMITS);
  } catch (error) {
    throw new Error(`failed to fetch a token for ${host} from ${(error as Error).message}`, { cause: error });
  }
}

function parseToken(from: TokenRequest, { status, body }: Answer): Token {
  if (status < 200 || status > 299) throw failed(from, status);
  let answer: { token?: string; access_token?: string; expires_in?: number; issued_at?: string } = {};
  try {
    answer = JSON.parse(new TextDecoder().decode(body)) as typeof answer;
  } catch {
    // said below
  }
  const token = answer.token || answer.access_token;
  if (!token) throw new Error('authorization server did not include a token in the response');
  const issued = Date.parse(answer.issued_at ?? '');
  return {
    token,
    expiresIn: answer.expires_in || DEFAULT_EXPIRATION_S,
    issuedAt: Number.isNaN(issued) ? 0 : Math.floor(issued / 1000),
  };
}

function failed({ realm, host }: TokenRequest, status: number): RpcError {
  const code = status === 401 || status === 403 ? Code.unauthenticated : Code.unknown;
  return new RpcError(code, `failed to fetch a token for ${host} from ${new URL(realm).host}: HTTP status ${status}`);
}
