/** What remains to be said about the result when all stages are dispatched. */

import type { ImageConfig } from '../image/config.ts';
import { normalizePlatform } from '../image/platform.ts';
import type { State } from '../llb/state.ts';
import type { LowerContext } from './context.ts';
import { imagePlatform } from './platforms.ts';
import { reachableStages, type StageState } from './stages.ts';

/** Adds the labels of the build to the target's image and says what platform it is for. */
export function finalizeImage({ options, platforms }: LowerContext, image: ImageConfig): void {
  if (options.labels.size > 0) {
    const labels = (image.config.labels ??= new Map());
    for (const [key, value] of options.labels) labels.set(key, value);
  }
  if (!platforms.implicitTarget) {
    const { os, architecture, variant, osVersion, osFeatures } = platforms.target;
    // Where the base image was made for another platform, nothing of that one stays.
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

/** What an SBOM scan covers besides the result. */
export interface Scans {
  readonly extras: ReadonlyMap<string, State>;
  /** A stage that is scanned is not cached, so its scan is not either. */
  readonly ignoreCache: boolean;
}

export function collectScans(target: StageState, buildContext: State): Scans {
  const extras = new Map<string, State>();
  let ignoreCache = target.ignoreCache;
  if (target.scanContext) extras.set('context', buildContext);
  for (const stage of reachableStages(target)) {
    if (stage === target || !stage.scanStage) continue;
    extras.set(stage.displayName, stage.state);
    if (stage.ignoreCache) ignoreCache = true;
  }
  return { extras, ignoreCache };
}
