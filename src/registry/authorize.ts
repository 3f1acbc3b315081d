/** Access to a registry's repository: answers its `WWW-Authenticate` challenge with a token or a password. */
import type { RequestLimits } from '../http/request.ts';
import { parseChallenge } from './challenge.ts';
import type { Credentials } from './docker-config.ts';
import { fetchToken, isHeaderText, requirePrivateConnection, type TokenRequest } from './token.ts';

const clientId = 'tsfront';

/**
 * The `Authorization` header that a challenge asks for; undefined if it cannot be met. The credentials of the registry
 * that gave the challenge are sent to it and to the token service it names, encrypted or on this machine.
 *
 * @throws Error that names the token service and its answer, never the credentials
 */
export async function authorize(
  challenges: string,
  { registry, scope, trust }: Pick<TokenRequest, 'registry' | 'trust'> & { readonly scope: string },
  credentials: Credentials,
  limits: RequestLimits,
): Promise<string | undefined> {
  const bearer = parseChallenge(challenges, 'bearer');
  if (bearer) {
    if (credentials.registryToken) requirePrivateConnection(registry, registry);
    const realm = bearer.get('realm') ?? '';
    const service = bearer.get('service') ?? '';
    const request: TokenRequest = { registry, realm, service, scopes: [scope], clientId, trust };
    const { token } = await fetchToken(request, credentials, limits);
    if (!isHeaderText(token)) throw new Error(`the token for ${registry.host} has invalid characters`);
    return `Bearer ${token}`;
  }
  if (!parseChallenge(challenges, 'basic') || !credentials.username) return undefined;
  requirePrivateConnection(registry, registry);
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}
