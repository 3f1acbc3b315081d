/** Docker's config.json: credentials, with their helpers, and proxies. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** What is known for one registry; all empty for none. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** An OAuth refresh token, in place of a password. */
  readonly identityToken: string;
  /** A bearer token to be used as it is. */
  readonly registryToken: string;
}

export const noCredentials: Credentials = { username: '', password: '', identityToken: '', registryToken: '' };

/** Finds the credentials of a registry. */
export type CredentialSource = (host: string) => Promise<Credentials>;

/** A helper may ask the user; the daemon and the user wait for it. */
const HELPER_TIMEOUT_MS = 8000;
const DOCKER_HUB = 'https://index.docker.io/v1/';

interface ConfigFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly proxies?: Readonly<Record<string, ProxyEntry>>;
}

interface ProxyEntry {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  readonly ftpProxy?: string;
  readonly allProxy?: string;
}

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** The directory of Docker's configuration. */
export function dockerConfigDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env['DOCKER_CONFIG'] || path.join(homedir(), '.docker');
}

/** Credentials as the docker command would use them. The file is read anew each time: helpers rotate them. */
export function dockerCredentials(dir = dockerConfigDir()): CredentialSource {
  return async (host) => {
    const config = await readConfig(dir);
    const key = host === 'registry-1.docker.io' || host === 'docker.io' ? DOCKER_HUB : host;
    const helpers = new Map(Object.entries(config.credHelpers ?? {}));
    const helper = helpers.get(key) ?? config.credsStore;
    if (helper) {
      const found = await askHelper(helper, key);
      if (found) return found;
    }
    return fromFile(config, key);
  };
}

/**
 * The variables by which builds on a daemon find their proxies: `HTTP_PROXY` and its like. A build gives its RUN steps
 * each in both cases.
 */
export async function dockerProxies(daemon: string, dir = dockerConfigDir()): Promise<Record<string, string>> {
  const { proxies } = await readConfig(dir);
  const byDaemon = new Map(Object.entries(proxies ?? {}));
  const found = byDaemon.get(daemon) ?? byDaemon.get('default') ?? {};
  const given = {
    HTTP_PROXY: found.httpProxy,
    HTTPS_PROXY: found.httpsProxy,
    NO_PROXY: found.noProxy,
    FTP_PROXY: found.ftpProxy,
    ALL_PROXY: found.allProxy,
  };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** The file, or nothing where there is none. */
async function readConfig(dir: string): Promise<ConfigFile> {
  const file = path.join(dir, 'config.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ConfigFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    // the parser's message may quote the file
    throw new Error(error instanceof SyntaxError ? `${file} is not JSON` : (error as Error).message);
  }
}

function fromFile(config: ConfigFile, key: string): Credentials {
  const auths = Object.entries(config.auths ?? {});
  const [, entry] =
    auths.find(([name]) => name === key) ?? auths.find(([name]) => toHostname(name) === toHostname(key)) ?? [];
  if (!entry) return noCredentials;
  let { username = '', password = '' } = entry;
  if (entry.auth) {
    const decoded = Buffer.from(entry.auth, 'base64').toString();
    const colon = decoded.indexOf(':');
    if (colon > 0) [username, password] = [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, '')];
  }
  return {
    username,
    password,
    identityToken: entry.identitytoken ?? '',
    registryToken: entry.registrytoken ?? '',
  };
}

function toHostname(address: string): string {
  return address.replace(/^https?:\/\//, '').split('/')[0]!;
}

/** https://github.com/docker/docker-credential-helpers: undefined when the helper knows nothing of the server. */
function askHelper(helper: string, server: string): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(helper))
    return Promise.reject(new Error(`invalid credential helper ${JSON.stringify(helper)}`));
  const program = `docker-credential-${helper}`;
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: HELPER_TIMEOUT_MS });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(server);
    child.once('error', (error) => reject(new Error(`credential helper ${program}: ${error.message}`)));
    child.once('exit', (_code, signal) => {
      if (!signal) return;
      child.stdout.destroy(); // what it has started may still hold it
      reject(new Error(`credential helper ${program} did not answer within ${HELPER_TIMEOUT_MS / 1000} s`));
    });
    child.once('close', (code) => {
      if (code === 0) {
        try {
          const { Username = '', Secret = '' } = JSON.parse(output) as { Username?: string; Secret?: string };
          const token = Username === '<token>';
          resolve({
            ...noCredentials,
            ...(token ? { identityToken: Secret } : { username: Username, password: Secret }),
          });
        } catch {
          reject(new Error(`credential helper ${program} did not answer with JSON`));
        }
      } else if (/credentials not found/.test(output)) resolve(undefined);
      else reject(new Error(`credential helper ${program} failed (${code})`));
    });
  });
}
