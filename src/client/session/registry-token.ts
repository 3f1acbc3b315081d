/** Asks a registry's token service for access. */

import type { Credentials } from '../../image/docker-config.ts';
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
const TIMEOUT_MS = 8000;
const DEFAULT_EXPIRATION_S = 60;
/** Token services of another name than their registry, which need not be asked for. */
const knownRealms = new Map([['registry-1.docker.io', 'auth.docker.io']]);

/**
 * Fetches a token, with credentials where there are some.
 * @throws Error that names host and status, never the credentials
 */
export async function fetchToken(request: TokenRequest, credentials: Credentials): Promise<Token> {
  if (credentials.registryToken)
    return { token: credentials.registryToken, expiresIn: DEFAULT_EXPIRATION_S, issuedAt: 0 };
  const secret = credentials.identityToken || credentials.password;
  if (!secret) return parseToken(request, await get(request));
  await checkRealm(request);
  const username = credentials.identityToken ? '' : credentials.username;
  const answer = await post(request, username, secret);
  if (answer.ok) return parseToken(request, answer);
  // services without POST answer 404 or 405, some 401
  if (answer.status === 404 || answer.status === 401 || (answer.status === 405 && username))
    return parseToken(request, await get(request, `${username}:${secret}`));
  throw failed(request, answer.status);
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
    const answer = await fetch(`${scheme}://${host}/v2/`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'manual',
    });
    challenge = answer.headers.get('www-authenticate') ?? '';
    await answer.body?.cancel();
  } catch {
    throw refuse('the registry cannot be asked whether that is its token service');
  }
  if (/realm="([^"]*)"/i.exec(challenge)?.[1] !== realm) throw refuse('the registry names another token service');
}

async function post({ realm, service, scopes }: TokenRequest, username: string, secret: string): Promise<Response> {
  const form = new URLSearchParams({ client_id: CLIENT_ID, scope: scopes.join(' '), service });
  if (username) {
    form.set('grant_type', 'password');
    form.set('username', username);
    form.set('password', secret);
  } else {
    form.set('grant_type', 'refresh_token');
    form.set('refresh_token', secret);
  }
  return request(realm, { method: 'POST', body: form });
}

async function get({ realm, service, scopes }: TokenRequest, basic?: string): Promise<Response> {
  const url = new URL(realm);
  if (service) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return request(url, basic ? { headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` } } : {});
}

async function request(url: string | URL, init: RequestInit): Promise<Response> {
  try {
    // a redirect could lead the credentials elsewhere
    return await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { name, cause, message } = error as Error;
    const reason =
      name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : ((cause as Error)?.message ?? message);
    throw new Error(`failed to fetch a token from ${new URL(url).host}: ${reason}`);
  }
}

async function parseToken(from: TokenRequest, answer: Response): Promise<Token> {
  if (!answer.ok) {
    await answer.body?.cancel();
    throw failed(from, answer.status);
  }
  const body = (await answer.json().catch(() => ({}))) as {
    token?: string;
    access_token?: string;
    expires_in?: number;
    issued_at?: string;
  };
  const token = body.token || body.access_token;
  if (!token) throw new Error('authorization server did not include a token in the response');
  const issued = Date.parse(body.issued_at ?? '');
  return {
    token,
    expiresIn: body.expires_in || DEFAULT_EXPIRATION_S,
    issuedAt: Number.isNaN(issued) ? 0 : Math.floor(issued / 1000),
  };
}

function failed({ realm, host }: TokenRequest, status: number): RpcError {
  const code = status === 401 || status === 403 ? Code.unauthenticated : Code.unknown;
  return new RpcError(code, `failed to fetch a token for ${host} from ${new URL(realm).host}: HTTP status ${status}`);
}
