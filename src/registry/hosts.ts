/**
 * The hosts and certificates of a registry, from what the user or the administrator has put into the registry's
 * directory in `certs.d`, as containerd and Docker read it.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { millisecond, parseDuration } from '../go/duration.ts';
import { certificatesIn, type Trust } from '../http/certificates.ts';
import type { Environment } from '../system/environment-variables.ts';
import { homeDir } from '../system/home.ts';
import { maxSettingsBytes, readNamedFile } from '../system/named-file.ts';
import { isMissing } from '../text/system-error.ts';
import { dockerConfigDir } from './docker-config.ts';
import { encrypted, isThisMachine, registryAddress } from './registry-address.ts';

/** A host that has a registry's images; several are asked in turn. */
export interface RegistryHost {
  /** The address of its API, without a slash at the end: `https://registry.example.com/v2`. */
  readonly api: URL;
  /** Whether it is asked for images. */
  readonly pulls: boolean;
  /** Whether it is asked for tags, too. */
  readonly resolves: boolean;
  /** Headers of every request; they may have credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** The certificates of its connections; undefined for the system's. */
  readonly trust: Trust | undefined;
  /** Milliseconds that connecting to it may take, from containerd's configuration; the usual limit if absent. */
  readonly dialMs?: number | undefined;
  /** For a mirror from containerd's configuration, the registry that it mirrors. */
  readonly mirrorOf?: string;
}

/** Directories named `certs.d`. In containerd's, the directory `_default` is for registries without a directory. */
function certificateDirs(env: Environment): { dir: string; hasDefault: boolean }[] {
  const home = homeDir(env);
  const settings = env['XDG_CONFIG_HOME'] || (home && path.join(home, '.config'));
  const docker =
    process.platform === 'win32' ? path.join(env['ProgramData'] ?? 'C:\\ProgramData', 'docker') : '/etc/docker';
  const places = [
    { parent: '/etc/containerd', hasDefault: true },
    { parent: settings && path.join(settings, 'containerd'), hasDefault: true },
    { parent: docker, hasDefault: false },
    { parent: settings && path.join(settings, 'docker'), hasDefault: false },
    { parent: dockerConfigDir(env), hasDefault: false },
    { parent: home && path.join(home, '.docker'), hasDefault: false },
  ];
  const dirs = new Map<string, boolean>();
  for (const { parent, hasDefault } of places) if (parent) dirs.set(path.join(parent, 'certs.d'), hasDefault);
  return [...dirs].map(([dir, hasDefault]) => ({ dir, hasDefault }));
}

/**
 * The hosts of a registry; the host that references name comes last. The first `hosts.toml` counts; the certificates of
 * the registry's directories in all `certs.d` are combined.
 *
 * @param domain as in references: `docker.io`, `registry.example.com:5000`
 * @throws Error that names the file that is not a configuration
 */
export async function registryHosts(domain: string, env: Environment = process.env): Promise<RegistryHost[]> {
  const registry = registryAddress(domain);
  const names = domain === 'registry-1.docker.io' ? ['docker.io', domain] : [domain];
  let configured: RegistryHost[] | undefined;
  const trusts: Trust[] = [];
  for (const { dir, hasDefault } of certificateDirs(env)) {
    const hostDir = await ownDir(dir, [...names.flatMap(dirNames), ...(hasDefault ? ['_default'] : [])]);
    if (hostDir === undefined) continue;
    const file = path.join(hostDir, 'hosts.toml');
    const text = await readNamedFile(file, maxSettingsBytes).catch(unlessMissing);
    if (!text?.length) trusts.push(await readCertificates(hostDir));
    else configured ??= await readHosts(file, Buffer.from(text).toString(), domain, registry);
  }
  const hosts = configured ?? [
    { api: apiOf(registry, false), pulls: true, resolves: true, headers: {}, trust: undefined },
  ];
  const last = hosts.at(-1)!;
  const trust = joinTrust([...(last.trust ? [last.trust] : []), ...trusts]);
  hosts.splice(-1, 1, { ...last, trust });
  // A registry on this machine with configured certificates is asked over TLS first, then over http.
  if (trust && last.api.protocol === 'http:' && isThisMachine(last.api)) {
    hosts.splice(-1, 0, { ...last, api: encrypted(last.api), trust });
  }
  return hosts;
}

