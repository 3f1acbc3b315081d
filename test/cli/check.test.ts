import { expect, test } from 'vitest';
import { runCli } from './run-cli.ts';

const check = (stdin: string, ...args: string[]) => runCli(['check', '-', '--offline', ...args], { stdin });

test('a good file', async () => {
  expect(await check('FROM scratch\nCOPY a b\n')).toEqual({ code: 0, stdout: 'Dockerfile: no problems\n', stderr: '' });
});

test('findings and all errors, in the order of the file', async () => {
  const { code, stdout } = await check('FROM scratch AS A\nMAINTAINER me\nFOO\nCOPY --x a b\n');
  expect(code).toBe(1);
  expect(stdout.match(/^Dockerfile:.*$/gm)).toEqual([
    "Dockerfile:1:1: warning[StageNameCasing]: Stage name 'A' should be lowercase",
    'Dockerfile:2:1: warning[MaintainerDeprecated]: Maintainer instruction is deprecated in favor of using label',
    'Dockerfile:3:1: error[unknown-instruction]: dockerfile parse error on line 3: unknown instruction: FOO (did you mean FROM?)',
    expect.stringMatching(
      /^Dockerfile:4:6: error\[unknown-flag\]: dockerfile parse error on line 4: unknown flag: --x/,
    ),
  ]);
  expect(stdout).toMatch(/\n2 errors, 2 warnings\n$/);
});

test('what fails only when stages are put together', async () => {
  const { code, stdout } = await check('FROM scratch\nCOPY --from=later a b\nFROM scratch AS later\n');
  expect(code).toBe(1);
  expect(stdout).toContain('error[build]');
});

test('a stage that is not there: the place, and the ones that are', async () => {
  const { stdout } = await check('FROM scratch AS one\nCOPY --from=9 a b\n');
  expect(stdout).toContain('Dockerfile:2:6: error[build]: invalid stage index 9');
  expect(stdout).toContain('hint: the stages are 0 (one)');
  expect((await check('FROM scratch AS one\n', '--target=x')).stdout).toContain('hint: the stages are one');
});

test('unknown base images: their variables are not judged', async () => {
  const { code, stdout, stderr } = await check('FROM nginx\nRUN echo $NGINX_VERSION\n');
  expect(stdout).toBe('Dockerfile: no problems\n');
  expect(stderr).toBe('note: variables are not checked: what docker.io/library/nginx:latest sets is not known\n');
  expect(code).toBe(0);
});

test('without them, variables are', async () => {
  const { code, stdout } = await check('FROM scratch\nCOPY $X /\n');
  expect(stdout).toContain("warning[UndefinedVar]: Usage of undefined variable '$X'");
  expect(code).toBe(1);
});

test('the rules heed the options', async () => {
  expect((await check('# check=skip=StageNameCasing\nFROM scratch AS A\n')).code).toBe(0);
  const args = ['--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=all'];
  expect((await check('FROM scratch AS A\n', ...args)).code).toBe(0);
});

test('as JSON', async () => {
  const { code, stdout } = await check('FROM scratch AS A\n', '--format=json');
  expect(JSON.parse(stdout)).toMatchObject({ warnings: [{ ruleName: 'StageNameCasing' }], sources: [{}] });
  expect(code).toBe(1);
});

test('shows 50 warnings with their lines and counts the others; JSON has all', async () => {
  const stdin = `FROM scratch as a\n${'FROM scratch as a\n'.repeat(1233)}`;
  const text = await runCli(['check', '--offline', '-'], { stdin });
  expect(text.code).toBe(1);
  expect(text.stdout.match(/: warning\[/g)).toHaveLength(50);
  expect(text.stdout).toContain(
    '\nand 2,417 more warnings: `tsfront check --format json` lists all\n0 errors, 2,467 warnings\n',
  );
  const json = JSON.parse((await runCli(['check', '--offline', '--format=json', '-'], { stdin })).stdout);
  expect(json.warnings).toHaveLength(2467);
  const compiled = await runCli(['compile', '--offline', '-'], { stdin });
  expect(compiled.code).toBe(0);
  expect(compiled.stderr.match(/: warning\[/g)).toHaveLength(50);
  expect(compiled.stderr).toContain(' more warnings: `tsfront check --format json` lists all\n');
});

test('shows errors before warnings that are too many, and no more than 50 of them', async () => {
  const stdin = `${'FROM scratch as a\n'.repeat(300)}${'NOPE x\n'.repeat(60)}`;
  const { stdout } = await runCli(['check', '--offline', '-'], { stdin });
  expect(stdout.match(/: error\[/g)).toHaveLength(50);
  expect(stdout).toContain('and 10 more errors: ');
  const compiled = await runCli(['compile', '--offline', '-'], { stdin });
  expect(compiled.stderr.match(/: error\[/g)).toHaveLength(50);
  expect(compiled.stderr).toContain('and 10 more errors: ');
});
