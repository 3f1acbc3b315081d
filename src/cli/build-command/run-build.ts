/** Runs `tsfront build`. */
import { type Build, solve, solveOnNodes } from '../../client/index.ts';
import { type ArgWatch, watchArgs } from '../../offline/build-arg-use.ts';
import { isPolicyDisabled, refusePolicyBeside, refusingPolicyIn } from '../../offline/rego-policy.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { entitlements } from '../options/allow.ts';
import { authHosts } from '../options/auth-host.ts';
import { tellUnusedArgs, withFileArgs } from '../options/build-args.ts';
import { parseCaches } from '../options/caches.ts';
import { requireSsh } from '../options/check-ssh.ts';
import { requireAddress } from '../options/daemon-address.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { frontendAttrs } from '../options/frontend-attrs.ts';
import { checkFrontendName } from '../options/frontend-name.ts';
import { requestedPlatforms } from '../options/platform-option.ts';
import { progressMode } from '../options/progress-mode.ts';
import { parseSecrets } from '../options/secrets.ts';
import { requireWritable } from '../output.ts';
import { asNamed, type ShownPath, shownPaths } from '../shown-path.ts';
import { warn, warnOnce } from '../warn.ts';
import { type BuildInputs, openInputs } from './build-inputs.ts';
import { parseCall, runCall, type SubrequestCall } from './call.ts';
import { carriageReturnWarnings } from './crlf-script-warnings.ts';
import { detailsLink } from './details-link.ts';
import { failedLineHints } from './failed-lines.ts';
import { failedSourceHint } from './failed-source-hint.ts';
import { removeOldId, requireImageId } from './image-id.ts';
import { saveLocalState } from './local-state.ts';
import { withoutConfigDigest } from './metadata-file.ts';
import { defaultPlace, type OpenedNode, openNodes, parseBuilders } from './nodes.ts';
import { toNodesOptions } from './nodes-options.ts';
import { requirePlaces } from './output-places.ts';
import { requireOutputs } from './outputs.ts';
import { pushEach, withPushedDigest } from './push-by-engine.ts';
import { isForPeople, show } from './show.ts';
import { type BuildRequest, isDefaultLoadOff, outputFlags, toSolveOptions } from './solve-options.ts';
import { writeResult } from './write-result.ts';

/** What a build has opened, and what it says at its end, however it ends. */
interface Opened {
  /** The daemons; closed at the end. */
  readonly nodes: OpenedNode[];
  readonly watch: ArgWatch;
  inputs?: BuildInputs;
  /** Whether build arguments that nothing took are told. */
  tellsUnused?: boolean;
  /** Warnings about scripts, looked for while the daemon works. */
  scripts?: Promise<string[]>;
  /** Finds the page of the build in Docker Desktop. */
  link?: () => Promise<string | undefined>;
}

/**
 * Checks the flags, opens the inputs, connects, builds, and writes the result.
 * @returns the exit code
 */
export async function runBuild(context: string, given: BuildFlags, io: Io): Promise<number> {
  const opened: Opened = { nodes: [], watch: watchArgs() };
  try {
    const flags = { ...given, buildArg: await withFileArgs(given.buildArgFile, given.buildArg, io.signal) };
    const call = parseCall(flags);
    await requireUsable(flags, context, io.env);
    const inputs = await openInputs(context, flags.file, flags.buildContext, { signal: io.signal });
    opened.inputs = inputs;
    if (!isPolicyDisabled(flags.policy, io.env)) await refusePolicyBeside(inputs.dockerfile);
    requireUsableOutputs(flags, inputs);
    if (flags.iidfile && flags.iidfile !== '-') await removeOldId(flags.iidfile); // no stale ID if the build fails
    const onWarning = warnOnce(io);
    const wanted = { builders: flags.builder, platforms: requestedPlatforms(flags.platform, io.env), context };
    await openNodes(wanted, opened.nodes, { signal: io.signal, env: io.env, onWarning });
    const request = { flags, context, inputs, isCall: call !== undefined, watch: opened.watch, onWarning };
    return await runOnNodes(request, call, opened, io);
  } catch (error) {
    return await explainFailure(error, opened, io);
  } finally {
    if (!io.signal.aborted) await tellAtEnd(opened, io);
    await opened.inputs?.cleanUp();
    for (const { connection } of opened.nodes) connection.close();
  }
}

