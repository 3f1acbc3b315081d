/** Turns the flags of `tsfront build` into what the client and the frontend take. */
import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { CacheEntry, SecretSource, SshSource } from '../../client/index.ts';
import { parseRamInBytes } from '../../go/size.ts';
import { defaultPlatform, formatPlatform } from '../../image/platform.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { didYouMean } from '../../parser/suggest.ts';
import { variableOf } from '../../system/environment.ts';
import { readBuildArgs, refusePath } from '../build-args.ts';
import { flagValue } from '../flag-value.ts';
import { ATTESTATIONS, CACHE_EXPORTS, CACHE_IMPORTS, checkAttributes } from './attributes.ts';
import { cutPair, parseBoolean, parseFields, parsePairs, shown } from './fields.ts';
import { resourceAttrs } from './resources.ts';

/** Flags as commander gives them. */
export interface BuildFlags {
  readonly addHost: readonly string[];
  readonly allow: readonly string[];
  readonly allowUnknown?: boolean;
  readonly annotation: readonly string[];
  readonly attest: readonly string[];
  readonly buildArg: readonly string[];
  readonly buildArgFile?: readonly string[];
  readonly buildContext: readonly string[];
  readonly builder: readonly string[];
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly call?: string;
  readonly cgroupParent?: string;
  readonly check?: boolean;
  readonly file?: string;
  /** By default tsfront's own or the image of the syntax line, and the daemon's where provenance is asked for. */
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
  readonly verbose?: boolean;
  readonly debug?: boolean;
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
  if (flags.target) {
    refusePath('--target', flags.target, 'the name of a stage');
    attrs['target'] = flags.target;
  }
  for (const stage of flags.uncached) refusePath('--no-cache-filter', stage, 'names of stages');
  if (!flags.cache && flags.uncached.length > 0)
    throw new UsageError('--no-cache and --no-cache-filter cannot be used together');
  if (!flags.cache) attrs['no-cache'] = '';
  else if (flags.uncached.length > 0) attrs['no-cache'] = flags.uncached.flatMap((it) => it.split(',')).join(',');
  if (flags.pull) attrs['image-resolve-mode'] = 'pull';
  const platforms = buildPlatforms(flags, env);
  if (platforms.length > 0) attrs['platform'] = platforms.join(',');
  for (const [name, value] of readBuildArgs(flags.buildArg, env)) {
    if (name === 'BUILDKIT_SYNTAX' && value.trim() === '')
      throw new UsageError(
        "empty BUILDKIT_SYNTAX build-arg is invalid, use --build-arg BUILDKIT_SYNTAX without '=' for optional behavior",
      );
    attrs[`build-arg:${name}`] = value;
  }
  if (env['SOURCE_DATE_EPOCH']) attrs['build-arg:SOURCE_DATE_EPOCH'] ??= env['SOURCE_DATE_EPOCH'];
  for (const label of flags.label) {
    const [name, value] = cutNamed(label);
    if (value === undefined) refusePath('--label', label, 'KEY=VALUE');
    attrs[`label:${name}`] = value ?? '';
  }
  if (flags.addHost.length > 0)
    attrs['add-hosts'] = flags.addHost.map((host) => parseHost(host, hostGateway)).join(',');
  if (flags.network && flags.network !== 'default') {
    if (flags.network !== 'host' && flags.network !== 'none')
      throw new UsageError(`unsupported network mode ${JSON.stringify(flags.network)}: expected default, none or host`);
    attrs['force-network-mode'] = flags.network;
  }
  if (flags.cgroupParent) attrs['cgroup-parent'] = flags.cgroupParent;
  if (flags.shmSize) attrs['shm-size'] = String(flagValue('--shm-size', flags.shmSize, parseRamInBytes));
  for (const limit of flags.ulimit) requireUlimit(limit);
  if (flags.ulimit.length > 0) attrs['ulimit'] = flags.ulimit.join(',');
  return { ...attrs, ...resourceAttrs(flags.resource ?? []), ...attestations(flags) };
}

const ULIMITS = [
  'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio', 'rttime',
  'sigpending', 'stack',
]; // biome-ignore format: a list

