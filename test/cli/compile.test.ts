import { mkdirSync, writeFileSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Definition } from '../../src/llb/index.ts';
import { fakeImage, startFakeRegistry } from '../registry/fake-registry.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

let directory: string;
const digest = `sha256:${'a'.repeat(64)}`;

beforeEach(async () => {
  directory = temporaryDir();
  await write('images.json', JSON.stringify({ images: { alpine: { digest, platforms: { '*': {} } } } }));
});

async function write(name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

const offline = () => ['--offline', '--images', path.join(directory, 'images.json')];
const compile = (...args: string[]) => runCli(['compile', directory, ...offline(), ...args]);

describe('formats', () => {
  test('json has the shape of frontend.convertllb', async () => {
    await write('Dockerfile', 'FROM alpine\nCOPY a /b\n');
    const { code, stdout, stderr } = await compile();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { def, metadata, source } = JSON.parse(stdout);
    expect(Object.keys(def)).toHaveLength(4);
    expect(Object.keys(metadata).length).toBeGreaterThan(0);
    expect(source.infos[0].filename).toBe('Dockerfile');
  });

  test('--format pb writes the same ops as JSON', async () => {
    await write('Dockerfile', 'FROM alpine\nCOPY a /b\n');
    const output = path.join(directory, 'out.pb');
    expect((await compile('--format', 'pb', '-o', output)).code).toBe(0);
    const definition = Definition.decode(await readFile(output));
    const { def } = JSON.parse((await compile()).stdout);
    expect(
      definition
        .ops()
        .map((entry) => entry.digest)
        .sort(),
    ).toEqual(Object.keys(def).sort());
  });

  test('--format tree prints the graph for people', async () => {
    await write('Dockerfile', 'FROM alpine\nCOPY a /b\n');
    const { stdout } = await compile('--format=tree');
    expect(stdout).toMatch(/file +copy [0-9a-f]{12}:\/a → \/b/);
    expect(stdout).toMatch(/image +docker.io\/library\/alpine:latest@sha256:a/);
  });

  test('the formats print a graph for each of several platforms', async () => {
    await write('Dockerfile', 'FROM alpine\nRUN x\n');
    const platforms = ['--platform', 'linux/amd64,linux/arm64', '--platform', 'linux/arm/v7'];
    const { stdout } = await compile(...platforms);
    expect(Object.keys(JSON.parse(stdout))).toEqual(['linux/amd64', 'linux/arm64', 'linux/arm/v7']);
    const output = path.join(directory, 'out.pb');
    await compile(...platforms, '--format=pb', '-o', output);
    expect((await readdir(directory)).filter((name) => name.startsWith('out'))).toEqual([
      'out.linux-amd64.pb',
      'out.linux-arm-v7.pb',
      'out.linux-arm64.pb',
    ]);
    const alone = JSON.parse((await compile('--platform=linux/arm64')).stdout);
    expect(JSON.parse(stdout)['linux/arm64'].def).not.toEqual(JSON.parse(stdout)['linux/amd64'].def);
    expect(Object.keys(alone.def).sort()).toEqual(Object.keys(JSON.parse(stdout)['linux/arm64'].def).sort());
  });

  test('a build from scratch needs no image', async () => {
    await write('Dockerfile', 'FROM scratch\n');
    const { code, stdout } = await runCli(['compile', directory, '--offline']);
    const { config, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ platform: expect.any(String), digest: '', def: {}, metadata: {}, source: {} });
    expect(config).toMatchObject({ os: 'linux', config: { WorkingDir: '/' } });
    expect(code).toBe(0);
  });

  test('what a format cannot carry is written beside it, or said', async () => {
    await write('Dockerfile', 'FROM alpine\nENTRYPOINT ["/app"]\nLABEL a=b\n');
    const output = path.join(directory, 'out.pb');
    const bare = await compile('--format=pb', '-o', output);
    expect(bare).toMatchObject({ code: 0, stdout: '' });
    expect(bare.stderr).toMatch(/^note: the binary format has no image config .*\n$/);
    const config = path.join(directory, 'config.json');
    for (const format of ['pb', 'json', 'tree'])
      expect((await compile(`--format=${format}`, '-o', output, `--image-config=${config}`)).stderr).toBe('');
    expect(JSON.parse(await readFile(config, 'utf8'))).toMatchObject({
      os: 'linux',
      config: { Entrypoint: ['/app'], Labels: { a: 'b' } },
    });
    const several = await compile('--platform=linux/amd64,linux/arm64', '-o', output, `--image-config=${config}`);
    expect(several.stderr).toBe('');
    expect(JSON.parse(await readFile(path.join(directory, 'config.linux-arm64.json'), 'utf8')).architecture).toBe(
      'arm64',
    );
    const epoch = await compile('--format=pb', '-o', output, '--build-arg=SOURCE_DATE_EPOCH=1');
    expect(epoch.stderr).toContain('note: the binary format has no SOURCE_DATE_EPOCH');
    expect((await compile('--image-config=-')).code).toBe(2);
  });

  test.each(['compile', 'check'])('%s says that another frontend is not run', async (command) => {
    const run = async (syntax: string, ...args: string[]) => {
      await write('Dockerfile', `# syntax=${syntax}\nFROM scratch\nRUN x\n`);
      return runCli([command, directory, ...offline(), ...args]);
    };
    for (const ours of ['docker/dockerfile:1', 'docker/dockerfile:1.26.3-labs', 'ghcr.io/org/tsfront:2'])
      expect(await run(ours)).toMatchObject({ code: 0, stderr: '' });
    const other = await run('example.com/other:1');
    expect(other.code).toBe(0);
    expect(other.stderr).toMatch(
      /Dockerfile:1:1: warning\[OtherFrontend\]: the frontend example.com\/other:1 needs a daemon: the file is read as docker/,
    );
    expect((await run('docker/dockerfile:1', '--build-arg=BUILDKIT_SYNTAX=example.com/x')).stderr).toContain(
      'example.com/x',
    );
  });

  test('equal input gives equal output', async () => {
    await write('Dockerfile', 'FROM alpine AS a\nCOPY --link a /b\nFROM a\nRUN --mount=type=bind,target=/x y\n');
    const [first, second] = await Promise.all([compile('--platform=linux/amd64'), compile('--platform=linux/amd64')]);
    expect(first.stdout).toBe(second.stdout);
  });
});

