/** What a stage that derives from no other begins with: an image, a named context or nothing. */
import type { ImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';
import type { State } from '../llb/state.ts';
import type { BuildStage } from './stages.ts';

/** The base of a stage without a parent. */
export interface StageBase {
  /** The full reference of the image; the name as given for a base that is not an image. */
  readonly name: string;
  /** Whether the build needs the stage, so that its image or context was asked for. */
  readonly needed: boolean;
  /** Its filesystem. */
  readonly state: State;
  /** The config that instructions change; without `onBuild`. */
  readonly image: ImageConfig;
  /** The config of the image as it was pulled; undefined without an image. */
  readonly baseImage: ImageConfig | undefined;
  /** Its platform; undefined for a context without a config in a stage without `--platform`. */
  readonly platform: Platform | undefined;
  /** The ONBUILD instructions of the image. */
  readonly triggers: readonly string[];
}

/** The bases of the stages without a parent. */
export type StageBases = ReadonlyMap<BuildStage, StageBase>;
