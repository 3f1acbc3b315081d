/** Docker's config.json: credentials, with their helpers, and proxies. */
import path from 'node:path';
import { homeDir } from '../system/home.ts';
import { maxSettingsBytes, readNamedFileSync } from '../system/named-file.ts';
import { runSubprocess, SubprocessError } from '../system/subprocess.ts';
import { printableLine } from '../text/printable.ts';
import { redactCredentials } from '../text/redact.ts';
import { ShortError } from '../text/short-error.ts';
import { systemErrorsInWords } from '../text/system-error.ts';

/** Credentials for one registry; absent values are ''. */
export interface Credentials {
  /** '' if absent. */
  readonly username: string;
  /** '' if absent. */
  readonly password: string;
  /** An OAuth refresh token, in place of a password. */
  readonly identityToken: string;
  /** A bearer token, used unchanged. */
  readonly registryToken: string;
}

/** The credentials of a registry without any. */
export const noCredentials: Credentials = { username: '', password: '', identityToken: '', registryToken: '' };

/**
 * A credential helper that is missing, fails or does not answer: the registry can still be asked without credentials.
 */
export class CredentialHelperError extends ShortError {
  override readonly name = 'CredentialHelperError';
}

/** The warning about a credential helper that has failed. */
export function withoutCredentials(host: string, { message }: CredentialHelperError): string {
  return `${message}; ${host} is asked without credentials`;
}

/** Finds the credentials of a registry. `signal` is aborted when the caller no longer waits. */
export type CredentialSource = (host: string, signal?: AbortSignal) => Promise<Credentials>;

/** Milliseconds for a helper, which may ask the user while the daemon waits. */
const helperTimeoutMs = 8000;
const helperOutputBytes = 1 << 20;
const dockerHub = 'https://index.docker.io/v1/';

interface ConfigFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly proxies?: Readonly<Record<string, ProxyEntry>>;
  readonly currentContext?: string;
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

/** The directory of Docker's configuration; undefined if the user has no home directory. */
export function dockerConfigDir(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const home = homeDir(env);
  return env['DOCKER_CONFIG'] || (home && path.join(home, '.docker'));
}

/**
 * Credentials as the docker command would use them. The file is read each time, because credentials change.
 * @param onWarning called with what is wrong in config.json; the invalid members are ignored, as docker does. If
 * absent, they are an error
 */
export function dockerCredentials(dir = dockerConfigDir(), onWarning?: (message: string) => void): CredentialSource {
  return async (host, signal) => {
    const config = readDockerConfig(dir, onWarning);
    const key = host === 'registry-1.docker.io' || host === 'docker.io' ? dockerHub : host;
    const helpers = new Map(Object.entries(config.credHelpers ?? {}));
    const helper = helpers.get(key) ?? config.credsStore;
    if (helper) {
      const credentials = await askHelper(helper, key, signal);
      if (credentials) return credentials;
    }
    return fromFile(config, key);
  };
}

/**
 * The proxy variables of builds on a daemon, such as `HTTP_PROXY`. A build sets each for its RUN steps in upper and in
 * lower case.
 */