describe('options', () => {
  test('options reach the frontend', async () => {
    await write('Dockerfile', 'ARG V\nFROM alpine AS one\nARG V\nARG W\nRUN echo $V $W\nFROM alpine AS two\nRUN b\n');
    const args = ['--target=one', '--build-arg', 'V=1=2', '--build-arg=W', '--build-arg=X', '--opt=hostname=h'];
    const { stdout } = await runCli(['compile', directory, ...offline(), ...args], { env: { W: 'w' } });
    const execs = Object.values(JSON.parse(stdout).def).flatMap((op) => (op as { exec?: Exec }).exec ?? []);
    expect(execs).toHaveLength(1);
    expect(execs[0]!.meta.env).toEqual(expect.arrayContaining(['V=1=2', 'W=w']));
    expect(execs[0]!.meta.hostname).toBe('h');
  });

  test('what the environment says to a build it says to compile: the platform and SOURCE_DATE_EPOCH', async () => {
    await write('Dockerfile', 'FROM scratch\nCOPY . /\n');
    const env = { SOURCE_DATE_EPOCH: '1700000000', DOCKER_DEFAULT_PLATFORM: 'linux/arm64' };
    const told = await runCli(['compile', directory, ...offline()], { env });
    const given = ['--build-arg=SOURCE_DATE_EPOCH=1700000000', '--platform=linux/arm64'];
    expect(told.stdout).toBe((await runCli(['compile', directory, ...offline(), ...given])).stdout);
    expect(told.stdout).toContain('"created": "2023-11-14T22:13:20Z"');
    const other = ['--build-arg=SOURCE_DATE_EPOCH=0', '--platform=linux/amd64'];
    const overridden = await runCli(['compile', directory, ...offline(), ...other], { env });
    expect(overridden.stdout).toBe((await runCli(['compile', directory, ...offline(), ...other])).stdout);
  });

  interface Exec {
    readonly meta: { readonly env: string[]; readonly hostname: string };
  }

  test.each([
    [['--no-cache'], 2],
    [['--no-cache=one'], 1],
    [['--no-cache-filter', 'one,two'], 2],
    [[], 0],
  ])('options that skip the cache mark their ops: %s marks %d ops', async (args, marked) => {
    await write('Dockerfile', 'FROM alpine AS one\nRUN a\nFROM alpine AS two\nRUN b\nCOPY --from=one /a /a\n');
    const { metadata } = JSON.parse((await compile(...args)).stdout) as { metadata: Record<string, Metadata> };
    const names = Object.values(metadata).filter((entry) => entry.ignore_cache);
    expect(names.filter((entry) => /RUN/.test(entry.description?.['llb.customname'] ?? ''))).toHaveLength(marked);
  });

  interface Metadata {
    readonly ignore_cache?: boolean;
    readonly description?: Record<string, string>;
  }

  test('compile reads Dockerfiles from elsewhere and from standard input', async () => {
    const file = await write('docker/App.Dockerfile', 'FROM alpine\nRUN elsewhere\n');
    expect((await compile('-f', file, '--format=tree')).stdout).toContain('elsewhere');
    const piped = await runCli(['compile', directory, '-f', '-', ...offline(), '--format=tree'], {
      stdin: 'FROM alpine\nRUN piped\n',
    });
    expect(piped.stdout).toContain('piped');
    const alone = await runCli(['compile', '-', ...offline(), '--format=tree'], { stdin: 'FROM alpine\nRUN alone\n' });
    expect(alone.stdout).toContain('alone');
  });

  test('compile leaves out what .dockerignore names', async () => {
    await write('Dockerfile', 'FROM alpine\nCOPY secret /\n');
    await write('.dockerignore', 'secret\n');
    const { stderr, stdout } = await compile();
    expect(stderr).toContain('warning[CopyIgnoredFile]: Attempting to Copy file "secret" that is excluded');
    expect(stdout).toContain('local.excludepatterns');
  });

  test('--build-context gives named contexts to the frontend', async () => {
    await write('other/file', '');
    await write('Dockerfile', 'FROM base\nCOPY --from=other file /\n');
    const other = path.join(directory, 'other');
    const { code, stdout, stderr } = await compile(
      '--build-context=base=docker-image://alpine',
      `--build-context=other=${other}`,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('"identifier": "local://other"');
    expect(stdout).toContain('docker-image://docker.io/library/alpine:latest');
  });

  test('OCI layouts are images and named contexts', async () => {
    const image = fakeImage({ 'linux/amd64': { config: { Env: ['L=1'] }, rootfs: { diff_ids: [digest] } } });
    for (const [name, text] of image.blobs) await write(`layout/blobs/${name.replace(':', '/')}`, text);
    const entry = { digest: image.digest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
    await write('layout/index.json', JSON.stringify({ manifests: [entry] }));
    const layout = path.join(directory, 'layout');
    await write('Dockerfile', 'FROM example.com/base:v1\nRUN echo $L\n');
    const platform = '--platform=linux/amd64';
    const direct = await compile(`--oci-layout=example.com/base:v1=${layout}`, platform);
    expect(direct.stderr).toBe('');
    expect(direct.stdout).toContain(`docker-image://example.com/base:v1@${image.digest}`);
    expect(direct.stdout).toContain('"L=1"');
    for (const args of [
      [`--build-context=example.com/base:v1=oci-layout://${layout}:v1`],
      [`--oci-layout=store=${layout}`, '--build-context=example.com/base:v1=oci-layout://store:v1'],
      [`--oci-layout=store=${layout}`, `--build-context=example.com/base:v1=oci-layout://store@${image.digest}`],
    ]) {
      const named = await compile(...args, platform);
      expect(named.stderr).toBe('');
      expect(named.stdout).toContain(`oci-layout://example.com/base:v1@${image.digest}`);
    }
  });

  test('images come from a registry, and then from the cache', async () => {
    const registry = await startFakeRegistry();
    try {
      const rootfs = { type: 'layers', diff_ids: [digest] };
      registry.images.set('base:1', fakeImage({ 'linux/amd64': { rootfs }, 'linux/arm64': { rootfs } }));
      await write('Dockerfile', `FROM ${registry.host}/base:1\nRUN x\n`);
      const args = [
        'compile',
        directory,
        '--platform=linux/amd64,linux/arm64',
        '--cache-dir',
        path.join(directory, 'cache'),
      ];
      const first = await runCli(args, { env: { DOCKER_CONFIG: directory } });
      expect(first.stderr).toBe('');
      registry.log.length = 0;
      const second = await runCli(args, { env: { DOCKER_CONFIG: directory } });
      expect(second.stdout).toBe(first.stdout);
      expect(registry.log).toEqual(['HEAD /v2/base/manifests/1']);
    } finally {
      await registry.close();
    }
  });
});

test('the images of a build can be kept and used again', async () => {
  await write('Dockerfile', 'FROM alpine\nRUN x\n');
  const kept = path.join(directory, 'kept.json');
  const platforms = '--platform=linux/arm64,linux/amd64';
  const first = await compile(platforms, '--write-images', kept);
  const { images } = JSON.parse(await readFile(kept, 'utf8'));
  expect(Object.keys(images)).toEqual(['docker.io/library/alpine:latest']);
  expect(Object.keys(images['docker.io/library/alpine:latest'].platforms)).toEqual(['linux/amd64', 'linux/arm64']);
  const second = await runCli(['compile', directory, '--offline', '--images', kept, platforms]);
  expect(second).toEqual(first);

  await write('Dockerfile', 'FROM alpine\nFROM nope\nCOPY --from=0 / /\n');
  expect((await compile('--write-images', kept)).code).toBe(1);
  expect(JSON.parse(await readFile(kept, 'utf8'))).toEqual({ images });
});

test('a link as output stays one', async () => {
  await write('Dockerfile', 'FROM scratch\n');
  const output = await write('out.json', 'as it was');
  const link = path.join(directory, 'link.json');
  await symlink(output, link);
  expect((await compile('-o', link)).code).toBe(0);
  expect(JSON.parse(await readFile(output, 'utf8'))).toHaveProperty('def');
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
});

describe('failures', () => {
  test('every syntax error is shown, with its line', async () => {
    await write('Dockerfile', 'FROM scratch\nCOPY --fom=x a b\nFOO\n');
    const { code, stdout, stderr } = await compile();
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('Dockerfile:2:6: error[unknown-flag]');
    expect(stderr).toContain('unknown flag: --fom (did you mean from?)');
    expect(stderr).toContain('> 2 | COPY --fom=x a b');
    expect(stderr).toContain('unknown instruction: FOO');
  });

  test('errors of the build have their line, too', async () => {
    await write('Dockerfile', 'FROM scratch\nRUN x\nCOPY --from=nope:1 a b\n');
    const { code, stderr } = await compile();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\S+\/Dockerfile:3:6: error\[unresolved-image\]: .*docker.io\/library\/nope:1: not found/);
    expect(stderr).toContain('hint: Give the image with --images FILE or --oci-layout nope:1=DIRECTORY');
  });

  test('the error for an unknown stage names the stages that exist', async () => {
    await write('Dockerfile', 'FROM scratch AS build\nFROM scratch\nCOPY --from=9 a b\n');
    const index = await compile();
    expect(index.code).toBe(1);
    expect(index.stderr).toBe(
      [
        `${directory}/Dockerfile:3:6: error[unknown-stage-index]: invalid stage index 9`,
        '  2 | FROM scratch',
        '> 3 | COPY --from=9 a b',
        '    |      ^^^^^^^^',
        '  hint: The stages are 0 (build), 1.\n',
      ].join('\n'),
    );
    const target = `${directory}/Dockerfile: error[unknown-target]: target stage "nope" could not be found\n  hint: `;
    expect((await compile('--target=nope')).stderr).toBe(`${target}The stages are build.\n`);
    await write('Dockerfile', 'FROM scratch\n');
    expect((await compile('--target=nope')).stderr).toBe(`${target}No stage has a name: give it one with FROM … AS.\n`);
  });

  test('all unknown images are named at once, each once, with one hint', async () => {
    await write(
      'Dockerfile',
      'FROM one AS a\nFROM two\nFROM one\nCOPY --from=a / /\nRUN --mount=from=three,target=/x y\n',
    );
    const { code, stderr } = await compile();
    expect(code).toBe(1);
    expect(stderr).toBe(
      [
        `${directory}/Dockerfile:3:6: error[unresolved-image]: one: docker.io/library/one:latest: not found`,
        '  2 | FROM two',
        '> 3 | FROM one',
        '    |      ^^^',
        '  4 | COPY --from=a / /',
        `${directory}/Dockerfile:5:13: error[unresolved-image]: three: docker.io/library/three:latest: not found`,
        '  4 | COPY --from=a / /',
        '> 5 | RUN --mount=from=three,target=/x y',
        '    |             ^^^^^^^^^^^^^^^^^^^^',
        'hint: Give the image with --images FILE or --oci-layout three:latest=DIRECTORY, or leave out --offline to ask its registry.\n',
      ].join('\n'),
    );
  });

  test('an index in a trigger is shown at the FROM that brings it', async () => {
    const config = { config: { OnBuild: ['COPY --from=9 a b'] } };
    await write('images.json', JSON.stringify({ images: { alpine: { digest, platforms: { '*': config } } } }));
    await write('Dockerfile', 'FROM alpine\n');
    const { stderr } = await compile();
    expect(stderr).toContain('Dockerfile:1:1: error[unknown-stage-index]: invalid stage index 9');
    expect(stderr).toContain('hint: The stages are 0.\n');
  });

  test('what is not here cannot be read offline', async () => {
    const { code, stderr } = await runCli(['compile', 'https://example.com/a.git', '--offline']);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be read offline\nhint: Leave out --offline to fetch it');
  });

  test('a Dockerfile with warnings is compiled, with exit code 0', async () => {
    await write('Dockerfile', 'FROM scratch AS Big\n');
    const { code, stderr } = await compile();
    expect(code).toBe(0);
    expect(stderr).toContain("Dockerfile:1:1: warning[StageNameCasing]: Stage name 'Big' should be lowercase");
  });

  test('warnings are shown, and are errors if the check option says so', async () => {
    await write('Dockerfile', '# check=error=true\nFROM scratch AS Big\n');
    const { code, stderr } = await compile();
    expect(code).toBe(1);
    expect(stderr).toContain('warning[StageNameCasing]');
    expect(stderr).toContain('lint violation found for rules: StageNameCasing');
  });

  test('a compilation that fails leaves its output file as it was', async () => {
    await write('Dockerfile', 'FROM nope\n');
    const output = await write('out.json', 'as it was');
    expect((await compile('-o', output)).code).toBe(1);
    expect(await readFile(output, 'utf8')).toBe('as it was');
    await write('Dockerfile', 'FROM scratch\n');
    const { code, stderr } = await compile('-o', path.join(directory, 'no/such/directory'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*cannot write .*no\/such\/directory: /);
  });

  test('the error names the Dockerfile that is missing', async () => {
    const { code, stderr } = await compile();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: failed to read dockerfile: open Dockerfile: no such file or directory (${directory}/Dockerfile)\n`,
    );
  });

  test('a link that leads out of the context leads nowhere', async () => {
    await symlink('/etc/hostname', path.join(directory, 'Dockerfile'));
    expect((await compile()).stderr).toContain('open Dockerfile: no such file or directory');
    await rm(path.join(directory, 'Dockerfile'));
    await write('real/Dockerfile', 'FROM scratch\n');
    await symlink('/real/../real/Dockerfile', path.join(directory, 'Dockerfile'));
    expect((await compile()).code).toBe(0);
  });

  test.each([
    [['compile', '--nope'], "error: unknown option '--nope'"],
    [['nope'], "error: unknown command 'nope'"],
    [['compile', '--format=xml'], 'Allowed choices are json, pb, tree.'],
    [['compile', '--opt=x'], 'It must have the form NAME=VALUE.'],
    [['compile', '/no/such/context'], 'error: unable to prepare context: path "/no/such/context" not found'],
    [['compile', import.meta.filename], 'it is a file: give a Dockerfile with --file'],
    [
      ['compile', '.', '--build-context=x=/no/such'],
      'error: --build-context: failed to get build context x: /no/such is not a directory',
    ],
    [['compile', '.', '--images=/no/such'], 'cannot read /no/such: --images takes a file as --write-images writes it'],
    [['compile', '.', '--oci-layout=x=/no/such'], 'error: --oci-layout: the OCI layout x /no/such does not exist'],
    [
      ['compile', '.', '--oci-layout=x=src'],
      'error: --oci-layout: the OCI layout x src has no index.json: name the directory of',
    ],
    [['compile', '.', '--build-context=x=oci-layout://src'], 'build context x src has no index.json'],
    [
      ['compile', '.', '-f', 'nofile'],
      'error: --file: unable to prepare context: the Dockerfile nofile does not exist\n',
    ],
    [
      ['check', 'src', '-f', 'cli.ts'],
      'does not exist: a path starts at the current directory; for the one in the context give --file src/cli.ts',
    ],
    [['compile', '.', '-f', 'src'], 'the Dockerfile src is a directory: name the file in it, as src/Dockerfile'],
    [['compile', '.', '--platform=linux/amd64,nope'], '"nope": unknown operating system or architecture'],
    [['check', '.', '--platform=linux/amd64,'], 'give OS/ARCHITECTURE, as linux/amd64'],
    [['compile', '.', '--opt=requestid=frontend.lint'], '`tsfront check`'],
    [['graph', '.', '--opt=requestid=frontend.targets'], '`tsfront check`'],
    [['compile', '.', `--images=${import.meta.filename}`], 'is not JSON'],
    [['compile', '-', '-f', '-'], "can't use stdin for both build context and dockerfile"],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('binary output is not for terminals', async () => {
    await write('Dockerfile', 'FROM scratch\n');
    expect((await runCli(['compile', directory, '--format=pb'], { terminal: true })).code).toBe(2);
    expect((await compile('--format=pb', '--platform=linux/amd64,linux/arm64')).code).toBe(2);
  });

  test('--help ends with exit code 0', async () => {
    const { code, stdout, stderr } = await runCli(['compile', '--help']);
    expect(stdout).toContain('--images <file>');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

test('a Dockerfile with a Rego policy beside it is not compiled, however it is named', async () => {
  const dir = temporaryDir();
  mkdirSync(path.join(dir, 'sub'));
  for (const name of ['Dockerfile', 'sub/Dockerfile']) writeFileSync(path.join(dir, name), 'FROM scratch\nLABEL a=b\n');
  writeFileSync(path.join(dir, 'sub/Dockerfile.rego'), 'package docker\n');
  for (const named of [['-f', path.join(dir, 'sub/Dockerfile')], ['--opt=filename=sub/Dockerfile']]) {
    const { code, stderr } = await runCli(['compile', '--offline', ...named, dir]);
    expect(stderr).toContain('Dockerfile.rego is a policy for this build');
    expect(code).toBe(1);
  }
  expect(await runCli(['compile', '--offline', dir])).toMatchObject({ code: 0 });
});
