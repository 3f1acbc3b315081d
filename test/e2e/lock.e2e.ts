/** `docker build` with a lock, after everything has moved: by the frontend image, and by a source policy. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { dockerBuild } from './build.ts';
import { pushImage } from './frontend-image.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const [webPort, gitPort] = [8126, 8127];

await onEngines('a lock', { suites: ['forky'] }, (engine) => {
  const image = `${engine.registry}/test/locked:1`;
  const directory = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-lock-'));
  const repository = path.join(directory, 'git/repo.git');
  const children = [
    engine.serve(process.execPath, [path.join(import.meta.dirname, 'web-server.mjs'), directory, String(webPort)]),
    engine.serve('git', [
      'daemon',
      '--export-all',
      '--reuseaddr',
      '--listen=127.0.0.1',
      `--port=${gitPort}`,
      `--base-path=${path.join(directory, 'git')}`,
    ]),
  ];
  const app = path.join(directory, 'app');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e', ...args], { cwd: repository, stdio: 'ignore' });
  const file = (name: string, text: string) => writeFileSync(path.join(directory, name), text);

  /** Moves the tag, the branch and, if told, the file. */
  async function publish(version: string, movesFile = true): Promise<void> {
    const context = path.join(directory, 'image');
    mkdirSync(context, { recursive: true });
    file('image/Dockerfile', 'FROM scratch\nCOPY version /\n');
    file('image/version', `image ${version}\n`);
    await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', image, context]);
    file('git/repo.git/version', `branch ${version}\n`);
    git('add', '.');
    git('commit', '-q', '-m', version);
    if (movesFile) file('file', `file ${version}\n`);
  }

  /** The files of what a build makes. */
  async function build(args: readonly string[], env: Record<string, string> = {}) {
    const out = mkdtempSync(path.join(directory, 'out-'));
    const result = await dockerBuild(engine, ['--output', `type=local,dest=${out}`, '--no-cache', ...args, app], {
      env,
    });
    const read = (name: string) => readFileSync(path.join(out, name), 'utf8').trim();
    const files = result.status === 0 ? [read('version'), read('file'), read('src/version')] : undefined;
    return { status: result.status, stderr: result.stderr, files };
  }

  /** Runs the command in the network of the engine, where the servers are. */
  const tsfront = async (...args: string[]) => {
    const child = engine.serve(process.execPath, [cli, ...args, '--cache-dir', path.join(directory, 'cache')]);
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  };
  const frozen = ['--build-arg', 'TSFRONT_LOCK=frozen'];
  const first = ['image one', 'file one', 'branch one'];
  let syntax: string;
  const writeDockerfile = (head: string, more = '') => {
    const add = `ADD http://127.0.0.1:${webPort}/file /\nADD git://127.0.0.1:${gitPort}/repo.git#main /src\n`;
    file('app/Dockerfile', `${head}FROM ${image}\n${add}${more}`);
  };

  beforeAll(async () => {
    mkdirSync(app);
    mkdirSync(repository, { recursive: true });
    git('init', '-q', '-b', 'main');
    syntax = `# syntax=${await pushImage(engine)}\n`;
    writeDockerfile(syntax);
    await publish('one');
    await tsfront('lock', app, '--policy', path.join(directory, 'policy.json'));
    await publish('two', false);
  });
  afterAll(() => {
    for (const child of children) child.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  test('the frontend image builds what is locked after it has moved, if the build asks for it', async () => {
    expect(await build([])).toMatchObject({ status: 0, files: ['image two', 'file one', 'branch two'] });
    const built = await build(frozen);
    expect(built.stderr).not.toContain('TSFRONT_LOCK');
    expect(built).toMatchObject({ status: 0, files: first });
    writeDockerfile(`${syntax}# lock=use
`);
    expect(await build([])).toMatchObject({ status: 0, files: first });
  });

  test('docker shows the line of what is not locked', async () => {
    writeDockerfile(syntax, `COPY --from=${image}0 / /\n`);
    const { status, stderr } = await build(frozen);
    expect(status).not.toBe(0);
    expect(stderr).toContain('Dockerfile:5\n');
    expect(stderr).toMatch(/ {3}5 \| >>> COPY --from=/);
    expect(stderr).toContain(`${image}0 is not locked: Dockerfile.lock has no pin of it (\`tsfront lock\` adds it)`);
  });

  test('buildx with the policy builds the same, without a frontend of ours', async () => {
    writeDockerfile('');
    const policy = { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: path.join(directory, 'policy.json') };
    expect(await build([], policy)).toMatchObject({ status: 0, files: first });
    expect(await build([])).toMatchObject({ status: 0, files: ['image two', 'file one', 'branch two'] });
  });

  test('tsfront build --frozen builds the same', async () => {
    writeDockerfile('# syntax=docker/dockerfile:1\n');
    const out = path.join(directory, 'out');
    const env = { BUILDKIT_HOST: engine.buildkitHost };
    await engine.must(process.execPath, [cli, 'build', app, '--frozen', '--no-cache', '-o', `type=local,dest=${out}`], {
      env,
    });
    const files = ['version', 'file', 'src/version'].map((name) => readFileSync(path.join(out, name), 'utf8').trim());
    expect(files).toEqual(first);
    const refused = await engine.run(
      process.execPath,
      [cli, 'build', app, '--frozen', '--frontend', 'dockerfile.v0', '-o', 'type=cacheonly'],
      { env },
    );
    expect(refused.stderr).toContain('the frontend dockerfile.v0 does not read Dockerfile.lock');
  });

  test('a file that has changed since it was locked stops the build', async () => {
    file('fresh', 'one\n');
    file('app/Dockerfile', `${syntax}FROM scratch\nADD http://127.0.0.1:${webPort}/fresh /\n`);
    await tsfront('lock', app);
    file('fresh', 'two\n');
    const { status, stderr } = await build(frozen);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/digest mismatch/);
  });
});