export function dockerProxies(
  daemon: string,
  dir: string | undefined,
  onWarning: (message: string) => void,
): Readonly<Record<string, string>> {
  const { proxies } = readDockerConfig(dir, onWarning);
  const byDaemon = new Map(Object.entries(proxies ?? {}));
  const settings = byDaemon.get(daemon) ?? byDaemon.get('default') ?? {};
  const variables = {
    HTTP_PROXY: settings.httpProxy,
    HTTPS_PROXY: settings.httpsProxy,
    NO_PROXY: settings.noProxy,
    FTP_PROXY: settings.ftpProxy,
    ALL_PROXY: settings.allProxy,
  };
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/**
 * The contents of the file; empty if it is absent.
 * @param onWarning called with what is wrong in the file
 * @throws Error for an invalid file if `onWarning` is absent
 */
export function readDockerConfig(dir: string | undefined, onWarning?: (message: string) => void): ConfigFile {
  if (dir === undefined) return {};
  const file = path.join(dir, 'config.json');
  const wrong = (message: string) => {
    if (!onWarning) throw new Error(message);
    onWarning(`${message}; it is left out`);
  };
  let value: unknown;
  try {
    const text = readNamedFileSync(file, maxSettingsBytes)
      .toString()
      .replace(/^\ufeff/, '');
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    // The parser's message may quote the file, which has credentials.
    const why = error instanceof SyntaxError ? 'it is not JSON' : systemErrorsInWords((error as Error).message);
    wrong(`Error parsing config file (${file}): ${why}`);
    return {};
  }
  return usable(value, (member, expected) =>
    wrong(`Error parsing config file (${file}): ${member} is not ${expected}`),
  );
}

/** The members that are read: strings, and objects whose members are all of one kind. */
const kinds = {
  auths: { auth: '', username: '', password: '', identitytoken: '', registrytoken: '' },
  credsStore: '',
  credHelpers: '',
  proxies: { httpProxy: '', httpsProxy: '', noProxy: '', ftpProxy: '', allProxy: '' },
  currentContext: '',
} as const;
const maps = new Set(['auths', 'credHelpers', 'proxies']);

/** The members that have the expected type. */
function usable(value: unknown, wrong: (member: string, expected: string) => void): ConfigFile {
  const object = (name: string, it: unknown): [string, unknown][] => {
    if (it === null) return []; // Go's name of the type
    if (typeof it === 'object' && !Array.isArray(it)) return Object.entries(it);
    wrong(name, 'an object');
    return [];
  };
  const read = (name: string, kind: string | Readonly<Record<string, string>>, it: unknown): unknown => {
    if (typeof kind === 'string') {
      if (typeof it === 'string' || it === null) return it ?? '';
      wrong(name, 'a text');
      return '';
    }
    const members = object(name, it).filter(([key]) => Object.hasOwn(kind, key));
    const entry = Object.fromEntries(members.map(([key, text]) => [key, read(`${name}.${key}`, '', text)]));
    if (entry['auth'] && !decodeAuth(String(entry['auth']))) wrong(`${name}.auth`, 'NAME:PASSWORD in base64');
    return entry;
  };
  const top = object('its content', value).flatMap(([name, it]): [string, unknown][] => {
    if (!Object.hasOwn(kinds, name)) return [];
    const kind = kinds[name as keyof typeof kinds];
    if (!maps.has(name)) return [[name, read(name, kind, it)]];
    const members = object(name, it).map(([key, below]) => [key, read(`${name}[${JSON.stringify(key)}]`, kind, below)]);
    return [[name, Object.fromEntries(members)]];
  });
  return Object.fromEntries(top) as ConfigFile;
}

function decodeAuth(auth: string): [string, string] | undefined {
  const decoded = Buffer.from(auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon > 0 ? [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, '')] : undefined;
}

function fromFile(config: ConfigFile, key: string): Credentials {
  const auths = Object.entries(config.auths ?? {});
  const [, entry] =
    auths.find(([name]) => name === key) ?? auths.find(([name]) => toHostname(name) === toHostname(key)) ?? [];
  if (!entry) return noCredentials;
  let { username = '', password = '' } = entry;
  if (entry.auth) [username, password] = decodeAuth(entry.auth) ?? [username, password];
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

/** https://github.com/docker/docker-credential-helpers: undefined if the helper has no credentials for the server. */
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
    const limits = { timeoutMs: helperTimeoutMs, maxOutputBytes: helperOutputBytes };
    answer = (await runSubprocess(program, ['get'], { stdin: server, signal, ...limits })).stdout.toString();
  } catch (error) {
    if (!(error instanceof SubprocessError)) throw error;
    if (/credentials not found/.test(error.stdout.toString())) return undefined;
    if (error.reason === 'missing') throw fail(`cannot be asked: ${error.message}`);
    if (error.reason === 'timeout') throw fail(`did not answer within ${helperTimeoutMs / 1000} s`);
    if (error.reason === 'output') throw fail(`answered with more than ${helperOutputBytes} bytes`);
    const output = wordsOf(error.stdout.toString()) || wordsOf(error.stderr);
    throw fail(`failed (${error.exitCode ?? 'it was ended'})${output && `: ${output}`}`);
  }
  try {
    const { Username = '', Secret = '' } = JSON.parse(answer) as { Username?: string; Secret?: string };
    const token = Username === '<token>';
    return { ...noCredentials, ...(token ? { identityToken: Secret } : { username: Username, password: Secret }) };
  } catch {
    throw fail('did not answer with JSON');
  }
}

/**
 * A helper's message about its failure, from standard output or else standard error. JSON is not shown: it may have
 * credentials.
 */
function wordsOf(text: string): string {
  if (/["{[]/.test(text.trimStart().slice(0, 1))) return '';
  const lines = text.split('\n').map((line) => line.trim());
  return redactCredentials(printableLine(lines.filter(Boolean).slice(0, 3).join(' ').slice(0, 500)));
}
