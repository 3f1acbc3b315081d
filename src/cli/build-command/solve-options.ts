/** What the daemon is asked for: everything that the flags, the environment and the daemon's abilities say of a build. */
import {
  type CacheEntry,
  type Export,
  hasImageStore,
  listWorkers,
  type SolveOptions,
  type Worker,
} from '../../client/index.ts';
import { isTrue } from '../../go/strconv.ts';
import type { ArgWatch } from '../../offline/build-arg-use.ts';
import { dockerConfigDir, dockerProxies } from '../../registry/docker-config.ts';
import type { Io } from '../io.ts';
import { entitlements, isLocalDeleteAllowed } from '../options/allow.ts';
import { authHosts } from '../options/auth-host.ts';
import { parseCaches } from '../options/caches.ts';
import { parseSsh } from '../options/check-ssh.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { parseBoolean } from '../options/fields.ts';
import { frontendAttrs } from '../options/frontend-attrs.ts';
import { requestedPlatforms } from '../options/platform-option.ts';
import { progressMode } from '../options/progress-mode.ts';
import { parseSecrets } from '../options/secrets.ts';
import type { BuildInputs } from './build-inputs.ts';
import { type ChosenFrontend, chooseFrontend, daemonFrontend } from './choose-frontend.ts';
import { gitAttrs } from './git-provenance.ts';
import { requireImageId } from './image-id.ts';
import { requireImageStore, requireOneManifest } from './image-store.ts';
import type { OpenedNode } from './nodes.ts';
import { openOutputs } from './open-outputs.ts';
import type { OutputFlags } from './output-entries.ts';
import type { Outputs } from './outputs.ts';
import { isForPeople } from './show.ts';
import { readSourcePolicy } from './source-policy-file.ts';

/** A build whose flags are checked and whose inputs are opened. */
export interface BuildRequest {
  readonly flags: BuildFlags;
  /** The argument. */
  readonly context: string;
  readonly inputs: BuildInputs;
  /** Whether the frontend is asked something, and nothing is built. */
  readonly isCall: boolean;
  /** Sees which build arguments the Dockerfile takes. */
  readonly watch: ArgWatch;
  readonly onWarning: (message: string) => void;
}

/** @throws UsageError or Error for what this daemon cannot do */
export async function toSolveOptions(
  { connection, loads = false }: OpenedNode,
  request: BuildRequest,
  io: Io,
): Promise<
  Pick<Outputs, 'pushByEngine' | 'prefersImageDigest'> & {
    readonly options: SolveOptions & { readonly frontend: ChosenFrontend };
  }
> {
  const { env } = io;
  const { flags, context, inputs, isCall, onWarning } = request;
  const [workers, git, sourcePolicy] = await Promise.all([
    listWorkers(connection),
    gitAttrs(inputs.localDirs, inputs.dockerfile, env),
    readSourcePolicy(env),
  ]);
  const pushes = hasImageStore(workers);
  const { exports, ...outputs } = await openOutputs(
    withDefaultLoad(outputFlags(flags, inputs), loads && !isCall, env),
    { kind: connection.kind, pushes, onWarning },
  );
  requireImageId(flags, exports);
  const own = frontendAttrs(flags, env, hostAddress(workers));
  const cacheTo = parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown);
  const wanted = {
    attestations: Object.keys(own).some((key) => key.startsWith('attest:')),
    platforms: requestedPlatforms(flags.platform, env),
    exports,
  };
  if (connection.kind === 'dockerd' && !pushes)
    requireImageStore({ ...wanted, caches: cacheTo.map(({ type }) => type), annotations: flags.annotation });
  requireOneManifest(wanted);
  const options = {
    frontend: frontendFor(request, own['attest:provenance'] !== undefined, io),
    frontendAttrs: {
      ...(connection.kind === 'dockerd' && { 'image-resolve-mode': 'local' }), // images of the engine come first
      ...(pushes && defaultAttestations(flags, env)),
      ...proxyArgs(dockerProxies(connection.address, dockerConfigDir(env), onWarning), own),
      ...git,
      ...own,
      ...inputs.frontendAttrs,
    },
    localDirs: inputs.localDirs,
    ociLayouts: inputs.ociLayouts,
    attachables: inputs.attachables,
    sharedKey: inputs.sharedKey,
    exports: isSet(env, 'BUILDX_NO_DEFAULT_OCI_ARTIFACT') && pushes ? exports.map(withoutArtifact) : exports,
    cacheFrom: parseCaches('--cache-from', flags.cacheFrom, flags.allowUnknown),
    cacheTo: isTrue(own['build-arg:BUILDKIT_INLINE_CACHE']) ? withInline(cacheTo) : cacheTo,
    secrets: parseSecrets(flags.secret, env),
    ssh: parseSsh(flags.ssh, context),
    auth: authHosts(flags.authHost),
    entitlements: entitlements(flags),
    sourcePolicy,
    onWarning,
  };
  return { options, ...outputs };
}

