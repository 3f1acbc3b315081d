/** The example projects: what their programs say, without a daemon. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  compile,
  createDaemonlessBridge,
  type DaemonlessOptions,
  type Definition,
  dirTree,
  parseImageTable,
  runFrontend,
} from '../../src/index.ts';
import { runCommand } from '../engine/command.ts';
import { temporaryDir } from '../temporary-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');
const examples = path.join(root, 'examples');
const projects = {
  go: ['test', 'app'],
  'node-workspaces': ['api', 'report', 'dates', 'format', 'test'],
  'python-uv': ['test', 'app'],
  monorepo: ['catalog', 'emails', 'forecast', 'orders', 'payments', 'reports', 'search', 'storefront', 'test', 'all'],
} as const; // biome-ignore format: a table
const platforms = ['linux/amd64', 'linux/arm64'];

const images = ['golang:1.25-alpine', 'node:24-alpine', 'python:3.13-slim', 'ghcr.io/astral-sh/uv:0.9'];
const table = parseImageTable(
  JSON.stringify({
    images: Object.fromEntries(
      images.map((name, at) => [
        name,
        {
          digest: `sha256:${String(at).repeat(64)}`,
          platforms: {
            '*': {
              config: { Env: [`PATH=/${at}`] },
              rootfs: { type: 'layers', diff_ids: [`sha256:${String(at).repeat(64)}`] },
            },
          },
        },
      ]),
    ),
  }),
  'images.json',
);

function optionsOf(directory: string, opts: Readonly<Record<string, string>>): DaemonlessOptions {
  const tree = dirTree(directory);
  return {
    opts: { filename: 'build.ts', ...opts },
    locals: new Map([['context', tree], ['dockerfile', tree]]), // biome-ignore format: pairs
    images: [table],
    platform: { os: 'linux', architecture: 'amd64', variant: '', osVersion: '', osFeatures: [] },
  };
}

const project = (name: string) => path.join(examples, name);

async function answer<T>(directory: string, request: string, target = ''): Promise<T> {
  const { metadata } = await runFrontend(createDaemonlessBridge(optionsOf(directory, { requestid: request, target })));
  return JSON.parse(Buffer.from(metadata.get('result.json')!).toString());
}

interface Listed {
  readonly targets: readonly { readonly name: string; readonly description?: string }[];
}

const targetsOf = async (directory: string) =>
  (await answer<Listed>(directory, 'frontend.targets')).targets.map(({ name }) => name);

/** A copy of a project, to change. */
function copyOf(name: string): string {
  const directory = path.join(temporaryDir(), name);
  cpSync(project(name), directory, { recursive: true });
  return directory;
}

/** The definition of a target for one platform, and what exporters get beside it. */
async function build(directory: string, target: string, platform: string, args: Readonly<Record<string, string>> = {}) {
  const { definitions, metadata, warnings } = await compile(optionsOf(directory, { target, platform, ...args }));
  const [definition] = definitions.values();
  const config = JSON.parse(Buffer.from(metadata.get('containerimage.config')!).toString());
  return { definition: definition!, config, warnings };
}

/** The commands that run, each with its platform and its own variables. */
function commandsOf(definition: Definition) {
  return definition.ops().flatMap(({ op }) => {
    if (op.op.case !== 'exec') return [];
    const { args = [], env = [] } = op.op.value.meta ?? {};
    return [{ command: args.at(-1)!, env, platform: op.platform!.Architecture }];
  });
}

/** The base images with the architectures that are asked for. */
function basesOf(definition: Definition): [image: string, architecture: string][] {
  return definition.ops().flatMap(({ op }) => {
    if (op.op.case !== 'source' || !op.op.value.identifier.startsWith('docker-image://')) return [];
    return [[op.op.value.identifier, op.platform!.Architecture] as [string, string]];
  });
}

