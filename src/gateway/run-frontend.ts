/**
 * The Dockerfile frontend: one function over the gateway API. Inside BuildKit the bridge is gRPC on stdin and stdout;
 * without a daemon it is the daemonless bridge.
 */
import type { SourcePins } from '../lock/source-pins.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { isProgram } from '../program/program-file.ts';
import { checkArgument, having } from '../text/arguments.ts';
import type { Bridge, Result } from './bridge.ts';
import { buildDockerfile } from './build-dockerfile.ts';
import type { BuildFile } from './build-file.ts';
import { createDockerfile } from './dockerfile.ts';
import { unsupportedFrontendCapability, withSource, withWholeFile } from './error-status.ts';
import { findPins } from './find-pins.ts';
import { forward, type OtherFrontends, syntaxArg } from './forward.ts';
import { type BuildContext, type Entrypoint, openContext } from './main-context.ts';
import { createSourceCheck } from './missing-source.ts';
import { type FrontendOptions, parseFrontendOptions } from './options.ts';
import { withResolveCache } from './resolve-cache.ts';
import type { SourceDescription } from './source-info.ts';
import { handleSubrequest } from './subrequests/handle.ts';
import type { Linted } from './subrequests/lint.ts';
import { createWarner } from './warner.ts';

const aBridge = having('a bridge, as createDaemonlessBridge() gives', 'solve', 'resolveImageConfig');

/** The capabilities of this frontend, for `frontend.caps`. */
const supportedCapabilities = new Set([
  'moby.buildkit.frontend.inputs',
  'moby.buildkit.frontend.subrequests',
  'moby.buildkit.frontend.contexts',
  'moby.buildkit.frontend.gitquerystring',
  'moby.buildkit.frontend.contexts.zstd',
]);

/** Options of {@link runFrontend}; those of the build are options of the bridge. */
export interface RunFrontendOptions {
  /** Which other frontends a `# syntax=` line may name. By default every one is forwarded. */
  readonly otherFrontends?: OtherFrontends | undefined;
  /** Is given the Dockerfile, once it is known that it is read here. */
  readonly onDockerfile?: ((dockerfile: Dockerfile) => void) | undefined;
  /** Whether stages that the target does not need are read, too: for what looks at a whole file. false by default. */
  readonly allStages?: boolean | undefined;
  /** What the sources are pinned to. By default the lock beside the Dockerfile says it, if the build asks for that. */
  readonly pins?: SourcePins | undefined;
  /**
   * Whether a build that fails because a source is missing in its context says why. That is for frontends inside a
   * daemon: others can look at the context themselves. false by default.
   */
  readonly explainsSources?: boolean | undefined;
}

/** The result of this frontend. */
export interface FrontendResult extends Result {
  /** The data from which the answer of `frontend.lint` was made; undefined for other requests and other frontends. */
  readonly linted?: Linted | undefined;
}

/** Builds what the options of the bridge ask for; throws what `toStatus` turns into an error for BuildKit. */
export async function runFrontend(bridge: Bridge, options: RunFrontendOptions = {}): Promise<FrontendResult> {
  checkArgument('runFrontend', 'bridge', bridge, aBridge);
  const { otherFrontends = 'all', onDockerfile, allStages, explainsSources } = options;
  const cached = withResolveCache(bridge);
  const parsed = parseFrontendOptions(cached.options);
  const unsupported = findUnsupportedCapability(parsed.opts['frontend.caps'] ?? '');
  if (unsupported && !unsupported.mayForward) throw unsupported.error;

  const context = await openContext(cached, parsed);
  const entrypoint = await context.readEntrypoint();
  const pins = options.pins ?? (await findPins(parsed, context, entrypoint));
  const frontendOptions = pins ? { ...parsed, pins } : parsed;
  const forwarded = await forward(cached, frontendOptions, entrypoint, otherFrontends);
  if (forwarded) return forwarded;
  if (unsupported) throw unsupported.error;

  const file = await openBuildFile(cached, frontendOptions, context, entrypoint, onDockerfile);
  const warner = createWarner(cached, file.source);
  try {
    const answer = await handleSubrequest(frontendOptions, file, warner);
    if (answer) return answer;
    const checkSources = explainsSources ? createSourceCheck(cached, frontendOptions, context, entrypoint) : undefined;
    return await buildDockerfile(cached, frontendOptions, file, warner, { allStages, checkSources });
  } catch (error) {
    throw locate(error, file.source, frontendOptions.opts);
  } finally {
    file.close?.();
    await warner.sent();
  }
}

async function openBuildFile(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  entrypoint: Entrypoint,
  onDockerfile: RunFrontendOptions['onDockerfile'],
): Promise<BuildFile> {
  if (isProgram(entrypoint.filename, entrypoint.data))
    return (await import('./program/program.ts')).openBuildProgram(bridge, options, context, entrypoint);
  const dockerfile = createDockerfile(bridge, options, context, entrypoint);
  if (onDockerfile) onDockerfile(await dockerfile.parse());
  return dockerfile;
}

/** An error of a request gets its lines too. An error without a place never points at the `# syntax` line. */
function locate(error: unknown, source: SourceDescription, opts: Bridge['options']['opts']): unknown {
  const found = withSource(error, source);
  const isForSyntaxLine = opts['cmdline'] !== undefined && opts[syntaxArg] === undefined;
  return isForSyntaxLine ? withWholeFile(found, source) : found;
}

/** The capability that is asked for and missing, and whether another frontend may have it (`name+forward`). */
function findUnsupportedCapability(request: string) {
  let found: { readonly error: Error; readonly mayForward: boolean } | undefined;
  if (request === '') return undefined;
  for (const cap of request.split(',')) {
    const name = cap.split('+', 1)[0]!;
    if (supportedCapabilities.has(name)) continue;
    const mayForward = cap.includes('+forward');
    found = { error: unsupportedFrontendCapability(name), mayForward };
    if (!mayForward) break;
  }
  return found;
}
