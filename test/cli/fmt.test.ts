import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

/** A directory with files, as the current one. */
function project(files: Readonly<Record<string, string>>): string {
  const dir = temporaryDir(files);
  const before = process.cwd();
  process.chdir(dir);
  onTestFinished(() => process.chdir(before));
  return dir;
}

const untidy = 'from  a\nrun x\n';
const tidy = 'FROM a\nRUN x\n';
const read = (file: string) => readFileSync(file, 'utf8');

test('all Dockerfiles under the current directory are formatted in place, and those that changed are listed', async () => {
  project({ Dockerfile: untidy, 'a/api.Dockerfile': untidy, 'b/Dockerfile': tidy, 'c/main.go': untidy });
  const { code, stdout, stderr } = await runCli(['fmt']);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'Dockerfile\na/api.Dockerfile\n',
    stderr: '2 files formatted, 1 unchanged\n',
  });
  expect([read('Dockerfile'), read('a/api.Dockerfile'), read('c/main.go')]).toEqual([tidy, tidy, untidy]);
  expect(await runCli(['fmt'])).toEqual({ code: 0, stdout: '', stderr: '0 files formatted, 3 unchanged\n' });
});

test('a named file is formatted whatever its name is, and a pattern stands for files', async () => {
  project({ 'image.build': untidy, 'x/a/Dockerfile': untidy, 'x/b/Dockerfile': untidy });
  expect((await runCli(['fmt', 'image.build', 'x/*/Dockerfile'])).stdout).toBe(
    'image.build\nx/a/Dockerfile\nx/b/Dockerfile\n',
  );
  expect(read('image.build')).toBe(tidy);
});

test('a file keeps its mode, a link keeps leading to it, and its other names have the new content', async () => {
  project({ Dockerfile: untidy, 'd/Dockerfile': untidy });
  chmodSync('Dockerfile', 0o640);
  symlinkSync('../Dockerfile', 'd/link');
  linkSync('d/Dockerfile', 'd/other');
  const { stdout } = await runCli(['fmt', 'd/link', 'd']);
  expect(stdout).toBe('d/link\nd/Dockerfile\n');
  expect(lstatSync('d/link').isSymbolicLink()).toBe(true);
  expect([read('Dockerfile'), statSync('Dockerfile').mode & 0o7777]).toEqual([tidy, 0o640]);
  expect(read('d/other')).toBe(tidy);
  expect(readdirSync('d').sort()).toEqual(['Dockerfile', 'link', 'other']);
});

test('--check lists what is not formatted, and writes nothing', async () => {
  project({ Dockerfile: untidy, 'b/Dockerfile': tidy });
  expect(await runCli(['fmt', '--check'])).toEqual({
    code: 1,
    stdout: 'Dockerfile\n',
    stderr: '1 file would be formatted, 1 unchanged\n',
  });
  expect(read('Dockerfile')).toBe(untidy);
  expect((await runCli(['fmt', '--check', 'b'])).code).toBe(0);
});

test('--diff prints differences that git applies, and writes nothing', async () => {
  const dir = project({ Dockerfile: 'FROM a\nrun x', 'b/Dockerfile': `${tidy}\n\n\nRUN y\r\n` });
  const { code, stdout } = await runCli(['fmt', '--diff', '.', './b']);
  expect(code).toBe(0);
  expect(stdout).toBe(`--- a/Dockerfile
+++ b/Dockerfile
@@ -1,2 +1,2 @@
 FROM a
-run x
\\ No newline at end of file
+RUN x
--- a/b/Dockerfile
+++ b/b/Dockerfile
@@ -1,6 +1,4 @@
 FROM a
 RUN x
 
-
-
-RUN y\r
+RUN y
`);
  expect(read('Dockerfile')).toBe('FROM a\nrun x');
  expect((await runCli(['fmt', '--diff', '--check'])).code).toBe(1);
  const { status, stderr } = spawnSync('git', ['apply', '-'], { cwd: dir, input: stdout, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect((await runCli(['fmt', '--check'])).code).toBe(0);
});

test('on a terminal a difference has colours', async () => {
  project({ Dockerfile: untidy });
  const { stdout } = await runCli(['fmt', '--diff'], { terminal: true });
  expect(stdout).toContain('\x1b[31m-from  a\x1b[0m\n');
  expect(stdout).toContain('\x1b[32m+FROM a\x1b[0m\n');
});

test('standard input is formatted to standard output', async () => {
  expect(await runCli(['fmt', '-'], { stdin: untidy })).toEqual({ code: 0, stdout: tidy, stderr: '' });
  expect(await runCli(['fmt', '-', '--check'], { stdin: untidy })).toEqual({ code: 1, stdout: '', stderr: '' });
  expect((await runCli(['fmt', '-', '--diff'], { stdin: untidy })).stdout).toContain('+FROM a\n');
  const wrong = await runCli(['fmt', '-'], { stdin: 'FRM a\n' });
  expect({ ...wrong, stderr: wrong.stderr.split('\n', 1)[0] }).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'Dockerfile:1:1: error[unknown-instruction]: dockerfile parse error on line 1: unknown instruction: FRM (did you mean FROM?)',
  });
});

test('a file with syntax errors is left as it is, its errors are shown, and the others are formatted', async () => {
  project({ Dockerfile: 'from a\nRUM x\n', 'b/Dockerfile': untidy });
  const { code, stdout, stderr } = await runCli(['fmt']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'b/Dockerfile\n' });
  expect(stderr).toContain('Dockerfile:2:1: error[unknown-instruction]');
  expect(stderr).toMatch(/^ {2}(?:fix|hint): /m);
  expect(stderr).toContain('> 2 | RUM x\n');
  expect(stderr).toMatch(/\n1 file formatted, 1 left as it is, with errors\n$/);
  expect(read('Dockerfile')).toBe('from a\nRUM x\n');
});

test('a build program is not formatted: named it is an error, found it is passed over', async () => {
  project({
    'build.ts': 'x',
    Dockerfile: '// syntax=tsfront/dockerfile:1\nexport default x\n',
    'a/Dockerfile': untidy,
  });
  const { code, stderr } = await runCli(['fmt', 'build.ts']);
  expect(code).toBe(2);
  expect(stderr).toBe(
    'error: build.ts is a build program: fmt formats Dockerfiles; prettier, biome and others format TypeScript\n',
  );
  expect((await runCli(['fmt', '.'])).stdout).toBe('a/Dockerfile\n');
  expect((await runCli(['fmt', '-'], { stdin: '// syntax=x\n' })).code).toBe(2);
});

test.each([
  [['fmt', 'missing'], 'error: there is no file or directory missing\n'],
  [['fmt', 'empty'], 'error: there is no Dockerfile under empty: name the file if it has a name of its own\n'],
  [['fmt', '-', 'empty'], 'error: - stands for standard input, and goes with no other path\n'],
  [['fmt', '/dev/stdin'], 'error: /dev/stdin cannot be written: - formats standard input\n'],
])('%j is wrong usage', async (args, error) => {
  project({ 'empty/x': '' });
  expect(await runCli(args)).toEqual({ code: 2, stdout: '', stderr: error });
});

test('a file that cannot be written is named, and the others are formatted', async () => {
  project({ Dockerfile: tidy, 'b/Dockerfile': untidy });
  const pipe = spawnSync('mkfifo', ['b/pipe']);
  expect(pipe.status).toBe(0);
  const { code, stdout, stderr } = await runCli(['fmt', 'b/pipe', 'b']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'b/Dockerfile\n' });
  expect(stderr).toContain('b/pipe');
});
