import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { decodePacket } from '../../src/client/fsutil/packet.ts';
import { PacketSchema, Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';

test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 32 - 1])(
  'reads a request for %i',
  (id) => {
    const bytes = toBinary(PacketSchema, create(PacketSchema, { type: Type.PACKET_REQ, ID: id }));
    expect(decodePacket(bytes)).toMatchObject({ type: Type.PACKET_REQ, stat: undefined, id });
  },
);

test('reads a request in an unusual form, and refuses half of one', () => {
  expect(decodePacket(Uint8Array.of(0x18, 5, 8, 1))).toMatchObject({ type: Type.PACKET_REQ, id: 5 });
  expect(decodePacket(Uint8Array.of(8, 1, 0x18, 0x85, 0x80, 0))).toMatchObject({ type: Type.PACKET_REQ, id: 5 });
  expect(decodePacket(Uint8Array.of(8, 1, 0x18, 5, 0x18, 6))).toMatchObject({ type: Type.PACKET_REQ, id: 6 });
  for (const bytes of [
    [8, 1, 0x18],
    [8, 1, 0x18, 0x80],
  ])
    expect(() => decodePacket(Uint8Array.from(bytes))).toThrow();
});
