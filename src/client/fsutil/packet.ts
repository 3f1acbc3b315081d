/** Reads packets of fsutil's transfer protocol. */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { decodeText } from '../../go/text.ts';
import type { FileEntry } from '../../tree/walk.ts';
import { PacketType } from './packet-buffer.ts';

/** A decoded packet of fsutil's protocol. */
export interface Packet {
  readonly type: number;
  /** undefined in the packet that ends a listing. */
  readonly stat: FileEntry | undefined;
  readonly id: number;
  readonly data: Uint8Array;
}

const noBytes = new Uint8Array(0);

/** Decodes a packet. @throws Error for bytes that are not a packet */
export function decodePacket(bytes: Uint8Array): Packet {
  const requested = requestedId(bytes);
  if (requested !== undefined) return { type: PacketType.Request, stat: undefined, id: requested, data: noBytes };
  const reader = new BinaryReader(bytes);
  let type = 0;
  let stat: FileEntry | undefined;
  let id = 0;
  let data: Uint8Array = noBytes;
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) type = reader.uint32();
    else if (field === 2) stat = decodeStat(reader.bytes());
    else if (field === 3) id = reader.uint32();
    else if (field === 4) data = reader.bytes();
    else reader.skip(wire, field);
  }
  return { type, stat, id, data };
}

/**
 * The file id of a request in its usual form. A context is requested file by file, so these packets are by far the most
 * frequent; undefined for all others.
 */
function requestedId(bytes: Uint8Array): number | undefined {
  const last = bytes.length - 1;
  if (bytes[0] !== 1 << 3 || bytes[1] !== PacketType.Request || last > 6) return undefined;
  if (last === 1) return 0;
  if (bytes[2] !== 3 << 3 || last === 2) return undefined;
  let id = 0;
  for (let i = 3; i <= last; i++) {
    const more = bytes[i]! > 0x7f;
    if (more === (i === last)) return undefined;
    id |= (bytes[i]! & 0x7f) << (7 * (i - 3));
  }
  return id;
}

function decodeStat(bytes: Uint8Array): FileEntry {
  const reader = new BinaryReader(bytes);
  const xattrs = new Map<string, Uint8Array>();
  const stat = { path: '', mode: 0, size: 0, modTime: 0n, linkname: '', devmajor: 0, devminor: 0, xattrs };
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) stat.path = decodeText(reader.bytes());
    else if (field === 2) stat.mode = reader.uint32();
    else if (field === 5) stat.size = Number(reader.int64());
    else if (field === 6) stat.modTime = BigInt(reader.int64());
    else if (field === 7) stat.linkname = decodeText(reader.bytes());
    else if (field === 8) stat.devmajor = Number(reader.int64());
    else if (field === 9) stat.devminor = Number(reader.int64());
    else if (field === 10) xattrs.set(...decodeXattr(reader.bytes()));
    else reader.skip(wire, field);
  }
  return stat;
}

function decodeXattr(bytes: Uint8Array): [string, Uint8Array] {
  const reader = new BinaryReader(bytes);
  let name = '';
  let value: Uint8Array = noBytes;
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) name = reader.string();
    else if (field === 2) value = reader.bytes();
    else reader.skip(wire, field);
  }
  return [name, value];
}
