/** `tsfront lock` with a registry, a web server and a git repository in this process. */
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCommit } from '../../src/daemonless/git-commit.ts';
import { type FakeRegistry, fakeImage, sha256, startFakeRegistry } from '../registry/fake-registry.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

let registry: FakeRegistry;
let directory: string;
let repository: string;
let file: string;

const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', ...args], {
    cwd: repository,
    env: { ...process.env, GIT_COMMITTER_DATE: '1700000000 +0100', GIT_AUTHOR_DATE: '1600000000 +0000' },
  })
    .toString()
    .trim();

/** Adds a commit and returns its hash. */
function commit(message: string): string {
  git('commit', '--quiet', '--allow-empty', '-m', message);
  git('update-server-info');
  return git('rev-parse', 'HEAD');
}

const imageOf = (created: string, more: object = {}) =>
  fakeImage({ 'linux/amd64': { created, config: more, rootfs }, 'linux/arm64': { created, config: more, rootfs } });

const rootfs = { type: 'layers', diff_ids: [sha256('a layer')] };

beforeEach(async () => {
  registry = await startFakeRegistry();
  registry.images.set('base:1', imageOf('2026-01-01T00:00:00.5Z'));
  registry.images.set('tool:latest', imageOf('0001-01-01T00:00:00Z'));
  directory = temporaryDir();
  repository = path.join(directory, 'repository');
  await mkdir(repository);
  git('init', '--quiet', '--initial-branch=main');
  commit('one');
  file = 'a file';
  registry.fault = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const inRepository = path.join(repository, '.git', pathname.replace('/repo.git/', ''));
    if (pathname.startsWith('/repo.git/') && existsSync(inRepository) && statSync(inRepository).isFile())
      createReadStream(inRepository).pipe(response);
    else if (pathname.startsWith('/repo.git/')) response.writeHead(404).end();
    else if (pathname === '/file') response.setHeader('last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT').end(file);
    else return false;
    return true;
  };
  await mkdir(path.join(directory, 'app'));
  await write(`ARG VERSION=1
FROM --platform=$BUILDPLATFORM ${registry.host}/base:\${VERSION} AS build
COPY --from=${registry.host}/tool / /
ADD http://${registry.host}/file /
FROM build
ADD http://${registry.host}/repo.git#main /src
`);
});
afterEach(() => registry.close());

const app = () => path.join(directory, 'app');
const lockPath = () => path.join(app(), 'Dockerfile.lock');
const write = (text: string) => writeFile(path.join(app(), 'Dockerfile'), text);
const readLockText = () => readFile(lockPath(), 'utf8');
/** The lock, in which the host of the registry is HOST; a name that begins with a digit is quoted. */
const shownLock = async () => (await readLockText()).replaceAll(registry.host, 'HOST').replaceAll(/"(HOST\S*)"/g, '$1');
const cache = () => ['--cache-dir', path.join(directory, 'cache')];
const lock = (...args: string[]) => runCli(['lock', app(), ...cache(), ...args]);
/** The lines of the table, the columns by one blank. */
const table = (stdout: string) => stdout.replaceAll(/ {2,}/g, ' ').replaceAll(registry.host, 'HOST').split('\n');

const both = ['--platform', 'linux/arm64,linux/amd64'];

test('a lock has every source of every stage, with dates', async () => {
  const base = registry.images.get('base:1')!.digest;
  const tool = registry.images.get('tool:latest')!.digest;
  const { code, stdout, stderr } = await lock(...both);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(await shownLock()).toBe(
    `# What the Dockerfile takes from outside. \`tsfront lock\` writes this file.
lockVersion: 1
platforms: linux/amd64, linux/arm64

images:
  HOST/base:1:
    digest: ${base}
    created: 2026-01-01T00:00:00Z
  HOST/tool:latest:
    digest: ${tool}

files:
  http://HOST/file:
    checksum: ${sha256('a file')}
    modified: 1994-11-06T08:49:37Z

repositories:
  http://HOST/repo.git#main:
    commit: ${git('rev-parse', 'HEAD')}
`,
  );
  expect(table(stdout)).toEqual([
    'SOURCE STATE OLD NEW',
    `HOST/base:1 added - ${base.slice(7, 19)} (2026-01-01)`,
    `HOST/tool:latest added - ${tool.slice(7, 19)}`,
    `http://HOST/file added - ${sha256('a file').slice(7, 19)} (1994-11-06)`,
    `http://HOST/repo.git#main added - ${git('rev-parse', 'HEAD').slice(0, 12)}`,
    `${lockPath()}: 4 sources`,
    '',
  ]);
});

