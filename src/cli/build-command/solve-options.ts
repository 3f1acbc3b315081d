/** Makes the options of the solve request from the flags, the environment and what the daemon can do. */
import {
  type CacheEntry,
  type Export,
  hasImageStore,
  listWorkers,
  type SolveOptions,
  type Worker,
} from '../../client/index.ts';
import type { ArgWatch } from '../../daemonless/build-arg-use.ts';
import { isOwnFrontend } from '../../gateway/equal-frontends.ts';
import { isTrue } from '../../go/strconv.ts';
import { dockerConfigDir, dockerProxies } from '../../registry/docker-config.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { Io } from '../io.ts';
import { entitlements, isLocalDeleteAllowed } from '../options/allow.ts';
import { authHosts } from '../options/auth-host.ts';
import { parseCaches } from '../options/caches.ts';
import { parseSsh } from '../options/check-ssh.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { lockOption } from '../options/dockerfile-attrs.ts';
import { frontendAttrs } from '../options/frontend-attrs.ts';
import { requestedPlatforms } from '../options/platform-option.ts';
import { isPolicyDisabled } from '../options/policy.ts';
import { progressMode } from '../options/progress-mode.ts';
import { parseSecrets } from '../options/secrets.ts';
import { refusingPolicyIn } from '../rego-policy.ts';
import type { BuildInputs } from './build-inputs.ts';
import { defaultAttestations, withArtifactDefault, withDefaultLoad } from './buildx-defaults.ts';
import type { SubrequestCall } from './call.ts';
import { type ChosenFrontend, chooseFrontend, daemonFrontend } from './choose-frontend.ts';
import { checkedFirst, joinedPolicy, lockModeOf, lockPolicyOf } from './daemon-lock.ts';
import { gitAttrs } from './git-provenance.ts';
import { requireImageId } from './image-id.ts';
import { requireImageStore, requireOneManifest } from './image-store.ts';
import type { OpenedNode } from './nodes.ts';
import { openOutputs } from './open-outputs.ts';
import type { OutputFlags } from './output-entries.ts';
import type { Outputs } from './outputs.ts';
import { isForPeople } from './show.ts';
import { readSourcePolicy } from './source-policy-file.ts';

type Attrs = Readonly<Record<string, string>>;

/** A build whose flags are checked and whose inputs are opened. */
export interface BuildRequest {
  readonly flags: BuildFlags;
  /** The context argument. */
  readonly context: string;
  readonly inputs: BuildInputs;
  /** The question to the frontend, if nothing is built. */
  readonly call: SubrequestCall | undefined;
  /** Records which build arguments the Dockerfile uses. */
  readonly argWatch: ArgWatch;
  readonly onWarning: (message: string) => void;
}

/** The options of the solve request, and what is left to do with its result. */
interface Solving extends Pick<Outputs, 'pushByEngine' | 'prefersImageDigest'> {
  readonly options: SolveOptions & { readonly frontend: ChosenFrontend };
}

/** Asks the daemon what it can do, and makes the options. @throws UsageError or Error for what the daemon cannot do */
export async function toSolveOptions(node: OpenedNode, request: BuildRequest, io: Io): Promise<Solving> {
  const { connection, loads = false } = node;
  const { flags, context, inputs, call, onWarning } = request;
  const { env, signal } = io;
  const [workers, sourceAttrs, sourcePolicy] = await Promise.all([
    listWorkers(connection),
    gitAttrs(inputs.localDirs, inputs.dockerfile, env),
    readSourcePolicy(env),
  ]);
  const pushes = hasImageStore(workers);
  const flagAttrs = frontendAttrs(flags, env, hostGateway(workers));
  const cacheTo = parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown);
  const { exports, pushByEngine, prefersImageDigest } = await openOutputs(
    withDefaultLoad(outputFlags(flags, inputs), loads && !call, env),
    { kind: connection.kind, pushes, env, onWarning },
  );
  checkOutputs(node, { request, exports, cacheTo, flagAttrs, pushes }, env);
  const proxies = dockerProxies(connection.address, dockerConfigDir(env), onWarning);
  const { frontend, policy } = await frontendFor(request, flagAttrs, io);
  const options = {
    frontend,
    frontendAttrs: {
      ...(connection.kind === 'dockerd' && { 'image-resolve-mode': 'local' }), // the engine's own images come first
      ...(pushes && defaultAttestations(flags, env)),
      ...proxyArgs(proxies, flagAttrs),
      ...sourceAttrs,
      ...flagAttrs,
      ...inputs.frontendAttrs,
    },
    localDirs: inputs.localDirs,
    ociLayouts: inputs.ociLayouts,
    attachables: inputs.attachables,
    sharedKey: inputs.sharedKey,
    exports: pushes ? withArtifactDefault(exports, env) : exports,
    cacheFrom: parseCaches('--cache-from', flags.cacheFrom, flags.allowUnknown),
    cacheTo: isTrue(flagAttrs['build-arg:BUILDKIT_INLINE_CACHE']) ? withInlineCache(cacheTo) : cacheTo,
    secrets: parseSecrets(flags.secret, env),
    ssh: parseSsh(flags.ssh, context),
    auth: authHosts(flags.authHost),
    entitlements: entitlements(flags),
    sourcePolicy: joinedPolicy(sourcePolicy, policy),
    onWarning,
    signal,
  };
  return { options, pushByEngine, prefersImageDigest };
}

