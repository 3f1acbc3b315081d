import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const dockerfile = `FROM scratch AS build
ARG VERSION=1
COPY package.json /
RUN install
COPY src /src
RUN compile $VERSION
FROM scratch
COPY --from=build /out /out
RUN last
`;

let dir: string;

const git = (...args: string[]) => {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
  const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: dir, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
};

/** A repository with two commits; the second one changes package.json. */
beforeEach(() => {
  dir = temporaryDir();
  mkdirSync(path.join(dir, 'src'));
  for (const [name, text] of Object.entries({
    Dockerfile: dockerfile,
    'package.json': '{}',
    'src/a': 'a',
    'src/b': 'b',
  }))
    writeFileSync(path.join(dir, name), text);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '-A');
  git('commit', '--quiet', '-m', 'first');
  writeFileSync(path.join(dir, 'package.json'), '{"a":1}');
  git('commit', '--quiet', '-am', 'second');
});

const explain = async (...args: string[]) => {
  const { stdout, stderr, code } = await runCli(['explain', dir, ...args]);
  expect(code, stderr).toBe(0);
  return stdout;
};

test('without changes, nothing runs again', async () => {
  expect(await explain()).toBe('nothing runs again: 6 steps cached\n');
});

test('a file that differs from a revision is the first cause, and what only follows is said once', async () => {
  expect(await explain('--from', 'main~1')).toBe(`Dockerfile:3 COPY package.json /
  package.json: its content changed (1 line)
lines 4, 5, 6 follow from line 3
lines 8, 9 follow from line 3, if what they copy differs

4 steps run again, 2 steps if the files that they copy from other stages differ; 0 steps cached
`);
});

test('files are named with what differs, against the last commit', async () => {
  chmodSync(path.join(dir, 'src/a'), 0o755);
  writeFileSync(path.join(dir, 'src/c'), '');
  writeFileSync(path.join(dir, '.dockerignore'), 'src/b\n');
  expect((await explain()).split('\n').slice(0, 5)).toEqual([
    'Dockerfile:5 COPY src /src',
    '  src/a: its mode changed: 0644 → 0755',
    '  src/c: it is new',
    '  src/b: .dockerignore:1 (src/b) drops it now',
    'line 6 follows from line 5',
  ]);
});

test('a build argument is a cause where a step has it, with its name and without its value', async () => {
  const text = await explain('--build-arg', 'VERSION=hush2', '--from-build-arg', 'VERSION=hush1');
  expect(text).toContain('Dockerfile:4 RUN\n  the value of VERSION changed (--build-arg VERSION)\n');
  expect(text).not.toContain('hush');
});

test('other sides: a directory, a record, a compiled file, another Dockerfile, another target', async () => {
  const copy = temporaryDir();
  cpSync(dir, copy, { recursive: true });
  const record = path.join(copy, 'record.json');
  await explain('--record', record, '--from', 'HEAD');
  const compiled = path.join(copy, 'compiled.json');
  expect(await runCli(['compile', dir, '-o', compiled])).toMatchObject({ code: 0 });
  for (const from of [copy, record, compiled]) expect(await explain('--from', from)).toMatch(/^nothing runs again/);

  const other = path.join(copy, 'Other.Dockerfile');
  writeFileSync(
    other,
    dockerfile.replace('RUN install', 'RUN install --all').replace('ARG VERSION', 'LABEL a=b\nARG VERSION'),
  );
  for (const option of ['--from', '--from-file'])
    expect(await explain(option, other)).toMatch(
      /^Dockerfile:4 RUN\n {2}its text changed\nlines 5, 6 follow from line 4\n/,
    );
  expect(await explain('--from-target', 'build')).toMatch(
    /^Dockerfile:8 COPY --from=build \/out \/out\n {2}it is new\n/,
  );
});

test('what is no side is refused with what is', async () => {
  const run = await runCli(['explain', dir, '--from', 'no-such-revision']);
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain('--from no-such-revision: there is no file and no git revision of this name: it takes ');
  const file = path.join(temporaryDir(), 'a.json');
  writeFileSync(file, '{"version":9,"platforms":{},"buildArgs":{}}');
  const newer = 'it has version 9, so a newer tsfront wrote it';
  expect((await runCli(['explain', dir, '--from', file])).stderr).toContain(newer);
  writeFileSync(file, '{"version":9}');
  expect((await runCli(['explain', dir, '--from', file])).stderr).toContain(newer);
  const address = await runCli(['explain', 'https://example.com/a.git']);
  expect(address).toMatchObject({ code: 2, stderr: expect.stringContaining('clone or unpack it') });
});