/** The address of a registry itself, without its mirrors, and the certificates for it. */
export async function registryItself(
  domain: string,
  env: Environment = process.env,
): Promise<{ registry: URL; trust: Trust | undefined }> {
  const registry = registryAddress(domain);
  const host = (await registryHosts(domain, env)).find(({ api }) => api.host === registry.host);
  return { registry: host?.api.protocol === 'https:' ? encrypted(registry) : registry, trust: host?.trust };
}

/** File names on Windows have no colon; containerd also accepts `host_5000_`. */
function dirNames(host: string): string[] {
  const [, name, port] = /^(.+):(\d+)$/.exec(host) ?? [];
  return name ? [`${name}_${port}_`, process.platform === 'win32' ? `${name}${port}` : host] : [host];
}

async function ownDir(dir: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const hostDir = path.join(dir, name);
    const stats = await stat(hostDir).catch(() => undefined);
    if (stats?.isDirectory()) return hostDir;
  }
  return undefined;
}

const isForbidden = (error: unknown) => /^(EACCES|EPERM)$/.test((error as NodeJS.ErrnoException).code ?? '');

function unlessMissing(error: unknown): undefined {
  if (isMissing(error) || isForbidden(error)) return undefined;
  throw error;
}

/** Docker's format: `*.crt` are authorities, `NAME.cert` with `NAME.key` is a client certificate. */
async function readCertificates(dir: string): Promise<Trust> {
  const names = (await readdir(dir).catch(unlessMissing)) ?? [];
  const file = (name: string) => path.join(dir, name);
  const authorities = names.filter((name) => name.endsWith('.crt')).map(file);
  const pairs = names
    .filter((name) => name.endsWith('.cert'))
    .map((name) => {
      const key = name.replace(/cert$/, 'key');
      return [file(name), file(names.includes(key) ? key : name)] as const;
    });
  return readTrust(authorities, pairs, undefined);
}

async function readTrust(
  authorities: readonly string[],
  pairs: readonly (readonly [certificate: string, key: string])[],
  unchecked: string | undefined,
): Promise<Trust> {
  const unreadable: string[] = [];
  const read = async <T>(file: string, reader: (file: string) => Promise<T>): Promise<T | undefined> => {
    try {
      return await reader(file);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      unreadable.push(file);
      return undefined;
    }
  };
  const text = async (file: string) => Buffer.from(await readNamedFile(file, maxSettingsBytes)).toString();
  const trusted: string[] = [];
  for (const file of authorities) {
    const certificates = await read(file, certificatesIn);
    if (certificates?.length === 0) throw new Error(`${file} has no certificate (PEM) in it`);
    trusted.push(...(certificates ?? []));
  }
  const keyPairs: { certificate: string; key: string }[] = [];
  for (const [certificateFile, keyFile] of pairs) {
    const [certificate, key] = [await read(certificateFile, text), await read(keyFile, text)];
    if (certificate === undefined || key === undefined) continue;
    await checkPair(certificate, key, `${certificateFile}${keyFile === certificateFile ? '' : ` with ${keyFile}`}`);
    keyPairs.push({ certificate, key });
  }
  return { authorities: trusted, pairs: keyPairs, unchecked, unreadable };
}

async function checkPair(certificate: string, key: string, name: string): Promise<void> {
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ cert: certificate, key });
  } catch {
    throw new Error(`${name} is not a certificate with its private key (PEM, without a passphrase)`);
  }
}

function joinTrust(parts: readonly Trust[]): Trust | undefined {
  if (parts.length < 2) return parts[0];
  return {
    authorities: parts.flatMap(({ authorities }) => authorities),
    pairs: parts.flatMap(({ pairs }) => pairs),
    unchecked: parts.find(({ unchecked }) => unchecked !== undefined)?.unchecked,
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
  };
}

