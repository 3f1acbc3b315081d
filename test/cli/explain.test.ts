import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryDir } from '../client/temporary-dir.ts';
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

/** A repository with two commits; the second one changes package.json. */
beforeEach(() => {
  dir = temporaryDir();
  const git = (...args: string[]) => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
    const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: dir, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  };
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
    '  src/a: its mode or kind changed',
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
  expect(run.stderr).toContain('--from no-such-revision: fatal: ');
  const file = path.join(temporaryDir(), 'a.json');
  writeFileSync(file, '{"version":9,"platforms":{},"buildArgs":{}}');
  expect((await runCli(['explain', dir, '--from', file])).stderr).toContain('it is a record of version 9');
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