/** Paths of the context that a definition needs. */
function pathsOf(definition: Definition): string[] {
  return definition.ops().flatMap(({ op }) => {
    if (op.op.case !== 'source' || op.op.value.identifier !== 'local://context') return [];
    return JSON.parse(op.op.value.attrs['local.followpaths'] ?? '[]') as string[];
  });
}

describe.each(Object.entries(projects))('examples/%s', (name, targets) => {
  test('has the targets that its README names, each with a description', async () => {
    const { targets: listed } = await answer<Listed>(project(name), 'frontend.targets');
    expect(listed.map((it) => it.name)).toEqual(targets);
    for (const it of listed) expect(it.description, it.name).toMatch(/^[A-Z].*\.$/);
    const text = readFileSync(path.join(project(name), 'README.md'), 'utf8');
    for (const [, target] of text.matchAll(/--target (\S+)/g)) expect(targets).toContain(target);
  });

  test.each(targets)('%s compiles for two platforms, without a warning', async (target) => {
    const opts = { target, platform: platforms.join(',') };
    const { definitions, warnings } = await compile(optionsOf(project(name), opts));
    expect(warnings).toEqual([]);
    expect([...definitions.keys()]).toEqual(platforms);
    for (const [platform, definition] of definitions) {
      const bases = basesOf(definition);
      expect(bases.length + pathsOf(definition).length).toBeGreaterThan(0);
      // Go compiles for another platform; all else runs on it.
      for (const [image, architecture] of bases)
        expect(`linux/${architecture}`, image).toBe(image.includes('/golang:') ? 'linux/amd64' : platform);
    }
  });

  test('every argument has a description', async () => {
    const { args } = await answer<{ args: { name: string; description?: string; value?: string }[] }>(
      project(name),
      'frontend.outline',
      targets[0],
    );
    expect(args.length).toBeGreaterThan(0);
    for (const it of args) expect(it, it.name).toMatchObject({ description: /./, value: /./ });
  });
});

test('go: the toolchain runs on the builder and compiles for the target', async () => {
  const { definition, config } = await build(project('go'), '', 'linux/arm64');
  const compiling = commandsOf(definition).find(({ command }) => command.startsWith('go build'))!;
  expect(compiling.platform).toBe('amd64');
  expect(compiling.env).toEqual(expect.arrayContaining(['CGO_ENABLED=0', 'GOOS=linux', 'GOARCH=arm64']));
  expect(compiling.command).toContain("-ldflags='-s -w'");
  expect(config).toMatchObject({ architecture: 'arm64', config: { Entrypoint: ['/hello'], User: '65532' } });
  const { definition: debug } = await build(project('go'), '', 'linux/arm64', { 'build-arg:DEBUG': 'yes' });
  expect(commandsOf(debug).map(({ command }) => command)).toContain('go build  -o /out/hello .');
});

describe('node-workspaces', () => {
  const steps = async (directory: string, target: string) =>
    commandsOf((await build(directory, target, 'linux/amd64')).definition).map(({ command }) => command);
  const building = (name: string) => `npm run build --workspace=@example/${name}`;

  test('a workspace is built after those that it depends on, and no others are', async () => {
    const dates = await steps(project('node-workspaces'), 'dates');
    expect(dates).toEqual(['npm ci', building('dates')]);
    const report = await steps(project('node-workspaces'), 'report');
    expect(report.toSorted()).toEqual(['npm ci', ...['dates', 'format', 'report'].map(building)]);
    const at = (name: string) => report.indexOf(building(name));
    expect(at('dates')).toBeLessThan(at('format'));
    expect(at('format')).toBeLessThan(at('report'));
  });

  test('the graph follows package.json: a workspace more is a target more', async () => {
    const directory = copyOf('node-workspaces');
    cpSync(path.join(directory, 'apps/api'), path.join(directory, 'apps/worker'), { recursive: true });
    const manifest = { name: '@example/worker', bin: 'dist/index.js', dependencies: { '@example/dates': '1.0.0' } };
    writeFileSync(path.join(directory, 'apps/worker/package.json'), JSON.stringify(manifest));
    expect(await targetsOf(directory)).toEqual(['api', 'report', 'worker', 'dates', 'format', 'test']);
    expect(await steps(directory, 'worker')).toEqual(['npm ci', building('dates'), building('worker')]);
  });

  test('a program that npm knows as a link is started where it was built', async () => {
    const { config } = await build(project('node-workspaces'), 'api', 'linux/amd64');
    expect(config.config).toMatchObject({ Cmd: ['node', 'apps/api/dist/index.js'], User: 'node', WorkingDir: '/app' });
  });
});