/** The address of the daemon's host, which Docker engines tell. */
function hostAddress(workers: readonly Worker[]): string | undefined {
  return workers.map(({ labels }) => labels['org.mobyproject.buildkit.worker.moby.host-gateway-ip']).find(Boolean);
}

function withInline(caches: readonly CacheEntry[]): readonly CacheEntry[] {
  return caches.some(({ type }) => type === 'inline') ? caches : [...caches, { type: 'inline' }];
}

/**
 * Who reads the Dockerfile.
 * @param provenance whether one was asked for: a daemon notes in it only what it hands to a frontend of its own
 */
function frontendFor({ flags, isCall, watch }: BuildRequest, provenance: boolean, io: Io): ChosenFrontend {
  if (flags.frontend !== undefined || !provenance || isCall) return chooseFrontend(flags.frontend, watch);
  if (isForPeople(progressMode(flags, io.env)))
    io.writeStderr(
      "note: the daemon's own frontend reads the Dockerfile, because the provenance would be incomplete otherwise; --frontend tsfront reads it here\n",
    );
  return daemonFrontend;
}

/** The flags that say where the result goes. */
export function outputFlags(flags: BuildFlags, { localDirs }: Pick<BuildInputs, 'localDirs'>): OutputFlags {
  return { ...flags, allowDelete: isLocalDeleteAllowed(flags), sources: Object.values(localDirs) };
}

/** Without an output, an engine keeps what it builds, and builders made with `default-load` load it, unless a variable forbids. */
function withDefaultLoad(flags: OutputFlags, loads: boolean, env: Io['env']): OutputFlags {
  const keepsByDefault = !isDefaultLoadOff(env);
  const hasOutput = flags.push || flags.output.some((it) => it !== '');
  return { ...flags, keepsByDefault, load: flags.load || (loads && keepsByDefault && !hasOutput) };
}

/** Whether a build without an output stays in the cache. */
export function isDefaultLoadOff(env: Io['env']): boolean {
  return env['BUILDX_NO_DEFAULT_LOAD'] !== '' && isSet(env, 'BUILDX_NO_DEFAULT_LOAD');
}

/** Proxies as build arguments, except those for which the user has given one, in whichever case. */
function proxyArgs(proxies: Readonly<Record<string, string>>, own: Readonly<Record<string, string>>) {
  const given = new Set(Object.keys(own).map((key) => key.toLowerCase()));
  const args = Object.entries(proxies).map(([name, value]): [string, string] => [`build-arg:${name}`, value]);
  return Object.fromEntries(args.filter(([key]) => !given.has(key.toLowerCase())));
}

/** Images say where they come from, where the daemon's image store can hold that. */
function defaultAttestations(flags: BuildFlags, env: Io['env']): Record<string, string> {
  const refused = isSet(env, 'BUILDX_NO_DEFAULT_ATTESTATIONS');
  if (refused || flags.provenance !== undefined || flags.attest.some((attest) => attest.includes('provenance')))
    return {};
  return { 'attest:provenance': 'mode=min,inline-only=true' };
}

/** @throws Error for a variable that is neither true nor false */
function isSet(env: Io['env'], name: string): boolean {
  const text = env[name];
  return text !== undefined && parseBoolean(name, text);
}

/** Attestations as they were before BuildKit wrote them as OCI artifacts, unless the output says otherwise. */
function withoutArtifact(output: Export): Export {
  const type = output.type === 'custom' ? output.name : output.type;
  if (type !== 'image' && type !== 'oci' && type !== 'moby') return output;
  return { ...output, attrs: { 'oci-artifact': 'false', ...output.attrs } };
}
