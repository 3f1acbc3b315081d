/** The platforms of a result as exporters read them. */
import { marshalJson } from '../go/json-encode.ts';
import type { ImageConfig } from '../image/config.ts';
import { formatPlatform, normalizePlatform, type Platform } from '../image/platform.ts';

/** A platform of a result, for exporters. */
export interface ExportPlatform {
  readonly id: string;
  readonly platform: Platform;
}

/** Adds the OS version and features of the image to a Windows platform without its own. */
export function exportPlatform(target: Platform, image: ImageConfig): ExportPlatform {
  const platform = normalizePlatform(target);
  const id = formatPlatform(platform);
  if (platform.os !== 'windows' || image.os !== 'windows') return { id, platform };
  return {
    id,
    platform: normalizePlatform({
      ...platform,
      osVersion: platform.osVersion || image.osVersion,
      osFeatures: platform.osFeatures.length > 0 ? platform.osFeatures : (image.osFeatures ?? []),
    }),
  };
}

/** Go's JSON of exptypes.Platforms. */
export function marshalPlatforms(platforms: readonly ExportPlatform[]): string {
  return marshalJson({
    Platforms: platforms.map(({ id, platform }) => ({
      ID: id,
      Platform: {
        architecture: platform.architecture,
        os: platform.os,
        'os.version': platform.osVersion || undefined,
        'os.features': platform.osFeatures.length > 0 ? platform.osFeatures : undefined,
        variant: platform.variant || undefined,
      },
    })),
  });
}
