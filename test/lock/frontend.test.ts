/** The frontend with a lock gives the ops of the Dockerfile in which everything is pinned by hand. */
import { describe, expect, test } from 'vitest';
import { CompileError, compile } from '../../src/daemonless/compile.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { formatReference } from '../../src/image/reference.ts';
import { formatLock, type LockedSource } from '../../src/lock/lock-file.ts';
import type { ImageResolver } from '../../src/resolve/resolver.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const commit = 'c0ffee'.repeat(7).slice(0, 40);

/** Every tag has moved to this digest since the lock was written; each digest has its own environment. */
const moved = digest('f');
const asked: string[] = [];
const images: ImageResolver = {
  async resolve(reference) {
    asked.push(formatReference(reference));
    const found = reference.digest || moved;
    const config = {
      architecture: 'amd64',
      os: 'linux',
      config: { Env: [`IMAGE=${found.slice(7, 9)}`], OnBuild: reference.path.endsWith('/trigger') ? triggers : [] },
      rootfs: { type: 'layers', diff_ids: [found] },
    };
    return { digest: found, config: new TextEncoder().encode(JSON.stringify(config)) };
  },
};
const triggers = ['ADD https://example.com/trigger /', 'COPY --from=from-trigger:1 / /'];

const dockerfile = `# syntax=docker/dockerfile:1
ARG VERSION=3.20
FROM --platform=linux/arm64 alpine:\${VERSION} AS tools
ADD https://example.com/\${TARGETARCH}.tgz /
FROM trigger:1 AS app
ENV TAG=v1
COPY --from=tools / /tools
COPY --from=busybox /bin /bin
RUN --mount=from=mounted:1,target=/mnt true
ADD https://example.com/file.tgz /
ADD https://example.com/repo.git#\${TAG}:dir /src
ADD --keep-git-dir https://example.com/repo.git /all
FROM alpine:\${VERSION} AS other
`;

const pinnedDockerfile = dockerfile
  .replaceAll('alpine:${VERSION}', `alpine:\${VERSION}@${digest('1')}`)
  .replace('busybox', `busybox:latest@${digest('2')}`)
  .replace('mounted:1', `mounted:1@${digest('3')}`)
  .replace('trigger:1', `trigger:1@${digest('4')}`)
  .replace('ADD https://example.com/file.tgz', `ADD --checksum=${digest('a')} https://example.com/file.tgz`)
  .replace('ADD https://example.com/${T', `ADD --checksum=${digest('b')} https://example.com/\${T`)
  .replace('#${TAG}:dir', `#${commit}:dir`)
  .replace('repo.git /all', `repo.git#${commit} /all`);

const sources: LockedSource[] = [
  { kind: 'image', name: 'alpine:3.20', pin: digest('1') },
  { kind: 'image', name: 'busybox:latest', pin: digest('2') },
  { kind: 'image', name: 'mounted:1', pin: digest('3') },
  { kind: 'image', name: 'trigger:1', pin: digest('4') },
  { kind: 'image', name: 'from-trigger:1', pin: digest('5') },
  { kind: 'http', name: 'https://example.com/file.tgz', pin: digest('a') },
  { kind: 'http', name: 'https://example.com/.tgz', pin: digest('b') },
  { kind: 'http', name: 'https://example.com/trigger', pin: digest('c') },
  { kind: 'git', name: 'https://example.com/repo.git#v1', pin: commit },
  { kind: 'git', name: 'https://example.com/repo.git', pin: commit },
];

interface Build {
  readonly text?: string;
  readonly opts?: Readonly<Record<string, string>>;
  /** undefined for no lock file. */
  readonly lock?: string | undefined;
  readonly name?: string;
}

const wholeLock = formatLock({ platforms: ['linux/amd64'], sources });

async function build({ text = dockerfile, opts = {}, name = 'Dockerfile', ...rest }: Build) {
  const lock = 'lock' in rest ? rest.lock : wholeLock;
  const files = new Map([[name, Buffer.from(text)]]);
  if (lock !== undefined) files.set(`${name}.lock`, Buffer.from(lock));
  const { definitions, warnings, metadata } = await compile({
    opts: { target: 'app', filename: name, ...opts },
    locals: new Map([
      ['context', memoryTree(new Map())],
      ['dockerfile', memoryTree(files)],
    ]),
    images: [images],
    platform: parsePlatform('linux/amd64'),
  });
  return { ops: [...definitions.values()].map(({ def }) => def), warnings, metadata };
}