/** `NAME=SOFT[:HARD]`, -1 being no limit. @throws UsageError */
function requireUlimit(text: string): void {
  const [name, value = ''] = cutPair(text);
  const invalid = (why: string) => new UsageError(`invalid value ${JSON.stringify(text)} for --ulimit: ${why}`);
  if (!ULIMITS.includes(name))
    throw invalid(
      `unknown limit ${JSON.stringify(name)}${didYouMean(name, ULIMITS, false)}: known are ${ULIMITS.join(', ')}`,
    );
  const [, soft, hard] = /^(-?\d+)(?::(-?\d+))?$/.exec(value) ?? [];
  if (soft === undefined) throw invalid('it takes NAME=SOFT[:HARD], whole numbers');
  if (hard !== undefined && hard !== '-1' && (soft === '-1' || BigInt(soft) > BigInt(hard)))
    throw invalid(`the soft limit ${soft} is above the hard limit ${hard}`);
}

function cutNamed(text: string): [string, string | undefined] {
  const pair = cutPair(text);
  if (pair[0] === '') throw new UsageError(`invalid key-value pair ${JSON.stringify(text)}: empty key`);
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
  if (!host || !ip) throw new UsageError(`invalid host ${JSON.stringify(text)}, expected host:ip`);
  if (ip === 'host-gateway') {
    if (!hostGateway)
      throw new UsageError('unable to derive the IP value for host-gateway: this daemon does not tell it');
    return `${host}=${hostGateway}`;
  }
  const address = ip.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0)
    throw new UsageError(`invalid host ${JSON.stringify(text)} for --add-host: ${address} is no IP address`);
  return `${host}=${address}`;
}

function attestations(flags: BuildFlags): Record<string, string> {
  const attrs: Record<string, string> = {};
  const seen = new Set<string>();
  const add = (flag: string, type: string, fields: Map<string, string | undefined>) => {
    const given = [...fields].filter(([key]) => key !== 'type').map(([key, value = '']) => [key, value] as const);
    checkAttributes(flag, ATTESTATIONS, type, given, flags.allowUnknown);
    if (seen.has(type))
      throw new UsageError(`the attestation ${type} is given twice: by --attest, --provenance or --sbom`);
    seen.add(type);
    const disabled = fields.get('disabled');
    if (fields.has('disabled') && (!disabled || parseBoolean(flag, disabled))) return;
    const rest = [...fields].filter(([key]) => key !== 'type' && key !== 'disabled');
    attrs[`attest:${type}`] = rest.map(([key, value = '']) => quoteField(`${key}=${value}`)).join(',');
  };
  for (const attest of flags.attest) {
    const fields = parseFields('--attest', attest, true);
    const type = fields.get('type') ?? [...fields].find(([, value]) => value === undefined)?.[0];
    if (!type) throw new UsageError(`attestation type not specified in ${JSON.stringify(attest)}`);
    fields.delete(type);
    add('--attest', type, fields);
  }
  for (const [type, value] of [
    ['provenance', flags.provenance],
    ['sbom', flags.sbom],
  ] as const) {
    if (value === undefined) continue;
    if (/^(0|1|t|f|true|false)$/i.test(value))
      add(`--${type}`, type, new Map(parseBoolean(`--${type}`, value) ? [] : [['disabled', 'true']]));
    else add(`--${type}`, type, requireValues(`--${type}`, value));
  }
  return attrs;
}

/** @throws UsageError for a field without a value, of which nothing would come */
function requireValues(flag: string, text: string): Map<string, string | undefined> {
  const fields = parseFields(flag, text, true);
  for (const [key, value] of fields)
    if (value === undefined)
      throw new UsageError(
        `invalid value ${shown(text)} for ${flag}: ${key} has no value: give true, false or KEY=VALUE`,
      );
  return fields;
}

