/**
 * The project's own Dockerfile, for both architectures, built offline from images made on the spot: by the engine's
 * frontend, and by what came out of that.
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emulator, fetchRuntime } from '../../scripts/image/runtime.mjs';
import { onEngines } from '../engine/on-engines.ts';
import { readCase, readExpected } from '../golden/cases.ts';
import { compare, normalize } from '../golden/lib/compare.mjs';
import { startFrontend } from '../golden/start.ts';
import { type BuiltImage, buildAndRead, dockerBuild, uncachedSteps, writeDockerfile } from './build.ts';
import { layoutFolder, pushImage } from './frontend-image.ts';
import { type ExportedImage, readLayout } from './read-image.ts';

const project = path.resolve(import.meta.dirname, '../..');
const [host, other] = process.arch === 'arm64' ? (['arm64', 'amd64'] as const) : (['amd64', 'arm64'] as const);

await onEngines('the Dockerfile', { suites: ['forky', 'trixie'] }, (engine) => {
  const nodeImage = `${engine.registry}/test/node:1`;
  const buildImage = `${engine.registry}/test/node-and-modules:1`;
  const platforms = ['--platform', 'linux/amd64,linux/arm64'];
  const bases = ['--build-arg', `NODE_IMAGE=${nodeImage}`, '--build-arg', `BUILD_IMAGE=${buildImage}`];
  const args = [...platforms, ...bases, project];
  let folder: string;
  let own: BuiltImage;
  // Docker 26 cannot push an OCI index, which attestations make of every image.
  const push = (given: readonly string[]) =>
    engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', ...given]);

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-node-'));
    const nodes = path.join(folder, 'node');
    for (const architecture of [host, other]) layOutNode(architecture, path.join(nodes, architecture));
    writeFileSync(path.join(nodes, 'Dockerfile'), 'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n');
    await push([...platforms, '-t', nodeImage, nodes]);

    const build = path.join(folder, 'build');
    copyModules(path.join(build, 'node_modules'));
    copyFileSync(emulator(other), path.join(build, path.basename(emulator(other))));
    writeFileSync(
      path.join(build, 'Dockerfile'),
      `FROM ${nodeImage} AS node
FROM ${await engine.baseImage()}
COPY --from=node / /
COPY --chmod=755 qemu-* /usr/local/bin/
COPY node_modules /tsfront/node_modules
ENV PATH=/usr/local/bin:/bin
`,
    );
    await push(['-t', buildImage, build]);
    own = await buildAndRead(engine, args);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('makes what `npm run image` makes', () => {
    const assembled = readLayout(layoutFolder);
    expect(own.images.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
    expect(own.images.map(comparable)).toEqual(assembled.map(comparable));
  });

  test('its result builds the same images again, from the cache and anew', async () => {
    const built = `${engine.registry}/tsfront:self`;
    const first = await dockerBuild(engine, ['--push', '-t', built, ...args]);
    expect(first.status, first.stderr).toBe(0);
    const text = readFileSync(path.join(project, 'Dockerfile'), 'utf8');
    const syntax = ['-f', writeDockerfile(folder, `# syntax=${built}\n${text}`)];
    const again = await buildAndRead(engine, [...syntax, ...args]);
    expect(again.progress).toContain(`docker-image://${built}`);
    expect(uncachedSteps(again.progress)).toEqual([]);
    expect(again.images).toEqual(own.images);
    const anew = await buildAndRead(engine, ['--no-cache', ...syntax, ...args]);
    expect(uncachedSteps(anew.progress)).not.toEqual([]);
    expect(anew.images).toEqual(own.images);
  });

  test(`the image for ${other} runs, in an emulator`, async () => {
    const dest = path.join(folder, 'other');
    const built = await dockerBuild(engine, ['--platform', `linux/${other}`, '-o', dest, ...bases, project]);
    expect(built.status, built.stderr).toBe(0);
    const name = 'platforms/cross-names'; // says for which platforms it builds
    const node = [path.join(dest, 'bin/node'), '--snapshot-blob', path.join(dest, 'frontend.blob')];
    const record = await startFrontend([emulator(other), '-L', dest, ...node], readCase(name));
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

/** A root with node and its libraries, as images have them. */
function layOutNode(architecture: string, root: string): void {
  const runtime = fetchRuntime(architecture);
  mkdirSync(path.join(root, 'usr/local/bin'), { recursive: true });
  copyFileSync(runtime.node, path.join(root, 'usr/local/bin/node'));
  copyFileSync(runtime.licence, path.join(root, 'usr/local/LICENSE'));
  for (const folder of ['usr/share/doc', 'usr/share/common-licenses', 'var/lib/dpkg'])
    cpSync(path.join(runtime.root, folder), path.join(root, folder), { recursive: true, verbatimSymlinks: true });
  for (const lib of ['lib', 'lib64'])
    if (existsSync(path.join(runtime.root, 'usr', lib))) {
      cpSync(path.join(runtime.root, 'usr', lib), path.join(root, 'usr', lib), {
        recursive: true,
        verbatimSymlinks: true,
      });
      symlinkSync(`usr/${lib}`, path.join(root, lib));
    }
}

/** The packages that the image is built with. */
function copyModules(target: string): void {
  const modules = realpathSync(path.join(project, 'node_modules'));
  mkdirSync(target, { recursive: true });
  for (const name of ['@bufbuild/protobuf', '@chevrotain', '@esbuild', 'chevrotain', 'esbuild', 'shell-quote'])
    if (existsSync(path.join(modules, name)))
      cpSync(path.join(modules, name), path.join(target, name), { recursive: true });
}

/** What two ways of making an image have in common: all but its history. */
function comparable({ platform, config, files }: ExportedImage): unknown {
  return { platform, config: config.config, files: files.filter((line) => !line.includes(' type 5 ')) };
}
