/** Runs `tsfront build`: opens the inputs, connects to the daemons, builds, and writes the result. */
import { type Build, type SolveOptions, solve, solveOnNodes } from '../../client/index.ts';
import { type ArgWatch, watchArgs } from '../../daemonless/build-arg-use.ts';
import { UsageError } from '../../text/usage-error.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { frontendArgs, reportUnusedArgs, withFileArgs } from '../options/build-args.ts';
import type { BuildFlags } from '../options/declare-build.ts';
import { requestedPlatforms } from '../options/platform-option.ts';
import { isPolicyDisabled } from '../options/policy.ts';
import { progressMode } from '../options/progress-mode.ts';
import { refusePolicyBeside } from '../rego-policy.ts';
import { asNamed, type ShownPath, shownPaths } from '../shown-path.ts';
import { warn, warnOnce } from '../warn.ts';
import { type BuildInputs, openInputs } from './build-inputs.ts';
import { isDefaultLoadOff } from './buildx-defaults.ts';
import { parseCall, runCall } from './call.ts';
import { checkBuildFlags, checkOutputFlags } from './check-build-flags.ts';
import { carriageReturnWarnings } from './crlf-script-warnings.ts';
import { detailsLink } from './details-link.ts';
import { type BuildExplainer, explainBuild } from './explain-build.ts';
import { failedLineHints } from './failed-lines.ts';
import { failedSourceHint } from './failed-source-hint.ts';
import { removeOldId } from './image-id.ts';
import { saveLocalState } from './local-state.ts';
import { withoutConfigDigest } from './metadata-file.ts';
import { defaultPlace, type OpenedNode, openNodes } from './nodes.ts';
import { toNodesOptions } from './nodes-options.ts';
import { pushEach, withPushedDigest } from './push-by-engine.ts';
import { isForPeople, show } from './show.ts';
import { type BuildRequest, toSolveOptions } from './solve-options.ts';
import { writeResult } from './write-result.ts';

/** What a build has opened so far, and what it reports at its end, however it ends. */
interface BuildRun {
  /** The daemons. */
  readonly nodes: OpenedNode[];
  readonly argWatch: ArgWatch;
  inputs?: BuildInputs;
  /** Says at the end why steps ran, if that was asked for. */
  explainer?: BuildExplainer;
  /** Whether unused build arguments are reported. */
  reportsUnusedArgs?: boolean;
  /** Warnings about scripts, which are searched while the daemon works. */
  scriptWarnings?: Promise<string[]>;
  /** Finds the page of the build in Docker Desktop. */
  findLink?: () => Promise<string | undefined>;
}

/**
 * Runs the command.
 * @returns the exit code
 */
export async function runBuild(context: string, given: BuildFlags, io: Io): Promise<number> {
  const run: BuildRun = { nodes: [], argWatch: watchArgs() };
  try {
    const request = await openRequest(context, given, run, io);
    await connectNodes(request, run, io);
    return await buildOrCall(request, run, io);
  } catch (error) {
    return await reportBuildFailure(error, run, io);
  } finally {
    if (!io.signal.aborted) await reportAtEnd(run, io);
    await run.inputs?.cleanUp();
    for (const { connection } of run.nodes) connection.close();
  }
}

/** Phase 1: checks all that can be checked without a daemon, and opens the inputs. */
async function openRequest(context: string, given: BuildFlags, run: BuildRun, io: Io): Promise<BuildRequest> {
  const { env, signal } = io;
  const flags = { ...given, buildArg: await withFileArgs(given.buildArgFile, given.buildArg, signal) };
  io.addSecrets(frontendArgs(flags.buildArg, env));
  const call = parseCall(flags);
  await checkBuildFlags(flags, context, env);
  const inputs = await openInputs(context, flags.file, flags.buildContext, { stdin: io.stdin, signal });
  run.inputs = inputs;
  if (!isPolicyDisabled(flags.policy, env)) await refusePolicyBeside(inputs.dockerfile);
  checkOutputFlags(flags, inputs);
  const explainer = call ? undefined : await explainBuild(flags, inputs, io);
  if (explainer) run.explainer = explainer;
  if (flags.iidfile && flags.iidfile !== '-') await removeOldId(flags.iidfile); // no stale ID if the build fails
  return { flags, context, inputs, call, argWatch: run.argWatch, onWarning: warnOnce(io) };
}