function quoteField(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Of buildx: allows `mode=delete` of a local output outside of the current folder. No daemon hears of it. */
const LOCAL_DELETE = 'buildx.local.delete';
const ENTITLEMENTS = ['network.host', 'security.insecure', 'device', LOCAL_DELETE];

interface AllowFlags {
  readonly allow: readonly string[];
  readonly allowUnknown?: boolean;
}

/** What the build asks the daemon for beyond the usual. @throws UsageError for what no daemon knows */
export function entitlements(flags: AllowFlags & { readonly network?: string }): string[] {
  const wanted: string[] = [];
  for (const entitlement of flags.allow.filter((it) => it !== '')) {
    const [name, value] = cutPair(entitlement);
    if (!ENTITLEMENTS.includes(name) && !flags.allowUnknown)
      throw new UsageError(
        `--allow: unknown entitlement ${JSON.stringify(name)}${didYouMean(name, ENTITLEMENTS, false)}: known are ${ENTITLEMENTS.join(', ')}`,
      );
    if (value !== undefined && ENTITLEMENTS.includes(name) && name !== 'device')
      throw new UsageError(`--allow: ${name} does not accept a value`);
    if (name !== LOCAL_DELETE) wanted.push(entitlement);
  }
  if (flags.network === 'host' && !wanted.includes('network.host')) wanted.push('network.host');
  return wanted;
}

/** Whether local outputs may delete files outside of the current folder. */
export function allowsLocalDelete({ allow }: AllowFlags): boolean {
  return allow.includes(LOCAL_DELETE);
}

const SECRET_KEYS = ['id', 'src', 'source', 'env', 'type'];

/** `id=ID[,src=FILE][,env=NAME][,type=file|env]`: without a source, a variable of that name, else a file. */
export function parseSecrets(values: readonly string[], env: Env): Record<string, SecretSource> {
  const secrets: Record<string, SecretSource> = Object.create(null); // ids are users' names: __proto__ is one
  for (const text of values.filter((it) => it !== '')) {
    const { id, src, source, env: variable, type, ...unknown } = parsePairs('--secret', text);
    const [unexpected] = Object.keys(unknown);
    if (unexpected)
      throw new UsageError(
        `unexpected key '${unexpected}' in '${text}' of --secret${didYouMean(unexpected, SECRET_KEYS, false)}: known are id, src, env and type`,
      );
    if (!id)
      throw new UsageError(
        `secret missing ID: ${JSON.stringify(text)}: --secret takes id=NAME[,src=FILE|,env=VARIABLE]`,
      );
    if (type && type !== 'file' && type !== 'env')
      throw new UsageError(`unsupported secret type ${JSON.stringify(type)} of --secret: known are file and env`);
    const from = src ?? source;
    if (variable && from) throw new UsageError(`--secret id=${id} has both src and env: give one of them`);
    if (variable && type === 'file') throw new UsageError(`--secret id=${id} has type=file, but env and not src`);
    let chosen: { readonly file: string } | { readonly env: string };
    if (variable) chosen = { env: variable };
    else if (type === 'env') chosen = { env: from ?? id };
    else if (from) chosen = { file: from };
    else if (type !== 'file' && variableOf(env, id) !== undefined) chosen = { env: id };
    else chosen = { file: id };
    secrets[id] = chosen;
    if (!('file' in chosen)) continue;
    const found = statSync(chosen.file, { throwIfNoEntry: false });
    if (!found) throw new UsageError(`failed to stat ${chosen.file}: no such file or directory (secret ${id})`);
    if (found.isDirectory()) throw new UsageError(`--secret id=${id}: ${chosen.file} is a folder`);
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
export function parseCaches(
  flag: '--cache-from' | '--cache-to',
  values: readonly string[],
  allowUnknown = false,
): CacheEntry[] {
  return values
    .filter((it) => it !== '')
    .flatMap((text): CacheEntry[] => {
      if (!text.includes('=')) return text.split(',').map((ref) => ({ type: 'registry', attrs: { ref } }));
      const { type, ...attrs } = parsePairs(flag, text);
      if (!type) throw new UsageError(`type required for ${shown(text)} of ${flag}`);
      if (flag === '--cache-from' && type === 'inline')
        throw new UsageError('--cache-from: an inline cache is read from its image: type=registry,ref=IMAGE');
      const kinds = flag === '--cache-to' ? CACHE_EXPORTS : CACHE_IMPORTS;
      checkAttributes(flag, kinds, type, Object.entries(attrs), allowUnknown);
      return [{ type, attrs }];
    });
}
