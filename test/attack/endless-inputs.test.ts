import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSourcePolicy } from '../../src/cli/build-command/source-policy-file.ts';
import { auth } from '../../src/client/session/auth.ts';
import { createContentStores } from '../../src/client/session/content.ts';
import { findInIndex } from '../../src/client/session/layout-index.ts';
import { secrets } from '../../src/client/session/secrets.ts';
import { parsePrivateKey } from '../../src/client/session/ssh-keys.ts';
import { Content } from '../../src/gen/containerd/services/content/v1/content_pb.ts';
import { Auth } from '../../src/gen/moby/filesync/v1/auth_pb.ts';
import { noCredentials } from '../../src/registry/docker-config.ts';
import { fakeDaemon } from '../client/fake-daemon.ts';
import { temporaryDir } from '../temporary-dir.ts';

/** A named pipe that nobody writes to: whoever reads it without care waits for ever. */
function pipe(directory = temporaryDir()): string {
  const file = path.join(directory, 'index.json');
  execFileSync('mkfifo', [file]);
  return file;
}

/** A file of settings that is larger than any may be; it takes no room. */
function huge(): string {
  const file = path.join(temporaryDir(), 'huge');
  writeFileSync(file, '{');
  truncateSync(file, 64 << 20);
  return file;
}

const cli = path.join(import.meta.dirname, '../../src/cli.ts');
const run = (script: string) =>
  spawnSync('bash', ['-c', script], { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' });

describe('a file that has no end is refused', () => {
  test.each(['pipe', 'device', 'directory'])('a secret without an end is refused: a %s', async (kind) => {
    const file = { pipe: () => pipe(), device: () => '/dev/zero', directory: temporaryDir }[kind]!();
    await expect(secrets(new Map([['s', { file }]]))).rejects.toThrow(`secret s: ${file} is not a regular file`);
  });

  test.each(['pipe', 'device'])('an SSH key without an end is refused: a %s', async (kind) => {
    await expect(parsePrivateKey(kind === 'pipe' ? pipe() : '/dev/zero')).rejects.toThrow(/not a regular file/);
  });

  test('the index of a layout without an end is refused', async () => {
    const layout = temporaryDir();
    pipe(layout);
    await expect(findInIndex(layout, 'latest')).rejects.toThrow('is not a regular file');
  });

  test('a blob of a layout without an end is refused', async () => {
    const layout = temporaryDir();
    const hex = 'a'.repeat(64);
    mkdirSync(path.join(layout, 'blobs/sha256'), { recursive: true });
    execFileSync('mkfifo', [path.join(layout, 'blobs/sha256', hex)]);
    const daemon = await fakeDaemon(createContentStores(new Map([['oci:x', { dir: layout, writable: false }]])));
    const read = async () => {
      const headers = { 'buildkit-attachable-store-id': ['oci:x'] };
      for await (const _ of daemon.client(Content).read({ digest: `sha256:${hex}` }, { metadata: headers })) return;
    };
    await expect(read()).rejects.toThrow(`${hex} is not a regular file`);
  });

  test.each([
    ['a pipe', () => pipe(), 'is not a regular file'],
    ['a device', () => '/dev/zero', 'is not a regular file'],
    ['a huge file', () => huge(), 'is larger than 16777216 bytes, the limit'],
  ])('a source policy without an end is refused: %s', async (_what, make, why) => {
    const file = make();
    await expect(readSourcePolicy({ EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: file })).rejects.toThrow(
      `EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: failed to read the policy ${file}: ${file} ${why}`,
    );
  });

  test.each([
    ['a pipe', pipe],
    ['a device', () => '/dev/zero'],
    ['a huge file', huge],
  ])('seeds of token keys without an end are refused, and a key lasts one process: %s', async (_what, make) => {
    const seedDir = temporaryDir();
    symlinkSync(make(), path.join(seedDir, '.token_seed'));
    const credentials = async () => ({ ...noCredentials, username: 'me', password: 's3cret' });
    const daemon = (await fakeDaemon(auth({ credentials, seedDir }))).client(Auth);
    const asked = { Host: 'localhost:1', Salt: Buffer.from('salt') };
    const { PublicKey } = await daemon.getTokenAuthority(asked);
    expect(PublicKey).toHaveLength(32);
    expect((await daemon.getTokenAuthority(asked)).PublicKey).toEqual(PublicKey);
    expect(lstatSync(path.join(seedDir, '.token_seed')).isSymbolicLink()).toBe(true); // it is not replaced
  });

  test('a Docker configuration without an end is refused', () => {
    const directory = temporaryDir();
    execFileSync('mkfifo', [path.join(directory, 'config.json')]);
    const workers = run(`DOCKER_CONFIG=${directory} DOCKER_HOST= BUILDKIT_HOST= ${process.execPath} ${cli} workers`);
    expect(workers.stderr).toContain('config.json is not a regular file; it is left out');
  });

  test('a Dockerfile without an end on standard input is refused', () => {
    const { status, stderr } = run(`yes '# comment' | ${process.execPath} ${cli} compile --offline -`);
    expect(stderr).toContain('standard input has more than 16777216 bytes');
    expect(status).toBe(2);
  });
});

test.each(['/dev/zero', '- < /dev/zero'])('a compiled graph without an end is refused: %s', (file) => {
  const { status, stderr } = run(`${process.execPath} ${cli} solve --builder unix:///nowhere ${file}`);
  expect([status, stderr]).toEqual([2, expect.stringContaining(' has more than 268435456 bytes')]);
});

test('a secret that comes through a pipe of the shell is read once and given each time', async () => {
  const directory = temporaryDir();
  mkdirSync(path.join(directory, 'd'));
  const script = path.join(directory, 'd/secret.ts');
  const source = path.join(import.meta.dirname, '../../src/client/session/secrets.ts');
  const requested = `
import { secrets } from ${JSON.stringify(source)};
const { routes } = await secrets(new Map([['s', { file: process.argv[2] }]]));
for (let i = 0; i < 2; i++)
  await [...routes.values()][0]({
    headers: new Map(), signal: new AbortController().signal,
    messages: (async function* () { yield Uint8Array.of(10, 1, 115); })(),
    write: async (message) => console.log(Buffer.from(message).toString('latin1').slice(2)),
    writeFrames: async () => {},
  });`;
  writeFileSync(script, requested);
  const { stdout, stderr } = run(`${process.execPath} ${script} <(printf hidden)`);
  expect(stderr).toBe('');
  expect(stdout).toBe('hidden\nhidden\n');
});

test('an error that nobody expected is one line, and all of it for who asks', () => {
  const broken = `${process.execPath} --import 'data:text/javascript,setTimeout(()=>{throw new Error("odd\\u001b[2J https://me:pw@host")},1)' ${cli} compile --offline -f /dev/stdin`;
  const { status, stderr } = run(`sleep 1 | ${broken} ${temporaryDir()}`);
  expect([status, stderr]).toEqual([1, 'error: odd\ufffd[2J https://xxxxx:xxxxx@host\n']);
  expect(run(`sleep 1 | TSFRONT_DEBUG=1 ${broken} ${temporaryDir()}`).stderr).toMatch(/\n +at /);
});
