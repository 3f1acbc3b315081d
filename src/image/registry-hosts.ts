/**
 * Where a registry is asked, and with which certificates: what the user or the administrator has put into the folder of
 * the registry in `certs.d`, as containerd and Docker read it.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { homeFolder } from '../system/home.ts';
import { maxSettingsBytes, readNamedFile } from '../system/named-file.ts';
import { certificatesIn, type Trust } from './certificates.ts';
import { dockerConfigDir } from './docker-config.ts';
import { encrypted, isThisMachine, registryAddress } from './registry-address.ts';

/** One place where a registry's images are; several are asked in turn. */
export interface RegistryHost {
  /** The address of its API, without a slash at the end: `https://registry.example.com/v2`. */
  readonly api: URL;
  /** Whether it is asked for images at all, and whether for tags, too. */
  readonly pulls: boolean;
  readonly resolves: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly trust: Trust | undefined;
  /** The registry that it stands for, where it is a mirror by containerd's configuration. */
  readonly mirrorOf?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Folders named `certs.d`: containerd's have a folder `_default` for all registries that have none of their own. */
function certificateFolders(env: Environment): { folder: string; hasDefault: boolean }[] {
  const home = homeFolder(env);
  const settings = env['XDG_CONFIG_HOME'] || (home && path.join(home, '.config'));
  const docker =
    process.platform === 'win32' ? path.join(env['ProgramData'] ?? 'C:\\ProgramData', 'docker') : '/etc/docker';
  const found = [
    { parent: '/etc/containerd', hasDefault: true },
    { parent: settings && path.join(settings, 'containerd'), hasDefault: true },
    { parent: docker, hasDefault: false },
    { parent: settings && path.join(settings, 'docker'), hasDefault: false },
    { parent: dockerConfigDir(env), hasDefault: false },
    { parent: home && path.join(home, '.docker'), hasDefault: false },
  ];
  const folders = new Map<string, boolean>();
  for (const { parent, hasDefault } of found) if (parent) folders.set(path.join(parent, 'certs.d'), hasDefault);
  return [...folders].map(([folder, hasDefault]) => ({ folder, hasDefault }));
}

/**
 * The hosts of a registry, the one that references name last. The first `hosts.toml` counts; certificates of the registry's
 * folders in all `certs.d` come together.
 *
 * @param domain as it stands in references: `docker.io`, `registry.example.com:5000`
 * @throws Error that names the file that is no configuration
 */
export async function registryHosts(domain: string, env: Environment = process.env): Promise<RegistryHost[]> {
  const registry = registryAddress(domain);
  const names = domain === 'registry-1.docker.io' ? ['docker.io', domain] : [domain];
  let configured: RegistryHost[] | undefined;
  const trusts: Trust[] = [];
  for (const { folder, hasDefault } of certificateFolders(env)) {
    const own = await ownFolder(folder, [...names.flatMap(folderNames), ...(hasDefault ? ['_default'] : [])]);
    if (own === undefined) continue;
    const file = path.join(own, 'hosts.toml');
    const text = await readNamedFile(file, maxSettingsBytes).catch(unlessMissing);
    if (!text?.length) trusts.push(await readCertificates(own));
    else configured ??= await readHosts(file, Buffer.from(text).toString(), domain, registry);
  }
  const hosts = configured ?? [
    { api: apiOf(registry, false), pulls: true, resolves: true, headers: {}, trust: undefined },
  ];
  const last = hosts.at(-1)!;
  const trust = joinTrust([...(last.trust ? [last.trust] : []), ...trusts]);
  hosts.splice(-1, 1, { ...last, trust });
  // With certificates for it, a registry on this machine may be asked over TLS; what does not speak it is asked as ever.
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
  const own = (await registryHosts(domain, env)).find(({ api }) => api.host === registry.host);
  return { registry: own?.api.protocol === 'https:' ? encrypted(registry) : registry, trust: own?.trust };
}

/** A colon stands in no name of Windows; containerd has it as `host_5000_`, too. */
function folderNames(host: string): string[] {
  const [, name, port] = /^(.+):(\d+)$/.exec(host) ?? [];
  return name ? [`${name}_${port}_`, process.platform === 'win32' ? `${name}${port}` : host] : [host];
}

async function ownFolder(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const own = path.join(folder, name);
    const found = await stat(own).catch(() => undefined);
    if (found?.isDirectory()) return own;
  }
  return undefined;
}

