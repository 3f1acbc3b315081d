/** A Dockerfile with all that is needed to lower it: what builds and subrequests have in common. */
import { type CheckConfig, noCheckConfig, parseCheckConfig } from '../buildkit-rules/check-options.ts';
import { createLinter } from '../buildkit-rules/linter.ts';
import type { DiagnosticCode } from '../diagnostic/codes.ts';
import { describeError, diagnosticError, findDiagnosticError } from '../diagnostic/diagnostic.ts';
import { linesRange } from '../diagnostic/source-file.ts';
import { decodeText } from '../go/text.ts';
import { createTurns, passIfDue } from '../host/turns.ts';
import type { LowerEnvironment, PastErrors } from '../lower/environment.ts';
import { type Lowered, lowerDockerfile } from '../lower/lower.ts';
import { LinesLocation } from '../lower/source-location.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { parseDirective, programDirective } from '../parser/directives.ts';
import { firstError } from '../parser/first-error.ts';
import { explainError, instructionRange } from '../parser/hints/explain-error.ts';
import { lookUpKeyword } from '../parser/keywords.ts';
import { parseInTurns } from '../parser/parse.ts';
import { errorMessage } from '../text/error-message.ts';
import type { Bridge } from './bridge.ts';
import type { BuildFile, LowerRequest } from './build-file.ts';
import type { BuildContext, Entrypoint } from './main-context.ts';
import { findNamedContext } from './named-context.ts';
import type { FrontendOptions } from './options.ts';
import { describeSource, partOf, type SourceDescription, sourceFile } from './source-info.ts';
import { sourceDateEpoch } from './source-time.ts';

/** A Dockerfile. */
export interface DockerfileSource extends BuildFile {
  /** Parses, once. Does not throw: problems are in the result. */
  parse(): Promise<Dockerfile>;
}

/** Binds a Dockerfile that was read to the build it is for. */
export function createDockerfile(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  entrypoint: Entrypoint,
): DockerfileSource {
  const source = describeSource(entrypoint);
  const text = decodeText(entrypoint.data);
  const build = { bridge, options, source, environment: createEnvironment(bridge, options, context) };
  let parsed: Promise<Dockerfile> | undefined;
  let running = 0;
  const turns = createTurns(bridge.signal);
  const pause = () => passIfDue(turns);
  const parse = () => (parsed ??= parseInTurns(text, entrypoint.filename, pause));

  return {
    source,
    parse,
    async targets() {
      const dockerfile = await parse();
      const error = firstError(dockerfile);
      if (error) throw error;
      return dockerfile.stages.map(({ name, from }, index) => ({
        name,
        isDefault: index === dockerfile.stages.length - 1,
        description: from.docComment,
        base: from.image.text,
        platform: from.platform,
        lines: from.lines,
      }));
    },
    async lower(request) {
      running++;
      try {
        return await lowerForBuild(await parse(), build, request);
      } finally {
        // Platforms are lowered at the same time, so nothing needs the tree any more, which is as large as all ops.
        if (--running === 0) parsed = undefined;
      }
    },
    async lowerPastErrors(request, onError) {
      const strict = await parse();
      const { readPastErrors } = await import('../parser/past-errors.ts');
      const read = await readPastErrors(strict, pause);
      if (!read) return undefined;
      const { dockerfile } = read;
      const syntaxError = firstError(dockerfile);
      if (syntaxError) onError(syntaxError);
      if (dockerfile.stages.length === 0) return { lowered: undefined, read };
      const doubtful = consequencesOf(dockerfile);
      const pastErrors: PastErrors = {
        ...read,
        onError(error) {
          const code = findDiagnosticError(error)?.code;
          if (code === undefined || !doubtful.has(code)) onError(error);
        },
      };
      const good = { ...dockerfile, diagnostics: [] };
      try {
        return { lowered: await lowerForBuild(good, build, { ...request, pastErrors }), read };
      } catch (error) {
        bridge.signal?.throwIfAborted();
        onError(error);
        return { lowered: undefined, read };
      }
    },
  };
}

