/** The project's own Dockerfile, built offline from images made on the spot, by the engine's frontend and by its result. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { type BuiltImage, buildAndRead, dockerBuild, uncachedSteps } from './build.ts';
import { layoutFolder, pushImage } from './frontend-image.ts';

const project = path.resolve(import.meta.dirname, '../..');
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

await onEngines('the Dockerfile', { suites: ['forky'] }, (engine) => {
  let folder: string;
  let own: BuiltImage;
  const nodeImage = `${engine.registry}/test/node-and-modules:1`;
  const args = ['--build-arg', `NODE_IMAGE=${nodeImage}`, project];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-node-'));
    copyFileSync(process.execPath, path.join(folder, 'node'));
    const libraries = path.join(project, `.cache/image/trixie-${architecture}/usr`);
    for (const lib of ['lib', 'lib64'])
      if (existsSync(path.join(libraries, lib)))
        cpSync(path.join(libraries, lib), path.join(folder, lib), { recursive: true, verbatimSymlinks: true });
    mkdirSync(path.join(folder, 'node_modules'));
    const modules = realpathSync(path.join(project, 'node_modules'));
    for (const name of ['@bufbuild/protobuf', '@chevrotain', '@esbuild', 'chevrotain', 'esbuild', 'shell-quote'])
      if (existsSync(path.join(modules, name)))
        cpSync(path.join(modules, name), path.join(folder, 'node_modules', name), { recursive: true });
    const base = await engine.baseImage();
    writeFileSync(
      path.join(folder, 'Dockerfile'),
      `FROM ${base}
COPY lib /usr/lib
COPY lib64 /usr/lib64
RUN ln -s /usr/lib /lib && ln -s /usr/lib64 /lib64
COPY --chmod=755 node /usr/local/bin/node
COPY node_modules /tsfront/node_modules
ENV PATH=/usr/local/bin:/bin
`,
    );
    await engine.must('docker', ['build', '-q', '-t', nodeImage, folder]);
    await engine.must('docker', ['push', '-q', nodeImage]);
    own = await buildAndRead(engine, args);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('makes what `npm run image` makes', () => {
    const { manifests } = JSON.parse(readFileSync(path.join(layoutFolder, 'index.json'), 'utf8'));
    const blob = (digest: string) =>
      JSON.parse(readFileSync(path.join(layoutFolder, 'blobs', digest.replace(':', '/')), 'utf8'));
    const config = blob(blob(blob(manifests[0].digest).manifests[0].digest).config.digest).config;
    const [image] = own.images;
    expect(image!.config.config).toMatchObject(config);
    const names = image!.files.filter((line) => !line.includes(' type 5 ')).map((line) => line.split(' ')[0]);
    expect(names).toContain('/bin/node');
    expect(names).toContain('/frontend.blob');
    expect(names.every((name) => /^\/(bin\/node|frontend\.blob|lib.*\.so\.\d+)$/.test(name!))).toBe(true);
  });

  test('its result runs, without a network and as any user, and builds the same image again', async () => {
    const built = `${engine.registry}/tsfront:self`;
    const first = await dockerBuild(engine, ['-t', built, ...args]);
    expect(first.status, first.stderr).toBe(0);
    await engine.must('docker', ['push', '-q', built]);
    const again = await buildAndRead(engine, ['--build-arg', `BUILDKIT_SYNTAX=${built}`, ...args]);
    expect(uncachedSteps(again.progress)).toEqual([]);
    expect(again.images).toEqual(own.images);
  });

  test('any user may start it, with a read-only root', async () => {
    const image = await pushImage(engine);
    const run = [
      'run',
      '-i',
      '--rm',
      '--read-only',
      '--network=none',
      '--user=12345:23456',
      '-e',
      'BUILDKIT_SESSION_ID=s',
    ];
    // There is no gateway: it must get as far as missing it.
    const { status, stderr } = await engine.run('docker', [...run, image], { input: '' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/connection to BuildKit was lost/);
  });
});
