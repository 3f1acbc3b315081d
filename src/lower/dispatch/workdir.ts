import { checkWorkdirRelativePath } from '../../buildkit-rules/rules/workdir-relative-path.ts';
import { describeError } from '../../diagnostic/diagnostic.ts';
import { isAbsolutePath, normalizeWorkdir, toSlash } from '../../image/system-path.ts';
import { mkdir } from '../../llb/index.ts';
import type { WorkdirInstruction } from '../../parser/ast.ts';
import { wrapError } from '../../text/error-message.ts';
import type { StageState } from '../stage-state.ts';
import { instructionText, nextStepName } from '../step-name.ts';
import { commit, createExpand, type Dispatch, shownPlatform } from './instruction.ts';

/** WORKDIR makes a directory that the stage's user owns; the following commands run in it. */
export function dispatchWorkdir(dispatch: Dispatch, instruction: WorkdirInstruction): void {
  const { lowering, stage, linter, lines, place } = dispatch;
  const path = createExpand(dispatch)(instruction.path);
  const platform = stage.result.platform;
  // A base image may change its directory, so only an absolute path in this Dockerfile is reliable.
  if (!stage.result.workdirSet && !isAbsolutePath(path, platform.os)) checkWorkdirRelativePath(linter, place, path);
  stage.result.workdirSet = true;

  const workdir = setWorkdir(stage, path);
  if (workdir !== '/') {
    const env = stage.result.state.env();
    const { user } = stage.result.image.config;
    const action = mkdir(workdir, 0o755, {
      makeParents: true,
      owner: user === '' ? undefined : user,
      createdTime: lowering.epoch && toNanoseconds(lowering.epoch),
    });
    const text = instructionText(instruction.code, lowering.expanders.word, env);
    stage.result.state = stage.result.state.file(action, {
      customName: nextStepName(stage.origin.steps, text, shownPlatform(dispatch, platform), env),
      locations: lowering.options.locations?.(lines),
      platform,
    });
  }
  commit(dispatch, `WORKDIR ${workdir}`, workdir !== '/');
}

/** Sets the directory of the stage and its image; the result has slashes on every system. */
export function setWorkdir(stage: StageState, path: string): string {
  const { os } = stage.result.platform;
  const { config } = stage.result.image;
  try {
    config.workingDir = normalizeWorkdir(config.workingDir, path, os);
  } catch (error) {
    throw describeError(wrapError(error, 'normalizing workdir'), 'bad-path');
  }
  const workdir = toSlash(config.workingDir, os);
  stage.result.state = stage.result.state.dir(workdir);
  return workdir;
}

function toNanoseconds({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}
