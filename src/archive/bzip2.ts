/** Unpacks bzip2, which Node's zlib does not support. */

const blockMagic = 0x314159265359;
const endMagic = 0x177245385090;
const maxBlockSize = 900_000;
const groupSize = 50;
const runA = 0;
const runB = 1;

/**
 * The plain bytes of one or several bzip2 streams, in pieces of `pieceSize` bytes. It gives at least one piece, which
 * may be empty, for each block: a block takes some tenths of a second at most, and its plain bytes are not kept.
 *
 * @throws Error if the data is damaged
 */
export function* bunzip2(data: Uint8Array, pieceSize: number): Generator<Uint8Array> {
  const bits = new BitReader(data);
  const room = new Uint8Array(maxBlockSize);
  while (!bits.isAtEnd()) {
    if (bits.read(24) !== 0x425a68) throw damaged('bad magic value');
    const level = bits.read(8) - 0x30;
    if (level < 1 || level > 9) throw damaged('invalid compression level');
    for (;;) {
      const magic = bits.read(24) * 2 ** 24 + bits.read(24);
      bits.read(32); // the checksum is not checked
      if (magic === endMagic) break;
      if (magic !== blockMagic) throw damaged('bad magic value found');
      yield* expandRuns(readBlock(bits, room.subarray(0, level * 100_000)), pieceSize);
    }
    bits.align();
    yield empty;
  }
}

const empty = new Uint8Array();
const damaged = (why: string) => new Error(`bzip2 data invalid: ${why}`);

class BitReader {
  private readonly data: Uint8Array;
  private at = 0;
  private held = 0;
  private count = 0;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  isAtEnd(): boolean {
    return this.count === 0 && this.at >= this.data.length;
  }

  /** Reads up to 32 bits; the first is the highest. */
  read(bits: number): number {
    let value = 0;
    for (let left = bits; left > 0; ) {
      if (this.count === 0) {
        if (this.at >= this.data.length) throw new Error('unexpected EOF');
        this.held = this.data[this.at++]!;
        this.count = 8;
      }
      const take = Math.min(left, this.count);
      this.count -= take;
      value = value * 2 ** take + ((this.held >> this.count) & ((1 << take) - 1));
      left -= take;
    }
    return value;
  }

  align(): void {
    this.count = 0;
  }
}

/** Reads a block. @param room the buffer for the block before its runs are expanded */
function readBlock(bits: BitReader, room: Uint8Array): Uint8Array {
  if (bits.read(1)) throw damaged('deprecated randomized files');
  const origin = bits.read(24);
  const symbols = readSymbols(bits);
  const permuted = readPermuted(bits, symbols, room);
  if (origin >= permuted.length) throw damaged('pointer out of bounds');
  return unpermute(permuted, origin);
}

/** The bytes that occur in the block. */
function readSymbols(bits: BitReader): number[] {
  const ranges = bits.read(16);
  const symbols: number[] = [];
  for (let range = 0; range < 16; range++) {
    if (!(ranges & (0x8000 >> range))) continue;
    const used = bits.read(16);
    for (let i = 0; i < 16; i++) if (used & (0x8000 >> i)) symbols.push(range * 16 + i);
  }
  if (symbols.length === 0) throw damaged('no symbols in input');
  return symbols;
}

/** Undoes Huffman coding, move-to-front and the runs of zeros. */
function readPermuted(bits: BitReader, symbols: number[], output: Uint8Array): Uint8Array {
  const blockSize = output.length;
  const treeCount = bits.read(3);
  if (treeCount < 2 || treeCount > 6) throw damaged('invalid number of Huffman trees');
  const selectors = readSelectors(bits, treeCount);
  const endOfBlock = symbols.length + 1;
  const trees = Array.from({ length: treeCount }, () => readTree(bits, endOfBlock + 1));

  let length = 0;
  let run = 0;
  let weight = 1;
  for (let decoded = 0; ; decoded++) {
    const selector = selectors[Math.floor(decoded / groupSize)];
    if (selector === undefined) throw damaged('insufficient selector indices for number of decoded symbols');
    const symbol = trees[selector]!(bits);
    if (symbol === runA || symbol === runB) {
      run += weight << symbol;
      weight <<= 1;
      if (run > blockSize) throw damaged('repeat count too large');
      continue;
    }
    if (run > 0) {
      if (length + run > blockSize) throw damaged('repeats past end of block');
      output.fill(symbols[0]!, length, length + run);
      length += run;
      run = 0;
      weight = 1;
    }
    if (symbol === endOfBlock) return output.subarray(0, length);
    if (length >= blockSize) throw damaged('data exceeds block size');
    const [value] = symbols.splice(symbol - 1, 1);
    symbols.unshift(value!);
    output[length++] = value!;
  }
}

function readSelectors(bits: BitReader, treeCount: number): number[] {
  const count = bits.read(15);
  const order = Array.from({ length: treeCount }, (_, tree) => tree);
  return Array.from({ length: count }, () => {
    let place = 0;
    while (bits.read(1)) place++;
    if (place >= treeCount) throw damaged('tree index too large');
    const [tree] = order.splice(place, 1);
    order.unshift(tree!);
    return tree!;
  });
}

/** A canonical Huffman code: shorter codes first, and symbols in order among those of one length. */
function readTree(bits: BitReader, symbolCount: number): (bits: BitReader) => number {
  const lengths: number[] = [];
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > 20) throw damaged('Huffman length out of range');
      if (!bits.read(1)) break;
      length += bits.read(1) ? -1 : 1;
    }
    lengths.push(length);
  }
  const counts = Array.from({ length: 21 }, (_, size) => lengths.filter((l) => l === size).length);
  const sorted = lengths.map((_, symbol) => symbol).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  return (input) => {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let size = 1; size <= 20; size++) {
      code = code * 2 + input.read(1);
      const count = counts[size]!;
      if (code - first < count) return sorted[index + code - first]!;
      index += count;
      first = (first + count) * 2;
    }
    throw damaged('no Huffman code');
  };
}

/** Undoes the Burrows–Wheeler transform. */
function unpermute(permuted: Uint8Array, origin: number): Uint8Array {
  const starts = new Uint32Array(256);
  for (const byte of permuted) starts[byte]!++;
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    const count = starts[byte]!;
    starts[byte] = sum;
    sum += count;
  }
  const next = new Uint32Array(permuted.length);
  for (const [at, byte] of permuted.entries()) next[starts[byte]!++] = at;
  const output = new Uint8Array(permuted.length);
  let at = next[origin]!;
  for (let i = 0; i < output.length; i++) {
    output[i] = permuted[at]!;
    at = next[at]!;
  }
  return output;
}

/** Expands runs: after four equal bytes comes the number of further ones. */
function* expandRuns(data: Uint8Array, pieceSize: number): Generator<Uint8Array> {
  let piece = new Uint8Array(pieceSize + 255);
  let length = 0;
  let repeats = 0;
  let last = -1;
  for (const byte of data) {
    if (repeats === 4) {
      piece.fill(last, length, length + byte);
      length += byte;
      repeats = 0;
      last = -1;
    } else {
      repeats = byte === last ? repeats + 1 : 1;
      last = byte;
      piece[length++] = byte;
    }
    if (length < pieceSize) continue;
    yield piece.subarray(0, length);
    piece = new Uint8Array(pieceSize + 255);
    length = 0;
  }
  yield piece.subarray(0, length);
}
