import { appendFileSync, chmodSync, linkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createOrderCheck } from '../../src/client/fsutil/order-check.ts';
import { fileSync } from '../../src/client/session/file-sync.ts';
import type { Stat } from '../../src/gen/fsutil/types/stat_pb.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { Health } from '../../src/gen/grpc/health/v1/health_pb.ts';
import { ends } from '../ends.ts';
import { temporaryDir, writeFiles } from '../temporary-dir.ts';
import { fakeDaemon } from './fake-daemon.ts';

type Headers = Record<string, string | readonly string[]>;

interface Received {
  readonly stats: Stat[];
  readonly contents: Map<string, string>;
}

/** Receives a context; `beforeRequests` runs once all is listed. */
async function receive(dir: string, headers: Headers = {}, beforeRequests = () => {}): Promise<Received> {
  const daemon = await fakeDaemon(fileSync(new Map([['context', dir]])));
  const call = daemon.fileSync.diffCopy({ metadata: { 'dir-name': 'context', ...headers } });
  const stats: Stat[] = [];
  const contents = new Map<string, string>();
  const open = new Set<number>();
  for await (const packet of call.messages) {
    if (packet.type === Type.PACKET_STAT && packet.stat) stats.push(packet.stat);
    else if (packet.type === Type.PACKET_STAT) {
      beforeRequests();
      for (const [id, { mode, linkname }] of stats.entries())
        if (mode <= 0o777 && !linkname) {
          open.add(id);
          await call.send({ type: Type.PACKET_REQ, ID: id });
        }
      if (open.size === 0) await call.send({ type: Type.PACKET_FIN });
    } else if (packet.type === Type.PACKET_DATA) {
      const { path } = stats[packet.ID]!;
      contents.set(path, (contents.get(path) ?? '') + Buffer.from(packet.data).toString());
      if (packet.data.length > 0) continue;
      open.delete(packet.ID);
      if (open.size === 0) await call.send({ type: Type.PACKET_FIN });
    } else if (packet.type === Type.PACKET_ERR) throw new Error(Buffer.from(packet.data).toString());
    else call.end();
  }
  return { stats, contents };
}

