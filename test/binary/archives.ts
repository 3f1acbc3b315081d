/** Archives of files that differ in their times. */
import type { Random } from '../attack/fuzz/random.ts';

/** Two files, by Python's `tarfile` and `bz2`. */
export const bzip2Archive = Buffer.from(
  'QlpoOTFBWSZTWeiB69AAAJ9fgcqQQAD/gAUqkYDrLd5AAQAICCAAkglTVP1TyTQA0PUPUbUA8j1QSKnqaTTRpoGgMgANH6+6ohjpYAOQJEDSEN+SwpCJ9IyYQhif0qOBBvLAoDG0E4yZiDQX3SAySKIikbiFsBLFsF5PfmFIRyPkYsSN5eITJikzVIR18TErSpXzTArhQQ4Winxhhhi4c4P4u5IpwoSHRA9egA==',
  'base64',
);

const times = [
  '00000000000',
  '14524770400',
  '77777777777',
  '-0000000001',
  '      1234 ',
  '8',
  '\x80\0\0\0\0\0\0\0\x65\x53\xf1\0',
  '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff',
];
const paxTimes = [
  '1700000000',
  '1700000000.5',
  '1700000000.123456789123',
  '-1.5',
  '1e9',
  '٣',
  '',
  '99999999999999999999',
  '1.',
  '.5',
];

/** A tar archive, most often a valid one. */
export function tarArchive(random: Random): Buffer {
  const entries = Array.from({ length: 1 + random.below(3) }, (_, at) => {
    const pax = random.chance(0.4) ? `mtime=${random.pick(paxTimes)}\n` : '';
    const record = pax && `${Buffer.byteLength(pax) + 3} ${pax}`;
    return Buffer.concat([
      ...(record ? [entry('PaxHeaders', 'x', '0', record)] : []),
      entry(
        `f${at}é`,
        random.pick(['0', '0', '5', '2', 'S', '\0', 'g']),
        random.pick(times),
        'x'.repeat(random.below(900)),
      ),
    ]);
  });
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

function entry(name: string, type: string, time: string, content: string): Buffer {
  const data = Buffer.from(content);
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\x000000000\x000000000\0', 100, 'latin1');
  block.write(data.length.toString(8).padStart(11, '0'), 124);
  block.write(time, 136, 'latin1');
  block.write(`        ${type}`, 148, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([block, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}
