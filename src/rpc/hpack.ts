/**
 * HPACK (RFC 7541) as far as a client needs that has told its peer to keep no dynamic table: it writes plain literals
 * and reads literals, Huffman coded or not, and the static table.
 */

/** The most that the headers of a request may come to, names and values and 32 for each, as in Go's gRPC. */
export const MAX_HEADER_BYTES = 16 << 20;

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

function decodeHuffman(data: Uint8Array): string {
  const bytes = Buffer.allocUnsafe(Math.ceil((data.length * 8) / 5)); // the shortest code has five bits
  let length = 0;
  let node = huffmanTree;
  for (const byte of data) {
    for (let bit = 7; bit >= 0; bit--) {
      const next: Node | undefined = (node as [Node?, Node?])[(byte >> bit) & 1];
      if (next === undefined) throw new Error('a header is not Huffman coded as it should be');
      if (typeof next === 'number') bytes[length++] = next;
      node = typeof next === 'number' ? huffmanTree : next;
    }
  }
  return bytes.toString('latin1', 0, length); // what is left over is padding
}

/** Reads a complete header block. Throws for one that needs a dynamic table, breaks off or is too long. */
export function decodeHeaders(block: Uint8Array): HeaderField[] {
  const fields: HeaderField[] = [];
  let at = 0;
  let size = 0;
  const add = (field: HeaderField) => {
    size += field[0].length + field[1].length + 32;
    if (size > MAX_HEADER_BYTES) throw new Error(`the server sent more than ${MAX_HEADER_BYTES} bytes of headers`);
    fields.push(field);
  };
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
    return first >= 0x80 ? decodeHuffman(data) : Buffer.from(data).toString('latin1');
  };
  const indexed = (index: number) => {
    const field = staticTable[index - 1];
    if (!field) throw new Error(`there is no header with the index ${index}`);
    return field;
  };
  while (at < block.length) {
    const first = byte();
    if (first >= 0x80) {
      add(indexed(integer(first, 7)));
    } else if ((first & 0xe0) === 0x20) {
      integer(first, 5); // the table's new size, which is 0
    } else {
      const index = integer(first, (first & 0xc0) === 0x40 ? 6 : 4);
      const name = index ? indexed(index)[0] : text();
      add([name, text()]);
    }
  }
  return fields;
}

/** Writes a header block of literals that are not to be indexed. */
export function encodeHeaders(fields: readonly HeaderField[]): Buffer {
  const parts: Buffer[] = [];
  const text = (value: string) => {
    const data = Buffer.from(value, 'latin1');
    if (data.length < 0x7f) parts.push(Buffer.of(data.length), data);
    else {
      const length = [0x7f];
      let rest = data.length - 0x7f;
      for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
      parts.push(Buffer.from([...length, rest]), data);
    }
  };
  for (const [name, value] of fields) {
    parts.push(Buffer.of(0));
    text(name);
    text(value);
  }
  return Buffer.concat(parts);
}