test('a Dockerfile that is missing or broken in a revision is named as git names it', async () => {
  writeFileSync(path.join(dir, 'Other'), dockerfile);
  const missing = await runCli(['explain', dir, '--file', path.join(dir, 'Other'), '--from', 'main~1']);
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toContain('main~1:Other');
  writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nRUNN x\n');
  git('commit', '--quiet', '-am', 'broken');
  writeFileSync(path.join(dir, 'Dockerfile'), dockerfile);
  const broken = await runCli(['explain', dir, '--from', 'HEAD']);
  expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('HEAD:Dockerfile:2:1: error') });
  for (const { stderr } of [missing, broken]) expect(stderr).not.toContain('tsfront-revision');
});

test('both sides may be a revision, a record, a compiled file in either format, or a Dockerfile', async () => {
  const same = await explain('--from', 'main~1', '--to', 'main');
  expect(same).toContain('package.json: its content changed');
  const out = temporaryDir();
  const record = path.join(out, 'record.json');
  await explain('--from', 'main~1', '--to', 'main', '--record', record);
  expect(await explain('--from', 'main~1', '--to', record)).toBe(same);
  expect(await explain('--from', record, '--to', 'main~1')).toContain('package.json: its content changed');
  const files = ['json', 'pb'].map((format) => path.join(out, `compiled.${format}`));
  for (const [index, format] of ['json', 'pb'].entries())
    expect((await runCli(['compile', dir, '--format', format, '--output', files[index]!])).code).toBe(0);
  for (const file of files) expect(await explain('--from', 'main~1', '--to', file)).toBe(same);
  expect(await explain('--from', files[0]!, '--to', files[1]!)).toBe('nothing runs again: 6 steps cached\n');
  const other = path.join(out, 'other.Dockerfile');
  writeFileSync(other, dockerfile.replace('RUN install', 'RUN install all'));
  expect(await explain('--from', 'main', '--to', other)).toMatch(/:4 RUN\n {2}its text changed\n/);
  const cwd = process.cwd();
  process.chdir(dir);
  try {
    // What is not a directory may stand in its place.
    const { stdout } = await runCli(['explain', record, '--from', 'main~1']);
    expect(stdout).toBe(same);
    expect((await runCli(['explain', 'main', '--from', 'main~1'])).stdout).toBe(same);
  } finally {
    process.chdir(cwd);
  }
});

test('a file that is as the revision has it keeps its permissions, of which git knows little', async () => {
  chmodSync(path.join(dir, 'src/a'), 0o640);
  expect(await explain('--from', 'HEAD')).toBe('nothing runs again: 6 steps cached\n');
  writeFileSync(path.join(dir, 'src/a'), 'other');
  expect(await explain('--from', 'HEAD')).toContain('src/a: its content changed');
  expect(readFileSync(path.join(dir, 'src/a'), 'utf8')).toBe('other');
});

test('a directory of a revision keeps the permissions of now, since git knows none', async () => {
  chmodSync(path.join(dir, 'src'), 0o711);
  expect(await explain('--from', 'HEAD')).toBe('nothing runs again: 6 steps cached\n');
  writeFileSync(path.join(dir, 'src/a'), 'other');
  expect(await explain('--from', 'HEAD')).not.toContain('src/:');
});

test('files that a revision shares with the directory are not touched', async () => {
  const times = () => ['Dockerfile', 'src/a'].map((name) => statSync(path.join(dir, name), { bigint: true }).ctimeNs);
  const before = times();
  expect(await explain('--from', 'HEAD')).toBe('nothing runs again: 6 steps cached\n');
  expect(times()).toEqual(before);
});

test('files that git has not checked out are those of the revision', async () => {
  git('update-index', '--skip-worktree', 'src/b');
  rmSync(path.join(dir, 'src/b'));
  expect(await explain('--from', 'HEAD')).toContain('COPY src /src\n  src/b: it is gone\n');
});

test('a Dockerfile of a revision may be a link, or behind one', async () => {
  mkdirSync(path.join(dir, 'docker/main'), { recursive: true });
  renameSync(path.join(dir, 'Dockerfile'), path.join(dir, 'docker/main/Dockerfile'));
  symlinkSync('docker/main', path.join(dir, 'linked'));
  symlinkSync('linked/Dockerfile', path.join(dir, 'Dockerfile'));
  writeFileSync(path.join(dir, '.dockerignore'), 'src/b\n');
  git('add', '-A');
  git('commit', '--quiet', '-m', 'links');
  rmSync(path.join(dir, '.dockerignore'));
  const shown = await explain('--from', 'HEAD');
  expect(shown).toContain('src/b: .dockerignore:1 (src/b) no longer drops it');
  expect(await explain('--from', 'HEAD', '--file', path.join(dir, 'linked/Dockerfile'))).toBe(shown);
});