test('pins stay until they are updated, all or by name', async () => {
  await lock(...both);
  const before = await readLockText();
  registry.images.set('base:1', imageOf('2026-02-02T00:00:00Z'));
  registry.images.set('tool:latest', imageOf('2026-02-03T00:00:00Z'));
  file = 'another';
  const head = commit('two');
  expect((await lock()).stdout).toBe(`${lockPath()} is up to date: 4 sources\n`);
  expect(await readLockText()).toBe(before);

  const one = await lock('--update', `${registry.host}/base`);
  expect(table(one.stdout)[1]).toMatch(
    /^HOST\/base:1 updated [0-9a-f]{12} \(2026-01-01\) [0-9a-f]{12} \(2026-02-02\)$/,
  );
  expect(table(one.stdout)).toHaveLength(4);
  const all = await lock('--update');
  expect(table(all.stdout).map((line) => line.split(' ')[0])).toEqual([
    'SOURCE',
    'HOST/tool:latest',
    'http://HOST/file',
    'http://HOST/repo.git#main',
    `${lockPath()}:`,
    '',
  ]);
  const text = await readLockText();
  for (const pin of [registry.images.get('base:1')!.digest, sha256('another'), head]) expect(text).toContain(pin);
  // The platforms of the lock count if the command line names none.
  expect(text).toContain('platforms: linux/amd64, linux/arm64\n');
});

test('--check finds what is not locked, what has moved and what is not used, and writes nothing', async () => {
  expect((await lock('--check')).code).toBe(1);
  expect(existsSync(lockPath())).toBe(false);
  await lock(...both);
  expect(await lock('--check')).toMatchObject({ code: 0, stdout: `${lockPath()} is up to date: 4 sources\n` });
  const before = await readLockText();
  file = 'another';
  registry.images.set('added:1', imageOf('2026-02-02T00:00:00Z'));
  await write((await readFile(path.join(app(), 'Dockerfile'), 'utf8')).replace('/tool /', '/added:1 /'));
  const { code, stdout } = await lock('--check');
  expect(code).toBe(1);
  expect(table(stdout).map((line) => line.replace(/^(\S+) (not \w+|\w+).*$/, '$1 $2'))).toEqual([
    'SOURCE STATE',
    'HOST/added:1 not locked',
    'HOST/tool:latest not used',
    'http://HOST/file moved',
    expect.stringContaining('Dockerfile.lock is'),
    '',
  ]);
  expect(await readLockText()).toBe(before);
  await lock();
  expect((await lock('--check')).stdout).not.toMatch(/not (locked|used)/);
});

test('--check --offline compares the names, without asking anybody', async () => {
  await lock(...both);
  file = 'another';
  registry.log.length = 0;
  expect((await lock('--check', '--offline')).code).toBe(0);
  await write(`${await readFile(path.join(app(), 'Dockerfile'), 'utf8')}FROM ${registry.host}/new:1\n`);
  const { code, stdout } = await lock('--check', '--offline');
  expect(code).toBe(1);
  expect(table(stdout)[1]).toBe('HOST/new:1 not locked - -');
  expect(registry.log).toEqual([]);
});

test('a source for some platforms says so', async () => {
  registry.images.set('for-arm64:1', imageOf('2026-01-01T00:00:00Z'));
  registry.images.set('for-amd64:1', imageOf('2026-01-01T00:00:00Z'));
  await write(`ARG TARGETARCH\nFROM ${registry.host}/base:1\nFROM ${registry.host}/for-\${TARGETARCH}:1\n`);
  await lock(...both);
  const text = await shownLock();
  expect(text).toMatch(/for-amd64:1:\n {4}digest: \S+\n {4}created: \S+\n {4}platforms: linux\/amd64\n/);
  expect(text).toMatch(/for-arm64:1:\n {4}digest: \S+\n {4}created: \S+\n {4}platforms: linux\/arm64\n/);
  expect(text).not.toMatch(/base:1:\n.*\n.*\n {4}platforms/);
});

test('--format json has everything, in a fixed form', async () => {
  await write(`FROM ${registry.host}/base:1\n`);
  const base = registry.images.get('base:1')!.digest;
  const { stdout } = await lock('--format', 'json', '--platform', 'linux/amd64');
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    lockFile: lockPath(),
    isUpToDate: false,
    platforms: ['linux/amd64'],
    sources: [
      {
        kind: 'image',
        name: `${registry.host}/base:1`,
        change: 'new',
        after: { pin: base, date: '2026-01-01T00:00:00Z' },
      },
    ],
  });
});