/** Asks the frontend, or builds and writes what comes of it. */
async function runOnNodes(
  request: BuildRequest,
  call: SubrequestCall | undefined,
  opened: Opened,
  io: Io,
): Promise<number> {
  const { flags, context, inputs } = request;
  const { signal, env } = io;
  const mode = progressMode(flags, env);
  const [{ connection, place, builder }] = opened.nodes as [OpenedNode];
  const opening = toSolveOptions(opened.nodes[0]!, request, io);
  const { options: asked, pushByEngine, prefersImageDigest } = await untilAborted(opening, signal);
  const options = { ...asked, frontend: refusingPolicy(asked.frontend, request, env), signal };
  opened.tellsUnused = isForPeople(mode) && (!call || call.method === 'check');
  const shown = pathsOf(inputs);
  if (call) return runCall(connection, options, call, { ...flags, shown }, mode, io);

  if (options.exports?.length === 0 && flags.output.length === 0 && isForPeople(mode) && !isDefaultLoadOff(env))
    warn('no output given, so the result stays in the build cache: --push, --load or --output keep it', io);
  if (isForPeople(mode)) opened.scripts = carriageReturnWarnings(inputs);
  const running: Build =
    opened.nodes.length > 1
      ? solveOnNodes(opened.nodes, toNodesOptions(options, flags, opened.nodes, env))
      : solve(connection, options);
  if (place !== defaultPlace) {
    await saveLocalState(place, running.ref, { context, file: flags.file }, io);
    if (isForPeople(mode)) opened.link = () => detailsLink(connection, place, running.ref, env);
  }
  const { result, warnings } = await show(running, mode, { shown, builder, verbose: flags.verbose || flags.debug }, io);
  const pushed = withPushedDigest(result, await pushEach(pushByEngine, connection, mode, request.onWarning, io));
  const reportedResult = prefersImageDigest ? withoutConfigDigest(pushed) : pushed;
  // a signal from here on comes too late: the outputs are kept; only what is written yet can still be given up
  if (flags.iidfile || flags.quiet || mode === 'quiet' || flags.metadataFile)
    await untilAborted(writeResult({ connection, place }, reportedResult, warnings, flags, io), signal);
  return 0;
}

/** Checks what can be known of the flags before anybody is asked. @throws UsageError */
async function requireUsable(flags: BuildFlags, context: string, env: Io['env']): Promise<void> {
  progressMode(flags, env);
  for (const { address } of parseBuilders(flags.builder)) requireAddress('--builder', address);
  frontendAttrs(flags, env, anyAddress);
  entitlements(flags);
  authHosts(flags.authHost);
  checkFrontendName(flags.frontend);
  parseCaches('--cache-from', flags.cacheFrom, flags.allowUnknown);
  parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown);
  parseSecrets(flags.secret, env);
  await requireSsh(flags.ssh, context);
  if (flags.iidfile) requireWritable('--iidfile', flags.iidfile);
  if (flags.metadataFile) requireWritable('--metadata-file', flags.metadataFile);
}

/** Checks what can be known of the outputs before a daemon is asked. @throws UsageError */
function requireUsableOutputs(flags: BuildFlags, inputs: BuildInputs): void {
  const outputs = requireOutputs(outputFlags(flags, inputs));
  requireImageId(flags, outputs);
  requirePlaces(outputs, parseCaches('--cache-to', flags.cacheTo, flags.allowUnknown), flags);
}

/** Stands for the address of the daemon's host, as long as no daemon has told it. */
const anyAddress = '0.0.0.0';

type Frontend = Awaited<ReturnType<typeof toSolveOptions>>['options']['frontend'];

/** A frontend that refuses a Rego policy beside a Dockerfile that is not on this machine, unless it is to be ignored. */
function refusingPolicy(frontend: Frontend, { flags, inputs }: BuildRequest, env: Io['env']): Frontend {
  if (inputs.remoteDockerfile === '' || isPolicyDisabled(flags.policy, env)) return frontend;
  return refusingPolicyIn(frontend, inputs.remoteDockerfile);
}

/** Reports what went wrong, and what this side knows of it that the daemon does not. @returns the exit code */
async function explainFailure(error: unknown, { inputs }: Opened, io: Io): Promise<number> {
  const code = await reportFailure(error, io, { asked: 'build', shown: inputs ? pathsOf(inputs) : asNamed });
  if (io.signal.aborted) return code;
  const missing = inputs && (await failedSourceHint(error, inputs));
  const hints = [...(missing === undefined ? [] : [missing]), ...(await failedLineHints(error))];
  for (const hint of hints) io.writeStderr(`hint: ${hint}\n`);
  return code;
}

async function tellAtEnd({ scripts, tellsUnused, watch, link }: Opened, io: Io): Promise<void> {
  for (const message of (await scripts) ?? []) warn(message, io);
  if (tellsUnused) tellUnusedArgs(watch, io);
  const details = await link?.();
  if (details !== undefined) io.writeStderr(`\n${details}\n`);
}

const pathsOf = ({ dockerfile, localDirs }: BuildInputs): ShownPath =>
  shownPaths({ dockerfile, context: localDirs['context'] ?? '' });
