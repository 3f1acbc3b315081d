import { quote } from '../../go/quote.ts';
import type { CopyInstruction } from '../../parser/ast.ts';
import { addPath } from '../context-paths.ts';
import type { StageState } from '../stages.ts';
import { copyFiles, expandFiles } from './copy-files.ts';
import { type Dispatch, dispatchError } from './instruction.ts';

/** COPY copies files of the main context, or of the stage, image or context that `--from` names. */
export function dispatchCopy(dispatch: Dispatch, instruction: CopyInstruction, from: StageState | undefined): void {
  const { context, stage } = dispatch;
  const expanded = expandFiles(dispatch, instruction);
  if (from && !from.dispatched) {
    throw dispatchError(
      'stage-not-ready',
      `cannot copy from stage ${quote(instruction.from)}, it needs to be defined before current stage ${quote(stage.displayName)}`,
    );
  }
  copyFiles(dispatch, {
    ...instruction,
    ...expanded,
    command: 'COPY',
    from: from ? from.result.state : context.buildContext,
    ignored: from ? undefined : context.ignored,
  });
  for (const source of expanded.sources) addPath(from ? from.result.paths : stage.contextPaths, source);
}
