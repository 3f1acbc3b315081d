/**
 * What a wrong command line says: the option, file or name it is about, without codes of the system or of a library.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

/** A directory with what people name by mistake. */
function mistakes(): string {
  const directory = temporaryDir({
    'context/Dockerfile': 'FROM scratch\nCOPY Dockerfile /\n',
    'unknown/Dockerfile': 'FROM nowhere.invalid/x\nRUN y\n',
    text: 'neither a key nor JSON',
    'table.json': '{"images":[]}',
  });
  mkdirSync(path.join(directory, 'directory'));
  mkdirSync(path.join(directory, 'nested/Dockerfile'), { recursive: true });
  return directory;
}

/** Texts that say nothing to people, or nothing about what they have typed. */
const bare = /\bE(ISDIR|NOENT|NOTDIR|ACCES)\b|routines:|illegal operation|Unexpected (token|end)|^\w+: is a directory/m;

/** `@` stands for the directory of mistakes. */
const offline: readonly (readonly [args: string, code: number, text: string])[] = [
  ['compile @/nosuch', 2, 'path "@/nosuch" not found or no directory'],
  ['compile @/text', 2, 'it is a file: give a Dockerfile with --file, and its directory'],
  ['compile @/context -f @/directory', 2, 'the Dockerfile @/directory is a directory'],
  ['compile @/context -o @/directory', 2, 'cannot write @/directory: it is a directory'],
  ['graph @/context -o @/directory', 2, 'cannot write @/directory: it is a directory'],
  ['check @/context -o @/directory', 2, 'cannot write @/directory: it is a directory'],
  ['compile @/context -o @/nosuch/x', 2, 'cannot write @/nosuch/x: there is no directory @/nosuch'],
  ['compile @/context -o @/text/x', 2, 'cannot write @/text/x: a part of the path is not a directory'],
  ['compile @/context --write-images @/directory', 2, 'cannot write @/directory: it is a directory'],
  [
    'compile @/context --images @/nosuch',
    2,
    '@/nosuch: --images takes a file as --write-images writes it (no such file',
  ],
  ['compile @/context --images @/directory', 2, 'cannot read @/directory: --images takes a file'],
  ['compile @/context --images @/table.json', 2, '@/table.json has no object "images"'],
  ['compile @/context --oci-layout x=@/directory', 2, 'the OCI layout x @/directory has no index.json'],
  ['compile @/context --build-context X=@/directory', 2, 'invalid context name "X"'],
  [
    'build @/context --build-context x=oci-layout://@/nosuch',
    2,
    'OCI layout of the build context x @/nosuch does not exist',
  ],
  [
    'build @/context --build-context x=oci-layout://@/directory',
    2,
    'the build context x @/directory has no index.json',
  ],
  ['compile @/context --platform a/b/c/d', 2, '--platform: "a/b/c/d"'],
  ['check @/directory', 2, 'there is no Dockerfile under @/directory: name the file'],
  ['check @/nested', 2, 'there is no Dockerfile under @/nested: name the file'],
  [
    'compile @/context --target x',
    1,
    '@/context/Dockerfile: error[unknown-target]: target stage "x" could not be found',
  ],
  ['compile @/unknown --mirror nowhere.invalid=x', 2, '--mirror nowhere.invalid=x: x is not an http address'],
  ['compile @/context --cache-dir @/text', 2, '--cache-dir: @/text is not a directory'],
  ['solve @/nosuch', 2, 'cannot read @/nosuch: no such file or directory'],
  ['solve @/directory', 2, 'cannot read @/directory: it is a directory'],
  ['solve @/text', 2, '@/text is not an LLB definition'],
];

describe('without a daemon', () => {
  test.each(offline)('wrong usage is found: %s', async (args, code, text) => {
    const directory = mistakes();
    const named = (words: string) => words.replaceAll('@', directory);
    const run = await runCli(named(args).split(' '));
    const said = run.stdout + run.stderr;
    expect(said).toContain(named(text));
    expect(said).not.toMatch(bare);
    expect(run.code).toBe(code);
  });
});

