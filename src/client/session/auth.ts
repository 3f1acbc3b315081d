/** Session service that lets the daemon use the user's registry credentials. */
import { createHmac, createPrivateKey, createPublicKey, randomBytes, randomUUID, sign } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import path from 'node:path';
import { Auth } from '../../gen/moby/filesync/v1/auth_pb.ts';
import { isTrue } from '../../go/strconv.ts';
import { defaultLimits, type RequestLimits } from '../../http/request.ts';
import {
  CredentialHelperError,
  type CredentialSource,
  type Credentials,
  dockerConfigDir,
  dockerCredentials,
  noCredentials,
  withoutCredentials,
} from '../../registry/docker-config.ts';
import { registryItself } from '../../registry/hosts.ts';
import { isRegistryHost, registryAddress } from '../../registry/registry-address.ts';
import { CredentialsWithheld, confirmRealm, fetchToken, TokenRefused } from '../../registry/token.ts';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import { routes } from '../../rpc/server.ts';
import { maxSettingsBytes, readNamedFile } from '../../system/named-file.ts';
import type { Attachable } from './session.ts';

/** Which registry credentials a daemon gets. */
export interface AuthOptions {
  /** By default Docker's config.json with its credential helpers. */
  readonly credentials?: CredentialSource | undefined;
  /**
   * The registries whose credentials the daemon may use: `ghcr.io`, `registry.example.com:5000`, `docker.io`. Others
   * are accessed anonymously. By default, the daemon gets the credentials of each host that it asks for, so it can act
   * for the user at every registry in config.json. Entries other than `host` and `host:port` are errors.
   */
  readonly hosts?: readonly string[] | undefined;
  /** Directory for the seeds of token keys; Docker's configuration directory by default. */
  readonly seedDir?: string | undefined;
  /**
   * Told that a credential helper failed, and that its registry is asked without credentials, once for each registry;
   * and of a broken config.json of Docker, which is left out then: without it that is an error.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** One attempt: the daemon itself repeats requests that may succeed later. */
const tokenLimits: RequestLimits = { ...defaultLimits, attempts: 1 };
const clientId = 'buildkit-client';

/**
 * Offers the user's credentials. Daemons since BuildKit 0.8 let the client fetch tokens, so that passwords stay on this
 * machine; registries with basic authentication still need them. Tokens are fetched only from the registry itself, or
 * from the service that the registry names, not from an address that the daemon chooses.
 */
export function auth(options: AuthOptions = {}): Attachable {
  const source = options.credentials ?? dockerCredentials(undefined, options.onWarning);
  const allowed = options.hosts && new Set(options.hosts.map(originOf));
  const seedDir = options.seedDir ?? dockerConfigDir() ?? devNull; // without a home, seeds last one process
  const closed = new AbortController();
  /**
   * Hosts whose helper has failed: a daemon asks several times for an image, and each could wait for the helper again.
   */
  const pendingOrFailed = new Map<string, Promise<Credentials>>();
  const ask = async (host: string): Promise<Credentials> => {
    try {
      const credentials = await source(host, closed.signal);
      pendingOrFailed.delete(host); // helpers rotate them
      return credentials;
    } catch (error) {
      if (!(error instanceof CredentialHelperError)) {
        pendingOrFailed.delete(host);
        throw error;
      }
      options.onWarning?.(withoutCredentials(host, error));
      return noCredentials;
    }
  };
  const find = async (host: string): Promise<Credentials> => {
    const origin = originOf(host);
    if (allowed && !allowed.has(origin)) return noCredentials;
    const answer = pendingOrFailed.get(host) ?? ask(host);
    pendingOrFailed.set(host, answer);
    return answer;
  };
  return {
    /** Ends a helper that is still running, because its answer is not needed any more. */
    close: async () => closed.abort(new Error('the session is over')),
    routes: routes(Auth, {
      async credentials({ Host }) {
        const { identityToken, username, password } = await find(Host);
        return identityToken ? { Secret: identityToken } : { Username: username, Secret: password };
      },
      async fetchToken({ Host, Realm: realm, Service: service, Scopes: scopes }) {
        const credentials = await find(Host);
        try {
          const request = { ...(await registryItself(Host)), realm, service, scopes, clientId };
          if (credentials.identityToken || credentials.password) await confirmRealm(request, tokenLimits);
          const { token, expiresIn, issuedAt } = await fetchToken(request, credentials, tokenLimits);
          return { Token: token, ExpiresIn: BigInt(expiresIn), IssuedAt: BigInt(issuedAt) };
        } catch (error) {
          throw new RpcError(codeOf(error), (error as Error).message);
        }
      },
      async getTokenAuthority({ Host, Salt }) {
        const key = await authorityKey(await find(Host), seedDir, Host, Salt);
        return { PublicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32) };
      },
      async verifyTokenAuthority({ Host, Payload, Salt }) {
        const key = await authorityKey(await find(Host), seedDir, Host, Salt);
        return { Signed: Buffer.concat([sign(null, Payload, key), Payload]) };
      },
    }),
  };
}