test('the lock holds what the triggers of an image and the variables of an image name', async () => {
  const triggers = { OnBuild: [`ADD http://${registry.host}/file /`], Env: ['NAME=file'] };
  registry.images.set('base:1', imageOf('2026-01-01T00:00:00Z', triggers));
  await write(`FROM ${registry.host}/base:1\nADD http://${registry.host}/$NAME?again /\n`);
  await lock();
  const text = await readLockText();
  expect(text).toContain(`http://${registry.host}/file:`);
  expect(text).toContain(`http://${registry.host}/file?again:`);
});

test('the syntax image and named contexts are locked', async () => {
  await write(`# syntax=${registry.host}/tool\nFROM one\nFROM two\n`);
  await lock(
    '--build-context',
    `one=docker-image://${registry.host}/base:1`,
    '--build-context',
    `two=http://${registry.host}/file`,
  );
  const text = await shownLock();
  expect(text).toContain('HOST/tool:latest');
  expect(text).toContain('HOST/base:1');
  expect(text).toContain('http://HOST/file');
});

describe('compile', () => {
  const compile = (...args: string[]) => runCli(['compile', app(), '--format=tree', ...cache(), ...args]);

  test('--frozen takes what is locked after everything has moved, without the network', async () => {
    await lock();
    const before = await compile();
    registry.images.set('base:1', imageOf('2026-02-02T00:00:00Z'));
    registry.images.set('tool:latest', imageOf('2026-02-02T00:00:00Z'));
    registry.log.length = 0;
    const frozen = await compile('--frozen', '--offline');
    expect(frozen.stderr).toBe('');
    expect(registry.log).toEqual([]);
    expect(frozen.stdout).toContain(registry.host);
    const images = (text: string) => text.match(/@sha256:\w+/g);
    expect(images(frozen.stdout)).toEqual(images(before.stdout));
    expect(images((await compile()).stdout)).not.toEqual(images(before.stdout));
    expect(await compile('--lock=use')).toEqual(await compile('--frozen'));
  });

  test('--frozen names what is not locked, with its line', async () => {
    await lock();
    await write((await readFile(path.join(app(), 'Dockerfile'), 'utf8')).replace('/file', '/other'));
    const { code, stderr } = await compile('--frozen');
    expect(code).toBe(1);
    expect(stderr.replaceAll(registry.host, 'HOST')).toContain(
      'Dockerfile:4:1: error[unlocked-source]: http://HOST/other is not locked: Dockerfile.lock has no pin of it (`tsfront lock` adds it)',
    );
    expect(stderr).toContain('4 | ADD');
  });

  test('a broken lock is shown with its line', async () => {
    await writeFile(lockPath(), 'lockVersion: 1\nplatforms: linux/amd64\nimage:\n');
    const { code, stderr } = await compile('--frozen');
    expect(code).toBe(1);
    expect(stderr).toContain('Dockerfile.lock:3:1: image is not known here (did you mean images?)');
    expect((await lock()).stderr).toContain('Dockerfile.lock:3:1: image is not known here (did you mean images?)');
  });

  test('contradicting flags and modes are refused', async () => {
    expect(await compile('--frozen', '--lock=use')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('contradict'),
    });
    expect((await compile('--build-arg', 'TSFRONT_LOCK=frozn')).stderr).toContain('did you mean frozen?');
    const build = await runCli([
      'build',
      app(),
      '--frozen',
      '--frontend',
      'dockerfile.v0',
      '--builder',
      'tcp://127.0.0.1:1',
    ]);
    expect(build.code).not.toBe(0);
  });
});