const onDaemon: typeof offline = [
  ['build @/nosuch', 2, 'path "@/nosuch" not found'],
  ['build @/text', 2, 'path "@/text" not found or no directory (it is a file: give a Dockerfile with --file, and'],
  ['build @/context --platfrom=linux/amd64', 2, "unknown option '--platfrom'\n(Did you mean --platform?)"],
  ['build @/context -f @/nosuch', 2, 'the Dockerfile @/nosuch does not exist'],
  ['build @/context -f @/directory', 2, 'the Dockerfile @/directory is a directory'],
  ['build @/context --build-context x=@/nosuch', 2, 'failed to get build context x: @/nosuch is not a directory'],
  ['build @/context --quiet --progress=plain', 2, '--progress=plain and --quiet cannot be used together'],
  ['build @/context --call=odd', 2, '--call: subrequest odd is not supported: known are build, check'],
  ['build @/context -t x:y:z', 2, 'invalid value "x:y:z" for --tag: invalid reference format'],
  ['build @/context --iidfile @/directory', 2, '--iidfile: cannot write @/directory: it is a directory'],
  ['build @/context -o type=cacheonly --metadata-file @/directory', 2, 'cannot write @/directory: it is a directory'],
  ['build @/context --metadata-file @/directory', 2, '--metadata-file: cannot write @/directory: it is a directory'],
  [
    'build @/context --metadata-file @/none/m',
    2,
    '--metadata-file: cannot write @/none/m: there is no directory @/none',
  ],
  ['build @/context --iidfile @/none/id', 2, '--iidfile: cannot write @/none/id: there is no directory @/none'],
  [
    'build @/context --sbom=maybe',
    2,
    'invalid value "maybe" for --sbom: maybe has no value: give true, false or KEY=VALUE',
  ],
  ['build @/context --provenance=max', 2, 'invalid value "max" for --provenance: max has no value'],
  ['build @/context -o type=registry', 2, 'tag is needed when pushing to registry'],
  ['build @/context -o type=image,push=true', 2, 'tag is needed when pushing to registry'],
  ['build @/context --ssh default=@/text', 2, 'failed to parse @/text: it is not a private SSH key'],
  ['build @/context --ssh default=@/key.pub', 2, 'failed to parse @/key.pub: it is a public key: name the private one'],
  ['build @/context --ssh default=@/directory', 2, 'cannot read the SSH key @/directory: it is not a regular file'],
  ['build @/context -o type=local,dest=/proc/x', 1, 'cannot create /proc/x: no such file or directory'],
  ['build @/context -o type=oci,dest=/dev/full', 1, 'cannot write /dev/full: ENOSPC: no space left on device'],
  ['prune --keep-duration x', 2, 'invalid value "x" for --keep-duration: time: invalid duration'],
  ['prune --reserved-space x', 2, 'invalid value "x" for --reserved-space: invalid size'],
];

await onEngines('with a daemon', { suites: ['forky'] }, (engine) => {
  test.each(onDaemon)('wrong usage is found before it is asked: %s', async (args, code, text) => {
    const directory = mistakes();
    writeFileSync(path.join(directory, 'key.pub'), 'ssh-ed25519 AAAA me@here\n');
    const named = (words: string) => words.replaceAll('@', directory);
    const run = await runCli([...named(args).split(' '), '--builder', engine.address]);
    expect(run.stderr).toContain(named(text));
    expect(run.stderr).not.toMatch(bare);
    expect(run.code).toBe(code);
  });
});

/** The rules of `docker buildx build` for what all commands with a Dockerfile take; undefined where that is taken. */
const shared: readonly (readonly [args: string, text: string | undefined])[] = [
  ['--label c', undefined],
  ['--label c=', undefined],
  ['--label __proto__', undefined],
  ['--label=', '--label: invalid key-value pair "": empty key'],
  ['--label =x', '--label: invalid key-value pair "=x": empty key'],
  ['--label .', 'invalid value "." for --label: it takes KEY=VALUE; the argument after --label is its value'],
  ['--build-arg c', undefined],
  ['--build-arg=', '--build-arg: invalid key-value pair "": empty key'],
  ['--build-arg =x', '--build-arg: invalid key-value pair "=x": empty key'],
  ['--build-arg .', 'invalid value "." for --build-arg'],
  ['--build-arg BUILDKIT_SYNTAX=', 'empty BUILDKIT_SYNTAX build-arg is invalid'],
  ['--build-context=', undefined],
  ['--build-context x', '--build-context: invalid context value: x, expected key=value'],
  ['--build-context =@/directory', 'invalid context name "": invalid reference format'],
  ['--build-context X=@/directory', 'invalid context name "X": invalid reference format'],
  ['--platform local', undefined],
  ['--platform Local,linux/s390x', undefined],
  ['--platform=', '--platform: "" is an invalid OS component'],
  ['--platform linux/amd64,', '--platform: "" is an invalid OS component'],
  ['--no-cache-filter x', undefined],
  ['--no-cache --no-cache-filter x', '--no-cache and --no-cache-filter cannot be used together'],
  ['--target=', undefined],
];