/** @throws RpcError for what is no `host` or `host:port` */
function originOf(host: string): string {
  if (!isRegistryHost(host))
    throw new RpcError(Code.invalidArgument, `${JSON.stringify(host.slice(0, 100))} is not a host of a registry`);
  // Docker Hub has several names.
  return registryAddress(host === 'index.docker.io' ? 'docker.io' : host).origin;
}

function codeOf(error: unknown): number {
  if (error instanceof CredentialsWithheld) return Code.permissionDenied;
  if (error instanceof TokenRefused && (error.status === 401 || error.status === 403)) return Code.unauthenticated;
  return Code.unknown;
}

/** PKCS#8 of an Ed25519 key, up to its 32 bytes of seed. */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key that proves to the daemon that a later session has the same credentials, so that it may reuse a token. It
 * depends on a seed of this machine, so that a daemon cannot choose it.
 */
async function authorityKey(credentials: Credentials, seedDir: string, host: string, salt: Uint8Array) {
  if (isTrue(process.env['BUILDKIT_NO_CLIENT_TOKEN']))
    throw new RpcError(Code.unavailable, 'client side tokens disabled');
  const mac = createHmac('sha256', salt);
  if (credentials.identityToken || credentials.password) mac.update(await seedOf(seedDir, host));
  return createPrivateKey({ key: Buffer.concat([ed25519Prefix, mac.digest()]), format: 'der', type: 'pkcs8' });
}

/**
 * Seeds by file and host. The docker command uses the file, too. Where it cannot be written, a seed lasts one process.
 */
const seeds = new Map<string, Buffer>();

async function seedOf(dir: string, host: string): Promise<Buffer> {
  const file = path.join(dir, '.token_seed');
  let stored: Record<string, { Seed?: string }> = {};
  let isOurs = true;
  try {
    stored = { ...(JSON.parse(Buffer.from(await readNamedFile(file, maxSettingsBytes)).toString()) as typeof stored) };
  } catch (error) {
    // Not there yet, or half-written by a process that crashed; what cannot be read is not replaced.
    isOurs = error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  const storedSeed = Object.hasOwn(stored, host) ? stored[host]?.Seed : undefined;
  const earlierSeed =
    typeof storedSeed === 'string' && storedSeed ? Buffer.from(storedSeed, 'base64') : seeds.get(`${file} ${host}`);
  if (earlierSeed) return earlierSeed;
  const seed = randomBytes(16);
  seeds.set(`${file} ${host}`, seed);
  if (!isOurs) return seed;
  const partial = `${file}.${randomUUID()}`;
  try {
    await mkdir(dir, { recursive: true });
    const text = JSON.stringify({ ...stored, [host]: { Seed: seed.toString('base64') } }, null, 2);
    await writeFile(partial, text, { mode: 0o600 });
    await rename(partial, file);
  } catch {
    await rm(partial, { force: true }).catch(() => {}); // a read-only home
  }
  return seed;
}