/** https://github.com/containerd/containerd/blob/main/docs/hosts.md */
async function readHosts(file: string, text: string, domain: string, registry: URL): Promise<RegistryHost[]> {
  const { parse } = await import('smol-toml');
  const fail = (why: string) => new Error(`${file}: ${why}`);
  let settings: Readonly<Record<string, unknown>>;
  try {
    settings = parse(text);
  } catch (error) {
    throw fail((error as Error).message.split('\n')[0]!);
  }
  const dir = path.dirname(file);
  const mirrors = Object.entries(tableOf(settings['host'], 'host', fail));
  const hosts: RegistryHost[] = [];
  for (const [address, value] of mirrors)
    hosts.push(await readHost(address, tableOf(value, `host."${address}"`, fail), dir, fail));
  const server = settings['server'];
  if (server !== undefined && typeof server !== 'string') throw fail('server is not text');
  hosts.push(await readHost(server || registry.href, settings, dir, fail));
  return hosts.map((host) => (host.api.host === registry.host ? host : { ...host, mirrorOf: domain }));
}

type Fail = (why: string) => Error;

async function readHost(
  address: string,
  settings: Readonly<Record<string, unknown>>,
  dir: string,
  fail: Fail,
): Promise<RegistryHost> {
  const url = URL.parse(address.includes('://') ? address : `https://${address}`);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw fail(`${JSON.stringify(address)} is not the address of a registry, such as https://registry.example.com`);
  const capabilities = textsOf(settings['capabilities'] ?? [], 'capabilities', fail).map((text) => text.toLowerCase());
  const unknown = capabilities.find((text) => !/^(pull|resolve|push|referrers)$/.test(text));
  if (unknown !== undefined) throw fail(`unknown capability ${unknown}`);
  const can = (what: string) => capabilities.length === 0 || capabilities.includes(what);
  const files = (names: readonly string[]) => names.map((name) => path.resolve(dir, name));
  const authorities = files(textsOf(settings['ca'] ?? [], 'ca', fail));
  const client = settings['client'] ?? [];
  const pairs = (Array.isArray(client) ? client : [client]).map((entry: unknown) => {
    const [certificate, key, ...more] = files(textsOf(entry, 'client', fail));
    if (certificate === undefined || more.length) throw fail('client is not a certificate with a key');
    return [certificate, key ?? certificate] as const;
  });
  const skip = settings['skip_verify'] === true;
  const headers = Object.entries(tableOf(settings['header'], 'header', fail));
  const dialMs = dialTimeout(settings['dial_timeout'], fail);
  return {
    api: apiOf(url, settings['override_path'] === true),
    pulls: can('pull'),
    resolves: can('resolve'),
    headers: Object.fromEntries(headers.map(([name, value]) => [name, textsOf(value, 'header', fail).join(', ')])),
    trust:
      authorities.length || pairs.length || skip
        ? await readTrust(authorities, pairs, skip ? url.hostname : undefined)
        : undefined,
    ...(dialMs && { dialMs }),
  };
}

/** In milliseconds; 0 means no limit. */
function dialTimeout(value: unknown, fail: Fail): number {
  if (value === undefined || value === '') return 0;
  if (typeof value !== 'string') throw fail('dial_timeout is not a duration such as "5s"');
  try {
    return Math.max(0, Number(parseDuration(value) / millisecond));
  } catch (error) {
    throw fail(`dial_timeout is not a duration such as "5s": ${(error as Error).message}`);
  }
}

function apiOf(address: URL, overridePath: boolean): URL {
  const api = new URL(address);
  api.pathname = api.pathname.replace(/\/+$/, '');
  if (!overridePath && !api.pathname.endsWith('/v2')) api.pathname += api.pathname === '/' ? 'v2' : '/v2';
  api.search = api.hash = '';
  return api;
}

function tableOf(value: unknown, name: string, fail: Fail): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fail(`${name} is not a table`);
}

function textsOf(value: unknown, name: string, fail: Fail): string[] {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.every((text): text is string => typeof text === 'string')) return texts;
  throw fail(`${name} is neither text nor a list of texts`);
}
