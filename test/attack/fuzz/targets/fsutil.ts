/** The file transfer: packets of a peer, and the paths that it lists. */
import path from 'node:path';
import { createOrderCheck } from '../../../../src/client/fsutil/order-check.ts';
import { decodePacket } from '../../../../src/client/fsutil/packet.ts';
import { PacketBuffer, PacketType } from '../../../../src/client/fsutil/packet-buffer.ts';
import { mutate, mutateText } from '../mutate.ts';
import { hold, mayThrow, type Target } from '../run.ts';

const file = {
  path: 'dir/file',
  mode: 0o644,
  size: 5,
  modTime: 1_700_000_000n,
  linkname: '',
  devmajor: 0,
  devminor: 0,
};

function packet(write: (buffer: PacketBuffer) => void): Uint8Array {
  const buffer = new PacketBuffer();
  write(buffer);
  return buffer.take().subarray(5); // behind the frame's head
}

const packets = [
  packet((buffer) => buffer.stat({ ...file, xattrs: new Map([['user.a', Buffer.from('value')]]) })),
  packet((buffer) => buffer.stat({ ...file, mode: 2 ** 31 + 0o755, path: 'dir', linkname: '../x' })),
  packet((buffer) => buffer.stat({ ...file, mode: 2 ** 27 + 0o777, modTime: -1n, linkname: '/etc/passwd' })),
  packet((buffer) => buffer.packet(PacketType.Data, 7, Buffer.from('some content'))),
  packet((buffer) => buffer.packet(PacketType.Request, 300, Buffer.alloc(0))),
  packet((buffer) => buffer.packet(PacketType.Error, 0, Buffer.from('it failed'))),
  packet((buffer) => buffer.packet(PacketType.Fin, 0, Buffer.alloc(0))),
];

export const packetReader: Target = {
  name: 'fsutil packet',
  share: 20_000,
  try(random, tell) {
    const bytes = mutate(random, random.pick(packets), packets);
    tell(bytes);
    mayThrow(() => {
      const { data, stat, type, id } = decodePacket(bytes);
      hold(Number.isInteger(type) && Number.isInteger(id), 'type and id are numbers');
      const attributes = [...(stat?.xattrs?.values() ?? [])].reduce((sum, value) => sum + value.length, 0);
      hold(data.length + attributes <= bytes.length, 'nothing is larger than the packet');
      hold(
        data.length === 0 || data.buffer === bytes.buffer || data.buffer.byteLength <= 65_536 + bytes.length,
        'no length is taken on trust',
      );
      if (stat) hold(stat.path.length + stat.linkname.length <= bytes.length, 'names are in the packet');
    });
  },
};

const names = [
  'a',
  'b',
  'dir',
  'dir/a',
  'dir/b/c',
  '../x',
  '/etc',
  'a/../../x',
  './a',
  'a//b',
  'é',
  '\u{1f600}',
  'a\\..\\b',
  '',
];
const root = '/export/root';

export const listing: Target = {
  name: 'fsutil listing',
  share: 1000,
  try(random, tell) {
    const check = createOrderCheck();
    const accepted: string[] = [];
    const tried: string[] = [];
    for (let left = 1 + random.below(12); left > 0; left--) {
      const name = random.chance(0.5) ? random.pick(names) : mutateText(random, random.pick(names), names);
      const mode = random.pick([0o644, 2 ** 31 + 0o755, 2 ** 27 + 0o777]);
      const linkname = mode === 0o644 && random.chance(0.3) ? random.pick([...accepted, ...names]) : '';
      tried.push(`${name} ${mode} ${linkname}`);
      tell(tried.join('\n'));
      const entry = { ...file, path: name, mode, linkname, xattrs: new Map<string, Uint8Array>() };
      if (mayThrow(() => check(entry)) !== undefined) continue;
      const place = path.resolve(root, name);
      hold(place.startsWith(`${root}/`) && path.relative(root, place) === name, 'an accepted path is below the root');
      hold(!accepted.includes(name), 'no path comes twice');
      if (linkname !== '') hold(accepted.includes(linkname), 'a hard link is to what came before');
      accepted.push(name);
    }
  },
};
