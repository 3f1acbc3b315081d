/** The installed package: what users import, require, run, and read in its documents. */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { connect, solve } from '../src/client/index.ts';
import { Definition } from '../src/llb/index.ts';
import { codeBlocks } from './documents.ts';
import { readLayout } from './e2e/read-image.ts';
import { runCommand } from './engine/command.ts';
import { onEngines } from './engine/on-engines.ts';
import { installPackage, tsc } from './installed-package.ts';
import { startEditor } from './lsp/client.ts';
import { temporaryDir } from './temporary-dir.ts';

const installed = await installPackage();
const inPackage = path.join(installed, 'node_modules/tsfront');
const entries = [
  'tsfront',
  'tsfront/parser',
  'tsfront/format',
  'tsfront/llb',
  'tsfront/graph',
  'tsfront/context',
  'tsfront/explain',
  'tsfront/lock',
  'tsfront/build',
  'tsfront/client',
];

/** Runs a program in the directory of the installation; returns what it printed, on both streams. */
async function run(command: string, args: readonly string[], cwd = installed): Promise<string> {
  const { status, stdout, stderr } = await runCommand(command, args, { cwd });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}\n${stdout}${stderr}`);
  return stdout + stderr;
}

function write(name: string, text: string): string {
  const file = path.join(installed, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('the installed package', () => {
  test('the installed package is run by name', async () => {
    const { version } = JSON.parse(readFileSync(path.join(inPackage, 'package.json'), 'utf8')) as { version: string };
    expect(await run('npx', ['--offline', 'tsfront', '--version'])).toBe(`${version}\n`);
  });

  test('the language server of the installed package finds problems and formats', async () => {
    const editor = await startEditor({ command: [path.join(inPackage, 'dist/cli.js'), 'lsp', '--stdio'] });
    const document = await editor.open(path.join(installed, 'Dockerfile.lsp'), 'from alpine:3\nWORKDIR x\n');
    await editor.diagnostics(document.uri, (it) => it.some(({ code }) => code === 'WorkdirRelativePath'));
    const textDocument = { uri: document.uri };
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await editor.connection.sendRequest('textDocument/formatting', { textDocument, options });
    expect(JSON.stringify(edits)).toContain('FROM');
    expect(await editor.quit()).toBe(0);
  });

  test('the installed package is imported and required, and both give the same', async () => {
    const lines = entries.map((name, i) => `import * as e${i} from '${name}';\nsame('${name}', e${i});\n`);
    const text = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const same = (name, imported) => console.log(name, Object.keys(imported).length > 0 && require(name) === imported);
${lines.join('')}`;
    write('same.mjs', text);
    expect(await run(process.execPath, ['same.mjs'])).toBe(entries.map((name) => `${name} true\n`).join(''));
    write('first.cjs', `console.log(require('tsfront/llb').image('alpine').marshal().head());\n`);
    expect(await run(process.execPath, ['first.cjs'])).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  });

  test('the installed package has every file that its exports name, for types first', () => {
    const { exports, bin } = JSON.parse(readFileSync(path.join(inPackage, 'package.json'), 'utf8'));
    const files = ['./package.json', './tsfront.schema.json'];
    expect(Object.keys(exports)).toEqual([...entries.map((name) => name.replace('tsfront', '.')), ...files]);
    for (const [name, target] of Object.entries<Record<string, string>>(exports)) {
      if (files.includes(name)) {
        readFileSync(path.join(inPackage, name));
        continue;
      }
      expect(Object.keys(target)).toEqual(['types', 'default']);
      for (const file of Object.values(target)) readFileSync(path.join(inPackage, file));
    }
    expect(readFileSync(path.join(inPackage, bin.tsfront), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  const compilers = [
    ['node16', []],
    ['nodenext', []],
    ['esnext', ['--moduleResolution', 'bundler']],
  ] as const;
  test.each(compilers)(
    'the installed package has types for --module %s, its dependencies checked too',
    async (module, more) => {
      const uses = entries.map(
        (name, i) => `import * as e${i} from '${name}';\nexport const k${i} = Object.keys(e${i});\n`,
      );
      write('types.mts', uses.join(''));
      // A name that is not there must be an error, or nothing was resolved.
      write('no-types.mts', `import { compile, nothing } from 'tsfront';\nexport const used = [compile, nothing];\n`);
      const options = ['--noEmit', '--strict', '--target', 'es2023', '--types', 'node', '--module', module, ...more];
      await run(process.execPath, [tsc, ...options, 'types.mts']);
      await expect(run(process.execPath, [tsc, ...options, 'no-types.mts'])).rejects.toThrow(/'nothing'/);
    },
  );
});

/** What the fragments of docs/api speak of: every export by its name, and things that they need and do not make. */
async function ambientNames(): Promise<string> {
  const names = new Map<string, string>();
  for (const entry of entries) {
    if (entry === 'tsfront/build') continue; // namesOfPrograms
    const keys = await run(process.execPath, ['-p', `Object.keys(require('${entry}')).join(' ')`]);
    for (const key of keys.trim().split(' ')) names.set(key, `const ${key}: typeof import('${entry}').${key};`);
  }
  return `export {};
declare global {
${[...names.values()].join('\n')}
const { readFile, writeFile }: typeof import('node:fs/promises');
const options: import('tsfront').DaemonlessOptions;
const connection: import('tsfront/client').Connection;
const build: import('tsfront/client').Build;
const { frontend, localDirs }: import('tsfront/client').SolveOptions & { localDirs: {}; frontend: string };
const { base, state, app, tests, withTools, withConfig }: Record<'base' | 'state' | 'app' | 'tests' | 'withTools' | 'withConfig', import('tsfront/llb').State>;
const definition: import('tsfront/llb').Definition;
const resolver: import('tsfront/llb').ResolveImage;
}
`;
}

/** What the fragments of docs/api/tsfront-build.md speak of. */
async function namesOfPrograms(): Promise<string> {
  const keys = await run(process.execPath, ['-p', `Object.keys(require('tsfront/build')).join(' ')`]);
  const names = keys
    .trim()
    .split(' ')
    .map((key) => `const ${key}: typeof import('tsfront/build').${key};`);
  return `export {};
declare global {
${names.join('\n')}
const { http, mkdir }: typeof import('tsfront/llb');
const version: string;
const { stage, built, base, tools, runtime }: Record<"stage" | "built" | "base" | "tools" | "runtime", import('tsfront/build').Stage>;
}
`;
}

test('code in the documents and the examples passes tsc --strict', async () => {
  const documents = ['README.md', ...(readdirSync(path.join(inPackage, 'docs'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md')).map((name) => path.join('docs', name))]; // biome-ignore format: a list
  const guide = path.join('docs', 'build-programs.md');
  const buildApi = path.join('docs', 'api', 'tsfront-build.md');
  let programs = 0;
  let whole = 0;
  let fragments = 0;
  for (const document of documents) {
    for (const { language, text, line, before } of codeBlocks(readFileSync(path.join(inPackage, document), 'utf8'))) {
      if (language !== 'ts' && language !== 'js') continue;
      const inApi = document.startsWith('docs/api');
      if (document === guide || /^\/\/ syntax=/.test(text)) {
        programs++;
        const [, named = `${document.replaceAll('/', '_')}_${line}.ts`] = /`([^`]+\.ts)`:$/.exec(before) ?? [];
        write(`programs/${document === guide ? '' : 'others/'}${named}`, text);
        continue;
      }
      // Declarations of docs/api come from tsc.
      if (
        inApi &&
        /^(abstract class|class|function|interface|type|const \w+: .*;\n$|const \w+: \{|const [A-Z_]+ =)/.test(text)
      )
        continue;
      const name = `${document.replaceAll('/', '_')}_${line}`;
      if (!inApi || text.startsWith('import ')) {
        whole++;
        write(`documents/${name}.m${language}`, text);
      } else {
        fragments++;
        const dir = document === buildApi ? 'programs/fragments' : 'fragments';
        write(`${dir}/${name}.mts`, `export {};\n${text}`);
      }
    }
  }
  expect(whole).toBeGreaterThan(5);
  expect(fragments).toBeGreaterThan(30);
  expect(programs).toBeGreaterThan(10);
  write('fragments/names.d.mts', await ambientNames());
  const examplePrograms = ['go', 'node-workspaces', 'python-uv', 'monorepo'];
  const ofPrograms = (file: string) =>
    examplePrograms.includes(path.relative(inPackage, file).split(path.sep)[1] ?? '');
  cpSync(path.join(inPackage, 'examples'), path.join(installed, 'documents/examples'), {
    recursive: true,
    filter: (file) => !ofPrograms(file),
  });
  for (const name of examplePrograms)
    cpSync(path.join(inPackage, 'examples', name), path.join(installed, 'programs/others', name), { recursive: true });
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2023',
    lib: ['es2024'],
    types: ['node'],
  };
  for (const directory of ['documents', 'fragments']) {
    write(
      `${directory}/tsconfig.json`,
      JSON.stringify({ compilerOptions: { ...compilerOptions, allowJs: true, checkJs: true } }),
    );
    await run(process.execPath, [tsc, '-p', directory]);
  }
  // Programs: with the options that the guide tells to use.
  const [options] = codeBlocks(readFileSync(path.join(inPackage, guide), 'utf8')).filter(
    (it) => it.language === 'json',
  );
  write('programs/tsconfig.json', options!.text.replace('"*.ts"', '"**/*.ts", "**/*.mts"'));
  write('programs/fragments/names.d.mts', await namesOfPrograms());
  await run(process.execPath, [tsc, '-p', 'programs']);
});

test('the editor set-up of the guide refuses what tsfront/build does not have, where it stands', async () => {
  const [options] = codeBlocks(readFileSync(path.join(inPackage, 'docs/build-programs.md'), 'utf8')).filter(
    (it) => it.language === 'json',
  );
  write('editor/tsconfig.json', options!.text);
  const right = [
    "image('alpine').run('make', { network: 'none', mounts: [mount.cache('/c', { sharing: 'locked' })] });",
    "image('alpine').copy('a', 'b', { link: true, parents: true });",
    "image('alpine').healthcheck('check', { retries: 3 });",
    "scratch().copy(await made(), '/a', '/b').copy(context(), '/a', '/b');",
    "mount.bind('/x', { from: context() }), mount.cache('/c', { from: image('alpine') });",
    "arg('MODE', { values: ['debug', 'release'], default: 'debug' }) satisfies 'debug' | 'release';",
    "arg('JOBS', { type: 'number', default: 4 }) satisfies number;",
    "console.log('a', 1, {}), console.warn(), console.error(new Error());",
  ];
  const wrong = [
    "image('alpine').run('make', { mount: [] });",
    "image('alpine').run('make', { network: 'bridge' });",
    "image('alpine').run('make', { mounts: [mount.cache('/c', { sharing: 'mine' })] });",
    "image('alpine').copy('a', 'b', { link: 'yes' });",
    "image('alpine').add('a', 'b', { parents: true });",
    "image('alpine').healthcheck('check', { retries: '3' });",
    "image('alpine').comand('run');",
    "image('alpine', { platforms: 'linux/amd64' });",
    "arg('MODE', { values: ['debug', 'release'], default: 'fast' });",
    "arg('JOBS', { type: 'number', default: '4' });",
    "context().readTxt('a');",
    "scratch().copy(made() /* a promise */, '/a', '/b');",
    "scratch().copy(42, '/a', '/b');",
    "scratch().copy({}, '/a', '/b');",
    "mount.bind('/x', { from: 'builder' });",
    "mount.cache('/c', { from: 42 });",
    "dockerfile('Dockerfile', { tag: 'a' });",
  ];
  const head = [
    "import { arg, context, dockerfile, image, mount, scratch } from 'tsfront/build';",
    "const made = async () => image('alpine');",
  ];
  const text = [...head, ...right, ...wrong];
  write('editor/build.ts', `${text.join('\n')}\n`);
  const { stdout } = await runCommand(process.execPath, [tsc, '-p', 'editor'], { cwd: installed });
  const lines = [...stdout.matchAll(/build\.ts\((\d+),\d+\): error/g)].map(([, line]) => text[Number(line) - 1]);
  expect([...new Set(lines)]).toEqual(wrong);

  // The types of Node and of browsers have a console, too.
  write('editor/build.ts', "import 'tsfront/build';\nconsole.log('a');\nconsole.table([]);\n");
  const strict = ['--strict', '--noEmit', '--module', 'nodenext', 'editor/build.ts'];
  for (const others of ['--types node --lib es2023', '--types node', '--types node --lib es2023,dom'])
    await run(process.execPath, [tsc, '--ignoreConfig', ...strict, ...others.split(' ')]);
});

/** The example that a page of the API documentation begins with, in a directory of its own. */
function exampleOf(page: string): { args: string[]; cwd: string } {
  const [block] = codeBlocks(readFileSync(path.join(inPackage, 'docs/api', page), 'utf8'));
  write(`${page}/example.mts`, block!.text);
  const file = write(`${page}/Dockerfile`, 'FROM scratch AS release\nCOPY Dockerfile /copied\n');
  return { args: ['example.mts'], cwd: path.dirname(file) };
}

describe('the example of', () => {
  const print = (page: string) => {
    const { args, cwd } = exampleOf(page);
    return run(process.execPath, args, cwd);
  };

  test('tsfront prints a digest', async () => {
    expect(await print('tsfront.md')).toMatch(/^ sha256:[0-9a-f]{64}\n$/);
  });

  test('tsfront/parser prints the stages', async () => {
    expect(await print('tsfront-parser.md')).toBe('scratch 1\n');
  });

  test('tsfront/llb prints a definition', async () => {
    const { args, cwd } = exampleOf('tsfront-llb.md');
    const printed = path.join(cwd, 'printed');
    await run('sh', ['-c', `${process.execPath} ${args[0]} >printed`], cwd);
    const ops = Definition.decode(readFileSync(printed)).ops();
    expect(ops.map(({ op }) => op.op.case).sort()).toEqual(
      ['source', 'source', 'file', 'exec', 'file', undefined].sort(),
    );
  });
});

/**
 * Takes out what is another one each time, and what editors take out: digests, identifiers, times, sizes, widths of
 * columns.
 */
function withoutChances(text: string): string {
  return text
    .replace(/\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b|\b[0-9a-z]{25}\b/g, 'ID')
    .replace(/\b\d+(\.\d+)?(s|k?B)\b/g, 'N$2')
    .replace(/ +$/gm, '')
    .replace(/ {2,}/g, '  ');
}

/** Whether a text is what a document shows; `…` in that stands for any text. */
function shows(shown: string, printed: string): boolean {
  const parts = withoutChances(shown).split('…');
  const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*');
  return new RegExp(`^${pattern}$`).test(withoutChances(printed));
}

/**
 * Does what a document says, in a directory of its own: writes the files that it names above a block, and runs what
 * follows `$ ` in its `console` blocks. Gives the commands whose output is not the one that it shows.
 */
async function follow(document: string, env: NodeJS.ProcessEnv, base = 'alpine'): Promise<string[]> {
  const dir = path.join(installed, `follow-${path.basename(document, '.md')}`);
  mkdirSync(dir);
  symlinkSync('../node_modules', path.join(dir, 'node_modules'));
  const places = [path.join(installed, 'node_modules/.bin'), env['PATH'] ?? process.env['PATH']];
  const others: string[] = [];
  let commands = 0;
  for (const { language, text, before } of codeBlocks(readFileSync(path.join(inPackage, document), 'utf8'))) {
    const [, name] = /`([^`]+)`:$/.exec(before) ?? [];
    if (name !== undefined) writeFileSync(path.join(dir, name), text.replaceAll(/(FROM |')alpine\b/g, `$1${base}`));
    if (language !== 'console') continue;
    for (const [, command = '', shown = ''] of text.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
      commands++;
      const sh = ['-c', `exec 2>&1\n${command.replace('npx tsfront', 'tsfront')}`];
      const { stdout } = await runCommand('sh', sh, { cwd: dir, env: { ...env, PATH: places.join(':') } });
      // How long a part took is shown where it took long enough.
      const untimed = stdout.replaceAll(/ \d+\.\ds(?= done$)/gm, '');
      if (!shows(comparable(shown), comparable(untimed.replaceAll(base, 'alpine'))))
        others.push(`$ ${command}\n${stdout}`);
    }
  }
  expect(commands).toBeGreaterThan(0);
  return others;
}

/** Steps that another build shares on this engine have numbers too, so numbers do not count. */
function comparable(text: string): string {
  return text.replaceAll('docker.io/library/alpine:latest', 'alpine').replaceAll(/^#\d+ /gm, '#N ');
}

// The graphs that the documents show are those of amd64.
describe.runIf(process.arch === 'x64')('a user who does what is said', () => {
  test.each([
    'docs/checking.md',
    'docs/compiling.md',
    'docs/context.md',
    'docs/explain.md',
    'docs/formatting.md',
    'docs/graph.md',
    'docs/images.md',
    'docs/locking.md',
  ])('a user in %s sees what is shown', async (document) => {
    expect(await follow(document, { ...process.env, DOCKER_HOST: 'unix:///nowhere', BUILDKIT_HOST: '' })).toEqual([]);
  });
});

await onEngines('a user who does what is said', { suites: ['forky'] }, (engine) => {
  // It would take the place of images of the user's own.
  const documents = ['README.md', 'docs/building.md', 'docs/build-programs.md', 'docs/llb.md', 'docs/client.md'];
  test.runIf(engine.suite !== 'own' && process.arch === 'x64').each(documents)(
    'a user in %s sees what is shown',
    async (document) => {
      expect(await follow(document, { ...engine.env, NO_COLOR: '1' }, await engine.baseImage())).toEqual([]);
    },
  );
});

const examples = path.join(inPackage, 'examples');

await onEngines('the examples', { suites: ['forky', 'trixie'] }, (engine) => {
  const example = async (name: string, args: string[], env: NodeJS.ProcessEnv) =>
    engine.must(process.execPath, [path.join(examples, name), ...args], {
      env: { BUILDKIT_HOST: engine.buildkitHost, ...env },
    });

  test('drive-buildkit.mjs builds a Dockerfile held in memory', async () => {
    const image = `${engine.registry}/example/driven:1`;
    const printed = await example('drive-buildkit.mjs', [examples, image], { BASE: await engine.baseImage() });
    expect(printed).toContain(`image  ${image}`);
    expect(printed).toMatch(/digest sha256:[0-9a-f]{64}/);
    if (engine.dockerHost)
      expect(await engine.must('docker', ['run', '--rm', '--network=none', image])).toBe('greetings from Linux\n');
  });

  // A compiler in name: where the real image has it, so that it is found only by the config's PATH.
  const goScript = `#!/bin/sh
test "$1" = build && test "$(pwd)" = /src && test -f main.go && test -S "$SSH_AUTH_SOCK" && test -d /root/.cache || exit 1
echo "$GOOS/$GOARCH cgo=$CGO_ENABLED" > "$3"
`;

  async function pushBuilder(): Promise<string> {
    const name = `${engine.registry}/example/builder:1`;
    const files = {
      Dockerfile: `FROM ${await engine.baseImage()}\nENV PATH=/usr/local/go/bin:$PATH\nCOPY --chmod=755 go /usr/local/go/bin/go\n`,
      go: goScript,
    };
    const connection = await connect(engine.address);
    const exports = [{ type: 'image', attrs: { name, push: 'true' } }] as const;
    const build = solve(connection, {
      frontend: 'dockerfile.v0',
      localDirs: { context: files, dockerfile: files },
      exports,
    });
    await build.result.finally(() => connection.close());
    return name;
  }

  /** An agent without keys. */
  async function startAgent(): Promise<{ path: string; close(): void }> {
    const socket = path.join(temporaryDir(), 'agent');
    const server = net.createServer((client) => client.on('data', () => client.write(Buffer.from([0, 0, 0, 1, 5]))));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    return { path: socket, close: () => server.close() };
  }

  test('image-without-dockerfile.mjs compiles for two platforms, and the image holds nothing but the binary', async () => {
    const secret = 'very-secret-license';
    const layout = path.join(temporaryDir(), 'layout');
    const pushed = `${engine.registry}/example/hello:1`;
    const agent = await startAgent();
    const env = { BUILDER: await pushBuilder(), LICENSE_KEY: secret, SSH_AUTH_SOCK: agent.path };
    try {
      const printed = await example('image-without-dockerfile.mjs', ['example/hello:1', '--oci', layout], env);
      const images = readLayout(layout);
      expect(images.map(({ config }) => config.architecture)).toEqual(['amd64', 'arm64']);
      for (const { config, files } of images) {
        expect(config.config.Entrypoint).toEqual(['/hello']);
        expect(files.map((line) => line.replace(/ .*/s, ''))).toEqual(['/hello']);
      }
      for (const blob of readdirSync(path.join(layout, 'blobs/sha256'))) {
        const bytes = readFileSync(path.join(layout, 'blobs/sha256', blob));
        expect((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).includes(secret)).toBe(false);
      }
      await example('image-without-dockerfile.mjs', [pushed, '--push'], env);
      const accept =
        'application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json';
      const answer = await fetch(`http://${engine.registry}/v2/example/hello/manifests/1`, { headers: { accept } });
      expect(((await answer.json()) as { manifests: unknown[] }).manifests.length).toBe(2);
      expect(printed).toMatch(/sha256:[0-9a-f]{64}/);
    } finally {
      agent.close();
    }
  });
});

await onEngines('the example of tsfront/client', { suites: ['forky'] }, (engine) => {
  test('builds an image', async () => {
    const { args, cwd } = exampleOf('tsfront-client.md');
    const printed = await engine.must(process.execPath, args, { cwd });
    expect(printed).toContain('COPY Dockerfile /copied');
    expect(printed).toMatch(/\nsha256:[0-9a-f]{64}\n$/);
  });
});