async function failure(
  wanted: Build,
): Promise<{ message: string; code: string | undefined; place: string | undefined }> {
  const error = await build(wanted).catch((e: unknown) => e);
  if (!(error instanceof CompileError)) throw new Error('it compiles');
  const { message, place } = error;
  return { message, code: findDiagnosticError(error)?.code, place };
}

const use = { 'build-arg:TSFRONT_LOCK': 'use' };
const frozen = { 'build-arg:TSFRONT_LOCK': 'frozen' };
// The triggers cannot be pinned in the Dockerfile: without them, the same.
const withoutTriggers = (text: string) => text.replace('FROM trigger', 'FROM plain');
const plainLock = formatLock({
  platforms: ['linux/amd64'],
  sources: sources.map((it) => (it.name === 'trigger:1' ? { ...it, name: 'plain:1' } : it)),
});

describe('a build with a lock', () => {
  test.each([
    ['use', use],
    ['frozen', frozen],
  ])('has the ops of the Dockerfile that is pinned by hand (%s)', async (_, opts) => {
    const byHand = await build({ text: withoutTriggers(pinnedDockerfile), lock: undefined });
    const locked = await build({ text: withoutTriggers(dockerfile), lock: plainLock, opts });
    expect(locked.ops).toEqual(byHand.ops);
    const plain = await build({ text: withoutTriggers(dockerfile), lock: plainLock });
    expect(plain.ops).not.toEqual(byHand.ops);
  });

  test('has the pinned triggers of the pinned image', async () => {
    const { ops } = await build({ opts: frozen });
    const text = Buffer.concat(ops.flat()).toString('latin1');
    expect(text).toContain(`docker.io/library/from-trigger:1@${digest('5')}`);
    expect(text).toContain(digest('c'));
    expect(text).not.toContain(moved);
  });

  test('takes from the registry what is pinned, and nothing else', async () => {
    asked.length = 0;
    await build({ opts: frozen });
    expect(asked.filter((ref) => !ref.includes('@'))).toEqual([]);
  });

  test('can be asked for by a directive, which the build argument overrides', async () => {
    const byDirective = await build({
      text: `# lock=frozen\n${dockerfile}`.replace('# syntax=docker/dockerfile:1\n', ''),
    });
    const byArgument = await build({ text: dockerfile.replace('# syntax=docker/dockerfile:1\n', ''), opts: frozen });
    expect(byDirective.ops).toEqual(byArgument.ops);
    expect(byDirective.ops).not.toEqual((await build({ lock: undefined })).ops);
    const off = await build({
      text: `# syntax=docker/dockerfile:1\n# lock=frozen\n${dockerfile.replace(/^.*\n/, '')}`,
      opts: { 'build-arg:TSFRONT_LOCK': 'off' },
    });
    expect(off.ops).toEqual((await build({ lock: undefined })).ops);
  });

  test('has the lock beside its Dockerfile, with the name of it', async () => {
    expect((await build({ name: 'api.Dockerfile', opts: frozen })).ops).toEqual((await build({ opts: frozen })).ops);
    expect((await build({ name: 'sub/Dockerfile', opts: frozen })).ops).toEqual((await build({ opts: frozen })).ops);
  });
});

describe('named contexts', () => {
  const text = 'FROM base\nCOPY --from=repo / /\nCOPY --from=site / /\n';
  const contexts = {
    target: '',
    'context:base': 'docker-image://alpine:3.20',
    'context:repo': 'https://example.com/repo.git#v1',
    'context:site': 'https://example.com/file.tgz',
  };

  test('are pinned if they are images, repositories or files', async () => {
    const locked = await build({ text, opts: { ...contexts, ...frozen } });
    const byHand = await build({
      text,
      opts: {
        ...contexts,
        'context:base': `docker-image://alpine:3.20@${digest('1')}`,
        'context:repo': `https://example.com/repo.git#${commit}`,
      },
    });
    // Nothing but the checksum of the file, which no option gives.
    const differ = locked.ops[0]!.filter((op, at) => !Buffer.from(op).equals(byHand.ops[0]![at]!));
    const sources = differ.filter((op) => Buffer.from(op).includes('://'));
    expect(sources.map((op) => Buffer.from(op).includes(digest('a')))).toEqual([true]);
    expect(Buffer.concat(locked.ops[0]!).toString('latin1')).toContain(`alpine:3.20@${digest('1')}`);
    expect(Buffer.concat(locked.ops[0]!).toString('latin1')).toContain(commit);
  });

  test('replace images that need no pin then', async () => {
    await build({
      text: 'FROM unknown:1\n',
      opts: { ...frozen, target: '', 'context:unknown:1': 'docker-image://alpine:3.20' },
    });
  });

  test('are an error of their line if they are not locked', async () => {
    const opts = { ...contexts, ...frozen, 'context:repo': 'https://example.com/other.git' };
    expect(await failure({ text, opts })).toMatchObject({
      code: 'unlocked-source',
      place: 'Dockerfile:2',
      message: expect.stringContaining('https://example.com/other.git is not locked'),
    });
  });
});

