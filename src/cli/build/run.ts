/** Runs `tsfront build`. */
import { rm } from 'node:fs/promises';
import {
  type Build,
  type BuildNode,
  type Connection,
  createDisplay,
  dockerPush,
  type Export,
  hasImageStore,
  type InProcessFrontend,
  listWorkers,
  type NodesOptions,
  type ProgressMode,
  type SolveOptions,
  type SolveResult,
  showProgress,
  solve,
  solveOnNodes,
  type VertexWarning,
} from '../../client/index.ts';
import { dockerProxies } from '../../image/docker-config.ts';
import { type ArgWatch, watchArgs } from '../../offline/build-arg-use.ts';
import { leavesOutPolicy, refusePolicyBeside, refusingPolicyIn } from '../../offline/rego-policy.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { tellUnusedArgs, withFileArgs } from '../build-args.ts';
import { requireAddress } from '../daemon-address.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { requireWritable, writeOutput } from '../output.ts';
import { requirePlatforms } from '../platforms.ts';
import { progressMode } from '../progress-option.ts';
import { parseCall, runCall } from './call.ts';
import { carriageReturnWarnings } from './carriage-returns.ts';
import { openInputs } from './context.ts';
import { failedLineHints } from './failed-lines.ts';
import { parseBoolean } from './fields.ts';
import { gitAttrs } from './git.ts';
import { requireImageStore } from './image-store.ts';
import { saveLocalState } from './local-state.ts';
import { formatMetadata, withoutConfigDigest } from './metadata.ts';
import { missingSourceHint } from './missing-source.ts';
import { DEFAULT_PLACE, type OpenedNode, openNodes, parseBuilders } from './nodes.ts';
import {
  allowsLocalDelete,
  type BuildFlags,
  buildPlatforms,
  entitlements,
  frontendAttrs,
  parseCaches,
  parseSecrets,
  parseSsh,
} from './options.ts';
import { type OutputFlags, type Outputs, openOutputs, requireOutputs } from './outputs.ts';
import { reportFailure, shownPath, warn } from './report.ts';
import { readSourcePolicy } from './source-policy.ts';
import { requireSsh } from './ssh.ts';

/** @returns the exit code */
export async function build(context: string, given: BuildFlags, io: Io): Promise<number> {
  const { signal, env } = io;
  const nodes: OpenedNode[] = [];
  let opened: Inputs | undefined;
  const watch = watchArgs();
  let tellsUnused = false;
  let scripts: Promise<string[]> | undefined;
  try {
    const mode = progressMode(given, env);
    const flags = { ...given, buildArg: await withFileArgs(given.buildArgFile ?? [], given.buildArg, signal) };
    const withoutPolicy = leavesOutPolicy(flags.policy ?? [], env);
    const call = parseCall(flags);
    await requireUsable(flags, context, env);
    const inputs = await openInputs(context, flags.file, flags.buildContext, { signal });
    opened = inputs;
    const { dockerfile, remoteDockerfile } = inputs;
    if (!withoutPolicy) await refusePolicyBeside(dockerfile);
    requireImageId(flags, requireOutputs(outputFlags(flags, Object.values(inputs.localDirs))));
    // no stale id where the build fails
    if (flags.iidfile) await removeOld(flags.iidfile);
    await openNodes({ builders: flags.builder, platforms: buildPlatforms(flags, env), context }, nodes, io);
    const [{ connection, place, builder }] = nodes as [OpenedNode];
    const opening = toSolveOptions(connection, flags, context, inputs, call !== undefined, watch, io);
    const { options: built, pushByEngine, prefersImageDigest } = await untilAborted(opening, signal);
    const frontend =
      remoteDockerfile === '' || withoutPolicy ? built.frontend : refusingPolicyIn(built.frontend, remoteDockerfile);
    const options = { ...built, frontend, signal };
    tellsUnused = isForPeople(mode) && (!call || call.method === 'check');
    if (call) return await runCall(connection, options, call, { ...flags, dockerfile }, mode, io);
    if (options.exports?.length === 0 && flags.output.length === 0 && isForPeople(mode))
      warn('no output given, so the result stays in the build cache: --push, --load or --output keep it', io);
    if (isForPeople(mode)) scripts = carriageReturnWarnings(inputs); // looked for while the daemon works
    const build =
      nodes.length > 1 ? solveOnNodes(nodes, toNodesOptions(options, flags, nodes, env)) : solve(connection, options);
    if (place !== DEFAULT_PLACE) await saveLocalState(place, build.ref, { context, file: flags.file }, io);
    const { result, warnings } = await show(
      build,
      mode,
      { dockerfile, builder, verbose: flags.verbose || flags.debug },
      io,
    );
    const pushed = await pushEach(pushByEngine, connection, mode, io);
    const told = prefersImageDigest ? withoutConfigDigest(withDigest(result, pushed)) : withDigest(result, pushed);
    // a signal from here on comes too late: the outputs are kept; only what is written yet can still be given up
    if (flags.iidfile || flags.quiet || mode === 'quiet' || flags.metadataFile)
      await untilAborted(writeResult({ connection, place }, told, warnings, flags, io), signal);
    return 0;
  } catch (error) {
    const code = reportFailure(error, io, opened?.dockerfile);
    const hint = opened && !signal.aborted ? await missingSourceHint(error, opened) : undefined;
    if (hint !== undefined) io.writeStderr(`hint: ${hint}\n`);
    if (!signal.aborted) for (const odd of await failedLineHints(error)) io.writeStderr(`hint: ${odd}\n`);
    return code;
  } finally {
    if (!signal.aborted) {
      for (const message of (await scripts) ?? []) warn(message, io);
      if (tellsUnused) tellUnusedArgs(watch, io);
    }
    await opened?.cleanUp();
    for (const { connection } of nodes) connection.close();
  }
}

