/** Extended attributes, on their way to the daemon and back. */
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { getAttributeSync, listAttributesSync, setAttributeSync } from '@napi-rs/xattr';
import { describe, expect, test } from 'vitest';
import { ExportReceiver } from '../../src/client/session/file-send.ts';
import { fileSync } from '../../src/client/session/file-sync.ts';
import type { Stat } from '../../src/gen/fsutil/types/stat_pb.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { ModeDir, ModeSymlink } from '../../src/go/file-mode.ts';
import { xattrCalls } from '../../src/tree/xattr.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { fakeDaemon } from './fake-daemon.ts';

const value = Buffer.from([0, 1, 255]);
const isRoot = process.getuid?.() === 0;

function isPossible(): boolean {
  try {
    setAttributeSync(temporaryDir(), 'user.test', 'x');
    return true;
  } catch {
    console.warn('\n*** SKIPPED: the directory for temporary files has no extended attributes\n');
    return false;
  }
}

describe.runIf(isPossible())('extended attributes', () => {
  function context(): string {
    const dir = temporaryDir();
    mkdirSync(path.join(dir, 'd'));
    for (const name of ['d/f', 'bare']) writeFileSync(path.join(dir, name), name);
    setAttributeSync(path.join(dir, 'd/f'), 'user.test', value);
    setAttributeSync(path.join(dir, 'd/f'), 'user.empty', '');
    setAttributeSync(path.join(dir, 'd/f'), 'user.long', 'x'.repeat(3000));
    setAttributeSync(path.join(dir, 'd'), 'user.directory', 'yes');
    symlinkSync('d/f', path.join(dir, 'link'));
    return dir;
  }

  test('extended attributes are listed with the files of a context', async () => {
    const daemon = await fakeDaemon(fileSync(new Map([['context', context()]])));
    const call = daemon.fileSync.diffCopy({ metadata: { 'dir-name': 'context' } });
    const stats: Stat[] = [];
    for await (const packet of call.messages) {
      if (!packet.stat) break;
      stats.push(packet.stat);
    }
    call.cancel();
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    const found = stats.map(({ path, xattrs }) => [
      path,
      Object.fromEntries(Object.entries(xattrs).map(([name, bytes]) => [name, text(bytes)])),
    ]);
    expect(Object.fromEntries(found)).toEqual({
      bare: {},
      d: { 'user.directory': 'yes' },
      'd/f': { 'user.test': text(value), 'user.empty': '', 'user.long': 'x'.repeat(3000) },
      link: {},
    });
  });

  test('extended attributes are set on what is exported, even if the mode forbids it, and never through a link', async () => {
    const dest = temporaryDir();
    const received = new ExportReceiver(new Map([[0, { kind: 'directory', path: dest }]]));
    const daemon = await fakeDaemon(received);
    const call = daemon.directoryExport.diffCopy();
    const entries = [
      { path: 'd', mode: (ModeDir | 0o500) >>> 0, xattrs: { 'user.directory': value } },
      { path: 'f', mode: 0o400, size: 4n, xattrs: { 'user.test': value, 'unknown.refused': value } },
      { path: 'link', mode: (ModeSymlink | 0o777) >>> 0, linkname: 'f', xattrs: { 'trusted.of-link': value } },
    ];
    for (const stat of entries) await call.send({ type: Type.PACKET_STAT, stat });
    await call.send({ type: Type.PACKET_STAT });
    for await (const packet of call.messages) {
      if (packet.type === Type.PACKET_REQ) {
        await call.send({ type: Type.PACKET_DATA, ID: packet.ID, data: Buffer.from('text') });
        await call.send({ type: Type.PACKET_DATA, ID: packet.ID });
      } else {
        expect(packet.type, Buffer.from(packet.data).toString()).toBe(Type.PACKET_FIN);
        await call.send({ type: Type.PACKET_FIN });
        call.end();
      }
    }
    await received.publish();
    await received.keep();
    await received.close();
    const at = (name: string) => path.join(dest, name);
    expect(getAttributeSync(at('d'), 'user.directory')).toEqual(value);
    expect(listAttributesSync(at('f'))).toEqual(['user.test']);
    expect(getAttributeSync(at('f'), 'user.test')).toEqual(value);
    expect(lstatSync(at('f')).mode & 0o777).toBe(0o400);
    expect(listAttributesSync(at('link'))).toEqual(isRoot ? ['trusted.of-link'] : []);
  });

  test('a file without extended attributes has an empty list, also if it is gone', async () => {
    const calls = (await xattrCalls())!;
    const dir = context();
    expect(calls.read(path.join(dir, 'bare'))).toBeUndefined();
    expect(calls.read(path.join(dir, 'gone'))).toBeUndefined();
    expect(calls.read(path.join(dir, 'bare/below'))).toBeUndefined();
  });
});

await onEngines('extended attributes', { suites: ['forky', 'trixie'] }, (engine) => {
  test.skipIf(!engine.dockerHost)('extended attributes come back as docker buildx brings them', async () => {
    const dir = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY file tool /d/\n' });
    for (const name of ['file', 'tool']) writeFileSync(path.join(dir, name), name);
    setAttributeSync(path.join(dir, 'file'), 'user.test', value);
    const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
    const builds = {
      tsfront: [process.execPath, cli, 'build', '--progress=plain'],
      buildx: ['docker', 'buildx', 'build', '--progress=plain'],
    };
    const found: Record<string, unknown> = {};
    for (const [name, [command, ...args]] of Object.entries(builds)) {
      const dest = temporaryDir();
      await engine.must(command!, [...args, '--no-cache', '-o', dest, dir]);
      found[name] = ['file', 'tool'].map((file) => listAttributesSync(path.join(dest, 'd', file)));
      expect(getAttributeSync(path.join(dest, 'd/file'), 'user.test')).toEqual(value);
    }
    expect(found['tsfront']).toEqual(found['buildx']);
  });
});