/** The flags that say where the result goes. */
export function outputFlags(flags: BuildFlags, { localDirs }: Pick<BuildInputs, 'localDirs'>): OutputFlags {
  return { ...flags, allowDelete: isLocalDeleteAllowed(flags), sources: Object.values(localDirs) };
}

/** @throws UsageError or Error for outputs that this daemon, or their format, does not support */
function checkOutputs(
  { connection }: OpenedNode,
  {
    request: { flags },
    exports,
    cacheTo,
    flagAttrs,
    pushes,
  }: {
    readonly request: BuildRequest;
    readonly exports: readonly Export[];
    readonly cacheTo: readonly CacheEntry[];
    readonly flagAttrs: Attrs;
    readonly pushes: boolean;
  },
  env: Io['env'],
): void {
  requireImageId(flags, exports);
  const wanted = {
    attestations: Object.keys(flagAttrs).some((key) => key.startsWith('attest:')),
    platforms: requestedPlatforms(flags.platform, env),
    exports,
  };
  if (connection.kind === 'dockerd' && !pushes)
    requireImageStore({ ...wanted, caches: cacheTo.map(({ type }) => type), annotations: flags.annotation });
  requireOneManifest(wanted);
}

/** The address of the daemon's host. Docker engines report it. */
function hostGateway(workers: readonly Worker[]): string | undefined {
  return workers.map(({ labels }) => labels['org.mobyproject.buildkit.worker.moby.host-gateway-ip']).find(Boolean);
}

function withInlineCache(caches: readonly CacheEntry[]): readonly CacheEntry[] {
  return caches.some(({ type }) => type === 'inline') ? caches : [...caches, { type: 'inline' }];
}

type LockPolicy = Awaited<ReturnType<typeof lockPolicyOf>>;

/**
 * The frontend that reads the Dockerfile, and the policy that it needs. If the Dockerfile is not on this machine, the
 * frontend looks for a Rego policy first.
 */
async function frontendFor(
  request: BuildRequest,
  flagAttrs: Attrs,
  io: Io,
): Promise<{ readonly frontend: ChosenFrontend; readonly policy: LockPolicy }> {
  const { flags, inputs, argWatch } = request;
  const isForProvenance = needsDaemonFrontend(request, flagAttrs);
  const name = isForProvenance ? 'dockerfile.v0' : flags.frontend;
  const { isLocked, policy } = await lockForDaemonFrontend(name, request, flagAttrs);
  if (isForProvenance && isForPeople(progressMode(flags, io.env)))
    io.writeStderr(
      "note: the daemon's own frontend reads the Dockerfile, because the provenance would be incomplete otherwise; --frontend tsfront reads it here\n",
    );
  const chosen = isForProvenance ? daemonFrontend : chooseFrontend(flags.frontend, argWatch);
  const frontend = isLocked ? checkedFirst(chooseFrontend(undefined, argWatch), chosen) : chosen;
  if (inputs.remoteDockerfile === '' || isPolicyDisabled(flags.policy, io.env)) return { frontend, policy };
  return { frontend: refusingPolicyIn(frontend, inputs.remoteDockerfile), policy };
}

/** Whether the daemon's own frontend reads the Dockerfile of a user who chose none, for its complete provenance. */
function needsDaemonFrontend({ flags, call }: BuildRequest, flagAttrs: Attrs): boolean {
  return flags.frontend === undefined && flagAttrs['attest:provenance'] !== undefined && !call;
}

/**
 * Whether a build with the daemon's own frontend, which reads no lock, is locked, and the lock as a policy.
 *
 * @throws UsageError if another frontend that knows no lock would read the Dockerfile of a build that is to be locked
 */
async function lockForDaemonFrontend(
  frontend: string | undefined,
  { inputs: { dockerfile }, call }: BuildRequest,
  flagAttrs: Attrs,
): Promise<{ readonly isLocked: boolean; readonly policy: LockPolicy }> {
  if (frontend !== 'dockerfile.v0' || call || dockerfile === '') {
    requireLockReader(frontend, flagAttrs);
    return { isLocked: false, policy: undefined };
  }
  const isLocked = (await lockModeOf(flagAttrs[lockOption], dockerfile)) !== 'off';
  return { isLocked, policy: isLocked ? await lockPolicyOf(dockerfile) : undefined };
}

/** @throws UsageError if a frontend that knows no lock would read the Dockerfile of a build that is to be locked */
function requireLockReader(frontend: string | undefined, flagAttrs: Attrs): void {
  const mode = flagAttrs[lockOption];
  if (mode === undefined || mode === 'off' || frontend === undefined || frontend === 'tsfront') return;
  if (frontend !== 'dockerfile.v0' && isOwnFrontend(frontend)) return;
  throw new UsageError(
    `${lockOption.replace('build-arg:', '')}=${mode}: the frontend ${frontend} does not read Dockerfile.lock: give --frontend tsfront, or the policy that \`tsfront lock --policy\` writes`,
  );
}

/** Docker's proxies as build arguments, except those that the user has given, in upper or lower case. */
function proxyArgs(proxies: Attrs, flagAttrs: Attrs): Record<string, string> {
  const given = new Set(Object.keys(flagAttrs).map((key) => key.toLowerCase()));
  const args = Object.entries(proxies).map(([name, value]): [string, string] => [`build-arg:${name}`, value]);
  return Object.fromEntries(args.filter(([key]) => !given.has(key.toLowerCase())));
}