test('python-uv: the version of Python is that of the file', async () => {
  const directory = copyOf('python-uv');
  writeFileSync(path.join(directory, '.python-version'), '3.12\n');
  await expect(build(directory, '', 'linux/amd64')).rejects.toThrow(/python:3\.12-slim/);
  const { config } = await build(project('python-uv'), '', 'linux/amd64');
  expect(config.config).toMatchObject({ Cmd: ['python', '-m', 'weather'], WorkingDir: '/app' });
  expect(config.config.Env).toContain('PATH=/app/.venv/bin:/2');
});

describe('monorepo', () => {
  test('a service needs its own files and what it shares, so a change of another one builds nothing', async () => {
    const paths = async (target: string) =>
      pathsOf((await build(project('monorepo'), target, 'linux/amd64')).definition);
    expect(await paths('orders')).toEqual(['go.mod', 'services/orders', 'shared/go']);
    expect(await paths('emails')).toEqual(['services/emails']);
    expect(await paths('reports')).toEqual(['services/reports']);
  });

  test('the images have in common what stands once', async () => {
    const ports: Record<string, unknown> = {};
    for (const name of projects.monorepo.slice(0, 8)) {
      const { config } = await build(project('monorepo'), name, 'linux/arm64', { 'build-arg:REVISION': 'abc' });
      expect(config.config, name).toMatchObject({
        User: '65532',
        Labels: { 'org.opencontainers.image.title': name, 'org.opencontainers.image.revision': 'abc' },
      });
      ports[name] = Object.keys(config.config.ExposedPorts ?? {})[0];
    }
    expect(ports).toEqual({
      catalog: '8080/tcp', orders: '8081/tcp', payments: '8082/tcp', search: '8083/tcp', storefront: '8084/tcp',
      emails: '8085/tcp', reports: undefined, forecast: undefined,
    }); // biome-ignore format: a table
  });

  test('a service more is a target more', async () => {
    const directory = copyOf('monorepo');
    cpSync(path.join(directory, 'services/emails'), path.join(directory, 'services/alerts'), { recursive: true });
    expect(await targetsOf(directory)).toEqual(['alerts', ...projects.monorepo]);
  });
});

test('the programs pass tsc --strict', async () => {
  const directory = temporaryDir();
  const programs = (readdirSync(examples, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'));
  expect(programs.length).toBeGreaterThan(9);
  const compilerOptions = {
    strict: true, noEmit: true, noUnusedLocals: true, skipLibCheck: true, allowImportingTsExtensions: true,
    target: 'es2023', lib: ['es2024', 'dom'], module: 'nodenext',
    types: ['node'], typeRoots: [path.join(root, 'node_modules/@types')],
    paths: {
      'tsfront/build': [path.join(root, 'src/build-program/index.ts')],
      'tsfront/llb': [path.join(root, 'src/llb/index.ts')],
    },
  }; // biome-ignore format: a list
  const check = async (files: readonly string[]) => {
    writeFileSync(path.join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    return runCommand(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', directory]);
  };
  expect(await check(programs.map((file) => path.join(examples, file)))).toMatchObject({ status: 0, stdout: '' });
  // And what is wrong is refused.
  const wrong = path.join(directory, 'wrong.mts');
  writeFileSync(
    wrong,
    "import { image } from 'tsfront/build';\nexport default () => image('a').run('b', { mount: [] });\n",
  );
  expect((await check([wrong])).stdout).toContain("'mount' does not exist in type 'StageRunOptions'");
});
