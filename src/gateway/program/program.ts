/**
 * A build program with all that is needed to lower it: it is run for each platform, and gives the stages of a
 * Dockerfile.
 */
import type { Place } from '../../build-program/protocol.ts';
import { type Diagnostic, DiagnosticError, describeError, warningDiagnostic } from '../../diagnostic/diagnostic.ts';
import { type LineRange, linesRange } from '../../diagnostic/source-file.ts';
import { buildPlatforms } from '../../lower/build-platforms.ts';
import type { Lowered } from '../../lower/lower.ts';
import { exportDescriptions } from '../../program/descriptions.ts';
import { toDockerfile } from '../../program/to-dockerfile.ts';
import type { Bridge } from '../bridge.ts';
import type { BuildFile, LowerRequest, Target } from '../build-file.ts';
import { lowerForBuild } from '../dockerfile.ts';
import type { BuildContext, Entrypoint } from '../main-context.ts';
import type { FrontendOptions } from '../options.ts';
import { describeSource, type SourceDescription, type SourcePart } from '../source-info.ts';
import { answerQuestion } from './answer-question.ts';
import { loadModules, type Module } from './load-modules.ts';
import { explainMissingContext } from './missing-context.ts';
import type { ProgramBuild } from './program-build.ts';
import { createProgramEnvironment } from './program-environment.ts';
import { explainFailure, failureDiagnostic } from './program-failure.ts';
import { isSame, joinModules, type ProgramText, relocateError, withPlaceInMessage } from './program-text.ts';
import { createRunner, moduleName, ProgramFailed, type ProgramResult, type ProgramRunner } from './run-program.ts';

/** A program that was read, bound to the build it is for. */
interface BuildProgram extends Omit<ProgramBuild, 'lowerGraph'> {
  readonly modules: readonly Module[];
  readonly text: ProgramText;
  readonly runner: ProgramRunner;
  /** The docstrings of its exports. */
  readonly descriptions: ReadonlyMap<string, string>;
}

/** Binds a program that was read to the build it is for. */
export function openBuildProgram(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  entrypoint: Entrypoint,
): BuildFile {
  const parts: SourcePart[] = []; // known when the program has been opened
  const source: SourceDescription = { ...describeSource(entrypoint), language: 'TypeScript', parts };
  let opening: Promise<BuildProgram> | undefined;
  const open = () => (opening ??= openProgram());

  async function openProgram(): Promise<BuildProgram> {
    const modules = await loadModules(entrypoint.filename, entrypoint.data, (paths) => context.readBeside(paths));
    const text = joinModules(modules, source);
    parts.push(...text.parts);
    const descriptions = exportDescriptions(modules[0]!.file.text);
    return { bridge, options, context, source, modules, text, runner: createRunner(modules), descriptions };
  }

  return {
    source,
    targets: () => showingPlaces(bridge, source, async () => listTargets(await open())),
    lower: (request) => showingPlaces(bridge, source, async () => lowerProgram(await open(), request)),
    close() {
      void opening?.then(
        ({ runner }) => runner.close(),
        () => {}, // no engine was opened
      );
    },
  };
}

/** Adds places to messages for Docker before 23, which shows no lines. Its engine takes no warnings, either. */
async function showingPlaces<T>(bridge: Bridge, source: SourceDescription, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (bridge.options.frontendCapabilities.supports('gateway.warnings')) throw error;
    throw withPlaceInMessage(error, source);
  }
}

async function listTargets(program: BuildProgram): Promise<Target[]> {
  const { text, descriptions } = program;
  const { targets, graph } = await runFor(program, { inspects: true }, true);
  return targets.map(({ name, exported, isDefault, stage: stageName }): Target => {
    const stage = graph.stages.find((it) => it.name === stageName);
    return {
      name,
      isDefault,
      description: descriptions.get(exported) ?? '',
      base: stage?.base ?? '',
      platform: stage?.platform ?? '',
      lines: inMain(text, stage?.places ?? []) ?? { start: 1, end: 1 },
    };
  });
}