/** Phase 2: connects to the daemons. */
async function connectNodes({ flags, context, onWarning }: BuildRequest, run: BuildRun, io: Io): Promise<void> {
  const { env, signal } = io;
  const wanted = { builders: flags.builder, platforms: requestedPlatforms(flags.platform, env), context };
  await openNodes(wanted, run.nodes, { signal, env, onWarning });
}

/** Phase 3: asks the frontend about the Dockerfile (`--call`), or builds and writes the result. */
async function buildOrCall(request: BuildRequest, run: BuildRun, io: Io): Promise<number> {
  const { flags, inputs, call } = request;
  const { signal } = io;
  const mode = progressMode(flags, io.env);
  const [node] = run.nodes as [OpenedNode];
  const { connection, builder } = node;
  const solving = await untilAborted(toSolveOptions(node, request, io), signal);
  run.reportsUnusedArgs = isForPeople(mode) && (!call || call.method === 'check');
  const shown = shownPathsOf(inputs);
  if (call) return runCall(connection, solving.options, call, { ...flags, shown, mode }, io);

  const explainer = run.nodes.length > 1 ? undefined : run.explainer;
  if (!explainer && run.explainer?.isAsked)
    throw new UsageError('--explain and --record are for a build on one daemon');
  const { options } = solving;
  const watched = explainer ? { ...options, frontend: explainer.watchFrontend(options.frontend) } : options;
  const started = await startBuild(watched, request, run, io);
  const build = explainer ? explainer.watchSteps(started) : started;
  const { result, warnings } = await show(build, mode, { shown, builder, verbose: flags.verbose || flags.debug }, io);
  await explainer?.finish(true);
  const digest = await pushEach(solving.pushByEngine, connection, mode, request.onWarning, io);
  const pushed = withPushedDigest(result, digest);
  const reported = solving.prefersImageDigest ? withoutConfigDigest(pushed) : pushed;
  // After this point a signal no longer undoes the outputs. It only stops waiting for a reader of the result.
  if (flags.iidfile || flags.quiet || mode === 'quiet' || flags.metadataFile)
    await untilAborted(writeResult(node, reported, warnings, flags, io), signal);
  return 0;
}

/** Starts the build, and the work that is done while the daemon builds. */
async function startBuild(options: SolveOptions, request: BuildRequest, run: BuildRun, io: Io): Promise<Build> {
  const { flags, context, inputs } = request;
  const { env } = io;
  const forPeople = isForPeople(progressMode(flags, env));
  const [{ connection, place }] = run.nodes as [OpenedNode];
  if (options.exports?.length === 0 && flags.output.length === 0 && forPeople && !isDefaultLoadOff(env))
    warn('no output given, so the result stays in the build cache: --push, --load or --output keep it', io);
  if (forPeople) run.scriptWarnings = carriageReturnWarnings(inputs);
  const build =
    run.nodes.length > 1
      ? solveOnNodes(run.nodes, toNodesOptions(options, flags, run.nodes, env))
      : solve(connection, options);
  if (place !== defaultPlace) {
    await saveLocalState(place, build.ref, { context, file: flags.file }, io);
    if (forPeople) run.findLink = () => detailsLink(connection, place, build.ref, env);
  }
  return build;
}

/** Reports an error, with hints from the inputs that the daemon does not see. @returns the exit code */
async function reportBuildFailure(error: unknown, { inputs, explainer }: BuildRun, io: Io): Promise<number> {
  const code = await reportFailure(error, io, { asked: 'build', shown: inputs ? shownPathsOf(inputs) : asNamed });
  if (io.signal.aborted) return code;
  await explainer?.finish(false);
  const missing = inputs && (await failedSourceHint(error, inputs));
  const hints = [...(missing === undefined ? [] : [missing]), ...(await failedLineHints(error))];
  for (const hint of hints) io.writeStderr(`hint: ${hint}\n`);
  return code;
}

async function reportAtEnd({ scriptWarnings, reportsUnusedArgs, argWatch, findLink }: BuildRun, io: Io): Promise<void> {
  for (const message of (await scriptWarnings) ?? []) warn(message, io);
  if (reportsUnusedArgs) reportUnusedArgs(argWatch, io);
  const link = await findLink?.();
  if (link !== undefined) io.writeStderr(`\n${link}\n`);
}

function shownPathsOf({ dockerfile, localDirs }: BuildInputs): ShownPath {
  return shownPaths({ dockerfile, context: localDirs['context'] ?? '' });
}