/** Checks what can be known of the flags before anybody is asked. @throws UsageError */
async function requireUsable(flags: BuildFlags, context: string, env: Io['env']): Promise<void> {
  for (const { address } of parseBuilders(flags.builder)) requireAddress('--builder', address);
  requirePlatforms(flags.platform.length > 0 ? '--platform' : 'DOCKER_DEFAULT_PLATFORM', buildPlatforms(flags, env));
  frontendAttrs(flags, env, ANY_ADDRESS);
  entitlements(flags);
  parseCaches('--cache-from', flags.cacheFrom, flags.allowUnknown);
  parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown);
  parseSecrets(flags.secret, env);
  await requireSsh(flags.ssh, context);
  if (flags.iidfile) requireWritable('--iidfile', flags.iidfile);
  if (flags.metadataFile) requireWritable('--metadata-file', flags.metadataFile);
}

/** Stands for the address of the daemon's host, as long as no daemon has told it. */
const ANY_ADDRESS = '0.0.0.0';

function outputFlags(flags: BuildFlags, sources: readonly string[]): OutputFlags {
  const { push = false, load = false } = flags;
  return { ...flags, push, load, allowDelete: allowsLocalDelete(flags), sources };
}

function requireImageId({ iidfile }: BuildFlags, exports: readonly Export[]): void {
  if (iidfile && exports.some(({ type }) => type === 'local' || type === 'tar'))
    throw new UsageError('local and tar exporters are incompatible with --iidfile: they make no image');
}

/** @throws UsageError where the image ID cannot be written */
async function removeOld(iidfile: string): Promise<void> {
  await rm(iidfile, { force: true }).catch((error: NodeJS.ErrnoException) => {
    const why = /EISDIR/.test(error.code ?? '') ? 'it is a folder' : systemErrorsInWords(error.message);
    throw new UsageError(`--iidfile: cannot write ${iidfile}: ${why}`, { cause: error });
  });
}

/** What several daemons build can only meet in a registry. */
function toNodesOptions(
  options: SolveOptions,
  flags: BuildFlags,
  nodes: readonly BuildNode[],
  env: Io['env'],
): NodesOptions {
  const [image, ...others] = options.exports ?? [];
  if (image?.type !== 'image' || !/^(1|t|true)$/i.test(image.attrs?.['push'] ?? '') || others.length > 0)
    throw new UsageError(
      'a build on several builders has to be pushed, and can have no other output: use --push alone',
    );
  if (flags.tag.length === 0) throw new UsageError('a build on several builders needs a tag: --tag');
  const platforms = buildPlatforms(flags, env);
  const all = nodes.flatMap((node) => node.platforms);
  const { exports: _, attachables = [], ...rest } = options;
  if (attachables.length > 0) throw new UsageError('an archive on standard input can go to one builder only');
  // of the index are those that the nodes cannot write
  const attrs = Object.entries(image.attrs ?? {});
  const prefix = 'annotation-index.';
  const ofIndex = attrs
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
  return {
    ...rest,
    platforms: platforms.length > 0 ? platforms : all,
    names: flags.tag,
    imageAttrs: Object.fromEntries(attrs.filter(([key]) => !key.startsWith(prefix))),
    ...(ofIndex.length > 0 && { join: { annotations: Object.fromEntries(ofIndex) } }),
  };
}

