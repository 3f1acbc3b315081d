import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  dockerfileFrontend,
  type Export,
  historyLogs,
  listHistory,
  type SolveOptions,
  solve,
} from '../../src/client/index.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { connected } from './connected.ts';

await onEngines('an export', { suites: ['forky', 'trixie'] }, (engine) => {
  const daemon = connected(engine);

  const files = { Dockerfile: 'FROM scratch\nCOPY f /d/f\nENV A=b\n', f: 'contents' };
  const run = (exports: readonly Export[], options: SolveOptions = {}) =>
    solve(daemon.connection, {
      frontend: 'dockerfile.v0',
      localDirs: { context: files, dockerfile: files },
      exports,
      auth: false,
      ...options,
    }).result;
  const list = async (tar: string) => (await engine.must('tar', ['tf', tar])).trim().split('\n');
  const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

  test('an export as a tar has the files', async () => {
    const dest = path.join(temporaryDir(), 'sub/out.tar');
    await run([{ type: 'tar', dest }]);
    expect(await list(dest)).toEqual(['d/', 'd/f']);
    expect(await engine.must('tar', ['xOf', dest, 'd/f'])).toBe('contents');
  });

  test('an archive can be written to a stream', async () => {
    const stream = new PassThrough();
    const [bytes] = await Promise.all([buffer(stream), run([{ type: 'tar', dest: () => stream }])]);
    expect(bytes.includes('contents')).toBe(true);
  });

  test.skipIf(!engine.dockerHost)('an export as docker and OCI archives holds the image', async () => {
    const dir = temporaryDir();
    const [docker, oci] = [path.join(dir, 'docker.tar'), path.join(dir, 'oci.tar')];
    const { exporterResponse } = await run([{ type: 'oci', dest: oci, attrs: { name: 'example/x:1' } }]);
    expect(await list(oci)).toContain(`blobs/sha256/${exporterResponse['containerimage.digest']!.slice(7)}`);
    await run([{ type: 'docker', dest: docker, attrs: { name: 'example/x:1' } }]);
    expect(await engine.must('docker', ['load', '-q', '-i', docker])).toContain('example/x:1');
    expect(await engine.must('docker', ['image', 'inspect', '-f', '{{.Config.Env}}', 'example/x:1'])).toContain('A=b');
  });

  test('an export as a layout keeps its name in a directory that a cache shares', async () => {
    const dest = temporaryDir();
    const { exporterResponse } = await run([{ type: 'oci', dest, attrs: { tar: 'false' } }], {
      cacheTo: [{ type: 'local', attrs: { dest } }],
    });
    const { manifests } = JSON.parse(readFileSync(path.join(dest, 'index.json'), 'utf8'));
    expect(manifests).toMatchObject([{ digest: exporterResponse['containerimage.digest'] }]);
  });

  test('an export as a layout is complete, and a build can start from it', async () => {
    const layout = temporaryDir();
    const { exporterResponse } = await run([
      { type: 'oci', dest: layout, attrs: { tar: 'false', name: 'example/base:2' } },
    ]);
    const digest = exporterResponse['containerimage.digest']!;
    const blobs = readdirSync(path.join(layout, 'blobs/sha256'));
    for (const blob of blobs)
      expect(sha256(readFileSync(path.join(layout, 'blobs/sha256', blob)))).toBe(`sha256:${blob}`);
    expect(JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8')).manifests[0]).toMatchObject({ digest });

    const dest = temporaryDir();
    const next = { Dockerfile: 'FROM started\nCOPY --from=started /d/f /again\n' };
    await run([{ type: 'local', dest }], {
      localDirs: { context: next, dockerfile: next },
      ociLayouts: { store: layout },
      frontendAttrs: { 'context:started': `oci-layout://store@${digest}` },
    });
    expect(readFileSync(path.join(dest, 'again'), 'utf8')).toBe('contents');
  });

  test('several exports at once get each their own result', async () => {
    const dir = temporaryDir();
    const exports: Export[] = [
      { type: 'tar', dest: path.join(dir, 'out.tar') },
      { type: 'local', dest: path.join(dir, 'files') },
      { type: 'image', attrs: { name: `${engine.registry}/test/several:1` } },
    ];
    const { exporterResponse } = await run(exports);
    expect(await list(path.join(dir, 'out.tar'))).toEqual(['d/', 'd/f']);
    expect(readFileSync(path.join(dir, 'files/d/f'), 'utf8')).toBe('contents');
    expect(exporterResponse['image.name']).toBe(`${engine.registry}/test/several:1`);
  });

  test('exports can be chosen once the result is known', async () => {
    const dir = temporaryDir();
    const [known, tar, layout] = ['known', 'out.tar', 'layout'].map((name) => path.join(dir, name)) as [
      string,
      string,
      string,
    ];
    let config = '';
    const running = run([{ type: 'local', dest: known }], {
      chooseExports: (metadata) => {
        config = Buffer.from(metadata.get('containerimage.config') ?? '').toString();
        return [
          { type: 'tar', dest: tar },
          { type: 'oci', dest: layout, attrs: { tar: 'false' } },
        ];
      },
    });
    if (engine.suite === 'trixie') {
      await expect(running).rejects.toThrow(/does not ask which outputs to make of a result: BuildKit 0.22/);
      return;
    }
    await running;
    expect(JSON.parse(config).config.Env).toContain('A=b');
    expect(readFileSync(path.join(known, 'd/f'), 'utf8')).toBe('contents');
    expect(await list(tar)).toEqual(['d/', 'd/f']);
    expect(JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8')).manifests).toHaveLength(1);

    const other = path.join(dir, 'other');
    const failing = run([{ type: 'oci', dest: other, attrs: { tar: 'false' } }], {
      chooseExports: () => {
        throw new Error('none will do');
      },
    });
    await expect(failing).rejects.toThrow('none will do');
    expect(existsSync(other)).toBe(false);
  });

  test.runIf(engine.dockerHost)('an export of an image by its short name is found by the docker command', async () => {
    const name = `test/short-${randomUUID()}`;
    const { exporterResponse } = await run([{ type: 'image', attrs: { name } }]);
    expect(exporterResponse['image.name']).toBe(`docker.io/${name}:latest`);
    const found = await engine.must('docker', ['image', 'inspect', '--format', '{{json .Config.Env}}', name]);
    expect(found).toContain('A=b');
    await engine.must('docker', ['rmi', name]);
  });

  test('an image that is pushed can be pulled by its digest', async () => {
    const name = `${engine.registry}/test/pushed:1`;
    const { exporterResponse } = await run([{ type: 'image', attrs: { name, push: 'true' } }]);
    const pinned = `${engine.registry}/test/pushed@${exporterResponse['containerimage.digest']}`;
    await engine.run('docker', ['image', 'rm', '-f', name]);
    const dest = temporaryDir();
    const next = { Dockerfile: `FROM ${pinned}` };
    await run([{ type: 'local', dest }], { localDirs: { context: next, dockerfile: next } });
    expect(readFileSync(path.join(dest, 'd/f'), 'utf8')).toBe('contents');
  });

  test('an image that is pushed to a missing registry fails clearly', async () => {
    const pushing = run([{ type: 'image', attrs: { name: 'localhost:1/test/x:1', push: 'true' } }]);
    await expect(pushing).rejects.toThrow(/localhost:1/);
  });

  test('an export whose metadata says where it came from leaves out the secret', async () => {
    const secret = `s3cret-${Date.now()}`;
    const command = 'test -s /run/secrets/token && test -n "$TOKEN" && echo it is there';
    const mounts = '--mount=type=secret,id=token --mount=type=secret,id=token,env=TOKEN';
    const using = { Dockerfile: `FROM ${daemon.base}\nRUN ${mounts} ${command}\n` };
    const layout = path.join(temporaryDir(), 'layout');
    const build = solve(daemon.connection, {
      frontend: dockerfileFrontend, // older frontends have no secrets in the environment
      frontendAttrs: { 'attest:provenance': 'mode=max', 'no-cache': '' },
      localDirs: { context: using, dockerfile: using },
      secrets: { token: { value: secret } },
      exports: [{ type: 'oci', dest: layout, attrs: { tar: 'false' } }],
      auth: false,
    });
    await build.result;
    const [record] = await listHistory(daemon.connection, build.ref);
    expect(record).toMatchObject({ ref: build.ref, status: 'completed' });
    let logs = '';
    let steps = '';
    for await (const update of historyLogs(daemon.connection, build.ref)) {
      for (const { data } of update.logs) logs += Buffer.from(data).toString();
      for (const { name } of update.vertexes) steps += `${name}\n`;
    }
    expect(logs).toContain('it is there');
    expect(steps).toContain('/run/secrets/token');
    const blobs = readdirSync(path.join(layout, 'blobs/sha256')).map((blob) => {
      const bytes = readFileSync(path.join(layout, 'blobs/sha256', blob));
      return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('latin1');
    });
    const provenance = blobs.find((blob) => blob.includes('in-toto.io/Statement'));
    expect(provenance).toContain('"id":"token"'); // which secret, not what it is
    for (const text of [logs, steps, JSON.stringify(record), ...blobs]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('base64'));
    }
  });

  test('an export into a directory keeps the times of files, those before 1970 too', async () => {
    const context = temporaryDir();
    const old = new Date('1969-06-01T00:00:00Z');
    writeFileSync(path.join(context, 'old'), 'old');
    utimesSync(path.join(context, 'old'), old, old);
    const dest = temporaryDir();
    const dockerfile = { Dockerfile: 'FROM scratch\nCOPY old /\n' };
    await run([{ type: 'local', dest }], { localDirs: { context, dockerfile } });
    expect(statSync(path.join(dest, 'old')).mtime).toEqual(old);
  });

  test('an unknown type of export is an error that names the known types', async () => {
    const failed = run([{ type: 'custom', name: 'nope' }]);
    await expect(failed).rejects.toThrow(/"nope" could not be found .*known are docker, image, local/);
    const noFrontend = run([], { frontend: 'dockerfile' });
    await expect(noFrontend).rejects.toThrow('invalid frontend: dockerfile (known are dockerfile.v0 and gateway.v0;');
  });

  test('an export into a directory that is there keeps what it does not replace', async () => {
    const dest = temporaryDir({ 'd/mine': 'mine' });
    await run([{ type: 'local', dest }]);
    expect(readdirSync(path.join(dest, 'd')).sort()).toEqual(['f', 'mine']);
  });
});
