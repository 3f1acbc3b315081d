/**
 * HPACK (RFC 7541) for a peer that is told to keep no dynamic table. Writes plain literals. Reads literals, Huffman
 * coded or not, and the static table; a dynamic table only until the peer has received our settings.
 */
import { fromLatin1 } from '../go/bytes.ts';

/** The most that the headers of a request may come to, names and values and 32 for each, as in Go's gRPC. */
export const maxHeaderBytes = 16 << 20;

/** A header field; the name is in lower case. */
export type HeaderField = readonly [name: string, value: string];

/** The bits of each byte's code in appendix B. The code is canonical, so that the lengths are all of it. */
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26,
];

/** Appendix A, from index 1. */
const staticTable: readonly HeaderField[] = (
  ':authority,:method=GET,:method=POST,:path=/,:path=/index.html,:scheme=http,:scheme=https,:status=200,:status=204,' +
  ':status=206,:status=304,:status=400,:status=404,:status=500,accept-charset,accept-encoding=gzip\\, deflate,' +
  'accept-language,accept-ranges,accept,access-control-allow-origin,age,allow,authorization,cache-control,' +
  'content-disposition,content-encoding,content-language,content-length,content-location,content-range,content-type,' +
  'cookie,date,etag,expect,expires,from,host,if-match,if-modified-since,if-none-match,if-range,if-unmodified-since,' +
  'last-modified,link,location,max-forwards,proxy-authenticate,proxy-authorization,range,referer,refresh,retry-after,' +
  'server,set-cookie,strict-transport-security,transfer-encoding,user-agent,vary,via,www-authenticate'
)
  .split(/(?<!\\),/)
  .map((field) => {
    const [name = '', value = ''] = field.replace('\\', '').split('=');
    return [name, value];
  });

/** A node of the code's tree: its two branches, or the byte it stands for. */
type Node = [Node?, Node?] | number;

const huffmanTree = buildTree();

function buildTree(): Node {
  const root: [Node?, Node?] = [];
  const bytes = [...codeLengths.keys()].sort((a, b) => codeLengths[a]! - codeLengths[b]! || a - b);
  let code = 0;
  let previous = codeLengths[bytes[0]!]!;
  for (const byte of bytes) {
    const length = codeLengths[byte]!;
    code <<= length - previous;
    previous = length;
    let node = root;
    for (let bit = length - 1; bit > 0; bit--) node = (node[(code >> bit) & 1] ??= []) as [Node?, Node?];
    node[code & 1] = byte;
    code++;
  }
  return root;
}

/** The byte and, times 256, the number of bits of the code with which eight bits begin; 0 for longer codes. */
const shortCodes = Array.from({ length: 256 }, (_, bits) => {
  let node = huffmanTree;
  for (let count = 0; count < 8; count++) {
    node = (node as [Node?, Node?])[(bits >> (7 - count)) & 1]!;
    if (typeof node === 'number') return ((count + 1) << 8) | node;
  }
  return 0;
});

function decodeHuffman(data: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil((data.length * 8) / 5)); // the shortest code has five bits
  const end = data.length * 8;
  let length = 0;
  for (let at = 0; at < end; ) {
    const byte = at >> 3;
    const code = shortCodes[(((data[byte]! << 8) | (data[byte + 1] ?? 0xff)) >> (8 - (at & 7))) & 0xff]!;
    if (code !== 0) {
      at += code >> 8;
      if (at <= end) bytes[length++] = code & 0xff;
      continue;
    }
    let node: Node | undefined = huffmanTree;
    while (typeof node === 'object' && at < end) {
      node = node[(data[at >> 3]! >> (7 - (at & 7))) & 1];
      at++;
    }
    if (node === undefined) throw new Error('a header is not Huffman coded as it should be');
    if (typeof node === 'number') bytes[length++] = node;
  }
  return fromLatin1(bytes.subarray(0, length)); // what is left over is padding
}

