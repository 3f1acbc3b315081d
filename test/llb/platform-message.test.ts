import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { PlatformSchema } from '../../src/gen/pb/ops_pb.ts';
import { platformFromPb, platformToPb, writePlatform } from '../../src/llb/platform-message.ts';
import { ProtoWriter } from '../../src/protobuf/writer.ts';

const platform = { os: 'windows', architecture: 'arm', variant: 'v7', osVersion: '10.0', osFeatures: ['a', 'b'] };

test('a platform is the same after a round through its message', () => {
  expect(platformFromPb(platformToPb(platform))).toEqual(platform);
});

test('a platform is written as protobuf-es writes its message', () => {
  const writer = new ProtoWriter();
  writePlatform(writer, platform);
  const bytes = writer.finish();
  expect(bytes).toEqual(toBinary(PlatformSchema, platformToPb(platform)));
  expect(platformFromPb(fromBinary(PlatformSchema, bytes))).toEqual(platform);
});
