import { quote } from '../../go/quote.ts';
import type { CopyInstruction } from '../../parser/ast.ts';
import { addPath } from '../paths.ts';
import type { StageState } from '../stages.ts';
import { copyFiles, expandContents } from './copy-files.ts';
import { type Dispatch, expander } from './instruction.ts';

/** COPY: files of the main context, or of the stage, image or context that `--from` names. */
export function dispatchCopy(dispatch: Dispatch, instruction: CopyInstruction, from: StageState | undefined): void {
  const { context, stage } = dispatch;
  const expand = expander(dispatch);
  const chown = expand(instruction.chown);
  const chmod = expand(instruction.chmod);
  const sources = instruction.sources.map(({ text }) => expand(text));
  const dest = expand(instruction.dest.text);
  const contents = expandContents(dispatch, instruction.contents);
  if (from && !from.dispatched) {
    throw new Error(
      `cannot copy from stage ${quote(instruction.from)}, it needs to be defined before current stage ${quote(stage.displayName)}`,
    );
  }
  copyFiles(dispatch, {
    command: 'COPY',
    code: instruction.code,
    from: from ? from.state : context.buildContext,
    sources,
    contents,
    dest,
    chown,
    chmod,
    exclude: instruction.exclude,
    link: instruction.link,
    parents: instruction.parents,
    ignored: from ? undefined : context.ignored,
    checksum: '',
    keepGitDir: undefined,
    unpack: undefined,
  });
  for (const source of sources) addPath(from ? from.paths : stage.contextPaths, source);
}
