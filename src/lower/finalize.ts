/** Finishes the result when all stages are dispatched: the image's labels and platform, and the SBOM scans. */
import type { ImageConfig } from '../image/config.ts';
import { normalizePlatform } from '../image/platform.ts';
import type { State } from '../llb/state.ts';
import { imagePlatform } from './build-platforms.ts';
import type { Lowering } from './lowering.ts';
import type { StageState, StageStates } from './stage-state.ts';
import type { BuildStage } from './stages.ts';

/** Adds the build's labels and platform to the target's image. */
export function finalizeImage({ options, platforms }: Lowering, image: ImageConfig): void {
  if (options.labels.size > 0) {
    const labels = (image.config.labels ??= new Map());
    for (const [key, value] of options.labels) labels.set(key, value);
  }
  if (!platforms.implicitTarget) {
    const { os, architecture, variant, osVersion, osFeatures } = platforms.target;
    // If the base image was made for another platform, its variant and version do not stay.
    const isOther = os !== image.os || architecture !== image.architecture;
    image.os = os;
    image.architecture = architecture;
    if (isOther || variant !== '') image.variant = variant;
    if (isOther || osVersion !== '') image.osVersion = osVersion;
    if (osFeatures.length > 0) image.osFeatures = [...osFeatures];
  }
  const normal = normalizePlatform(imagePlatform(image));
  image.os = normal.os;
  image.architecture = normal.architecture;
  image.variant = normal.variant;
  if (image.osFeatures?.length) image.osFeatures = [...normal.osFeatures];
}

/** The stages that an SBOM scan covers besides the result. */
export interface Scans {
  /** The states to scan besides the result, by name. */
  readonly extras: ReadonlyMap<string, State>;
  /** Whether scans are not cached, because a scanned stage is not cached. */
  readonly ignoreCache: boolean;
}

/** Collects the stages that are scanned with a target. @param needed the stages that the target needs, and itself */
export function collectScans(
  target: StageState,
  needed: ReadonlySet<BuildStage>,
  states: StageStates,
  mainContext: State,
): Scans {
  const extras = new Map<string, State>();
  let { ignoreCache } = target.origin;
  if (target.scans.context) extras.set('context', mainContext);
  for (const origin of needed) {
    const { scans, result } = states.get(origin)!;
    if (origin === target.origin || !scans.stage) continue;
    extras.set(origin.steps.stageName, result.state);
    if (origin.ignoreCache) ignoreCache = true;
  }
  return { extras, ignoreCache };
}
