/** Session service that lets the daemon use the user's registry credentials. */
import { createHmac, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import path from 'node:path';
import { Auth } from '../../gen/moby/filesync/v1/auth_pb.ts';
import {
  type CredentialSource,
  type Credentials,
  dockerConfigDir,
  dockerCredentials,
} from '../../image/docker-config.ts';
import { routes } from '../../rpc/server.ts';
import { Code, RpcError } from '../../rpc/status.ts';
import { fetchToken } from './registry-token.ts';
import type { Attachable } from './session.ts';

export interface AuthOptions {
  /** By default Docker's config.json with its credential helpers. */
  readonly credentials?: CredentialSource | undefined;
  /** Where the seeds of token keys are kept; Docker's configuration directory by default. */
  readonly seedDir?: string | undefined;
}

/**
 * Offers the user's credentials. Daemons since BuildKit 0.8 let the client fetch tokens, so that passwords stay here;
 * for registries with basic authentication they get them.
 */
export function auth(options: AuthOptions = {}): Attachable {
  const find = options.credentials ?? dockerCredentials();
  const seedDir = options.seedDir ?? dockerConfigDir() ?? devNull; // without a home, seeds last one process
  return {
    routes: routes(Auth, {
      async credentials({ Host }) {
        const { identityToken, username, password } = await find(Host);
        return identityToken ? { Secret: identityToken } : { Username: username, Secret: password };
      },
      async fetchToken({ Host: host, Realm: realm, Service: service, Scopes: scopes }) {
        const { token, expiresIn, issuedAt } = await fetchToken({ host, realm, service, scopes }, await find(host));
        return { Token: token, ExpiresIn: BigInt(expiresIn), IssuedAt: BigInt(issuedAt) };
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

/** PKCS#8 of an Ed25519 key, up to its 32 bytes of seed. */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key that proves to the daemon that a later session has the same credentials, so that it may reuse a token. It
 * depends on a seed of this machine, so that a daemon cannot choose it.
 */
async function authorityKey(credentials: Credentials, seedDir: string, host: string, salt: Uint8Array) {
  if (/^(1|t|true)$/i.test(process.env['BUILDKIT_NO_CLIENT_TOKEN'] ?? ''))
    throw new RpcError(Code.unavailable, 'client side tokens disabled');
  const mac = createHmac('sha256', salt);
  if (credentials.identityToken || credentials.password) mac.update(await seedOf(seedDir, host));
  return createPrivateKey({ key: Buffer.concat([ED25519_PREFIX, mac.digest()]), format: 'der', type: 'pkcs8' });
}

/** Seeds by host, in the file that the docker command uses too. Where it cannot be written, a seed lasts one process. */
const seeds = new Map<string, Buffer>();

async function seedOf(dir: string, host: string): Promise<Buffer> {
  const file = path.join(dir, '.token_seed');
  let stored: Record<string, { Seed?: string }> = {};
  try {
    stored = JSON.parse(await readFile(file, 'utf8')) as typeof stored;
  } catch {
    // not there yet, or half-written by a process that crashed
  }
  const known = stored[host]?.Seed ? Buffer.from(stored[host].Seed, 'base64') : seeds.get(host);
  if (known) return known;
  const seed = randomBytes(16);
  seeds.set(host, seed);
  try {
    await mkdir(dir, { recursive: true });
    const partial = `${file}.${process.pid}`;
    await writeFile(partial, JSON.stringify({ ...stored, [host]: { Seed: seed.toString('base64') } }, null, 2), {
      mode: 0o600,
    });
    await rename(partial, file);
  } catch {
    // a read-only home
  }
  return seed;
}