type Inputs = Awaited<ReturnType<typeof openInputs>>;

async function toSolveOptions(
  connection: Connection,
  flags: BuildFlags,
  context: string,
  inputs: Inputs,
  isCall: boolean,
  watch: ArgWatch,
  io: Io,
): Promise<
  Pick<Outputs, 'pushByEngine' | 'prefersImageDigest'> & {
    readonly options: SolveOptions & { readonly frontend: InProcessFrontend };
  }
> {
  const { env } = io;
  const [workers, proxies, git, policy] = await Promise.all([
    listWorkers(connection),
    dockerProxies(connection.address),
    gitAttrs(inputs.localDirs, inputs.dockerfile, env),
    readSourcePolicy(env),
  ]);
  const pushes = hasImageStore(workers);
  const hostGateway = workers
    .map(({ labels }) => labels['org.mobyproject.buildkit.worker.moby.host-gateway-ip'])
    .find(Boolean);
  const { exports, ...outputs } = await openOutputs(outputFlags(flags, Object.values(inputs.localDirs)), {
    kind: connection.kind,
    pushes,
  });
  requireImageId(flags, exports);
  const own = frontendAttrs(flags, env, hostGateway);
  const cacheTo = parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown);
  const attestations = Object.keys(own).some((key) => key.startsWith('attest:'));
  if (connection.kind === 'dockerd' && !pushes)
    requireImageStore({
      attestations,
      platforms: buildPlatforms(flags, env),
      exports,
      caches: cacheTo.map(({ type }) => type),
      annotations: flags.annotation,
    });
  // a daemon notes in the provenance only what it hands to a frontend of its own
  const byDaemon = flags.frontend === undefined && own['attest:provenance'] !== undefined && !isCall;
  if (byDaemon && isForPeople(progressMode(flags, env)))
    io.writeStderr(
      "note: the daemon's own frontend reads the Dockerfile, since the provenance that was asked for would lack much otherwise; --frontend tsfront reads it here\n",
    );
  const attrs = {
    ...(connection.kind === 'dockerd' && { 'image-resolve-mode': 'local' }), // images of the engine come first
    ...(pushes && defaultAttestations(flags, env)),
    ...proxyArgs(proxies, own),
    ...git,
    ...own,
    ...inputs.frontendAttrs,
  };
  const options = {
    frontend: chooseFrontend(byDaemon ? 'dockerfile.v0' : flags.frontend, watch),
    frontendAttrs: attrs,
    localDirs: inputs.localDirs,
    ociLayouts: inputs.ociLayouts,
    attachables: inputs.attachables,
    sharedKey: inputs.sharedKey,
    exports: pushes && isSet(env, 'BUILDX_NO_DEFAULT_OCI_ARTIFACT') ? exports.map(withoutArtifact) : exports,
    cacheFrom: parseCaches('--cache-from', flags.cacheFrom, flags.allowUnknown),
    cacheTo: [
      ...cacheTo,
      ...(/^(1|t|true)$/i.test(own['build-arg:BUILDKIT_INLINE_CACHE'] ?? '') ? [{ type: 'inline' }] : []),
    ],
    secrets: parseSecrets(flags.secret, env),
    ssh: parseSsh(flags.ssh, context),
    auth: flags.authHost.length > 0 ? { hosts: flags.authHost } : undefined,
    entitlements: entitlements(flags),
    sourcePolicy: policy,
    onWarning: (message: string) => warn(message, io),
  };
  return { options, ...outputs };
}

