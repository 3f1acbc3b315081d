/** Applies one instruction to its stage. */
import type { Linter } from '../../buildkit-rules/linter.ts';
import { withLocation } from '../../diagnostic/diagnostic.ts';
import { WordError } from '../../parser/words.ts';
import type { Command } from '../dependencies.ts';
import type { StageLowering } from '../lowering.ts';
import type { StageState } from '../stage-state.ts';
import { dispatchAdd } from './add.ts';
import { dispatchArg } from './arg.ts';
import { dispatchCopy } from './copy.ts';
import { dispatchEnv } from './env.ts';
import { dispatchExpose } from './expose.ts';
import {
  dispatchCmd,
  dispatchEntrypoint,
  dispatchHealthcheck,
  dispatchLabel,
  dispatchMaintainer,
  dispatchOnbuild,
  dispatchShell,
  dispatchStopSignal,
  dispatchUser,
  dispatchVolume,
} from './image-config.ts';
import type { Dispatch } from './instruction.ts';
import { dispatchRun } from './run.ts';
import { dispatchWorkdir } from './workdir.ts';

/** Applies an instruction to the state of its stage. @param report takes its errors, with its place */
export function dispatchCommand(
  lowering: StageLowering,
  stage: StageState,
  command: Command,
  linter: Linter,
  report: (error: unknown) => void,
): void {
  const { instruction, isTrigger, sources } = command;
  stage.origin.steps.inTrigger = isTrigger;
  const reportLocated = (error: unknown) =>
    report(withLocation(error, instruction.lines, error instanceof WordError ? 'bad-substitution' : 'bad-instruction'));
  const dispatch: Dispatch = {
    lowering,
    stage,
    linter: linter.withComments(instruction.comments),
    lines: instruction.lines,
    // A trigger has no range in this file.
    place: { lines: instruction.lines, range: isTrigger ? undefined : instruction.range },
    report: reportLocated,
  };
  try {
    dispatchInstruction(dispatch, instruction, sources);
  } catch (error) {
    reportLocated(error);
  }
}

function dispatchInstruction(dispatch: Dispatch, instruction: Command['instruction'], sources: Command['sources']) {
  switch (instruction.kind) {
    case 'add':
      return dispatchAdd(dispatch, instruction);
    case 'arg':
      return dispatchArg(dispatch, instruction);
    case 'cmd':
      return dispatchCmd(dispatch, instruction);
    case 'copy':
      return dispatchCopy(dispatch, instruction, sources[0]);
    case 'entrypoint':
      return dispatchEntrypoint(dispatch, instruction);
    case 'env':
      return dispatchEnv(dispatch, instruction);
    case 'expose':
      return dispatchExpose(dispatch, instruction);
    case 'healthcheck':
      return dispatchHealthcheck(dispatch, instruction);
    case 'label':
      return dispatchLabel(dispatch, instruction);
    case 'maintainer':
      return dispatchMaintainer(dispatch, instruction);
    case 'onbuild':
      return dispatchOnbuild(dispatch, instruction);
    case 'run':
      return dispatchRun(dispatch, instruction, sources);
    case 'shell':
      return dispatchShell(dispatch, instruction);
    case 'stopsignal':
      return dispatchStopSignal(dispatch, instruction);
    case 'user':
      return dispatchUser(dispatch, instruction);
    case 'volume':
      return dispatchVolume(dispatch, instruction);
    case 'workdir':
      return dispatchWorkdir(dispatch, instruction);
  }
}
