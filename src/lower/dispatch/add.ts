import type { AddInstruction } from '../../parser/ast.ts';
import { addPath } from '../context-paths.ts';
import { copyFiles, expandFiles } from './copy-files.ts';
import type { Dispatch } from './instruction.ts';

/** ADD copies files of the main context, git repositories and downloads, and unpacks archives. */
export function dispatchAdd(dispatch: Dispatch, instruction: AddInstruction): void {
  const { lowering, stage } = dispatch;
  const expanded = expandFiles(dispatch, instruction);
  copyFiles(dispatch, {
    ...instruction,
    ...expanded,
    command: 'ADD',
    from: lowering.mainContext,
    ignored: lowering.ignored,
  });
  for (const { text } of expanded.sources)
    if (!text.startsWith('http://') && !text.startsWith('https://')) addPath(stage.contextPaths, text);
}
