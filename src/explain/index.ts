/**
 * Why steps of a build run again: records of two builds, and their comparison. It is what `tsfront explain` shows.
 * `tsfront` has these exports, too.
 *
 * @example
 * import { compile, openBuildContext, registryResolver } from 'tsfront';
 * import { compareBuilds, recordBuild } from 'tsfront/explain';
 *
 * const opened = await openBuildContext({ context: '.', readStdin: async () => new Uint8Array() });
 * const record = async (target: string) => {
 *   const opts = { ...opened.opts, target };
 *   const compiled = await compile({ ...opened, opts, images: [registryResolver()] });
 *   return recordBuild({ compiled, opened });
 * };
 * const { steps } = compareBuilds(await record('test'), await record('release'));
 * for (const { line, outcome, causes } of steps) console.log(line, outcome, causes);
 *
 * @module
 */

export {
  type BuildRecord,
  type BuildStep,
  formatRecord,
  parseRecord,
  type RecordedContext,
  type RecordedFile,
  type RecordedFlag,
  type RecordedIgnoreFile,
  type RecordedTake,
  type StepInput,
} from './build-record.ts';
export type {
  BaseImageCause,
  Cause,
  FileCause,
  FurtherFiles,
  FurtherVariables,
  InstructionCause,
  MountCause,
  Origin,
  Place,
  PlainCause,
  SettingCause,
  UncachedCause,
  VariableCause,
} from './cause.ts';
export { compareBuilds, type ExplainedStep, type Explanation } from './compare-builds.ts';
export { type RecordedBuild, recordBuild } from './make-record.ts';
export type { OpPart } from './op-part.ts';
