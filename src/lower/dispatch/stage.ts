/** Applies all instructions of a stage. */
import type { DiagnosticCode } from '../../diagnostic/codes.ts';
import { findDiagnosticError, withLocation } from '../../diagnostic/diagnostic.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { defaultPathEnv } from '../../image/system-path.ts';
import type { StageInstruction } from '../../parser/ast.ts';
import { WordError } from '../../parser/words.ts';
import { findCause } from '../../text/causes.ts';
import type { ErrorCollector } from '../collect-errors.ts';
import type { Command } from '../dependencies.ts';
import { type Doubts, expandedText } from '../doubts.ts';
import type { StageLowering } from '../lowering.ts';
import { setScans } from '../sbom-scan.ts';
import type { StageState } from '../stage-state.ts';
import { dispatchCommand } from './dispatch.ts';
import { setWorkdir } from './workdir.ts';

/**
 * Applies the commands to a stage. Yields after each, so that other work gets a turn.
 *
 * @param stage the state before its commands
 * @param errors collects the problems; later instructions are still dispatched
 */
export function* dispatchStage(
  lowering: StageLowering,
  stage: StageState,
  commands: readonly Command[],
  errors: ErrorCollector,
): Generator<void> {
  if (!errors.attempt(() => setUp(lowering, stage))) stage.result.doubts.addAll();
  for (const command of commands) {
    if (errors.isFull) break;
    settleDoubts(lowering, stage, command.instruction, tryCommand(lowering, stage, command, errors));
    yield;
  }
  stage.envPlaces.clear(); // nothing uses them any more
  setScans(stage, lowering.globals);
}

/** Applies a command. @returns whether what it sets is known: nothing that it depends on has an error */
function tryCommand(lowering: StageLowering, stage: StageState, command: Command, errors: ErrorCollector): boolean {
  const { instruction } = command;
  if (lowering.options.pastErrors?.standIns.has(instruction)) return false;
  const { doubts } = stage.result;
  const isSure = !doubts.isIn(expandedText(instruction));
  let isGood = true;
  dispatchCommand(lowering, stage, command, isSure ? lowering.linter : lowering.linter.withoutValues(), (error) => {
    isGood = false;
    if (isSure || isCertain(error, instruction, lowering.source.text, doubts)) errors.add(error);
  });
  return isSure && isGood;
}

/** Errors of a part of an instruction that depend on the text of that part alone. */
const ofOnePart: ReadonlySet<DiagnosticCode> = new Set([
  'bad-mode',
  'bad-mount',
  'bad-port',
  'bad-signal',
  'bad-substitution',
]);

/** Whether an error has nothing to do with the values that are not known. */
function isCertain(error: unknown, { flags }: StageInstruction, text: string, doubts: Doubts): boolean {
  if (isSyntaxError(error)) return true;
  const { code, range } = findDiagnosticError(error)!.diagnostics[0];
  if (!range || !ofOnePart.has(code)) return false;
  const { start, end } =
    flags.find(({ range: flag }) => flag.start <= range.start && range.end <= flag.end)?.range ?? range;
  return !doubts.isIn(text.slice(start, end));
}

const isSyntaxError = (error: unknown) => findCause(error, WordError)?.isSyntax === true;

/** Notes what is known of the values that an instruction sets for later ones. */
function settleDoubts(
  { globals, buildArgs }: StageLowering,
  { result }: StageState,
  instruction: StageInstruction,
  isKnown: boolean,
): void {
  const { doubts, image } = result;
  switch (instruction.kind) {
    case 'arg':
      if (!isKnown) doubts.addNames(instruction.args.map(({ key }) => key));
      else
        for (const { key, value } of instruction.args) {
          if (value !== undefined || buildArgs.has(key)) doubts.setKnown(key, true);
          else if (globals.doubts.has(key)) doubts.setKnown(key, false);
          // Without a value, that of the base stays.
          else if (globals.env.get(key) !== undefined) doubts.setKnown(key, true);
        }
      break;
    case 'env':
      if (!isKnown) doubts.addNames(instruction.pairs.map(({ key }) => key));
      else for (const { key } of instruction.pairs) doubts.setKnown(key, true);
      break;
    case 'shell':
      if (!isKnown) image.config.shell = instruction.shell.length > 0 ? [...instruction.shell] : ['sh'];
      break;
    case 'workdir':
      if (!isKnown) result.workdirSet = true;
      break;
    case 'onbuild':
      if (!isKnown) doubts.addAll(); // its trigger may set any
      break;
  }
}

/** Applies the settings of the image config to the following commands. */
function setUp({ options }: StageLowering, stage: StageState): void {
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
      const [name, value = ''] = splitAtFirst(entry, '=');
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
    const [name] = splitAtFirst(entry, '=');
    if (!stage.envPlaces.has(name)) stage.envPlaces.set(name, place);
  });
}

/** Whether the list ends with these variables, so that setting them again changes nothing. */
function hasSuffix(lines: readonly string[], end: readonly string[]): boolean {
  const offset = lines.length - end.length;
  return offset >= 0 && end.every((line, index) => line === lines[offset + index]);
}
