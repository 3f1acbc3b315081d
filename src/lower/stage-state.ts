/** A stage while its instructions are dispatched. */
import type { LineRange } from '../diagnostic/source-file.ts';
import { cloneImageConfig, type ImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';
import type { State } from '../llb/state.ts';
import { noPlatform } from './build-platforms.ts';
import { Doubts } from './doubts.ts';
import { type ArgInfo, createOutlineCapture, type OutlineCapture } from './outline-capture.ts';
import type { StageBase } from './stage-base.ts';
import type { BuildStage } from './stages.ts';

/** What the instructions of a stage have made so far. */
export interface StageState {
  /** The stage as its FROM describes it. */
  readonly origin: BuildStage;
  /** The result of the instructions so far. */
  readonly result: StageResult;
  /** Index of each variable in the env of the image while the stage is dispatched. */
  readonly envPlaces: Map<string, number>;
  /** Paths that it reads from the main context. */
  readonly contextPaths: Set<string>;
  /** Whether an SBOM scan covers the stage, and the main context. */
  readonly scans: { stage: boolean; context: boolean };
  /** Lines of the last CMD, ENTRYPOINT and HEALTHCHECK of this stage. */
  readonly last: { cmd?: LineRange; entrypoint?: LineRange; healthcheck?: LineRange };
  /** The arguments, secrets and SSH agents of the stage. */
  readonly outline: OutlineCapture;
}

/** The result of a stage's instructions. A stage that derives from it begins with this. */
interface StageResult {
  state: State;
  image: ImageConfig;
  /** Config of the base image as it was pulled. */
  readonly baseImage: ImageConfig | undefined;
  readonly platform: Platform;
  /** ARGs so far with their values: the history of each RUN begins with them. */
  readonly buildArgs: Map<string, string | undefined>;
  /** Values of the ARGs that control SBOM scans. */
  readonly scanArgs: Map<string, string>;
  /** Whether this Dockerfile has set a WORKDIR. */
  workdirSet: boolean;
  /** The variables whose values are not known, because of errors. */
  readonly doubts: Doubts;
}

/** The states of the stages that others may read. */
export type StageStates = Map<BuildStage, StageState>;

/** The state of a stage on its base image, before its instructions. */
export function stateOnBase(
  origin: BuildStage,
  { state, image, baseImage, platform }: StageBase,
  globals: ReadonlyMap<string, ArgInfo>,
): StageState {
  return newState(origin, globals, {
    state,
    image,
    baseImage,
    platform: platform ?? noPlatform,
    buildArgs: new Map(),
    scanArgs: new Map(),
    workdirSet: false,
    doubts: new Doubts(),
  });
}

/**
 * The state of a stage that derives from another, before its instructions. It copies the result of that stage. The last
 * derived stage takes it over instead: a chain of thousands of stages would otherwise keep as many copies of a history
 * and an environment that grow with each stage.
 */
export function derivedState(
  origin: BuildStage,
  { result }: StageState,
  globals: ReadonlyMap<string, ArgInfo>,
  isLastDerived: boolean,
): StageState {
  const ownResult = isLastDerived
    ? { ...result }
    : {
        ...result,
        image: cloneImageConfig(result.image),
        buildArgs: new Map(result.buildArgs),
        scanArgs: new Map(result.scanArgs),
        doubts: result.doubts.copy(),
      };
  ownResult.image.config.onBuild = undefined; // triggers run only in stages that derive directly
  return newState(origin, globals, ownResult);
}

function newState(origin: BuildStage, globals: ReadonlyMap<string, ArgInfo>, result: StageResult): StageState {
  return {
    origin,
    result,
    envPlaces: new Map(),
    contextPaths: new Set(),
    scans: { stage: false, context: false },
    last: {},
    outline: createOutlineCapture(globals, origin.usedArgs),
  };
}