/** Errors that may only follow from the errors in the syntax of a file. */
function consequencesOf({ instructions }: Dockerfile): ReadonlySet<DiagnosticCode> {
  const codes = new Set<DiagnosticCode>();
  // An instruction that does not exist may have been meant to begin a stage.
  if (instructions.some(({ kind, keyword }) => kind === 'invalid' && lookUpKeyword(keyword).name === ''))
    for (const code of ['circular-dependency', 'stage-not-ready', 'unknown-stage-index'] as const) codes.add(code);
  return codes;
}

/** What lowering gets from the daemon and the client. */
export function createEnvironment(bridge: Bridge, options: FrontendOptions, context: BuildContext): LowerEnvironment {
  return {
    signal: bridge.signal,
    resolveImageConfig: (ref, request) => bridge.resolveImageConfig(ref, request),
    namedContext: (name, request) => findNamedContext(bridge, options, name, request),
    dockerIgnorePatterns: () => context.ignorePatterns(),
    mainContext: (followPaths) => context.main(followPaths),
    sourceDateEpoch: (state, logName) => sourceDateEpoch(bridge, state, logName),
  };
}

/** The build that a syntax tree is lowered for. */
interface LowerBuild {
  readonly bridge: Bridge;
  readonly options: FrontendOptions;
  /** What the tree was read from. */
  readonly source: SourceDescription;
  readonly environment: LowerEnvironment;
}

/** Lowers a syntax tree for a platform, with the options of the build. */
export function lowerForBuild(
  dockerfile: Dockerfile,
  { bridge, options, source, environment }: LowerBuild,
  { platform, warn, allStages = false, pastErrors }: LowerRequest & { readonly pastErrors?: PastErrors | undefined },
): Promise<Lowered> {
  const onError = pastErrors && ((error: unknown) => pastErrors.onError(explained(error, dockerfile)));
  const linter = createLinter(options.checkConfig ?? checkConfigOf(source, onError), warn, dockerfile.source);
  return lowerDockerfile(
    dockerfile,
    {
      ...options,
      targetPlatform: platform,
      devices: [],
      llbCapabilities: bridge.options.llbCapabilities,
      locations: (place) => {
        const { source: sourceMap, lines } = partOf(source, place);
        return [new LinesLocation(sourceMap, lines)];
      },
      allStages,
      pastErrors: pastErrors && { ...pastErrors, onError: onError! },
    },
    environment,
    linter,
  ).catch((error: unknown) => {
    throw explained(error, dockerfile);
  });
}

/**
 * Adds a hint to an error if its instruction has misleading characters, or words that were probably split by mistake.
 */
function explained(error: unknown, { source, instructions, diagnostics }: Dockerfile): unknown {
  const [first] = findDiagnosticError(error)?.diagnostics ?? [];
  if (!first || first.hint !== undefined || diagnostics.length > 0) return error;
  const lines = first.lines.find((it) => it !== undefined);
  const instruction = instructions.find((it) => it.lines.start === lines?.start);
  if (!instruction) return error;
  const hint = explainError(source, instructionRange(source, instruction), first.message, first.range);
  return hint === undefined ? error : describeError(error, 'build', { hint });
}

/** @param onError takes the error of wrong options, which are then left out; absent throws it */
function checkConfigOf(source: SourceDescription, onError?: (error: unknown) => void): CheckConfig {
  const file = sourceFile(source);
  const find = source.language === 'TypeScript' ? programDirective : parseDirective;
  const directive = find('check', file.text);
  try {
    return parseCheckConfig(directive?.value ?? '');
  } catch (cause) {
    const range = directive && linesRange(file, directive.lines);
    const message = `failed to parse check options: ${errorMessage(cause)}`;
    const error = diagnosticError('bad-check-options', message, { range, cause });
    if (!onError) throw error;
    onError(error);
    return noCheckConfig;
  }
}
