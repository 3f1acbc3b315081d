import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const files = {
  Dockerfile: 'FROM scratch\nCOPY --exclude=docs . /app/\n',
  '.dockerignore': 'node_modules\n',
  'app.js': 'x'.repeat(2000),
  'docs/a.md': 'a',
  'node_modules/m.js': 'mm',
};

test('the report names what is sent, who takes it, what drops it, and what nobody takes', async () => {
  const dir = temporaryDir(files);
  const { stdout, stderr, code } = await runCli(['context', dir]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout.replaceAll(dir, 'DIR').replaceAll(/ +/g, ' ')).toBe(`DIR: 4 files, 2.06kB are sent
 1 file, 2B dropped by the ignore file

TAKEN BY FILES SIZE INSTRUCTION
DIR/Dockerfile:2 3 2.05kB COPY --exclude=docs . /app/

DROPPED BY FILES SIZE RULE
DIR/.dockerignore:1 1 2B node_modules

LARGEST FILES SIZE
app.js 1 2.00kB
Dockerfile 1 41B
.dockerignore 1 13B

SENT, NOT TAKEN FILES SIZE
docs/ 1 1B

\`--suggest\` prints patterns for the ignore file
`);
});

test('--path says what happens to a path and why, and nothing else', async () => {
  const dir = temporaryDir(files);
  const asked = ['node_modules/m.js', 'app.js', 'docs', 'App.js'].flatMap((it) => ['--path', it]);
  const { stdout } = await runCli(['context', dir, ...asked]);
  expect(stdout.replaceAll(dir, 'DIR')).toBe(`node_modules/m.js: dropped by DIR/.dockerignore:1 (node_modules)
app.js: sent, and taken by DIR/Dockerfile:2
docs: sent, and no instruction takes it
App.js: not there. The context has app.js: names are case-sensitive.
`);
});

test('--suggest prints a difference and writes nothing', async () => {
  const dir = temporaryDir(files);
  const { stdout } = await runCli(['context', dir, '--suggest']);
  const file = path.join(dir, '.dockerignore');
  expect(stdout).toBe(`--- ${file}
+++ ${file}
@@ -1 +1,6 @@
 node_modules
+# sent, and no instruction takes it
+docs
+# taken with a whole directory, and seldom needed in an image: remove the # of what yours does not need
+#Dockerfile
+#.dockerignore
`);
  expect(readFileSync(file, 'utf8')).toBe(files['.dockerignore']);
  const tidy = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: '' });
  expect(await runCli(['context', tidy, '--suggest'])).toMatchObject({
    stdout: '',
    stderr: 'nothing to suggest: the build takes all that is sent\n',
  });
});

test('--format json is the report of the library, and --files lists each file', async () => {
  const { stdout } = await runCli(['context', temporaryDir(files), '--format', 'json', '--files']);
  const report = JSON.parse(stdout);
  expect(report.version).toBe(1);
  expect(report.contexts[0].takes[0].list.map((it: { path: string }) => it.path)).toEqual([
    '.dockerignore',
    'Dockerfile',
    'app.js',
  ]);
});

test('a context that is not a directory is refused, and a build that takes no file says so', async () => {
  expect(await runCli(['context', '-', '--offline'], { stdin: 'FROM scratch\n' })).toMatchObject({ code: 2 });
  const { stdout } = await runCli(['context', temporaryDir({ Dockerfile: 'FROM scratch\nLABEL a=b\n' })]);
  expect(stdout).toBe('no instruction takes a file from a directory, so nothing is sent\n');
});

test('an unknown base image does not matter with --offline', async () => {
  const dir = temporaryDir({ ...files, Dockerfile: 'FROM nowhere.example/base\nCOPY app.js /\n' });
  const { stdout, stderr } = await runCli(['context', dir, '--offline']);
  expect(stderr).toBe('note: what nowhere.example/base:latest sets is not known\n');
  expect(stdout).toContain('COPY app.js /');
});

test('neither values of secrets nor credentials are in a report', async () => {
  const secrets = Array.from({ length: 20 }, (_, i) => `hush-${i}-x9`);
  const labels = secrets.slice(6, 12).map((it, i) => `l${i}=${it}`);
  const dir = temporaryDir({
    Dockerfile: [
      'FROM scratch',
      `ARG TOKEN=${secrets[0]}`,
      `ENV PASSWORD=${secrets[1]}`,
      `ADD https://user:${secrets[2]}@example.com/x.tgz?token=${secrets[3]} src /x/`,
      `RUN --mount=type=bind,source=src,target=/s --mount=type=secret,id=key API_KEY=${secrets[4]} make`,
      'COPY src <<END /app/',
      `${secrets[5]}`,
      'END',
      `LABEL ${labels.join(' ')}`,
      '',
    ].join('\n'),
    'src/.env': secrets.slice(12).join('\n'),
  });
  for (const format of ['text', 'json']) {
    const args = ['context', dir, '--format', format, '--files', `--build-arg=TOKEN=${secrets[6]}`];
    const { stdout, stderr, code } = await runCli(args);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('ADD https://');
    for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  }
});
