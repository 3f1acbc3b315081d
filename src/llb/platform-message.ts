/** Platforms as messages: the one place that maps them. */
import * as pb from '../gen/pb/ops_fields.ts';
import type { Platform as PbPlatform } from '../gen/pb/ops_pb.ts';
import type { Platform } from '../image/platform.ts';
import type { ProtoWriter } from '../protobuf/writer.ts';

/** Makes a platform of a message. */
export function platformFromPb({ OS, Architecture, Variant, OSVersion, OSFeatures }: PbPlatform): Platform {
  return { os: OS, architecture: Architecture, variant: Variant, osVersion: OSVersion, osFeatures: OSFeatures };
}

/** Makes a message of a platform. */
export function platformToPb({ os, architecture, variant, osVersion, osFeatures }: Platform): PbPlatform {
  return {
    $typeName: 'pb.Platform',
    OS: os,
    Architecture: architecture,
    Variant: variant,
    OSVersion: osVersion,
    OSFeatures: [...osFeatures],
  };
}

/** Writes the fields of a platform. */
export function writePlatform(to: ProtoWriter, platform: Platform): void {
  to.string(pb.Platform.Architecture, platform.architecture);
  to.string(pb.Platform.OS, platform.os);
  to.string(pb.Platform.Variant, platform.variant);
  to.string(pb.Platform.OSVersion, platform.osVersion);
  to.strings(pb.Platform.OSFeatures, platform.osFeatures);
}