describe.each(['compile', 'graph', 'check', 'build'])('%s takes and refuses as buildx', (command) => {
  test.each(shared)('buildx and tsfront judge %s alike', async (args, text) => {
    const directory = mistakes();
    // Nobody listens there: who gets as far as that has taken the arguments.
    const end = command === 'build' ? ['--builder', `unix://${directory}/nosuch`] : [];
    const { code, stderr } = await runCli([
      command,
      ...args.replaceAll('@', directory).split(' '),
      `${directory}/context`,
      ...end,
    ]);
    if (text !== undefined) expect(stderr).toContain(text.replaceAll('@', directory));
    else if (command === 'build') expect(stderr).toContain('there is no such socket');
    else expect(stderr.replace(/^WARNING: .* was not consumed.*\n/m, '')).toBe('');
    expect(code).toBe(text !== undefined ? 2 : Number(command === 'build'));
  });
});

test('a label without a value is an empty one', async () => {
  const labels = ['--label=a', '--label=b=1=2', '--label=c=1', '--label=c'];
  const { stdout } = await runCli(['compile', `${mistakes()}/context`, ...labels]);
  const { Labels } = JSON.parse(stdout).config.config;
  expect(Labels).toEqual({ a: '', b: '1=2', c: '' });
});

describe('files for TLS', () => {
  let directory: string;
  beforeAll(() => {
    directory = mistakes();
    execFileSync('mkfifo', [`${directory}/pipe`]);
    writeFileSync(`${directory}/huge`, '');
    truncateSync(`${directory}/huge`, 64 << 20); // with no block on the disk
    const subject = ['-subj', '/CN=x', '-keyout', `${directory}/key.pem`, '-out', `${directory}/cert.pem`];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' });
  });

  test.each([
    ['cacert=@/nosuch', 'cacert=@/nosuch: no such file or directory'],
    ['cacert=@/directory', 'cacert=@/directory: it is not a regular file'],
    ['cacert=@/pipe', 'cacert=@/pipe: it is not a regular file'],
    ['cacert=/dev/zero', 'cacert=/dev/zero: it is not a regular file'],
    ['cacert=@/cert.pem&cert=@/cert.pem&key=@/huge', 'key=@/huge: it is larger than 16777216 bytes'],
    ['cacert=@/text', 'cacert=@/text is not a certificate in the PEM format'],
    ['cacert=@/cert.pem&cert=@/text&key=@/key.pem', 'cert=@/text is not a certificate in the PEM format'],
    ['cacert=@/cert.pem&cert=@/cert.pem&key=@/text', 'key=@/text is not a private key in the PEM format'],
  ])('files for TLS that cannot be used are wrong usage: %s', async (query, text) => {
    const address = `tcp://127.0.0.1:9?${query.replaceAll('@', directory)}`;
    const { code, stderr } = await runCli(['workers', '--builder', address]);
    expect(stderr).toContain(text.replaceAll('@', directory));
    expect(stderr).not.toMatch(/EISDIR|ENOENT/);
    expect(code).toBe(2);
  });

  test('files for TLS that are right do not help where nobody listens', async () => {
    const address = `tcp://127.0.0.1:9?cacert=${directory}/cert.pem&cert=${directory}/cert.pem&key=${directory}/key.pem`;
    const { code, stderr } = await runCli(['workers', '--builder', address]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('nothing listens there')]);
  });

  test('files for TLS of DOCKER_CERT_PATH are named', async () => {
    const env = {
      DOCKER_HOST: 'tcp://127.0.0.1:9',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: `${directory}/directory`,
    };
    const { code, stderr } = await runCli(['workers'], { env });
    const why = `cannot connect to tcp://127.0.0.1:9: the TLS file ${directory}/directory/ca.pem: no such file or directory`;
    expect([code, stderr]).toEqual([2, `ERROR: ${why}\n`]);
  });
});

test.each([['workers'], ['build']])('%s in a Docker context that is not there', async (command) => {
  const directory = temporaryDir({ Dockerfile: 'FROM scratch\n' });
  const env = { DOCKER_CONTEXT: 'nosuch', DOCKER_CONFIG: directory };
  const { code, stderr } = await runCli(command === 'build' ? ['build', directory] : [command], { env });
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('the Docker context "nosuch" that DOCKER_CONTEXT names has no engine in'),
  ]);
});
