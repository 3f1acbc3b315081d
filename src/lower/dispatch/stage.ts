/** Applies all instructions of a stage. */
import { cloneImageConfig } from '../../image/config.ts';
import { defaultPathEnv } from '../../image/system-path.ts';
import { withLocation } from '../../parser/diagnostic.ts';
import type { DispatchContext } from '../context.ts';
import { noPlatform } from '../platforms.ts';
import { setScans } from '../scan.ts';
import type { StageState } from '../stages.ts';
import { dispatchCommand } from './dispatch.ts';
import { setWorkdir } from './workdir.ts';

/**
 * Stops after each instruction, so that others can have their turn.
 * @param isLastHeir no further stage will ask for what the base has come to, so that it need not be copied
 */
export function* dispatchStage(context: DispatchContext, stage: StageState, isLastHeir: boolean): Generator<void> {
  if (stage.base) inherit(stage, stage.base, isLastHeir);
  stage.dispatched = true;
  stage.platform ??= noPlatform;
  setUp(context, stage);
  for (const command of stage.commands) {
    dispatchCommand(context, stage, command);
    yield;
  }
  stage.envPlaces.clear(); // of no use any more
  setScans(stage, context.globals);
}

/**
 * Takes over what the base stage has come to. A chain of thousands of stages would otherwise keep as many copies of a
 * history and an environment that grow with each.
 */
function inherit(stage: StageState, base: StageState, isLastHeir: boolean): void {
  stage.state = base.state;
  stage.platform = base.platform;
  stage.image = isLastHeir ? base.image : cloneImageConfig(base.image);
  stage.image.config.onBuild = undefined; // triggers run in the stages that derive directly
  stage.baseImage = base.baseImage;
  stage.paths = base.paths;
  stage.workdirSet = base.workdirSet;
  stage.buildArgs = isLastHeir ? base.buildArgs : new Map(base.buildArgs);
  stage.scanArgs = isLastHeir ? base.scanArgs : new Map(base.scanArgs);
}

/** Puts the settings of the image config into effect for the commands to come. */
function setUp({ options }: DispatchContext, stage: StageState): void {
  const { config } = stage.image;
  indexVariables(stage);
  const { os } = stage.platform!;
  // Windows knows its own PATH.
  if (!stage.envPlaces.has('PATH') && os !== 'windows') {
    stage.envPlaces.set('PATH', config.env.length);
    config.env.push(`PATH=${defaultPathEnv(os)}`);
  }
  if (!endsWith(stage.state.env().toArray(), config.env))
    for (const entry of config.env) {
      const { name, value } = parseVariable(entry);
      stage.state = stage.state.addEnv(name, value);
    }
  if (options.hostname !== '') stage.state = stage.state.hostname(options.hostname);
  if (config.workingDir !== '') {
    try {
      setWorkdir(stage, config.workingDir);
    } catch (error) {
      throw withLocation(error, stage.lines);
    }
  }
  if (config.user !== '') stage.state = stage.state.user(config.user);
  stage.state = stage.state.network(options.networkMode);
}

function indexVariables(stage: StageState): void {
  stage.envPlaces = new Map();
  stage.image.config.env.forEach((entry, place) => {
    const { name } = parseVariable(entry);
    if (!stage.envPlaces.has(name)) stage.envPlaces.set(name, place);
  });
}

/** Whether setting these variables anew would change nothing. */
function endsWith(lines: readonly string[], end: readonly string[]): boolean {
  const offset = lines.length - end.length;
  return offset >= 0 && end.every((line, index) => line === lines[offset + index]);
}

function parseVariable(entry: string): { name: string; value: string } {
  const equals = entry.indexOf('=');
  return equals < 0 ? { name: entry, value: '' } : { name: entry.slice(0, equals), value: entry.slice(equals + 1) };
}
