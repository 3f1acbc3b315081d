/** Archives: the reader ends, with a time or with the words of Go's reader. */
import { isTarHeader, newestFile } from '../../../../src/archive/tar.ts';
import { mutate } from '../mutate.ts';
import { hold, mayFail, type Target } from '../run.ts';

function entry(name: string, type: string, content: string, mtime = 1_700_000_000, magic = 'ustar\x0000'): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\x000000000\x000000000\0', 100);
  block.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  block.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136);
  block.write(type, 156);
  block.write(magic, 257, 'latin1');
  const data = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  data.write(content);
  return Buffer.concat([withSum(block), data]);
}

/** What is changed in a header is only looked at if its sum is right. */
function withSum(block: Buffer): Buffer {
  block.write('        ', 148);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const archives = [
  [entry('a', '0', 'hello'), entry('d/', '5', '')],
  [entry('x', 'x', '20 mtime=1700000001\n19 path=long/name\n12 size=700\n'), entry('b', '0', 'b'.repeat(700))],
  [entry('g', 'g', '19 comment=global\n'), entry('c', '0', 'c', 1)],
  [entry('././@LongLink', 'L', 'n'.repeat(300)), entry('e', 'S', 'sparse', 2, 'ustar  \0')],
  [entry('l', '1', ''), entry('s', '2', ''), entry('old', '\0', 'x', 3, '\0')],
].map((entries) => Buffer.concat([...entries, Buffer.alloc(1024)]));

export const tar: Target = {
  name: 'tar',
  share: 20_000,
  async try(random, tell) {
    const changed = mutate(random, random.pick(archives), archives);
    if (random.chance(0.7))
      for (let at = 0; at + 512 <= changed.length; at += 512)
        if (changed[at + 257] === 0x75) withSum(changed.subarray(at));
    // Beside each other in memory with other bytes, as pieces of a larger buffer are.
    const around = Buffer.alloc(changed.length + 1024, 0x41);
    changed.copy(around, 512);
    const bytes = around.subarray(512, 512 + changed.length);
    tell(bytes);
    hold(typeof isTarHeader(bytes) === 'boolean', 'a header or none');
    await mayFail(() => newestFile(pieces(bytes, 1 + random.below(700))));
    hold(
      around.subarray(0, 512).every((byte) => byte === 0x41),
      'nothing is written',
    );
  },
};

/** An archive whole, and as the pieces in which it arrives. */
function pieces(bytes: Uint8Array, size: number): Uint8Array & AsyncIterable<Uint8Array> {
  return Object.assign(bytes, {
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
  });
}