const isMissing = (error: unknown) => /^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '');
const isForbidden = (error: unknown) => /^(EACCES|EPERM)$/.test((error as NodeJS.ErrnoException).code ?? '');

function unlessMissing(error: unknown): undefined {
  if (isMissing(error) || isForbidden(error)) return undefined;
  throw error;
}

/** Docker's way: `*.crt` are authorities, `NAME.cert` with `NAME.key` says who asks. */
async function readCertificates(folder: string): Promise<Trust> {
  const names = (await readdir(folder).catch(unlessMissing)) ?? [];
  const file = (name: string) => path.join(folder, name);
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
    const found = await read(file, certificatesIn);
    if (found?.length === 0) throw new Error(`${file} has no certificate (PEM) in it`);
    trusted.push(...(found ?? []));
  }
  const known: { certificate: string; key: string }[] = [];
  for (const [certificateFile, keyFile] of pairs) {
    const [certificate, key] = [await read(certificateFile, text), await read(keyFile, text)];
    if (certificate === undefined || key === undefined) continue;
    await checkPair(certificate, key, `${certificateFile}${keyFile === certificateFile ? '' : ` with ${keyFile}`}`);
    known.push({ certificate, key });
  }
  return { authorities: trusted, pairs: known, unchecked, unreadable };
}

async function checkPair(certificate: string, key: string, name: string): Promise<void> {
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ cert: certificate, key });
  } catch {
    throw new Error(`${name} is no certificate with its private key (PEM, without a passphrase)`);
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
  const folder = path.dirname(file);
  const mirrors = Object.entries(tableOf(settings['host'], 'host', fail));
  const hosts: RegistryHost[] = [];
  for (const [address, value] of mirrors)
    hosts.push(await readHost(address, tableOf(value, `host."${address}"`, fail), folder, fail));
  const server = settings['server'];
  if (server !== undefined && typeof server !== 'string') throw fail('server is no text');
  hosts.push(await readHost(server || registry.href, settings, folder, fail));
  return hosts.map((host) => (host.api.host === registry.host ? host : { ...host, mirrorOf: domain }));
}

type Fail = (why: string) => Error;

async function readHost(
  address: string,
  settings: Readonly<Record<string, unknown>>,
  folder: string,
  fail: Fail,
): Promise<RegistryHost> {
  const url = URL.parse(address.includes('://') ? address : `https://${address}`);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw fail(`${JSON.stringify(address)} is no address of a registry, as https://registry.example.com`);
  const capabilities = textsOf(settings['capabilities'] ?? [], 'capabilities', fail).map((text) => text.toLowerCase());
  const unknown = capabilities.find((text) => !/^(pull|resolve|push|referrers)$/.test(text));
  if (unknown !== undefined) throw fail(`unknown capability ${unknown}`);
  const can = (what: string) => capabilities.length === 0 || capabilities.includes(what);
  const files = (names: readonly string[]) => names.map((name) => path.resolve(folder, name));
  const authorities = files(textsOf(settings['ca'] ?? [], 'ca', fail));
  const client = settings['client'] ?? [];
  const pairs = (Array.isArray(client) ? client : [client]).map((entry: unknown) => {
    const [certificate, key, ...more] = files(textsOf(entry, 'client', fail));
    if (certificate === undefined || more.length) throw fail('client is no certificate with a key');
    return [certificate, key ?? certificate] as const;
  });
  const skip = settings['skip_verify'] === true;
  const headers = Object.entries(tableOf(settings['header'], 'header', fail));
  return {
    api: apiOf(url, settings['override_path'] === true),
    pulls: can('pull'),
    resolves: can('resolve'),
    headers: Object.fromEntries(headers.map(([name, value]) => [name, textsOf(value, 'header', fail).join(', ')])),
    trust:
      authorities.length || pairs.length || skip
        ? await readTrust(authorities, pairs, skip ? url.hostname : undefined)
        : undefined,
  };
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
  throw fail(`${name} is no table`);
}

function textsOf(value: unknown, name: string, fail: Fail): string[] {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.every((text): text is string => typeof text === 'string')) return texts;
  throw fail(`${name} is no text and no list of texts`);
}