test('a build program of a revision has its modules', async () => {
  rmSync(path.join(dir, 'Dockerfile'));
  mkdirSync(path.join(dir, 'build'));
  writeFileSync(path.join(dir, 'build/tag.ts'), "export const tag = 'a';\n");
  writeFileSync(
    path.join(dir, 'build.ts'),
    "import { scratch } from 'tsfront/build';\nimport { tag } from './build/tag.ts';\nexport default () => scratch().copy('src', `/${tag}`);\n",
  );
  git('add', '-A');
  git('commit', '--quiet', '-m', 'program');
  const file = ['--file', path.join(dir, 'build.ts')];
  expect(await explain('--from', 'HEAD', ...file)).toContain('nothing runs again');
  writeFileSync(path.join(dir, 'build/tag.ts'), "export const tag = 'b';\n");
  expect(await explain('--from', 'HEAD', ...file)).not.toContain('nothing runs again');
});

test('a link, a kind and a mode are told apart', async () => {
  writeFileSync(path.join(dir, 'src/kind'), 'x');
  symlinkSync('a', path.join(dir, 'src/link'));
  git('add', '-A');
  git('commit', '--quiet', '-m', 'link');
  rmSync(path.join(dir, 'src/link'));
  symlinkSync('b', path.join(dir, 'src/link'));
  rmSync(path.join(dir, 'src/kind'));
  symlinkSync('a', path.join(dir, 'src/kind'));
  chmodSync(path.join(dir, 'src/a'), 0o755);
  const shown = await explain('--from', 'HEAD');
  expect(shown).toContain('  src/link: its target changed: a → b\n');
  expect(shown).toContain('  src/kind: its kind changed: file → link\n');
  expect(shown).toContain('  src/a: its mode changed: 0644 → 0755\n');
});

test('a submodule is compared with the commit that the revision names', async () => {
  const module = temporaryDir();
  const gitModule = (...args: string[]) => git('-C', module, ...args);
  gitModule('init', '--quiet', '--initial-branch=main');
  writeFileSync(path.join(module, 'inner'), '1');
  gitModule('add', '-A');
  gitModule('commit', '--quiet', '-m', 'one');
  git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', module, 'src/sub');
  git('commit', '--quiet', '-am', 'submodule');
  expect(await explain('--from', 'HEAD')).toBe('nothing runs again: 6 steps cached\n');
  writeFileSync(path.join(dir, 'src/sub/inner'), '2');
  expect(await explain('--from', 'HEAD')).toContain(
    'COPY src /src\n  src/sub/inner: its content changed (1 line)\nline',
  );
});

test('on several platforms, what follows is said once', async () => {
  const shown = await explain('--from', 'main~1', '--platform', 'linux/amd64,linux/arm64');
  expect(shown.match(/^line.* follow/gm)).toEqual(['lines 4, 5, 6 follow', 'lines 8, 9 follow']);
});

test('neither values of secrets nor credentials are in the output or in a record', async () => {
  const secrets = Array.from({ length: 20 }, (_, i) => `hush-${i}-x9`);
  const text = (of: readonly string[]) =>
    [
      'FROM scratch',
      `ARG TOKEN=${of[0]}`,
      `ENV PASSWORD=${of[1]}`,
      `ADD https://user:${of[2]}@example.com/x.tgz?token=${of[3]} /x/`,
      `RUN --mount=type=secret,id=key API_KEY=${of[4]} make`,
      'COPY src <<END /app/',
      `${of[5]}`,
      'END',
      `RUN <<END`,
      `echo ${of[6]}`,
      'END',
      `LABEL a=${of[7]}`,
      `WORKDIR /${of[8]}`,
      '',
    ].join('\n');
  const record = path.join(temporaryDir(), 'record.json');
  const old = path.join(dir, 'old.Dockerfile');
  writeFileSync(old, text(secrets.map((it) => `${it}-old`)));
  writeFileSync(path.join(dir, 'Dockerfile'), text(secrets));
  writeFileSync(path.join(dir, 'src/.env'), secrets.slice(9, 18).join('\n'));
  for (const format of ['text', 'json']) {
    const args = ['--from', old, '--record', record, '--format', format];
    const shown = await explain(...args, `--build-arg=TOKEN=${secrets[18]}`, `--from-build-arg=TOKEN=${secrets[19]}`);
    expect(shown).toContain('ADD https://');
    for (const secret of secrets) expect(shown + readFileSync(record, 'utf8')).not.toContain(secret);
  }
});

