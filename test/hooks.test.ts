/** The action for workflows of GitHub and the hooks of pre-commit call the command as it is. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { isDockerfileName } from '../src/daemonless/find-dockerfiles.ts';
import { temporaryDir } from './temporary-dir.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const temp = temporaryDir();

describe('action.yml', () => {
  const action = read('action.yml');
  /** The script of a step, without its indentation. */
  const scriptOf = (step: string) =>
    new RegExp(`- name: ${step}\\n(?:.*\\n)*? {6}run: \\|\\n((?: {8}.*\\n)+)`).exec(action)![1]!.replace(/^ {8}/gm, '');

  const bin = path.join(temp, 'tsfront/node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, 'tsfront'), `#!/bin/sh\nexec "${process.execPath}" "${root}/src/cli.ts" "$@"\n`);
  chmodSync(path.join(bin, 'tsfront'), 0o755);
  const work = path.join(temp, 'work');
  mkdirSync(path.join(work, 'with blank'), { recursive: true });
  writeFileSync(path.join(work, 'with blank/Dockerfile'), 'FROM scratch AS A\n');
  writeFileSync(path.join(work, 'Dockerfile'), 'FROM scratch\n');

  const run = (inputs: Readonly<Record<string, string>>) => {
    const { PATH } = process.env;
    const env = { PATH, RUNNER_TEMP: temp, HOME: temp, PATHS: '.', ARGS: '', FORMAT: 'github', OUTPUT: '', ...inputs };
    const options = { cwd: work, env, encoding: 'utf8' } as const;
    return spawnSync('bash', ['-eo', 'pipefail', '-c', scriptOf('Check Dockerfiles')], options);
  };

  test('it checks paths with blanks, and makes annotations', () => {
    const { status, stdout } = run({ PATHS: 'with blank\n./Dockerfile\n', ARGS: '--offline\n' });
    expect(stdout).toMatch(/^::warning file=with blank\/Dockerfile,line=1,endLine=1,col=17,.*\n$/);
    expect(status).toBe(1);
  });

  test('options and the output are passed on', () => {
    const { status, stdout } = run({ ARGS: '--offline\n--max-warnings=1', FORMAT: 'sarif', OUTPUT: 'report.sarif' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(JSON.parse(readFileSync(path.join(work, 'report.sarif'), 'utf8')).version).toBe('2.1.0');
  });

  test('an input is no shell text and no option', () => {
    expect(run({ PATHS: '$(touch made)\n`touch made`\n--fix', ARGS: '--offline' }).status).toBe(2);
    expect(spawnSync('ls', [work], { encoding: 'utf8' }).stdout).not.toContain('made');
  });

  test('without a version it installs that of the action', () => {
    const npm = path.join(temp, 'npm');
    writeFileSync(npm, '#!/bin/sh\necho "$@"\n'); // a real one would ask the registry
    chmodSync(npm, 0o755);
    const env = { PATH: `${temp}:${process.env['PATH']}`, RUNNER_TEMP: temp, VERSION: '', ACTION: root };
    const { stdout } = spawnSync('bash', ['-c', scriptOf('Install tsfront')], { env, encoding: 'utf8' });
    expect(stdout).toContain(` tsfront@${JSON.parse(read('package.json')).version}\n`);
  });
});

describe('.pre-commit-hooks.yaml', () => {
  const hooks = read('.pre-commit-hooks.yaml');
  const [names, others] = ['files: &names', 'exclude: &others'].map((key) => {
    const [, pattern = ''] = new RegExp(`${key} '(.*)'\\n`).exec(hooks) ?? [];
    return new RegExp(pattern);
  });

  test('the hooks are the two commands for files', () => {
    expect(hooks.match(/^- id: .*$/gm)).toEqual(['- id: tsfront-check', '- id: tsfront-fmt']);
    expect(hooks.match(/^ {2}entry: .*$/gm)).toEqual(['  entry: tsfront check', '  entry: tsfront fmt']);
  });

  test.each([
    'Dockerfile',
    'dockerfile',
    'Containerfile',
    'Dockerfile.dev',
    'Dockerfile-dev',
    'Dockerfile_dev',
    'api.Dockerfile',
    'api.dockerfile',
    'x.containerfile',
    'Dockerfile.dockerignore',
    'Dockerfile.lock',
    'Dockerfile.ts',
    'Dockerfile.md',
    'Dockerfile.j2',
    'Dockerfile.tmpl',
    'dockerfile.go',
    'Dockerfiles',
    'MyDockerfile',
    'build.ts',
  ])('they take %s if a search for Dockerfiles does', (name) => {
    for (const file of [name, `a/b/${name}`])
      expect(names!.test(file) && !others!.test(file)).toBe(isDockerfileName(name));
  });
});
