/**
 * Capabilities: what the daemon says it can do, with BuildKit's rules (util/apicaps). A capability counts only if this
 * frontend knows it and the daemon lists it as enabled.
 */
import type { Capabilities } from '../llb/index.ts';

/** A capability as the daemon announces it. */
export interface AnnouncedCapability {
  readonly id: string;
  readonly enabled: boolean;
  readonly disabledReasonMsg: string;
}

/** The capabilities of a daemon that this frontend knows. */
export interface CapabilitySet extends Capabilities {
  /** The error for a capability that the daemon lacks; undefined if the daemon has it. */
  missing(id: string): Error | undefined;
}

interface CapabilityDefinition {
  readonly name?: string;
  readonly status?: string;
  /** The first release that had it, by product. */
  readonly since?: Readonly<Record<string, string>>;
}

/** Makes the set of a daemon. @param product the daemon's name in error messages, `docker` or `buildkit` */
export function createCapabilities(
  known: ReadonlyMap<string, CapabilityDefinition>,
  announced: readonly AnnouncedCapability[],
  product: string,
): CapabilitySet {
  const states = new Map(announced.filter((cap) => cap.id !== '').map((cap) => [cap.id, cap]));
  const supports = (id: string) => known.has(id) && states.get(id)?.enabled === true;
  return {
    supports,
    missing(id) {
      if (supports(id)) return undefined;
      const definition = known.get(id);
      if (!definition) return new Error(`unknown API capability ${id}`);
      const name = definition.name ? `(${definition.name})` : '';
      const feature = `requested ${definition.status ?? 'experimental'} feature ${id} ${name}`;
      const state = states.get(id);
      if (state) {
        const reason = state.disabledReasonMsg ? `: ${state.disabledReasonMsg}` : '';
        return new Error(`${feature} has been disabled on the build server${reason}`);
      }
      const hint = definition.since?.[product];
      const added = hint === undefined ? '' : ` (added in ${hint})`;
      return new Error(`${feature} is not supported by build server${added}, please update ${product}`);
    },
  };
}

/** Requires a capability of the daemon. @throws Error if the daemon lacks it */
export function requireCapability(capabilities: CapabilitySet, id: string): void {
  const error = capabilities.missing(id);
  if (error) throw error;
}

/** Makes the set of a daemon that has all capabilities this frontend knows. */
export function allCapabilities(known: ReadonlyMap<string, CapabilityDefinition>): CapabilitySet {
  const announced = [...known.keys()].map((id) => ({ id, enabled: true, disabledReasonMsg: '' }));
  return createCapabilities(known, announced, '');
}

/** The capabilities of the gateway API. */
export const frontendCapabilities: ReadonlyMap<string, CapabilityDefinition> = new Map(
  Object.entries({
    'solve.base': '',
    'solve.inlinereturn': 'inline return from solve',
    resolveimage: 'resolve remote image config',
    'resolveimage.resolvemode': 'resolve remote image config with custom resolvemode',
    readfile: 'read static file',
    return: 'return solve result',
    returnmap: 'return reference map',
    readdir: 'read static directory',
    statfile: 'stat a file',
    importcaches: 'import caches',
    'proto.refarray': 'wire format ref arrays',
    'reference.output': 'reference output',
    'frontend.inputs': 'frontend inputs',
    'gateway.solve.metadata': 'gateway metadata',
    'gateway.exec': 'gateway exec',
    'gateway.exec.extrahosts': 'gateway exec extra-hosts',
    'gateway.exec.secretenv': 'gateway exec secret env',
    'gateway.exec.signals': 'gateway exec signals',
    'gateway.exec.filesystem': 'gateway exec filesystem',
    'frontend.caps': 'frontend capabilities',
    'gateway.solve.evaluate': 'gateway evaluate solve',
    'gateway.evaluate': 'gateway evaluate',
    'gateway.warnings': 'logging warnings',
    'reference.attestations': 'reference attestations',
    'source.metaresolver': 'source meta resolver',
    'source.metaresolver.image.attestations': 'source meta resolver image attestations',
    'source.metaresolver.http.checksumrequest': 'source meta resolver http checksum request',
  }).map(([id, name]) => [id, { name }]),
);

/** The capabilities of the gateway API of daemons that announce none. */
export const defaultFrontendCapabilities = ['solve.base', 'solve.inlinereturn', 'resolveimage', 'readfile'];

const llbDetails: Readonly<Record<string, CapabilityDefinition>> = {
  'file.base': { status: 'prerelease', since: { docker: 'Docker v19.03', buildkit: 'BuildKit v0.5.0' } },
  'exporter.sourcedateepoch': { name: 'source date epoch' },
};

/** The capabilities of LLB. */
export const llbCapabilities: ReadonlyMap<string, CapabilityDefinition> = new Map(
  [
    ...ids('source', 'image image.resolvemode image.layerlimit image.checksum'),
    ...ids('source.local', ' unique sessionid includepatterns followpaths excludepatterns sharedkeyhint differ'),
    ...ids('source.local', 'metadatatransfer'),
    ...ids('source.git', ' keepgitdir fullurl httpauth knownsshhosts mountsshsock subdir checksum skipsubmodules'),
    ...ids('source.git', 'signatureverify mtime fetchbycommit bundle checkoutbundle'),
    ...ids('source.http', ' auth checksum perm header signatureverify'),
    'soruce.http.uidgid', // sic
    ...ids('source', 'imageblob ocilayout buildop.llbfilename'),
    ...ids('exec.meta', 'base cgroup.parent network network.proxy proxyenv security security.devices.v1'),
    ...ids('exec.meta', 'setsdefaultpath ulimit cdi linux.resources'),
    ...ids('exec.mount', 'bind bind.readwrite-nooutput cache cache.sharing cache.content selector tmpfs tmpfs.size'),
    ...ids('exec.mount', 'secret ssh'),
    ...ids('exec', 'cgroup secretenv validexitcode'),
    ...ids('file', 'base rm.wildcard rm.nofollowsymlink symlink.create'),
    ...ids('file.copy', 'includeexcludepatterns requiredpaths alwaysreplaceexistingdestpaths'),
    'constraints',
    'platform',
    ...ids('meta', 'ignorecache description exportcache'),
    ...ids('cache', 'gha s3 azblob'),
    'mergeop',
    'diffop',
    'passthroughop',
    ...ids('exporter', 'image.annotations image.attestations sourcedateepoch multiple session'),
    ...ids('source.policy', ' session'),
    'gc.freespacefilter',
    'history.filter',
  ].map((id): [string, CapabilityDefinition] => [id, llbDetails[id] ?? {}]),
);

/** The LLB capabilities of daemons that announce none. */
export const defaultLlbCapabilities = [
  'source.image',
  ...ids('source.local', ' unique sessionid includepatterns followpaths excludepatterns sharedkeyhint'),
  ...ids('source.git', ' keepgitdir fullurl'),
  ...ids('source.http', ' checksum perm'),
  'soruce.http.uidgid',
  'source.buildop.llbfilename',
  ...ids('exec.meta', 'base proxyenv'),
  ...ids('exec.mount', 'bind cache cache.sharing selector tmpfs secret'),
  'constraints',
  'platform',
  ...ids('meta', 'ignorecache description exportcache'),
];

/** `ids('a', ' b c')` returns a, a.b and a.c. An empty word stands for the prefix itself. */
function ids(prefix: string, words: string): string[] {
  return words.split(' ').map((word) => (word ? `${prefix}.${word}` : prefix));
}
