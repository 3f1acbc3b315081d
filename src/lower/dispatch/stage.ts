/** Applies all instructions of a stage. */
import { withLocation } from '../../diagnostic/diagnostic.ts';
import { defaultPathEnv } from '../../image/system-path.ts';
import type { StageInstruction } from '../../parser/ast.ts';
import type { ErrorCollector } from '../collect-errors.ts';
import type { Command } from '../dependencies.ts';
import type { DispatchContext } from '../lower-context.ts';
import { setScans } from '../sbom-scan.ts';
import type { StageState } from '../stage-state.ts';
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
 * Applies the commands to a stage. Yields after each, so that other work gets a turn.
 *
 * @param stage the state before its commands
 * @param errors collects the problems; instructions that do not depend on a failed one are still dispatched
 */
export function* dispatchStage(
  context: DispatchContext,
  stage: StageState,
  commands: readonly Command[],
  errors: ErrorCollector,
): Generator<void> {
  if (!stage.broken) stage.broken = !errors.attempt(() => setUp(context, stage));
  for (const command of commands) {
    if (stage.broken || errors.isFull) break;
    const succeeded = errors.attempt(() => dispatchCommand(context, stage, command));
    stage.broken = !succeeded && affectsLaterInstructions.has(command.instruction.kind);
    yield;
  }
  stage.envPlaces.clear(); // nothing uses them any more
  setScans(stage, context.globals);
}

/** Applies the settings of the image config to the following commands. */
function setUp({ options }: DispatchContext, stage: StageState): void {
  const { config } = stage.result.image;
  indexVariables(stage);
  const { os } = stage.result.platform;
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
      throw withLocation(error, stage.origin.lines, 'bad-path');
    }
  }
  if (config.user !== '') stage.result.state = stage.result.state.user(config.user);
  stage.result.state = stage.result.state.network(options.networkMode);
}

function indexVariables(stage: StageState): void {
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