test('a context with its repository is as the last commit has it, and names the file that is not', async () => {
  writeFileSync(path.join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  git('commit', '--quiet', '-am', 'all of it');
  expect(await explain()).toBe('nothing runs again: 1 step cached\n');
  writeFileSync(path.join(dir, 'src/a'), 'other');
  expect(await explain()).toContain('Dockerfile:2 COPY . /\n  src/a: its content changed (1 line)\n');
  const record = path.join(temporaryDir(), 'record.json');
  await explain('--from', 'HEAD', '--record', record);
  expect(await explain('--from', record)).toBe('nothing runs again: 1 step cached\n');
});

test('a variable of an instruction is the cause of its settings, an argument that it does not use is not', async () => {
  const file = path.join(dir, 'Dockerfile');
  const write = (value: string) =>
    writeFileSync(file, `FROM scratch\nARG OTHER\nARG V=${value}\nCOPY src /x$V/\nCOPY src /all/\n`);
  write('1');
  git('commit', '--quiet', '-am', 'variables');
  write('2');
  const args = ['--build-arg', 'OTHER=2', '--build-arg', 'UNDECLARED=2'];
  const older = ['--from', 'HEAD', '--from-build-arg', 'OTHER=1', '--from-build-arg', 'UNDECLARED=1'];
  expect(await explain(...args, ...older)).toContain(
    'Dockerfile:4 COPY src /x$V/\n  the value of V changed (Dockerfile:3)\n',
  );
});

test.each([
  ['RUN install', 'RUN --network=none install', 'RUN', '--network=none'],
  ['RUN install', 'RUN --security=insecure install', 'RUN', '--security=insecure'],
  ['RUN install', 'RUN --mount=type=secret,id=a,env=A install', 'RUN', '--mount=type=secret,id=a,env=A'],
  ['COPY src /src', 'COPY --chown=1:1 src /src', 'COPY src /src', '--chown=1:1'],
  ['COPY src /src', 'COPY --chmod=700 src /src', 'COPY src /src', '--chmod=700'],
  ['COPY src /src', 'COPY --link src /src', 'COPY src /src', '--link'],
  ['COPY src /src', 'COPY --parents src /src', 'COPY src /src', '--parents'],
  ['COPY src /src', 'COPY --exclude=*.md src /src', 'COPY src /src', '--exclude=*.md'],
])('a flag that differs is named: %s → %s', async (before, after, text, flag) => {
  writeFileSync(path.join(dir, 'Dockerfile'), dockerfile.replace(before, after));
  const lines = (await explain()).split('\n');
  expect(lines[0]).toMatch(/^Dockerfile:\d /);
  expect(lines[0]!.replace(/--\S+ /, '')).toContain(text);
  expect(lines[1]).toBe(`  ${flag} is new`);
  expect(lines.join('\n')).not.toContain('its text changed');
});

test('the mount that differs is named alone, and with another command the text is the cause', async () => {
  const edit = (run: string) => writeFileSync(path.join(dir, 'Dockerfile'), dockerfile.replace('RUN install', run));
  edit('RUN --mount=type=cache,target=/c install');
  expect(await explain()).toMatch(/:4 RUN\n {2}--mount=type=cache,target=\/c is new\nlines/);
  edit('RUN --network=none install --more');
  expect(await explain()).toMatch(/:4 RUN\n {2}its text changed\nlines/);
});

test('the images of a build are kept, although builds that are the same are compiled once', async () => {
  const images = { alpine: { digest: `sha256:${'0'.repeat(64)}`, platforms: { '*': {} } } };
  writeFileSync(path.join(dir, 'Dockerfile'), 'FROM alpine\nRUN x\n');
  writeFileSync(path.join(dir, 'images.json'), JSON.stringify({ images }));
  const kept = path.join(dir, 'kept.json');
  await explain('--from', dir, '--images', path.join(dir, 'images.json'), '--write-images', kept);
  expect(Object.keys(JSON.parse(readFileSync(kept, 'utf8')).images)).toEqual(['docker.io/library/alpine:latest']);
});