async function lowerProgram(program: BuildProgram, request: LowerRequest): Promise<Lowered> {
  const result = await runFor(program, request, request.allStages === true);
  const lowered = await lowerResult(program, result, request);
  return {
    ...lowered,
    outline() {
      const outline = lowered.outline();
      const args = result.arguments.map(({ places, ...argument }) => ({
        ...argument,
        lines: inMain(program.text, places),
      }));
      const names = new Set(args.map(({ name }) => name));
      return { ...outline, args: [...args, ...outline.args.filter(({ name }) => !names.has(name))] };
    },
  };
}

/** Runs the program for a platform. @param all whether all its targets are made */
async function runFor(
  program: BuildProgram,
  { platform, log, inspects = false }: LowerRequest,
  all: boolean,
): Promise<ProgramResult> {
  const { bridge, options, modules, text, runner } = program;
  const platforms = buildPlatforms({ ...options, targetPlatform: platform });
  try {
    return await runner.run(
      {
        target: options.target,
        all,
        inspects,
        platforms: { target: platforms.target, build: platforms.build[0]! },
        args: Object.fromEntries(options.buildArgs),
      },
      {
        signal: bridge.signal,
        answer: (question) => answerQuestion(buildOf(program), question, { platform }),
        log: (written) => log?.(logged(text, written.text, written.places)),
      },
    );
  } catch (error) {
    throw error instanceof ProgramFailed ? explainFailure(modules, text, error.failure) : error;
  }
}

/** Also lowers a result with failures, for the warnings of a check. @throws DiagnosticError with all that is wrong */
async function lowerResult(program: BuildProgram, result: ProgramResult, request: LowerRequest): Promise<Lowered> {
  const { modules, text } = program;
  const failures = result.failures.map((failure) => failureDiagnostic(modules, text, failure));
  let lowered: Lowered | undefined;
  try {
    if (result.graph.stages.length > 0) lowered = await buildOf(program, result).lowerGraph(result.graph, request);
  } catch (error) {
    if (failures.length === 0)
      throw result.hint === undefined ? error : describeError(error, 'build', { hint: result.hint });
    failures.push(...describeError(error, 'build', { hint: result.hint }).diagnostics);
  }
  const [first, ...others] = failures;
  if (first) throw relocateError(text, new DiagnosticError([first, ...others]));
  return lowered!;
}

/** @param result that of the run; undefined while the program runs, when stages have no descriptions */
function buildOf(program: BuildProgram, result?: ProgramResult): ProgramBuild {
  const { bridge, options, context, source, text, descriptions } = program;
  const described = new Map(
    (result?.targets ?? []).flatMap(({ exported, stage }) =>
      stage === undefined ? [] : [[stage, descriptions.get(exported) ?? ''] as const],
    ),
  );
  const build: ProgramBuild = {
    bridge,
    options,
    context,
    source,
    async lowerGraph(graph, { target = graph.target, mainContext, warn, ...request }) {
      const dockerfile = toDockerfile(graph, text.file, text.locate, described);
      const environment = createProgramEnvironment(build, graph, mainContext);
      const graphBuild = { bridge, options: { ...options, target }, source, environment };
      const settings = { ...request, warn: warn && warningOnce(text, warn) };
      try {
        return await lowerForBuild(dockerfile, graphBuild, settings);
      } catch (error) {
        throw relocateError(text, explainMissingContext(error, graph));
      }
    },
  };
  return build;
}

/** Tells each warning once, at its place in the program. */
function warningOnce(text: ProgramText, warn: (finding: Diagnostic) => void): (finding: Diagnostic) => void {
  const told: Diagnostic[] = [];
  return (finding) => {
    const relocated = text.relocate(finding);
    if (told.some((it) => isSame(it, relocated))) return;
    told.push(relocated);
    warn(relocated);
  };
}

/** The lines of the innermost place in the program's own file, for answers that list places in one file. */
function inMain({ file, locate }: ProgramText, places: readonly Place[]): LineRange | undefined {
  const place = places.find(({ module }) => moduleName(module) === file.filename);
  return place && locate([place]);
}

function logged(text: ProgramText, message: string, places: readonly Place[]): Diagnostic {
  const lines = text.locate(places);
  const range = linesRange(text.file, lines);
  return text.relocate(warningDiagnostic('ProgramLog', message, { range, lines: [lines] }));
}
