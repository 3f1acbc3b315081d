/** Access to a registry's repository: answers its `WWW-Authenticate` challenge with a token or a password. */
import type { Credentials } from './docker-config.ts';
import { type RequestLimits, request } from './http-request.ts';

const maxTokenAnswer = 1 << 20;
const clientId = 'tsfront';

/**
 * The `Authorization` header that a challenge asks for; undefined where it cannot be met.
 *
 * @param registry the address of the registry that gave the challenge; credentials are sent to it and to the token
 * service it names, never unencrypted unless the registry itself is
 * @throws Error that names the token service and its answer, never the credentials
 */
export async function authorize(
  challenges: string,
  registry: URL,
  scope: string,
  credentials: Credentials,
  limits: RequestLimits,
): Promise<string | undefined> {
  const bearer = parseChallenge(challenges, 'bearer');
  if (bearer) {
    if (credentials.registryToken) return `Bearer ${credentials.registryToken}`;
    return `Bearer ${await fetchToken(bearer, registry, scope, credentials, limits)}`;
  }
  if (!parseChallenge(challenges, 'basic') || !credentials.username) return undefined;
  return basic(credentials);
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function fetchToken(
  challenge: ReadonlyMap<string, string>,
  registry: URL,
  scope: string,
  credentials: Credentials,
  limits: RequestLimits,
): Promise<string> {
  const realm = URL.parse(challenge.get('realm') ?? '');
  if (!realm || !/^https?:$/.test(realm.protocol)) throw new Error(`${registry.host} names no token service`);
  const secret = credentials.identityToken || credentials.password;
  if (secret && realm.protocol === 'http:' && registry.protocol !== 'http:')
    throw new Error(`credentials for ${registry.host} are not sent to ${realm.host}: the connection is not encrypted`);

  const fields = new URLSearchParams();
  const service = challenge.get('service');
  if (service) fields.set('service', service);
  fields.set('scope', scope);
  // A redirect could lead the credentials elsewhere.
  const init: RequestInit = { redirect: 'error' };
  if (credentials.identityToken) {
    fields.set('client_id', clientId);
    fields.set('grant_type', 'refresh_token');
    fields.set('refresh_token', credentials.identityToken);
    init.method = 'POST';
    init.body = fields;
  } else {
    for (const [key, value] of fields) realm.searchParams.append(key, value);
    if (credentials.username) init.headers = { authorization: basic(credentials) };
  }
  const answer = await request(realm, init, maxTokenAnswer, limits).catch((error: Error) => {
    throw new Error(`failed to fetch a token for ${registry.host} from ${error.message}`, { cause: error });
  });
  if (answer.status !== 200)
    throw new Error(`failed to fetch a token for ${registry.host} from ${realm.host}: HTTP status ${answer.status}`);
  let body: { token?: unknown; access_token?: unknown } = {};
  try {
    body = JSON.parse(new TextDecoder().decode(answer.body)) as typeof body;
  } catch {
    // said below
  }
  const token = body.token || body.access_token;
  if (typeof token !== 'string' || token === '') throw new Error(`${realm.host} did not include a token in its answer`);
  return token;
}

/** The parameters of the challenge of one scheme in a `WWW-Authenticate` header, keys in lower case. */
export function parseChallenge(header: string, scheme: string): ReadonlyMap<string, string> | undefined {
  let found: Map<string, string> | undefined;
  let inScheme = false;
  // Either `key=value` or the name of the next scheme.
  for (const [, key, quoted, plain, name] of header.matchAll(
    /([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([\w-]+)(?=\s|$)/g,
  )) {
    if (name !== undefined) {
      inScheme = name.toLowerCase() === scheme;
      if (inScheme) found ??= new Map();
    } else if (inScheme && found && key !== undefined) {
      found.set(key.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
    }
  }
  return found;
}