describe('what cannot be locked', () => {
  test('all failures are told, and nothing is written', async () => {
    await write(
      `FROM ${registry.host}/base:1\nADD http://${registry.host}/no1 /\nADD http://${registry.host}/no2 /\nADD http://${registry.host}/repo.git#nope /\n`,
    );
    const { code, stderr } = await lock();
    expect(code).toBe(1);
    expect(stderr).toMatch(/no1: HTTP status 404[\s\S]*no2: HTTP status 404/);
    expect(stderr).toContain('it has no branch or tag nope');
    for (const place of ['2:1', '3:1', '4:5'])
      expect(stderr).toContain(`Dockerfile:${place}: error[unresolved-source]: `);
    expect(stderr).toContain(`> 3 | ADD http://${registry.host}/no2 /\n`);
    expect(existsSync(lockPath())).toBe(false);
    expect(await readdir(app())).toEqual(['Dockerfile']);
  });

  test('the image of the syntax directive is shown with its place, and what else fails', async () => {
    await write(`# syntax=${registry.host}/no/such:1\nFROM scratch\nADD http://${registry.host}/no /\n`);
    const { code, stderr } = await lock('--platform', 'linux/amd64,linux/arm64');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Dockerfile:1:1: error\[unresolved-source\]: .*no\/such:1/);
    expect(stderr).toContain(`> 1 | # syntax=${registry.host}/no/such:1\n`);
    expect(stderr).toContain('Dockerfile:3:1: error[unresolved-source]: ');
    expect(stderr.match(/error\[/g)).toHaveLength(2);
  });

  test('the failures of all platforms are shown, each once', async () => {
    const lines = ['FROM scratch', 'ARG TARGETARCH', `ADD http://${registry.host}/no-$TARGETARCH /`];
    await write(`${lines.join('\n')}\nADD http://${registry.host}/no /\n`);
    const { stderr } = await lock('--platform', 'linux/amd64,linux/arm64');
    for (const name of ['no-amd64: ', 'no-arm64: ', 'no: '])
      expect(stderr.match(new RegExp(name, 'g'))).toHaveLength(1);
  });

  test('an image that has gone is shown with its line, though the lock has a pin of it', async () => {
    await write(`FROM scratch AS a\nFROM ${registry.host}/base:1\nCOPY --from=a / /\n`);
    expect((await lock()).code).toBe(0);
    registry.images.delete('base:1');
    const { code, stderr } = await lock('--update');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/Dockerfile:2:6: error\[unresolved-(?:source|image)\]/)]);
  });

  test('a Dockerfile with errors is shown with its lines', async () => {
    await write('FROM scratch\nRUNN a\n');
    expect(await lock()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Dockerfile:2:1: error[unknown-instruction]'),
    });
  });

  test('a name to update that the lock does not have is an error with a similar one', async () => {
    expect(await lock('--update', 'a')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it has no sources yet'),
    });
    await lock();
    expect(await lock('--update', `${registry.host}/bas`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`did you mean ${registry.host}/base?`),
    });
    expect(await runCli(['lock', '--update', '.'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--update'),
    });
  });

  test('a lock that is a link, a pipe or a directory', async () => {
    const refused = async () => {
      const { code, stderr } = await lock();
      await rm(lockPath(), { recursive: true });
      return `${code} ${stderr}`;
    };
    await symlink(path.join(directory, 'elsewhere'), lockPath());
    expect(await refused()).toBe(`2 error: ${lockPath()} is a link: a lock is a file beside its Dockerfile\n`);
    expect(existsSync(path.join(directory, 'elsewhere'))).toBe(false);
    execFileSync('mkfifo', [lockPath()]);
    expect(await refused()).toMatch(/is not a regular file$/m);
    await mkdir(lockPath());
    expect(await refused()).toMatch(/it is a directory$/m);
  });

  test('lock refuses a context without a directory, and flags that contradict each other', async () => {
    expect(await runCli(['lock', `http://${registry.host}/Dockerfile`])).toMatchObject({ code: 2 });
    for (const more of ['--update', '--policy=p.json'])
      expect(await lock('--check', more)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--check writes nothing'),
      });
  });
});

test('no credential is in the lock, the policy or any output', async () => {
  registry.auth = { kind: 'basic', login: 'me:planted-registry' };
  await writeFile(
    path.join(directory, 'config.json'),
    JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from('me:planted-registry').toString('base64') } } }),
  );
  await write(`FROM ${registry.host}/base:1
ARG TOKEN
ADD http://user:planted-user@${registry.host}/file?token=planted-query /
ADD http://${registry.host}/file?access_token=\${TOKEN} /
ADD http://${registry.host}/file?of=\${TOKEN}-x /
ADD http://planted-name:planted-git@${registry.host}/repo.git#main /src
`);
  const env = { DOCKER_CONFIG: directory };
  const policy = path.join(directory, 'policy.json');
  const args = ['lock', app(), ...cache(), '--build-arg', 'TOKEN=planted-arg'];
  const outputs = [
    await runCli([...args, '--policy', policy], { env }),
    await runCli([...args, '--format=json', '--update'], { env }),
    await runCli([...args, '--check'], { env }),
    await runCli([...args, '--update', 'planted'], { env }),
    await runCli(['compile', app(), ...cache(), '--frozen', '--format=tree'], { env }),
  ];
  expect(outputs.map(({ code }) => code)).toEqual([0, 0, 0, 2, 1]);
  const [first] = outputs;
  expect(first!.stderr).toContain('the policy has no rule for');
  const files = [await readLockText(), await readFile(policy, 'utf8')];
  expect(files[0]).toContain('xxxxx');
  for (const text of [...files, ...outputs.flatMap(({ stdout, stderr }) => [stdout, stderr])])
    expect(text).not.toMatch(/planted-/);
});

