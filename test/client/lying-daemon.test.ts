import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Connection, connect, type Export, type SolveOptions, solve } from '../../src/client/index.ts';
import { Packet_PacketType as Type } from '../../src/gen/fsutil/types/wire_pb.ts';
import { Control } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { LLBBridge } from '../../src/gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { FileSend } from '../../src/gen/moby/filesync/v1/filesync_pb.ts';
import { routes, serveConnection } from '../../src/rpc/server.ts';
import { runCommand } from '../engine/command.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { exportTo, file, patience, sendTree, toDirectory, toFile } from './export-peer.ts';

describe('a build whose daemon says that it succeeded fails', () => {
  let address: string;
  let server: net.Server;
  /** What it says of the image. */
  let response: Record<string, string> = {};
  beforeAll(async () => {
    const socket = path.join(mkdtempSync(path.join(temporaryDir(), 'lying-')), 'socket');
    const control = routes(Control, {
      listWorkers: async () => ({ record: [{ ID: 'w', platforms: [{ OS: 'linux', Architecture: 'amd64' }] }] }),
      solve: async () => ({ ExporterResponse: response }),
      async *status() {},
      async *session(messages) {
        for await (const _ of messages) yield* []; // it asks for nothing
      },
    });
    const bridge = routes(LLBBridge, { ping: async () => ({}), solve: async () => ({}), return: async () => ({}) });
    const router = new Map([...control, ...bridge]);
    server = net.createServer((connection) => void serveConnection(connection, router));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    address = `buildkit+unix://${socket}`;
  });
  afterAll(() => void server?.close());

  const build = async (exports: readonly Export[], options: SolveOptions = {}) => {
    const connection = await connect(address);
    try {
      await solve(connection, { frontend: 'dockerfile.v0', exports, auth: false, ...options }).result;
    } finally {
      connection.close();
    }
  };

  test('a build fails when the daemon has not sent what was asked for', async () => {
    const root = temporaryDir();
    const dest = path.join(root, 'a/b');
    for (const type of ['tar', 'oci', 'docker'] as const) {
      await expect(build([{ type, dest }])).rejects.toThrow(`it has not sent output 1 (${dest})`);
      await expect(build([{ type, dest: () => new PassThrough() }])).rejects.toThrow('it has not sent output 1');
    }
    await expect(build([{ type: 'local', dest }])).rejects.toThrow(`it has not sent output 1 (${dest})`);
    await build([{ type: 'image' }]); // which stays there
    expect(readdirSync(root)).toEqual([]);
  });

  test('a build fails when a layout or a cache lacks what it names', async () => {
    const root = temporaryDir();
    const dest = path.join(root, 'layout');
    const layout: Export = { type: 'oci', dest, attrs: { tar: 'false' } };
    response = {};
    await expect(build([layout])).rejects.toThrow(`it has not named an image for ${dest}`);
    const digest = `sha256:${'1'.repeat(64)}`;
    const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 2 };
    const named = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64');
    response = { 'containerimage.descriptor': named(descriptor) };
    await expect(build([layout])).rejects.toThrow(`${dest} has not got all of it: ${digest} is missing`);
    response = { 'containerimage.descriptor': named({ ...descriptor, digest: '../../x' }) };
    await expect(build([layout])).rejects.toThrow('invalid digest');
    response = { 'containerimage.descriptor': '!' };
    await expect(build([layout])).rejects.toThrow(`what the daemon says of the image for ${dest} cannot be read`);
    response = { 'cache.manifest': JSON.stringify(descriptor) };
    await expect(build([], { cacheTo: [{ type: 'local', attrs: { dest } }] })).rejects.toThrow(`${digest} is missing`);
    response = {};
    await build([], { cacheTo: [{ type: 'local', attrs: { dest } }] }); // as of a result without layers
    expect(readdirSync(root)).toEqual([]);
  });

  test('a false success makes the command exit with 1', async () => {
    const context = temporaryDir({ Dockerfile: 'FROM scratch\n' });
    const dest = path.join(context, 'out');
    const cli = path.join(import.meta.dirname, '../../src/cli.ts');
    const args = [
      cli,
      'build',
      '--builder',
      address,
      '--frontend=dockerfile.v0',
      '--progress=quiet',
      '-o',
      dest,
      context,
    ];
    const { status, stderr } = await runCommand(process.execPath, args);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('it has not sent output 1'),
    });
    expect(readdirSync(context)).toEqual(['Dockerfile']);
  });
});

describe('an export that the daemon takes for sent fails', () => {
  test('an export that we have refused fails the build', async () => {
    const dest = path.join(temporaryDir(), 'out');
    const exporting = exportTo(toDirectory(dest), async (daemon) => {
      await sendTree(daemon, [file('../x', 'x')]).catch(() => {});
      await sendTree(daemon, [file('x', 'x')]); // what comes later does not make up for it
    });
    await expect(exporting).rejects.toThrow(/says that the build succeeded, but output 1 \(.*\) failed: unclean path/);
    expect(readdirSync(path.dirname(dest))).toEqual([]);
  });

  test.each(['directory', 'file'])('an export of which half of a %s has come fails the build', async (kind) => {
    const root = temporaryDir();
    const dest = path.join(root, 'out');
    const exporting = exportTo(kind === 'file' ? toFile(dest) : toDirectory(dest), async (daemon) => {
      // The calls stay open.
      if (kind === 'file')
        await daemon
          .client(FileSend)
          .diffCopy()
          .send({ data: Buffer.from('half') });
      else await daemon.directoryExport.diffCopy().send({ type: Type.PACKET_STAT, stat: { path: 'f', size: 9n } });
      await expect.poll(() => readdirSync(root).length, patience).toBe(1);
      setTimeout(() => daemon.cut(), 100);
    });
    await expect(exporting).rejects.toThrow(/says that the build succeeded, but output 1/);
    expect(readdirSync(root)).toEqual([]);
  });
});

await onEngines('an export that a real daemon was not told of', { suites: ['forky', 'trixie'] }, (engine) => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await connect(engine.address);
  });
  afterAll(() => connection?.close());

  test('a missing export is reported', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' };
    const root = temporaryDir();
    mkdirSync(path.join(root, 'out'));
    // The daemon succeeds, and takes the first output for all.
    const control: Connection['control'] = {
      ...connection.control,
      solve: (request, options) =>
        connection.control.solve({ ...request, Exporters: request.Exporters?.slice(0, 1) } as typeof request, options),
    };
    const exports: Export[] = [
      { type: 'local', dest: path.join(root, 'out/sent') },
      { type: 'tar', dest: path.join(root, 'missed.tar') },
    ];
    const localDirs = { context: files, dockerfile: files };
    const { result } = solve(
      { ...connection, control },
      { frontend: 'dockerfile.v0', localDirs, exports, auth: false },
    );
    await expect(result).rejects.toThrow('it has not sent output 2');
    expect(readdirSync(root, { recursive: true })).toEqual(['out']);
  });
});
