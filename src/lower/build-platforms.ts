/** The platform to build for, and the platform that builds. */
import type { ImageConfig } from '../image/config.ts';
import { defaultPlatform, type Platform } from '../image/platform.ts';
import type { LowerOptions } from './environment.ts';

/** The platforms of a build. */
export interface BuildPlatforms {
  /** The platform to build for. */
  readonly target: Platform;
  /** The platforms that the builder runs, its own first. */
  readonly build: readonly Platform[];
  /** Whether the build names no platform, so that a base image decides it. */
  readonly implicitTarget: boolean;
}

/** The platform of stages whose base does not have one: their ops have an empty platform. */
export const noPlatform: Platform = { os: '', architecture: '', variant: '', osVersion: '', osFeatures: [] };

/** The platforms from the options of a build. */
export function buildPlatforms(options: Pick<LowerOptions, 'buildPlatforms' | 'targetPlatform'>): BuildPlatforms {
  const build = options.buildPlatforms.length > 0 ? options.buildPlatforms : [defaultPlatform()];
  const target = options.targetPlatform;
  return { target: target ?? build[0]!, build, implicitTarget: target === undefined };
}

/** The platform of a base image if the builder can run it, otherwise the target's. */
export function detectPlatform(image: ImageConfig, target: Platform, supported: readonly Platform[]): Platform {
  const fits = ({ os, architecture }: Platform) => os === image.os && architecture === image.architecture;
  return fits(target) ? target : (supported.find(fits) ?? target);
}

/** The platform an image config names; parts may be ''. */
export function imagePlatform({ os, architecture, variant, osVersion, osFeatures }: ImageConfig): Platform {
  return { os, architecture, variant, osVersion, osFeatures: osFeatures ?? [] };
}
