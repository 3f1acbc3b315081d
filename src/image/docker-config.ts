/** Docker's config.json: credentials, with their helpers, and proxies. */
import path from 'node:path';
import { homeFolder } from '../system/home.ts';
import { maxSettingsBytes, readNamedFile } from '../system/named-file.ts';
import { ProgramError, runProgram } from '../system/program.ts';
import { printableLine } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';

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

/** A credential helper that is missing, fails or does not answer: the registry can still be asked without credentials. */
export class CredentialHelperError extends Error {
  override readonly name = 'CredentialHelperError';
}

/** What is told where a credential helper has failed. */
export function withoutCredentials(host: string, { message }: CredentialHelperError): string {
  return `${message}; ${host} is asked without credentials`;
}

/** Finds the credentials of a registry. The signal is of who waits for them: nobody does any longer. */
export type CredentialSource = (host: string, signal?: AbortSignal) => Promise<Credentials>;

/** A helper may ask the user; the daemon and the user wait for it. */
const HELPER_TIMEOUT_MS = 8000;
const HELPER_OUTPUT_BYTES = 1 << 20;
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

/** The directory of Docker's configuration; undefined where the user has no home folder. */
export function dockerConfigDir(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const home = homeFolder(env);
  return env['DOCKER_CONFIG'] || (home && path.join(home, '.docker'));
}

/** Credentials as the docker command would use them. The file is read anew each time: helpers rotate them. */
export function dockerCredentials(dir = dockerConfigDir()): CredentialSource {
  return async (host, signal) => {
    const config = await readConfig(dir);
    const key = host === 'registry-1.docker.io' || host === 'docker.io' ? DOCKER_HUB : host;
    const helpers = new Map(Object.entries(config.credHelpers ?? {}));
    const helper = helpers.get(key) ?? config.credsStore;
    if (helper) {
      const found = await askHelper(helper, key, signal);
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
async function readConfig(dir: string | undefined): Promise<ConfigFile> {
  if (dir === undefined) return {};
  const file = path.join(dir, 'config.json');
  try {
    return JSON.parse(Buffer.from(await readNamedFile(file, maxSettingsBytes)).toString()) as ConfigFile;
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
async function askHelper(
  helper: string,
  server: string,
  signal: AbortSignal | undefined,
): Promise<Credentials | undefined> {
  if (!/^[\w.-]+$/.test(helper)) throw new CredentialHelperError(`invalid credential helper ${JSON.stringify(helper)}`);
  const program = `docker-credential-${helper}`;
  const fail = (why: string) => new CredentialHelperError(`credential helper ${program} ${why}`);
  let answer: string;
  try {
    const limits = { timeoutMs: HELPER_TIMEOUT_MS, maxOutputBytes: HELPER_OUTPUT_BYTES };
    answer = (await runProgram(program, ['get'], { stdin: server, signal, ...limits })).stdout.toString();
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    if (/credentials not found/.test(error.stdout.toString())) return undefined;
    if (error.reason === 'missing') throw fail(`cannot be asked: ${error.message}`);
    if (error.reason === 'timeout') throw fail(`did not answer within ${HELPER_TIMEOUT_MS / 1000} s`);
    if (error.reason === 'output') throw fail(`answered with more than ${HELPER_OUTPUT_BYTES} bytes`);
    const said = wordsOf(error.stdout.toString()) || wordsOf(error.stderr);
    throw fail(`failed (${error.exitCode ?? 'it was ended'})${said && `: ${said}`}`);
  }
  try {
    const { Username = '', Secret = '' } = JSON.parse(answer) as { Username?: string; Secret?: string };
    const token = Username === '<token>';
    return { ...noCredentials, ...(token ? { identityToken: Secret } : { username: Username, password: Secret }) };
  } catch {
    throw fail('did not answer with JSON');
  }
}

/** What a helper says of its failure, on standard output or else on standard error. JSON may be credentials. */
function wordsOf(text: string): string {
  if (/["{[]/.test(text.trimStart().slice(0, 1))) return '';
  const lines = text.split('\n').map((line) => line.trim());
  return redactCredentials(printableLine(lines.filter(Boolean).slice(0, 3).join(' ').slice(0, 500)));
}