/** Proxies as build arguments, except those for which the user has given one, in whichever case. */
function proxyArgs(proxies: Readonly<Record<string, string>>, own: Readonly<Record<string, string>>) {
  const given = new Set(Object.keys(own).map((key) => key.toLowerCase()));
  const args = Object.entries(proxies).map(([name, value]): [string, string] => [`build-arg:${name}`, value]);
  return Object.fromEntries(args.filter(([key]) => !given.has(key.toLowerCase())));
}

/**
 * tsfront's own frontend runs here; others are asked through the gateway, so that their answers can be seen. The one that
 * the user has chosen reads the file whatever its `# syntax=` says, for `cmdline` tells it that somebody has looked.
 */
function chooseFrontend(name: string | undefined, watch: ArgWatch): InProcessFrontend {
  if (name === undefined || name === 'tsfront')
    return (bridge) => watch.run(bridge, name === undefined ? 'unequal' : 'none');
  return (bridge) => {
    const opts = { cmdline: name, ...bridge.options.opts };
    if (name === 'dockerfile.v0') return bridge.solve({ frontend: name, frontendOpt: opts });
    return bridge.solve({ frontend: 'gateway.v0', frontendOpt: { ...opts, source: name } });
  };
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

function isForPeople(mode: ProgressMode): boolean {
  return ['auto', 'plain', 'tty'].includes(mode);
}

/** Shows a build to its end, and at the end, however it ended, the warnings. */
async function show(
  running: Build,
  mode: ProgressMode,
  {
    dockerfile,
    builder,
    verbose,
  }: {
    readonly dockerfile: string;
    readonly builder: OpenedNode['builder'];
    readonly verbose: boolean | undefined;
  },
  io: Io,
): Promise<{ result: SolveResult; warnings: VertexWarning[] }> {
  const display = await createDisplay(mode, io.stderr, io.env, builder);
  const warnings = await showProgress(running.status, display);
  if (warnings.length > 0 && isForPeople(mode)) {
    await running.result.catch(() => {});
    const { formatWarnings, MAX_WARNINGS } = await import('../../client/progress/source.ts');
    const more = warnings.length > MAX_WARNINGS ? 'tsfront check --format json lists all of a Dockerfile\n' : '';
    const shown = warnings.map(({ source, ...warning }) => ({
      ...warning,
      source: source && { ...source, filename: shownPath(source.filename, dockerfile) },
    }));
    const format = { color: io.stderrHasColor, expandHint: verbose ? undefined : 'use --verbose to expand' };
    io.writeStderr(`${formatWarnings(shown, format)}${more}\n`); // an error that follows stands apart
    const { annotations } = await import('./annotations.ts');
    io.stderr.write(annotations(shown.slice(0, MAX_WARNINGS), io.env));
  }
  return { result: await running.result, warnings };
}

/** Pushes through the engine what its BuildKit cannot push. @returns the digest in the registry, if there was anything */
async function pushEach(
  names: readonly string[],
  { address }: Connection,
  mode: ProgressMode,
  io: Io,
): Promise<string | undefined> {
  let digest: string | undefined;
  for (const name of names) {
    if (isForPeople(mode)) io.writeStderr(`pushing ${name} through the Docker engine\n`);
    digest = await dockerPush(name, { address, signal: io.signal });
  }
  return digest;
}

function withDigest(result: SolveResult, digest: string | undefined): SolveResult {
  const { exporterResponse } = result;
  if (!digest) return result;
  const config = exporterResponse['containerimage.config.digest'] ?? exporterResponse['containerimage.digest'] ?? '';
  return {
    ...result,
    exporterResponse: {
      ...exporterResponse,
      'containerimage.config.digest': config,
      'containerimage.digest': digest,
    },
  };
}

async function writeResult(
  { connection, place }: Pick<OpenedNode, 'connection' | 'place'>,
  result: SolveResult,
  warnings: readonly VertexWarning[],
  flags: BuildFlags,
  io: Io,
): Promise<void> {
  const { exporterResponse } = result;
  const id = exporterResponse['containerimage.config.digest'] ?? exporterResponse['containerimage.digest'] ?? '';
  if (flags.iidfile && id) await writeOutput(flags.iidfile, id, io);
  if ((flags.quiet || flags.progress === 'quiet') && id) await io.writeStdout(`${id}\n`);
  if (!flags.metadataFile) return;
  await writeOutput(flags.metadataFile, await formatMetadata(connection, result, warnings, io.env, place), io);
}
