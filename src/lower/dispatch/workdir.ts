import { workdirRelativePath } from '../../check/instruction-rules.ts';
import { isAbsolutePath, normalizeWorkdir, toSlash } from '../../image/system-path.ts';
import { mkdir } from '../../llb/index.ts';
import type { WorkdirInstruction } from '../../parser/ast.ts';
import { wrapError } from '../errors.ts';
import { sourceLocations } from '../source-location.ts';
import type { StageState } from '../stages.ts';
import { instructionText, nextStepName } from '../step-name.ts';
import { commit, type Dispatch, expander, shownPlatform } from './instruction.ts';

/** WORKDIR makes the directory, owned by the stage's user, and commands run in it. */
export function dispatchWorkdir(dispatch: Dispatch, instruction: WorkdirInstruction): void {
  const { context, stage, linter, lines } = dispatch;
  const path = expander(dispatch)(instruction.path);
  const platform = stage.platform!;
  // Base images may change: only this Dockerfile's own absolute path is something to rely on.
  if (!stage.workdirSet && !isAbsolutePath(path, platform.os)) workdirRelativePath(linter, lines, path);
  stage.workdirSet = true;

  const workdir = setWorkdir(stage, path);
  if (workdir !== '/') {
    const env = stage.state.env();
    const { user } = stage.image.config;
    const action = mkdir(workdir, 0o755, {
      makeParents: true,
      owner: user === '' ? undefined : user,
      createdTime: context.epoch && toNanoseconds(context.epoch),
    });
    const text = instructionText(instruction.code, context.lexers.word, env);
    stage.state = stage.state.file(action, {
      customName: nextStepName(stage, text, shownPlatform(dispatch, platform), env),
      locations: sourceLocations(context.options.sourceMap, lines),
      platform,
    });
  }
  commit(dispatch, `WORKDIR ${workdir}`, workdir !== '/');
}

/** Sets the directory of the stage and its image; the result has slashes on every system. */
export function setWorkdir(stage: StageState, path: string): string {
  const { os } = stage.platform!;
  const { config } = stage.image;
  try {
    config.workingDir = normalizeWorkdir(config.workingDir, path, os);
  } catch (error) {
    throw wrapError(error, 'normalizing workdir');
  }
  const workdir = toSlash(config.workingDir, os);
  stage.state = stage.state.dir(workdir);
  return workdir;
}

function toNanoseconds({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}