describe('what is not locked', () => {
  const lockWithout = (name: string) =>
    formatLock({ platforms: ['linux/amd64'], sources: sources.filter((it) => it.name !== name) });

  test.each([
    ['alpine:3.20', 'Dockerfile:3'],
    ['https://example.com/.tgz', 'Dockerfile:4'],
    ['trigger:1', 'Dockerfile:5'],
    ['https://example.com/trigger', 'Dockerfile:5'],
    ['from-trigger:1', 'Dockerfile:5'],
    ['busybox:latest', 'Dockerfile:8'],
    ['mounted:1', 'Dockerfile:9'],
    ['https://example.com/file.tgz', 'Dockerfile:10'],
    ['https://example.com/repo.git#v1', 'Dockerfile:11'],
    ['https://example.com/repo.git', 'Dockerfile:12'],
  ])('%s is an error of a frozen build, at its line', async (name, place) => {
    expect(await failure({ lock: lockWithout(name), opts: frozen })).toEqual({
      code: 'unlocked-source',
      message: expect.stringContaining(
        `${name} is not locked: Dockerfile.lock has no pin of it (\`tsfront lock\` adds it)`,
      ),
      place,
    });
  });

  test('is taken as it is with `use`, also without a lock file', async () => {
    const { ops } = await build({ lock: lockWithout('busybox:latest'), opts: use });
    expect(Buffer.concat(ops.flat()).toString('latin1')).toContain(`busybox:latest@${moved}`);
    expect((await build({ lock: undefined, opts: use })).ops).toEqual((await build({ lock: undefined })).ops);
  });

  test('is everything if there is no lock file', async () => {
    expect((await failure({ lock: undefined, opts: frozen })).message).toMatch(
      /is not locked: there is no Dockerfile.lock beside the Dockerfile \(`tsfront lock` adds it\)/,
    );
  });

  test('all images that are not locked are told at once', async () => {
    const { message } = await failure({
      text: 'FROM a AS a\nFROM b\nCOPY --from=a / /\n',
      opts: { ...frozen, target: '' },
      lock: undefined,
    });
    expect(message).toMatch(/b:latest is not locked[\s\S]*a:latest is not locked/);
  });

  test('needs no pin if the Dockerfile pins it', async () => {
    await build({
      text: withoutTriggers(pinnedDockerfile),
      lock: formatLock({ platforms: ['linux/amd64'], sources: [] }),
      opts: frozen,
    });
    await build({
      text: `FROM scratch\nADD --checksum=${commit} https://example.com/repo.git#v1 /\nADD https://example.com/r.git?tag=v1&checksum=${commit} /\n`,
      opts: { ...frozen, target: '' },
      lock: undefined,
    });
  });
});

test('wrong modes and wrong locks are errors with their place', async () => {
  expect(await failure({ text: '# lock=frozn\nFROM scratch\n', opts: { target: '' } })).toMatchObject({
    code: 'bad-lock-mode',
    place: 'Dockerfile:1',
  });
  expect(await failure({ opts: { 'build-arg:TSFRONT_LOCK': 'Use' } })).toMatchObject({ code: 'bad-lock-mode' });
  expect(await failure({ opts: use, lock: 'lockVersion: 9\n' })).toMatchObject({
    code: 'bad-lock-file',
    message: expect.stringContaining('Dockerfile.lock:1:14: lockVersion 9 is not known'),
  });
  // Nobody reads a lock that nobody asks for.
  await build({ lock: 'lockVersion: 9\n' });
});

test('credentials are no part of the name of a source', async () => {
  const text = 'FROM scratch\nADD https://me:hunter2@example.com/file.tgz?token=hunter2 /\n';
  const lock = formatLock({
    platforms: ['linux/amd64'],
    sources: [{ kind: 'http', name: 'https://xxxxx:xxxxx@example.com/file.tgz?token=xxxxx', pin: digest('a') }],
  });
  const { ops } = await build({ text, lock, opts: { ...frozen, target: '' } });
  expect(Buffer.concat(ops.flat()).toString('latin1')).toContain(digest('a'));
  const { message } = await failure({ text, lock: undefined, opts: { ...frozen, target: '' } });
  expect(message).not.toContain('hunter2');
});