describe('a damaged lock', () => {
  const pin = (of: string) => `sha256:${of.repeat(64)}`;

  test('with a merge conflict is written again, with the pins that both sides agree on or one has', async () => {
    await lock();
    const text = await readLockText();
    const base = registry.images.get('base:1')!.digest;
    const conflicted = text.replace(
      `    digest: ${base}\n`,
      `<<<<<<< HEAD\n    digest: ${pin('1')}\n=======\n    digest: ${pin('2')}\n>>>>>>> other\n`,
    );
    await writeFile(lockPath(), conflicted);
    file = 'another file'; // its pin stays
    expect((await lock('--check')).code).toBe(1);
    const { code, stderr } = await lock();
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^note: .*Dockerfile\.lock:\d+:\d+: .*: it is written again, and 3 pins are kept\n$/);
    expect(await readLockText()).toBe(text);
    expect((await lock('--check', '--offline')).code).toBe(0);
  });

  test('with a broken digest is written again, and the other pins stay', async () => {
    await lock();
    const text = await readLockText();
    await writeFile(lockPath(), text.replace(registry.images.get('base:1')!.digest, 'sha256:12'));
    registry.images.set('tool:latest', imageOf('2026-02-01T00:00:00Z'));
    const { code, stderr } = await lock();
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('3 pins are kept');
    expect(await readLockText()).toBe(text);
  });

  test('that is no lock at all is written again', async () => {
    await lock();
    const text = await readLockText();
    await writeFile(lockPath(), '<<<<<<< HEAD\nnothing\n');
    expect(await lock()).toMatchObject({ code: 0, stderr: expect.stringContaining('0 pins are kept') });
    expect(await readLockText()).toBe(text);
  });

  test('of a later version stays as it is', async () => {
    await lock();
    const later = (await readLockText()).replace('lockVersion: 1', 'lockVersion: 2');
    await writeFile(lockPath(), later);
    expect(await lock()).toMatchObject({ code: 1, stderr: expect.stringContaining('lockVersion 2 is not known') });
    expect(await readLockText()).toBe(later);
  });
});

test('a policy has a rule for each source, wherever in a repository it is', async () => {
  await lock('--policy', path.join(directory, 'policy.json'));
  const policy = JSON.parse(
    (await readFile(path.join(directory, 'policy.json'), 'utf8')).replaceAll(registry.host, 'HOST'),
  );
  const head = git('rev-parse', 'HEAD');
  const convert = (identifier: string, updates: object, match_type = 'WILDCARD') => ({
    action: 'CONVERT',
    selector: { identifier, match_type },
    updates,
  });
  const base = `docker-image://HOST/base:1`;
  const tool = `docker-image://HOST/tool:latest`;
  expect(policy).toEqual({
    version: 1,
    rules: [
      convert(base, { identifier: `${base}@${registry.images.get('base:1')!.digest}` }),
      convert(tool, { identifier: `${tool}@${registry.images.get('tool:latest')!.digest}` }),
      convert('git://HOST/repo.git#main', { identifier: `git://HOST/repo.git#${head}` }),
      convert('git://HOST/repo.git#main:*', { identifier: `git://HOST/repo.git#${head}:\${1}` }),
      convert('http://HOST/file', { attrs: { 'http.checksum': sha256('a file') } }, 'EXACT'),
    ],
  });
  const alone = await lock('--policy', '-');
  expect(JSON.parse(alone.stdout).rules).toHaveLength(5);
});

describe('the commit of a reference', () => {
  test('is that of the branch before that of the tag, and what a tag with a message names', async () => {
    const first = git('rev-parse', 'HEAD');
    const second = commit('two');
    git('tag', '-a', '-m', 'a tag', 'v1', first);
    git('tag', 'both', first);
    git('branch', 'both', second);
    const find = async (ref: string) => (await findCommit(repository, ref)).hash;
    expect(await find('')).toBe(second);
    expect(await find('main')).toBe(second);
    expect(await find('v1')).toBe(first);
    expect(await find('refs/tags/v1')).toBe(first);
    expect(await find('tags/both')).toBe(first);
    expect(await find('both')).toBe(second);
    await expect(find('nope')).rejects.toThrow(/it has no branch or tag nope$/);
    await expect(findCommit(path.join(directory, 'gone'), '')).rejects.toThrow(
      /^failed to ask .*gone for its default branch: /,
    );
  });

  test('has the time at which it was made, if the server gives the commit', async () => {
    expect((await findCommit(repository, 'main')).time).toBe(1700000000);
  });
});
