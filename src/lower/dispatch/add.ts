import type { AddInstruction } from '../../parser/ast.ts';
import { addPath } from '../paths.ts';
import { copyFiles, expandContents } from './copy-files.ts';
import { type Dispatch, expander } from './instruction.ts';

/** ADD: files of the main context, of git repositories and of the web, and archives unpacked. */
export function dispatchAdd(dispatch: Dispatch, instruction: AddInstruction): void {
  const { context, stage } = dispatch;
  const expand = expander(dispatch);
  const chown = expand(instruction.chown);
  const chmod = expand(instruction.chmod);
  const checksum = expand(instruction.checksum);
  const sources = instruction.sources.map(({ text }) => expand(text));
  const dest = expand(instruction.dest.text);
  copyFiles(dispatch, {
    command: 'ADD',
    code: instruction.code,
    from: context.buildContext,
    sources,
    contents: expandContents(dispatch, instruction.contents),
    dest,
    chown,
    chmod,
    exclude: instruction.exclude,
    link: instruction.link,
    parents: false,
    ignored: context.ignored,
    checksum,
    keepGitDir: instruction.keepGitDir,
    unpack: instruction.unpack,
  });
  for (const source of sources)
    if (!source.startsWith('http://') && !source.startsWith('https://')) addPath(stage.contextPaths, source);
}