/** Headers that a peer has sent and may refer to, the newest first: few bytes, so that a list of them will do. */
export interface DynamicTable {
  fields: HeaderField[];
  /** Bytes, as the standard counts them. */
  capacity: number;
}

/** Size of the peer's dynamic table until it has received our settings. */
export const defaultTableBytes = 4096;

/** Bytes that a header takes in a list and in a table, as the standard counts them. */
export function fieldBytes([name, value]: HeaderField): number {
  return name.length + value.length + 32;
}

/** Reads a complete header block. Throws for one that needs a dynamic table, breaks off or is too long. */
export function decodeHeaders(block: Uint8Array): HeaderField[] {
  const fields: HeaderField[] = [];
  let size = 0;
  readHeaders(block, { fields: [], capacity: 0 }, (field) => {
    size += fieldBytes(field);
    if (size > maxHeaderBytes) throw new Error(`the server sent more than ${maxHeaderBytes} bytes of headers`);
    fields.push(field);
  });
  return fields;
}

/**
 * Reads a complete header block, field by field. @throws Error for one that breaks off, or names what is not in the
 * table
 */
export function readHeaders(block: Uint8Array, table: DynamicTable, take: (field: HeaderField) => void): void {
  let at = 0;
  const byte = () => {
    const value = block[at++];
    if (value === undefined) throw new Error('a header block breaks off');
    return value;
  };
  const integer = (first: number, bits: number) => {
    const limit = (1 << bits) - 1;
    let value = first & limit;
    if (value < limit) return value;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (value > 1 << 24 || shift > 28) throw new Error('a header is too long');
      if (next < 0x80) return value;
    }
  };
  const text = () => {
    const first = byte();
    const length = integer(first, 7);
    const data = block.subarray(at, at + length);
    if (data.length < length) throw new Error('a header block breaks off');
    at += length;
    return first >= 0x80 ? decodeHuffman(data) : fromLatin1(data);
  };
  const indexed = (index: number) => {
    const field = staticTable[index - 1] ?? table.fields[index - 1 - staticTable.length];
    if (!field) throw new Error(`there is no header with the index ${index}`);
    return field;
  };
  const evict = () => {
    let bytes = 0;
    const kept = table.fields.findIndex((field) => (bytes += fieldBytes(field)) > table.capacity);
    if (kept >= 0) table.fields.length = kept;
  };
  while (at < block.length) {
    const first = byte();
    if (first >= 0x80) {
      take(indexed(integer(first, 7)));
    } else if ((first & 0xe0) === 0x20) {
      table.capacity = integer(first, 5);
      if (table.capacity > defaultTableBytes) throw new Error('a table of headers is larger than it may be');
      evict();
    } else {
      const isKept = (first & 0xc0) === 0x40;
      const index = integer(first, isKept ? 6 : 4);
      const name = index ? indexed(index)[0] : text();
      const field: HeaderField = [name, text()];
      take(field);
      if (!isKept) continue;
      table.fields.unshift(field);
      evict();
    }
  }
}

/** Writes a header block of literals that are not to be indexed. */
export function encodeHeaders(fields: readonly HeaderField[]): Uint8Array {
  let room = 0;
  for (const [name, value] of fields) room += name.length + value.length + 11; // five bytes for each length
  const block = new Uint8Array(room);
  let at = 0;
  const text = (value: string) => {
    const { length } = value;
    if (length < 0x7f) block[at++] = length;
    else {
      block[at++] = 0x7f;
      let rest = length - 0x7f;
      for (; rest >= 0x80; rest >>>= 7) block[at++] = (rest & 0x7f) | 0x80;
      block[at++] = rest;
    }
    for (let n = 0; n < length; n++) block[at++] = value.charCodeAt(n);
  };
  for (const [name, value] of fields) {
    block[at++] = 0;
    text(name);
    text(value);
  }
  return block.subarray(0, at);
}
