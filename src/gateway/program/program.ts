/**
 * A build program with all that is needed to lower it: it is run for each platform, and gives the stages of a
 * Dockerfile.
 */
import type { FailureJson, Place } from '../../build-program/protocol.ts';
import {
  type Diagnostic,
  DiagnosticError,
  describeError,
  errorDiagnostic,
  warningDiagnostic,
} from '../../diagnostic/diagnostic.ts';
import { type LineRange, linesRange } from '../../diagnostic/source-file.ts';
import { buildPlatforms } from '../../lower/build-platforms.ts';
import type { Lowered } from '../../lower/lower.ts';
import { exportDescriptions } from '../../program/descriptions.ts';
import { exportLine } from '../../program/imports.ts';
import { toDockerfile } from '../../program/to-dockerfile.ts';
import type { Bridge } from '../bridge.ts';
import { type BuildDefinition, type LowerRequest, lowerForDaemon, type Target } from '../dockerfile.ts';
import type { BuildContext, Entrypoint } from '../main-context.ts';
import type { FrontendOptions } from '../options.ts';
import { describeSource, type SourceDescription, type SourcePart } from '../source-info.ts';
import { answerQuestion } from './answer-question.ts';
import { loadModules, type Module } from './load-modules.ts';
import { explainMissingContext } from './missing-context.ts';
import { missingExport } from './missing-export.ts';
import type { ProgramBuild } from './program-build.ts';
import { createProgramEnvironment } from './program-environment.ts';
import { isSame, joinModules, type ProgramText, relocateError, withPlaceInMessage } from './program-text.ts';
import { createRunner, moduleName, ProgramFailed, type ProgramResult, type ProgramRunner } from './run-program.ts';
import { explainCall } from './wrong-call.ts';

interface Opened {
  readonly modules: readonly Module[];
  readonly text: ProgramText;
  readonly runner: ProgramRunner;
  readonly descriptions: ReadonlyMap<string, string>;
}

/** Binds a program that was read to the build it is for. */
export function openBuildProgram(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  entrypoint: Entrypoint,
): BuildDefinition {
  const parts: SourcePart[] = []; // known when the program has been opened
  const source: SourceDescription = { ...describeSource(entrypoint), language: 'TypeScript', parts };
  let opening: Promise<Opened> | undefined;
  const open = () => (opening ??= openProgram());

  async function openProgram(): Promise<Opened> {
    const modules = await loadModules(entrypoint.filename, entrypoint.data, (paths) => context.readBeside(paths));
    const text = joinModules(modules, source);
    parts.push(...text.parts);
    return { modules, text, runner: createRunner(modules), descriptions: exportDescriptions(modules[0]!.file.text) };
  }

  async function run({ platform, log, inspects = false }: LowerRequest, all: boolean): Promise<ProgramResult> {
    const { modules, text, runner } = await open();
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
          answer: async (question) => answerQuestion(await buildOf(), question, { platform }),
          log: (written) => log?.(logged(text, written.text, written.places)),
        },
      );
    } catch (error) {
      throw error instanceof ProgramFailed
        ? (missingExport(modules, error.failure) ?? failed(modules, text, error.failure))
        : error;
    }
  }

  async function buildOf(result?: ProgramResult): Promise<ProgramBuild> {
    const { text, descriptions } = await open();
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
        const told: Diagnostic[] = [];
        const warnOnce = (finding: Diagnostic) => {
          const relocated = text.relocate(finding);
          if (told.some((it) => isSame(it, relocated))) return;
          told.push(relocated);
          warn?.(relocated);
        };
        const settings = { ...request, warn: warn && warnOnce };
        try {
          return await lowerForDaemon(bridge, { ...options, target }, dockerfile, source, environment, settings);
        } catch (error) {
          throw relocateError(text, explainMissingContext(error, graph));
        }
      },
    };
    return build;
  }

  async function targets(): Promise<Target[]> {
    const { text, descriptions } = await open();
    const { targets, graph } = await run({ inspects: true }, true);
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

  async function lower(request: LowerRequest): Promise<Lowered> {
    const result = await run(request, request.allStages === true);
    const { text } = await open();
    const lowered = await lowerResult(result, request);
    return {
      ...lowered,
      outline() {
        const outline = lowered.outline();
        const args = result.arguments.map(({ places, ...argument }) => ({
          ...argument,
          lines: inMain(text, places),
        }));
        const names = new Set(args.map(({ name }) => name));
        return { ...outline, args: [...args, ...outline.args.filter(({ name }) => !names.has(name))] };
      },
    };
  }

  /** Lowers what has not failed, too: a check lists its warnings. @throws DiagnosticError with all that is wrong */
  async function lowerResult(result: ProgramResult, request: LowerRequest): Promise<Lowered> {
    const { modules, text } = await open();
    const failures = result.failures.map((failure) => failureDiagnostic(modules, text, failure));
    let lowered: Lowered | undefined;
    try {
      if (result.graph.stages.length > 0) lowered = await (await buildOf(result)).lowerGraph(result.graph, request);
    } catch (error) {
      if (failures.length === 0)
        throw result.hint === undefined ? error : describeError(error, 'build', { hint: result.hint });
      failures.push(...describeError(error, 'build', { hint: result.hint }).diagnostics);
    }
    const [first, ...others] = failures;
    if (first) throw relocateError(text, new DiagnosticError([first, ...others]));
    return lowered!;
  }

  /** Docker before 23 shows messages alone; its engine cannot take warnings, either. */
  async function showingPlaces<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (bridge.options.frontendCapabilities.supports('gateway.warnings')) throw error;
      throw withPlaceInMessage(error, source);
    }
  }

  return {
    source,
    targets: () => showingPlaces(targets),
    lower: (request) => showingPlaces(() => lower(request)),
    close() {
      void opening?.then(
        ({ runner }) => runner.close(),
        () => {}, // no engine was opened
      );
    },
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

/** The error of the program, at its line. */
function failed(modules: readonly Module[], text: ProgramText, failure: FailureJson): unknown {
  return relocateError(text, new DiagnosticError([failureDiagnostic(modules, text, failure)]));
}

function failureDiagnostic(modules: readonly Module[], text: ProgramText, failure: FailureJson): Diagnostic {
  const { message, hint, places } = explainCall(modules, withExport(modules, failure));
  if (places.length === 0) return errorDiagnostic('program-failed', message, { hint });
  const lines = text.locate(places);
  const range = linesRange(text.file, lines);
  const isDecorator =
    message.startsWith('SyntaxError: ') && /^\s*(?:export\s+)?@/.test(text.file.text.slice(range.start));
  return errorDiagnostic('program-failed', message, {
    range,
    lines: [lines],
    hint: hint ?? (isDecorator ? 'Build programs have no decorators.' : undefined),
  });
}

/** The failure of an export at the line of the export. */
function withExport([main]: readonly Module[], failure: FailureJson): FailureJson {
  const { exported, places } = failure;
  const line = exported === undefined || places.length > 0 ? undefined : exportLine(main!.code, exported);
  return line === undefined ? failure : { ...failure, places: [{ module: main!.name, line, column: 1 }] };
}
