/** Applies all instructions of a stage. */
import { withLocation } from '../../diagnostic/diagnostic.ts';
import { cloneImageConfig } from '../../image/config.ts';
import { defaultPathEnv } from '../../image/system-path.ts';
import type { StageInstruction } from '../../parser/ast.ts';
import { noPlatform } from '../build-platforms.ts';
import type { ErrorCollector } from '../collect-errors.ts';
import type { DispatchContext } from '../lower-context.ts';
import { setScans } from '../sbom-scan.ts';
import type { StageState } from '../stages.ts';
import { dispatchCommand } from './dispatch.ts';
import { setWorkdir } from './workdir.ts';

/** Instructions that later ones depend on: after one of these fails, further problems could be false. */
export const affectsLaterInstructions: ReadonlySet<string> = new Set<StageInstruction['kind']>([
  'arg',
  'env',
  'shell',
  'workdir',
]);

/**
 * Yields after each instruction, so that other work gets a turn.
 * @param isLastDerived whether no later stage derives from the same base, so that its result need not be copied
 * @param errors collects the problems; instructions that do not depend on a failed one are still dispatched
 */
export function* dispatchStage(
  context: DispatchContext,
  stage: StageState,
  isLastDerived: boolean,
  errors: ErrorCollector,
): Generator<void> {
  if (stage.base) inherit(stage, stage.base, isLastDerived);
  stage.dispatched = true;
  stage.result.platform ??= noPlatform;
  stage.broken = stage.base?.broken ?? false;
  if (!stage.broken) stage.broken = !errors.attempt(() => setUp(context, stage));
  for (const command of stage.commands) {
    if (stage.broken || errors.isFull) break;
    const succeeded = errors.attempt(() => dispatchCommand(context, stage, command));
    stage.broken = !succeeded && affectsLaterInstructions.has(command.instruction.kind);
    yield;
  }
  // Nothing uses these any more.
  stage.envPlaces.clear();
  stage.commands = [];
  stage.instructions = [];
  setScans(stage, context.globals);
}

/**
 * Copies the result of the base stage. The last derived stage takes it over instead: a chain of thousands of stages
 * would otherwise keep as many copies of a history and an environment that grow with each stage.
 */
function inherit(stage: StageState, { result }: StageState, isLastDerived: boolean): void {
  stage.result = isLastDerived
    ? { ...result }
    : {
        ...result,
        image: cloneImageConfig(result.image),
        buildArgs: new Map(result.buildArgs),
        scanArgs: new Map(result.scanArgs),
      };
  stage.result.image.config.onBuild = undefined; // triggers run only in stages that derive directly
}

/** Applies the settings of the image config to the following commands. */
function setUp({ options }: DispatchContext, stage: StageState): void {
  const { config } = stage.result.image;
  indexVariables(stage);
  const { os } = stage.result.platform!;
  // Windows sets PATH itself.
  if (!stage.envPlaces.has('PATH') && os !== 'windows') {
    stage.envPlaces.set('PATH', config.env.length);
    config.env.push(`PATH=${defaultPathEnv(os)}`);
  }
  if (!hasSuffix(stage.result.state.env().toArray(), config.env))
    for (const entry of config.env) {
      const { name, value } = parseVariable(entry);
      stage.result.state = stage.result.state.addEnv(name, value);
    }
  if (options.hostname !== '') stage.result.state = stage.result.state.hostname(options.hostname);
  if (config.workingDir !== '') {
    try {
      setWorkdir(stage, config.workingDir);
    } catch (error) {
      throw withLocation(error, stage.lines, 'bad-path');
    }
  }
  if (config.user !== '') stage.result.state = stage.result.state.user(config.user);
  stage.result.state = stage.result.state.network(options.networkMode);
}

function indexVariables(stage: StageState): void {
  stage.envPlaces = new Map();
  stage.result.image.config.env.forEach((entry, place) => {
    const { name } = parseVariable(entry);
    if (!stage.envPlaces.has(name)) stage.envPlaces.set(name, place);
  });
}

/** Whether the list ends with these variables, so that setting them again changes nothing. */
function hasSuffix(lines: readonly string[], end: readonly string[]): boolean {
  const offset = lines.length - end.length;
  return offset >= 0 && end.every((line, index) => line === lines[offset + index]);
}

function parseVariable(entry: string): { name: string; value: string } {
  const equals = entry.indexOf('=');
  return equals < 0 ? { name: entry, value: '' } : { name: entry.slice(0, equals), value: entry.slice(equals + 1) };
}
