/**
 * The project's own Dockerfile, for both architectures, built offline from images made on the spot: by the engine's
 * frontend, and by what came out of that.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cache, unpackPackages } from '../../scripts/engine/packages.mjs';
import { onEngines } from '../engine/on-engines.ts';
import { readCase, readExpected } from '../golden/cases.ts';
import { compare, normalize } from '../golden/lib/compare.mjs';
import { startFrontend } from '../golden/start.ts';
import { type BuiltImage, buildAndRead, dockerBuild, uncachedSteps, writeDockerfile } from './build.ts';
import { layoutDir, pushImage } from './frontend-image.ts';
import { type ExportedImage, readLayout } from './read-image.ts';

const project = path.resolve(import.meta.dirname, '../..');
const other = process.arch === 'arm64' ? 'amd64' : 'arm64';
const emulators = { amd64: 'qemu-x86_64', arm64: 'qemu-aarch64' };

await onEngines('the Dockerfile', { suites: ['forky', 'trixie'] }, (engine) => {
  const buildImage = `${engine.registry}/test/build:1`;
  const platforms = ['--platform', 'linux/amd64,linux/arm64'];
  const bases = ['--build-arg', `BUILD_IMAGE=${buildImage}`];
  const args = [...platforms, ...bases, project];
  let dir: string;
  let own: BuiltImage;
  // Docker 26 cannot push an OCI index, which attestations make of every image.
  const push = (given: readonly string[]) =>
    engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', ...given]);

  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-build-'));
    const env = engine.home ? { ENGINE_HOME: engine.home } : {};
    const image = path.join(project, 'test/engine/image.sh');
    const node = (await engine.must(image, ['node', 'test/node-here:1'], { env })).trim();
    const build = path.join(dir, 'build');
    copyModules(path.join(build, 'node_modules'));
    copyCompilers(path.join(build, 'engine'));
    writeFileSync(
      path.join(build, 'Dockerfile'),
      `FROM ${node}\nCOPY node_modules /tsfront/node_modules\nCOPY engine /tsfront/.cache/engine\n`,
    );
    await push(['-t', buildImage, build]);
    own = await buildAndRead(engine, args);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('makes what `npm run image` makes', () => {
    const assembled = readLayout(layoutDir);
    expect(own.images.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
    expect(own.images.map(comparable)).toEqual(assembled.map(comparable));
  });

  test('the image that the Dockerfile builds makes the same images again, from the cache and anew', async () => {
    const built = `${engine.registry}/tsfront:self`;
    const first = await dockerBuild(engine, ['--push', '-t', built, ...args]);
    expect(first.status, first.stderr).toBe(0);
    const text = readFileSync(path.join(project, 'Dockerfile'), 'utf8');
    const syntax = ['-f', writeDockerfile(dir, `# syntax=${built}\n${text}`)];
    const again = await buildAndRead(engine, [...syntax, ...args]);
    expect(again.progress).toContain(`docker-image://${built}`);
    expect(uncachedSteps(again.progress)).toEqual([]);
    expect(again.images).toEqual(own.images);
    const anew = await buildAndRead(engine, ['--no-cache', ...syntax, ...args]);
    expect(uncachedSteps(anew.progress)).not.toEqual([]);
    expect(anew.images).toEqual(own.images);
  });

  test(`the image for ${other} runs, in an emulator`, async () => {
    const dest = path.join(dir, 'other');
    const built = await dockerBuild(engine, ['--platform', `linux/${other}`, '-o', dest, ...bases, project]);
    expect(built.status, built.stderr).toBe(0);
    const name = 'platforms/cross-names'; // says for which platforms it builds
    const emulator = path.join(unpackPackages('emulator', 'emulator'), 'usr/bin', emulators[other]);
    const record = await startFrontend([emulator, path.join(dest, 'frontend')], readCase(name));
    expect(compare(readExpected(name), normalize(record)).details).toEqual({});
  });

  test('any user may start it, with a read-only root', async () => {
    const image = await pushImage(engine);
    const jail = ['--read-only', '--network=none', '--user=12345:23456', '--cap-drop=ALL', '--memory=64m'];
    // There is no gateway: it must get as far as missing it.
    const run = ['run', '-i', '--rm', ...jail, '-e', 'BUILDKIT_SESSION_ID=s', image];
    const { status, stderr } = await engine.run('docker', run, { input: '' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/connection to BuildKit was lost/);
  });
});

/** The packages that the image is built with: those that run, and the bundler. */
function copyModules(target: string): void {
  const modules = realpathSync(path.join(project, 'node_modules'));
  const { packages } = JSON.parse(readFileSync(path.join(modules, '.package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  mkdirSync(target, { recursive: true });
  for (const [place, { dev }] of Object.entries(packages)) {
    const name = place.replace(/^node_modules\//, '');
    if (!dev || /^@?esbuild(?:\/|$)/.test(name))
      cpSync(path.join(modules, name), path.join(target, name), { recursive: true });
  }
}

/** Debian's packages that the image is built with, and what has been compiled of them. */
function copyCompilers(target: string): void {
  const needless = /\/usr\/share\/(?!doc$|doc\/[^/]+$|doc\/[^/]+\/copyright$)|\/tools\/build-/;
  cpSync(cache, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => !needless.test(file) && file !== path.join(cache, 'emulator'),
  });
}

/** What two ways of making an image have in common: all but its history. */
function comparable({ platform, config, files }: ExportedImage): unknown {
  return { platform, config: config.config, files: files.filter((line) => !line.includes(' type 5 ')) };
}
