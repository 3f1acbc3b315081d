/** Which platform is built for, and which one builds. */
import type { ImageConfig } from '../image/config.ts';
import { defaultPlatform, type Platform } from '../image/platform.ts';
import type { LowerOptions } from './environment.ts';

export interface BuildPlatforms {
  readonly target: Platform;
  readonly build: readonly Platform[];
  /** No platform was asked for: a base image may bring its own. */
  readonly implicitTarget: boolean;
}

/** What derives from a stage that knows no platform is built for none: its ops carry an empty one. */
export const noPlatform: Platform = { os: '', architecture: '', variant: '', osVersion: '', osFeatures: [] };

export function buildPlatforms(options: Pick<LowerOptions, 'buildPlatforms' | 'targetPlatform'>): BuildPlatforms {
  const build = options.buildPlatforms.length > 0 ? options.buildPlatforms : [defaultPlatform()];
  const target = options.targetPlatform;
  return { target: target ?? build[0]!, build, implicitTarget: target === undefined };
}

/** The platform of a base image, if the build can be done on it. */
export function detectPlatform(image: ImageConfig, target: Platform, supported: readonly Platform[]): Platform {
  const fits = ({ os, architecture }: Platform) => os === image.os && architecture === image.architecture;
  return fits(target) ? target : (supported.find(fits) ?? target);
}

/** The platform an image config names; parts may be ''. */
export function imagePlatform({ os, architecture, variant, osVersion, osFeatures }: ImageConfig): Platform {
  return { os, architecture, variant, osVersion, osFeatures: osFeatures ?? [] };
}