describe('a context', () => {
  let dir: string;
  const write = (name: string, text = name) => writeFiles(dir, { [name]: text });
  const paths = async (headers: Headers) => (await receive(dir, headers)).stats.map((stat) => stat.path);
  beforeEach(() => {
    dir = temporaryDir();
  });

  test('a context is listed in the order that receivers check', async () => {
    for (const name of ['a/b', 'a-b', 'a.c', 'a/c/d', 'B', 'é', 'z', '\u{1f600}', '\uffee', 'ab']) write(name);
    const { stats } = await receive(dir);
    const check = createOrderCheck();
    for (const stat of stats) check({ ...stat, size: 0, devmajor: 0, devminor: 0, xattrs: undefined });
    expect(stats.map((stat) => stat.path)).toEqual([
      'B', 'a', 'a/b', 'a/c', 'a/c/d', 'a-b', 'a.c', 'ab', 'z', 'é', '\uffee', '\u{1f600}',
    ]); // biome-ignore format: one line
  });

  test('a context has modes, links and no owners', async () => {
    write('f', 'text');
    chmodSync(path.join(dir, 'f'), 0o640);
    linkSync(path.join(dir, 'f'), path.join(dir, 'g'));
    symlinkSync('/abs', path.join(dir, 'l'));
    const { stats, contents } = await receive(dir);
    expect(stats.map(({ path, mode, size, linkname, uid, gid }) => ({ path, mode, size, linkname, uid, gid }))).toEqual(
      [
        { path: 'f', mode: 0o640, size: 4n, linkname: '', uid: 0, gid: 0 },
        { path: 'g', mode: 0o640, size: 0n, linkname: 'f', uid: 0, gid: 0 },
        { path: 'l', mode: (1 << 27) | 0o777, size: 4n, linkname: '/abs', uid: 0, gid: 0 },
      ],
    );
    expect(contents).toEqual(new Map([['f', 'text']]));
  });

  test('a context leaves out what is excluded, and brings the directories of exceptions', async () => {
    for (const name of ['src/a.ts', 'src/deep/b.ts', 'node_modules/x/y', 'keep/this', 'keep/that']) write(name);
    expect(await paths({ 'exclude-patterns': ['node_modules', 'keep', '!keep/this', '**/*.ts', '!src/deep/*'] })).toEqual([
      'keep', 'keep/this', 'src', 'src/deep', 'src/deep/b.ts',
    ]); // biome-ignore format: one line
  });

  test('a context has only what is included, with directories before the first file in them', async () => {
    for (const name of ['a/b/c', 'a/x', 'd', 'e/f']) write(name);
    expect(await paths({ 'include-patterns': ['a/b/*', 'd'] })).toEqual(['a', 'a/b', 'a/b/c', 'd']);
  });

  test('follows the symlinks on the way to a path, and circles of them end', async () => {
    for (const name of ['real/file', 'real/other', 'more/m1', 'more/m2', 'no']) write(name);
    symlinkSync('real', path.join(dir, 'dir'));
    symlinkSync('dir/file', path.join(dir, 'link'));
    symlinkSync('loop-b', path.join(dir, 'loop-a'));
    symlinkSync('loop-a', path.join(dir, 'loop-b'));
    symlinkSync('../../../../more', path.join(dir, 'out'));
    expect(await paths({ followpaths: ['link', 'out/m*', 'loop-a', '../escape', '/absent'] })).toEqual([
      'dir', 'link', 'loop-a', 'loop-b', 'more', 'more/m1', 'more/m2', 'out', 'real', 'real/file',
    ]); // biome-ignore format: one line
  });

  test('a context takes query-escaped patterns', async () => {
    for (const name of ['ü x', 'other']) write(name);
    expect(await paths({ 'include-patterns': '%C3%BC+x', 'include-patterns-encoded': '1' })).toEqual(['ü x']);
  });

  test('a context whose file vanishes while it is sent fails', async () => {
    write('gone');
    await expect(receive(dir, {}, () => rmSync(path.join(dir, 'gone')))).rejects.toThrow(
      'gone vanished while the context was being sent',
    );
  });

  test('a context whose file changes while it is sent fails', async () => {
    write('grows', 'ab');
    await expect(receive(dir, {}, () => appendFileSync(path.join(dir, 'grows'), 'c'))).rejects.toThrow(
      'grows changed while the context was being sent (2 bytes, then 3)',
    );
  });

  test('a context of many small files is read by a thread', async () => {
    const names = Array.from({ length: 900 }, (_, i) => `f${i}`);
    for (const name of names) write(name, `contents of ${name}`);
    write('empty', '');
    const { contents } = await receive(dir);
    expect(contents.size).toBe(901);
    for (const name of names) expect(contents.get(name)).toBe(`contents of ${name}`);
    const shrink = () => writeFileSync(path.join(dir, 'f899'), 'x');
    await expect(receive(dir, {}, shrink)).rejects.toThrow(
      'f899 changed while the context was being sent (16 bytes, then 1)',
    );
    await expect(receive(dir, {}, () => rmSync(path.join(dir, 'f898')))).rejects.toThrow('f898 vanished');
  });

  test('a context that was not offered is refused', async () => {
    await expect(receive(dir, { 'dir-name': 'other' })).rejects.toThrow('no access allowed to dir "other"');
  });

  test('a long transfer does not delay health checks', async () => {
    for (let i = 0; i < 2000; i++) write(`d${i % 20}/f${i}`);
    const daemon = await fakeDaemon(fileSync(new Map([['context', dir]])));
    const call = daemon.fileSync.diffCopy({ metadata: { 'dir-name': 'context' } });
    const listing = (async () => {
      for await (const packet of call.messages) if (!packet.stat) break;
    })();
    expect((await ends(daemon.client(Health).check({}))).status).toBe(1); // after 10 s the daemon gives up
    await listing;
    call.cancel();
    expect(daemon.headers['X-Docker-Expose-Session-Grpc-Method']).toContain('/grpc.health.v1.Health/Check');
  });
});
