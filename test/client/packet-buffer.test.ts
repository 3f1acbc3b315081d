import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { dataFrame, dataFrameHead, PacketBuffer, PacketType } from '../../src/client/fsutil/packet-buffer.ts';
import { PacketSchema } from '../../src/gen/fsutil/types/wire_pb.ts';
import type { FileEntry } from '../../src/tree/walk.ts';

/** The packet in a frame, which must be all that there is. */
function decode(frame: Uint8Array) {
  const head = Buffer.from(frame).subarray(0, 5);
  expect([head[0], head.readUInt32BE(1)]).toEqual([0, frame.length - 5]);
  return fromBinary(PacketSchema, Uint8Array.from(frame.subarray(5)));
}

const entry: FileEntry = {
  path: 'a/b',
  mode: 0o644,
  size: 5,
  modTime: 1n,
  linkname: '',
  devmajor: 0,
  devminor: 0,
  xattrs: undefined,
};

test.each<[string, Partial<FileEntry>]>([
  ['a small file', {}],
  ['a size beyond 32 bits', { size: 2 ** 40 + 3 }],
  ['the largest size', { size: Number.MAX_SAFE_INTEGER }],
  ['a time of 28 bits', { modTime: 2n ** 28n - 1n }],
  ['a time of 29 bits', { modTime: 2n ** 28n }],
  ['a time of this century', { modTime: 1_764_000_000_123_456_789n }],
  ['a time before 1970', { modTime: -1n }],
  ['a link', { mode: ((2 ** 27) | 0o777) >>> 0, size: 0, linkname: 'target/é' }],
  ['a device', { devmajor: 8, devminor: 300 }],
  ['a long path', { path: 'x'.repeat(100_000) }],
])('a file is described as protobuf describes it: %s', (_what, changed) => {
  const buffer = new PacketBuffer(16);
  const file = { ...entry, ...changed };
  buffer.stat(file);
  const { path, mode, size, modTime, linkname, devmajor, devminor } = file;
  expect(decode(buffer.take())).toMatchObject({
    type: PacketType.Stat,
    stat: { path, mode, size: BigInt(size), modTime, linkname, devmajor: BigInt(devmajor), devminor: BigInt(devminor) },
  });
});

test('extended attributes are sent with their bytes', () => {
  const buffer = new PacketBuffer();
  buffer.stat({ ...entry, xattrs: new Map([['user.a', Uint8Array.of(0, 255)]]) });
  expect(decode(buffer.take()).stat?.xattrs).toEqual({ 'user.a': Uint8Array.of(0, 255) });
});

test('a packet has its type, number and data, and taking it empties the buffer', () => {
  const buffer = new PacketBuffer(16);
  buffer.packet(PacketType.Request, 70_000, Buffer.from('data'));
  expect(buffer.length).toBeGreaterThan(0);
  const packet = decode(buffer.take());
  expect(packet).toMatchObject({ type: PacketType.Request, ID: 70_000, data: new Uint8Array(Buffer.from('data')) });
  expect(buffer.length).toBe(0);
});

test('a frame is put around contents that are in place', () => {
  const target = Buffer.concat([Buffer.alloc(dataFrameHead), Buffer.from('contents'), Buffer.alloc(9)]);
  const packet = decode(dataFrame(target, 3, 8));
  expect(packet).toMatchObject({ type: PacketType.Data, ID: 3, data: new Uint8Array(Buffer.from('contents')) });
});
