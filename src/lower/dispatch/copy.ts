import { quote } from '../../go/quote.ts';
import type { CopyInstruction } from '../../parser/ast.ts';
import { addPath } from '../context-paths.ts';
import type { BuildStage } from '../stages.ts';
import { copyFiles, expandFiles } from './copy-files.ts';
import { type Dispatch, dispatchError } from './instruction.ts';

/** COPY copies files of the main context, or of the stage, image or context that `--from` names. */
export function dispatchCopy(dispatch: Dispatch, instruction: CopyInstruction, source: BuildStage | undefined): void {
  const { lowering, stage } = dispatch;
  const expanded = expandFiles(dispatch, instruction);
  const from = source && lowering.states.get(source);
  if (source && !from) {
    throw dispatchError(
      'stage-not-ready',
      `cannot copy from stage ${quote(instruction.from)}, it needs to be defined before current stage ${quote(stage.origin.steps.stageName)}`,
    );
  }
  copyFiles(dispatch, {
    ...instruction,
    ...expanded,
    command: 'COPY',
    from: from ? from.result.state : lowering.mainContext,
    ignored: from ? undefined : lowering.ignored,
  });
  for (const { text } of expanded.sources) addPath(source ? source.paths : stage.contextPaths, text);
}
