/** Turns the flags of `tsfront build` into what the client and the frontend take. */
import { statSync } from 'node:fs';
import type { CacheEntry, SecretSource, SshSource } from '../../client/index.ts';
import { parseRamInBytes } from '../../go/size.ts';
import { defaultPlatform, formatPlatform } from '../../image/platform.ts';
import { variableOf } from '../../system/environment.ts';
import { cutPair, parseBoolean, parseFields, parsePairs } from './fields.ts';
import { resourceAttrs } from './resources.ts';

/** Flags as commander gives them. */
export interface BuildFlags {
  readonly addHost: readonly string[];
  readonly allow: readonly string[];
  readonly annotation: readonly string[];
  readonly attest: readonly string[];
  readonly buildArg: readonly string[];
  readonly buildContext: readonly string[];
  readonly builder: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly call?: string;
  readonly cgroupParent?: string;
  readonly check?: boolean;
  readonly file?: string;
  /** By default tsfront's own, and the daemon's where provenance is asked for. */
  readonly frontend?: string;
  readonly iidfile?: string;
  readonly label: readonly string[];
  readonly load?: boolean;
  readonly metadataFile?: string;
  readonly network?: string;
  readonly cache: boolean;
  readonly uncached: readonly string[];
  readonly output: readonly string[];
  readonly platform: readonly string[];
  readonly policy?: readonly string[];
  readonly progress: string;
  readonly provenance?: string;
  readonly pull?: boolean;
  readonly push?: boolean;
  readonly quiet?: boolean;
  readonly resource?: readonly string[];
  readonly sbom?: string;
  readonly secret: readonly string[];
  readonly shmSize?: string;
  readonly authHost: readonly string[];
  readonly ssh: readonly string[];
  readonly tag: readonly string[];
  readonly target?: string;
  readonly ulimit: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** The options that every frontend for Dockerfiles takes. */
export function frontendAttrs(flags: BuildFlags, env: Env, hostGateway?: string): Record<string, string> {
  const attrs: Record<string, string> = {};
  if (flags.target) attrs['target'] = flags.target;
  if (!flags.cache && flags.uncached.length > 0)
    throw new Error('--no-cache and --no-cache-filter cannot be used together');
  if (!flags.cache) attrs['no-cache'] = '';
  else if (flags.uncached.length > 0) attrs['no-cache'] = flags.uncached.flatMap((it) => it.split(',')).join(',');
  if (flags.pull) attrs['image-resolve-mode'] = 'pull';
  const platforms = buildPlatforms(flags, env);
  if (platforms.length > 0) attrs['platform'] = platforms.join(',');
  for (const arg of flags.buildArg) {
    const [name, value = variableOf(env, name)] = cutNamed(arg);
    if (name === 'BUILDKIT_SYNTAX' && value?.trim() === '')
      throw new Error(
        "empty BUILDKIT_SYNTAX build-arg is invalid, use --build-arg BUILDKIT_SYNTAX without '=' for optional behavior",
      );
    if (value !== undefined) attrs[`build-arg:${name}`] = value;
  }
  if (env['SOURCE_DATE_EPOCH']) attrs['build-arg:SOURCE_DATE_EPOCH'] ??= env['SOURCE_DATE_EPOCH'];
  for (const label of flags.label) {
    const [name, value = ''] = cutNamed(label);
    attrs[`label:${name}`] = value;
  }
  if (flags.addHost.length > 0)
    attrs['add-hosts'] = flags.addHost.map((host) => parseHost(host, hostGateway)).join(',');
  if (flags.network && flags.network !== 'default') {
    if (flags.network !== 'host' && flags.network !== 'none')
      throw new Error(`unsupported network mode ${JSON.stringify(flags.network)}: expected default, none or host`);
    attrs['force-network-mode'] = flags.network;
  }
  if (flags.cgroupParent) attrs['cgroup-parent'] = flags.cgroupParent;
  if (flags.shmSize) attrs['shm-size'] = String(parseRamInBytes(flags.shmSize));
  if (flags.ulimit.length > 0) attrs['ulimit'] = flags.ulimit.join(',');
  return { ...attrs, ...resourceAttrs(flags.resource ?? []), ...attestations(flags) };
}

function cutNamed(text: string): [string, string | undefined] {
  const pair = cutPair(text);
  if (pair[0] === '') throw new Error(`invalid key-value pair ${JSON.stringify(text)}: empty key`);
  return pair;
}

/** The platforms to build for, `local` being this machine's; by default that of DOCKER_DEFAULT_PLATFORM. */
export function buildPlatforms(flags: Pick<BuildFlags, 'platform'>, env: Env): string[] {
  const given = flags.platform.length > 0 ? flags.platform : [env['DOCKER_DEFAULT_PLATFORM'] ?? ''];
  const platforms = given.flatMap((it) => it.split(',')).filter((it) => it !== '');
  return [...new Set(platforms.map((it) => (it === 'local' ? formatPlatform(defaultPlatform()) : it)))];
}

/** `HOST:IP` or `HOST=IP`; the IP `host-gateway` is what the daemon says its host is. */
function parseHost(text: string, hostGateway: string | undefined): string {
  const [, host, ip] = /^([^=:]+)[=:](.+)$/.exec(text) ?? [];
  if (!host || !ip) throw new Error(`invalid host ${JSON.stringify(text)}, expected host:ip`);
  if (ip === 'host-gateway') {
    if (!hostGateway) throw new Error('unable to derive the IP value for host-gateway: this daemon does not tell it');
    return `${host}=${hostGateway}`;
  }
  return `${host}=${ip.replace(/^\[(.*)\]$/, '$1')}`;
}

function attestations(flags: BuildFlags): Record<string, string> {
  const attrs: Record<string, string> = {};
  const seen = new Set<string>();
  const add = (type: string, fields: Map<string, string | undefined>) => {
    if (seen.has(type)) throw new Error(`the attestation ${type} is given twice: by --attest, --provenance or --sbom`);
    seen.add(type);
    const disabled = fields.get('disabled');
    if (fields.has('disabled') && (disabled === undefined || parseBoolean('--attest', disabled))) return;
    const rest = [...fields].filter(([key]) => key !== 'type' && key !== 'disabled');
    attrs[`attest:${type}`] = rest.map(([key, value = '']) => quoteField(`${key}=${value}`)).join(',');
  };
  for (const attest of flags.attest) {
    const fields = parseFields('--attest', attest);
    const type = fields.get('type') ?? [...fields].find(([, value]) => value === undefined)?.[0];
    if (!type) throw new Error(`attestation type not specified in ${JSON.stringify(attest)}`);
    fields.delete(type);
    add(type, fields);
  }
  for (const [type, value] of [
    ['provenance', flags.provenance],
    ['sbom', flags.sbom],
  ] as const) {
    if (value === undefined) continue;
    if (/^(0|1|t|f|true|false)$/i.test(value))
      add(type, new Map(parseBoolean(`--${type}`, value) ? [] : [['disabled', 'true']]));
    else add(type, parseFields(`--${type}`, value));
  }
  return attrs;
}

function quoteField(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** What the build asks the daemon for beyond the usual. */
export function entitlements(flags: { readonly allow: readonly string[]; readonly network?: string }): string[] {
  const wanted = flags.allow.filter((it) => it !== '');
  if (flags.network === 'host' && !wanted.includes('network.host')) wanted.push('network.host');
  return wanted;
}

/** `id=ID[,src=FILE][,env=NAME][,type=file|env]`: without a source, a variable of that name, else a file. */
export function parseSecrets(values: readonly string[], env: Env): Record<string, SecretSource> {
  const secrets: Record<string, SecretSource> = Object.create(null); // ids are users' names: __proto__ is one
  for (const text of values.filter((it) => it !== '')) {
    const { id, src, source, env: variable, type, ...unknown } = parsePairs('--secret', text);
    const [unexpected] = Object.keys(unknown);
    if (unexpected) throw new Error(`unexpected key '${unexpected}' in '${text}'`);
    if (!id) throw new Error(`secret missing ID: ${JSON.stringify(text)}`);
    if (type && type !== 'file' && type !== 'env') throw new Error(`unsupported secret type ${JSON.stringify(type)}`);
    const from = src ?? source;
    let chosen: { readonly file: string } | { readonly env: string };
    if (variable) chosen = { env: variable };
    else if (type === 'env') chosen = { env: from ?? id };
    else if (from) chosen = { file: from };
    else if (type !== 'file' && variableOf(env, id) !== undefined) chosen = { env: id };
    else chosen = { file: id };
    secrets[id] = chosen;
    if ('file' in chosen && !statSync(chosen.file, { throwIfNoEntry: false }))
      throw new Error(`failed to stat ${chosen.file}: no such file or directory (secret ${id})`);
  }
  return secrets;
}

/** `default|ID[=SOCKET|KEY[,KEY…]][,raw=BOOL]`; a context that is fetched with ssh has the default agent. */
export function parseSsh(values: readonly string[], context = ''): SshSource[] {
  if (values.length === 0 && /^ssh:\/\/|^[^/@:]+@[^/:]+:/.test(context)) return [{}];
  return values
    .filter((it) => it !== '')
    .map((text) => {
      const [id, paths] = cutPair(text);
      let raw = false;
      const files = (paths?.split(',') ?? []).filter((part) => {
        if (!part.startsWith('raw=')) return true;
        raw = parseBoolean('--ssh', part.slice('raw='.length));
        return false;
      });
      return { id, paths: files, raw };
    });
}

/** `type=…,key=value…`, or references of images whose inline cache is used. */
export function parseCaches(flag: '--cache-from' | '--cache-to', values: readonly string[]): CacheEntry[] {
  return values
    .filter((it) => it !== '')
    .flatMap((text): CacheEntry[] => {
      if (!text.includes('=')) return text.split(',').map((ref) => ({ type: 'registry', attrs: { ref } }));
      const { type, ...attrs } = parsePairs(flag, text);
      if (!type) throw new Error(`type required for ${JSON.stringify(text)}`);
      return [{ type, attrs }];
    });
}
