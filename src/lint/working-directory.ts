/** The working directory at each instruction, and paths in it. */
import { clean, isAbs } from '../go/path.ts';
import type { StageInstruction } from '../parser/ast.ts';
import type { LintStage } from './lint-file.ts';

/** Gives the working directory at each instruction of a stage; undefined if it is not known. */
export function* withDirectories(
  stage: LintStage,
): Generator<{ readonly instruction: StageInstruction; readonly directory: string | undefined }> {
  let directory = stage.base.kind === 'stage' ? lastDirectory(stage.base.stage) : initial(stage);
  for (const instruction of stage.instructions) {
    yield { instruction, directory };
    if (instruction.kind === 'workdir') directory = resolvePath(directory, instruction.path);
  }
}

/** The path in a directory; undefined if one of both is not known: a path with variables is not. */
export function resolvePath(directory: string | undefined, path: string | undefined): string | undefined {
  const plain = path?.replace(/^(["'])(.*)\1$/, '$2');
  if (plain === undefined || plain === '' || /[$~*?[]/.test(plain) || /^[A-Za-z]:/.test(plain)) return undefined;
  if (isAbs(plain)) return clean(plain);
  return directory === undefined ? undefined : clean(`${directory}/${plain}`);
}

/** An image may set a working directory of its own. */
function initial({ base }: LintStage): string | undefined {
  return base.kind === 'scratch' ? '/' : undefined;
}

const known = new WeakMap<LintStage, { readonly directory: string | undefined }>();

function lastDirectory(stage: LintStage): string | undefined {
  const before = known.get(stage);
  if (before) return before.directory;
  let directory = stage.base.kind === 'stage' ? lastDirectory(stage.base.stage) : initial(stage);
  for (const it of stage.instructions) if (it.kind === 'workdir') directory = resolvePath(directory, it.path);
  known.set(stage, { directory });
  return directory;
}
