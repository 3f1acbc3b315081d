import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const check = (stdin: string, ...args: string[]) => runCli(['check', '-', '--offline', ...args], { stdin });

test('a good file has no problems and exit code 0', async () => {
  expect(await check('FROM scratch\nCOPY a b\n')).toEqual({ code: 0, stdout: 'Dockerfile: no problems\n', stderr: '' });
});

test('findings and all errors come in the order of the file', async () => {
  const { code, stdout } = await check('FROM scratch AS A\nMAINTAINER me\nFOO\nCOPY --x a b\n');
  expect(code).toBe(1);
  expect(stdout.match(/^Dockerfile:.*$/gm)).toEqual([
    "Dockerfile:1:17: warning[StageNameCasing]: Stage name 'A' should be lowercase",
    'Dockerfile:2:1: warning[MaintainerDeprecated]: Maintainer instruction is deprecated in favor of using label',
    'Dockerfile:3:1: error[unknown-instruction]: dockerfile parse error on line 3: unknown instruction: FOO (did you mean FROM?)',
    expect.stringMatching(
      /^Dockerfile:4:6: error\[unknown-flag\]: dockerfile parse error on line 4: unknown flag: --x/,
    ),
  ]);
  expect(stdout).toMatch(/\n2 errors, 2 warnings\n$/);
});

test('what is allowed and means something else than it looks like is a warning', async () => {
  const dockerfile = 'FROM scratch\nENTRYPOINT ["a",]\nCOPY a\u200b /\n';
  const { code, stdout } = await check(dockerfile);
  expect(code).toBe(1);
  expect(stdout).toContain('warning[BrokenArray]: this is not a JSON array');
  expect(stdout).toContain('  hint: U+200B ZERO WIDTH SPACE at 3:7: ');
  const { warnings } = JSON.parse((await check(dockerfile, '--format=json')).stdout);
  expect(warnings).toContainEqual({
    ruleName: 'HiddenCharacter',
    detail: expect.stringContaining('U+200B ZERO WIDTH SPACE at 3:7'),
    location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] },
    fix: expect.objectContaining({ title: 'Remove the character', safety: 'safe' }),
  });
});

test('an error that comes from a character that nobody sees names it', async () => {
  const { stdout } = await check('FROM alp\u200bine\n');
  expect(stdout).toMatch(
    /error\[bad-image-name\]: .*invalid reference format[\s\S]*hint: U\+200B ZERO WIDTH SPACE at 1:9: /,
  );
});

test.each(['ENV A ${B:-two words', 'ENV A=${B', 'ENV A="${B:-${C}"'])(
  'a brace that is not closed: %s',
  async (line) => {
    const { stdout } = await check(`FROM scratch\n${line}\n`);
    expect(stdout).toContain(`  hint: The \${ at 2:${line.indexOf('${') + 1} is not closed: add a }.`);
  },
);

test('what fails only when stages are put together is an error', async () => {
  const { code, stdout } = await check('FROM scratch\nCOPY --from=later a b\nFROM scratch AS later\n');
  expect(code).toBe(1);
  expect(stdout).toContain('error[stage-not-ready]');
});

test('an error about a stage that does not exist has its place and names those that do', async () => {
  const { stdout } = await check('FROM scratch AS one\nCOPY --from=9 a b\n');
  expect(stdout).toContain('Dockerfile:2:6: error[unknown-stage-index]: invalid stage index 9');
  expect(stdout).toContain('hint: The stages are 0 (one)');
  expect((await check('FROM scratch AS one\n', '--target=x')).stdout).toContain('hint: The stages are one');
});

test('what a build program writes to its console is shown and is no finding', async () => {
  const text =
    "import { scratch } from 'tsfront/build';\nconsole.log('seen', 1);\nexport default () => scratch().cmd(['x']);\n";
  const dir = temporaryDir({ 'build.ts': text });
  const { code, stdout, stderr } = await runCli(['check', dir, '-f', path.join(dir, 'build.ts'), '--offline']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${dir}/build.ts: no problems\n` });
  expect(stderr).toContain(`${dir}/build.ts:2:1: warning[ProgramLog]: seen 1\n`);
});

describe('an error that BuildKit has no place for', () => {
  const onlyError = async (dockerfile: string, ...args: string[]) =>
    (await check(dockerfile, ...args)).stdout.split('\n').slice(0, -2);

  test('it is shown where it is', async () => {
    expect(await onlyError('FROM scratch\nCOPY --link --from=$X a /\n')).toEqual([
      expect.stringMatching(
        /^Dockerfile:2:13: error\[variable-in-from\]: variable expansion is not supported for --from/,
      ),
      '  1 | FROM scratch',
      '> 2 | COPY --link --from=$X a /',
      '    |             ^^^^^^^^^',
      '  hint: Define a stage with FROM and the variable, and copy from that stage.',
      '',
    ]);
    expect(await onlyError('# syntax=x\n# check=error=maybe\nFROM scratch\n')).toEqual([
      expect.stringMatching(/^Dockerfile:2:1: error\[bad-check-options\]: failed to parse check options: /),
      '  1 | # syntax=x',
      '> 2 | # check=error=maybe',
      '    | ^^^^^^^^^^^^^^^^^^^',
      '  3 | FROM scratch',
      expect.stringContaining('hint: Write `skip=RULE,RULE`'),
      '',
    ]);
  });

  test('it is shown in the file it is about', async () => {
    const dir = temporaryDir({
      Dockerfile: 'FROM scratch\nCOPY a /\n',
      '.dockerignore': '# one\nb\n c[ \n',
      a: '',
    });
    const { stdout } = await runCli(['check', dir, '--offline']);
    expect(stdout.split('\n').slice(0, 5)).toEqual([
      `${dir}/.dockerignore:3:2: error[bad-ignore-file]: syntax error in pattern (.dockerignore:3: c[)`,
      '  2 | b',
      '> 3 |  c[',
      '    |  ^^',
      expect.stringContaining('hint: A [ opens a class'),
    ]);
    const own = temporaryDir({ Dockerfile: 'FROM scratch\nCOPY a /\n', 'Dockerfile.dockerignore': '!', a: '' });
    expect((await runCli(['check', own, '--offline'])).stdout).toMatch(
      /^\S+\/Dockerfile.dockerignore:1:1: error\[bad-ignore-file\]: illegal exclusion pattern: "!" \(Dockerfile.dockerignore:1: !\)\n/,
    );
  });

  test('it is shown without lines where no line is to blame', async () => {
    for (const [dockerfile, args, code, message] of [
      [
        'FROM scratch AS one\n',
        ['--target=two'],
        'unknown-target',
        'target stage "two" could not be found\n  hint: The stages are one.',
      ],
      ['FROM scratch\nRUN []\n', [], 'build', 'failed to marshal LLB definition: arguments are required'],
      [
        '# check=error=true\nFROM scratch AS A\n',
        [],
        'lint-violation',
        'lint violation found for rules: StageNameCasing\n  hint: Fix what the warnings name, or skip the rule with `# check=skip=RULE`.',
      ],
    ] as const) {
      const { stdout } = await check(dockerfile, ...args);
      expect(stdout.startsWith(`Dockerfile: error[${code}]: ${message}\n\n`), stdout).toBe(true);
    }
  });
});

test('an empty file has one message', async () => {
  const message =
    'Dockerfile: error[empty-dockerfile]: the Dockerfile cannot be empty\n  hint: A Dockerfile begins with FROM.\n';
  expect((await check('')).stdout).toBe(`${message}\n1 error, 0 warnings\n`);
  expect((await runCli(['compile', '-', '--offline'], { stdin: '' })).stderr).toBe(message);
});

describe('several files', () => {
  const files = {
    'services/api/Dockerfile': 'FROM scratch\nCOPPY a /\n',
    'services/web/Dockerfile': 'FROM scratch AS Web\n',
    'other.Dockerfile': 'FROM scratch\nCOPY from/any/context /\n',
  };

  test('they are checked in order and keep the names they were given', async () => {
    const dir = temporaryDir(files);
    const paths = ['services/api', 'services/web/Dockerfile', 'other.Dockerfile'].map((it) => path.join(dir, it));
    const { code, stdout } = await runCli(['check', ...paths, '--offline']);
    expect(code).toBe(1);
    expect(stdout.match(/^\S+(?= )/gm)?.filter((it) => it.startsWith(dir))).toEqual([
      expect.stringMatching(/\/services\/api\/Dockerfile:2:1:$/),
      expect.stringMatching(/\/services\/api\/Dockerfile:2:7:$/),
      expect.stringMatching(/\/services\/web\/Dockerfile:1:17:$/),
    ]);
    expect(stdout).toMatch(/\n3 files: 2 errors, 1 warning\n--fix solves 2 of them\n$/);
  });

  test('they make a list in JSON', async () => {
    const dir = temporaryDir(files);
    const paths = Object.keys(files).map((it) => path.join(dir, it));
    const { stdout } = await runCli(['check', ...paths, '--offline', '--format=json']);
    expect(JSON.parse(stdout)).toMatchObject(paths.map((it) => ({ path: it, sources: [{}] })));
  });

  test('a file that cannot be read does not hide the others', async () => {
    const dir = temporaryDir({ 'a/x': '', 'b/Dockerfile': 'FROM scratch\n' });
    const { code, stdout, stderr } = await runCli(['check', `${dir}/a`, `${dir}/b`, '--offline']);
    expect(code).toBe(2);
    expect(stderr).toBe(`error: there is no Dockerfile under ${dir}/a: name the file if it has a name of its own\n`);
    expect(stdout).toBe(`${dir}/b/Dockerfile: no problems\n`);
  });

  test('they cannot be checked with --file or with standard input', async () => {
    expect((await runCli(['check', '.', 'test', '-f', 'x'])).code).toBe(2);
    expect((await runCli(['check', '-', '-'])).code).toBe(2);
  });
});

test('a name that is nearly that of a stage or of a common image is told, known or not', async () => {
  const { code, stdout } = await check(
    'FROM scratch AS builder\nFROM alpne\nCOPY --from=buidler a /\nRUN --mount=from=bulider,target=/x y\nCOPY --from=mine a /\n',
  );
  expect(code).toBe(1);
  expect(stdout.match(/^Dockerfile:.*$/gm)).toEqual([
    'Dockerfile:2:6: warning[UnknownImage]: alpne is not a stage, and no image of that name is known (did you mean alpine?)',
    'Dockerfile:3:6: warning[UnknownImage]: buidler is not a stage, and no image of that name is known (did you mean builder?)',
    'Dockerfile:4:13: warning[UnknownImage]: bulider is not a stage, and no image of that name is known (did you mean builder?)',
  ]);
  const { warnings } = JSON.parse((await check('FROM alpne\n', '--format=json')).stdout);
  expect(warnings).toMatchObject([{ ruleName: 'UnknownImage', location: { ranges: [{ start: { line: 1 } }] } }]);
});

test('a stage that begins later is not suggested', async () => {
  const { code, stdout } = await check(
    'FROM scratch\nCOPY --from=bulider a /\nFROM bulider\nFROM bulidr AS builder\nFROM scratch\nCOPY --from=bulider a /\n',
  );
  expect(code).toBe(1);
  expect(stdout.match(/^Dockerfile:.*UnknownImage.*$/gm)).toEqual([
    'Dockerfile:6:6: warning[UnknownImage]: bulider is not a stage, and no image of that name is known (did you mean builder?)',
  ]);
});

test('unknown base images: their variables are not judged', async () => {
  const { code, stdout, stderr } = await check('FROM nginx:1\nRUN echo $NGINX_VERSION\n');
  expect(stdout).toBe('Dockerfile: no problems\n');
  expect(stderr).toBe(
    'note: variables of stages from unknown images are not checked: what docker.io/library/nginx:1 sets is not known\n',
  );
  expect(code).toBe(0);
});

test('variables are checked in the stages that no unknown image is part of', async () => {
  const text = 'FROM nginx:1 AS a\nCOPY $A /\nFROM a\nCOPY $B /\nFROM scratch AS c\nCOPY $C /\nFROM c\nCOPY $D /\n';
  const { stdout } = await check(text);
  expect(stdout.match(/undefined variable '\$\w+'/g)).toEqual(["undefined variable '$C'", "undefined variable '$D'"]);
});

describe('a RUN that uses an ARG from before FROM', () => {
  const findings = async (...lines: string[]) => {
    const { stdout } = await check(`ARG V=1\n${lines.map((line) => `${line}\n`).join('')}`);
    return stdout.match(/^.*\[UndefinedVar\].*$|^ {2}hint: .*is empty here.*$/gm) ?? [];
  };

  test('is told that it is empty, and where', async () => {
    expect(await findings('FROM scratch AS a', 'ARG V', 'RUN echo $V', 'FROM scratch', 'RUN echo "${V}"')).toEqual([
      "Dockerfile:6:11: warning[UndefinedVar]: Usage of undefined variable '$V'",
      '  hint: $V is empty here: the ARG at line 1 is before FROM, where it counts for FROM alone. Repeat ARG V in this stage.',
    ]);
    expect(await findings('FROM scratch', `RUN echo "it's $V"`)).toHaveLength(2);
    expect(await findings('FROM scratch', `RUN echo "# 'a $V"`)).toHaveLength(2);
    expect(await findings('FROM scratch', `RUN echo '$A "'; echo $V`)).toHaveLength(2);
    expect(await findings('FROM scratch', 'RUN <<EOF', 'echo $V', 'EOF')).toHaveLength(2);
  });

  test.each([
    [['FROM scratch', 'ARG V', 'RUN echo $V']],
    [['FROM scratch AS a', 'ENV V=2', 'FROM a', 'RUN echo $V']],
    [['FROM scratch', 'RUN V=2; echo $V']],
    [['FROM scratch', 'RUN for V in 1 2; do echo $V; done']],
    [['FROM scratch', "RUN echo '$V' \\$V ${V:-3}"]],
    [['FROM scratch', 'RUN ["echo", "$V"]']],
    [['FROM scratch', 'RUN echo $VV # $V']],
    [['FROM scratch', 'SHELL ["cmd", "/C"]', 'RUN echo $V']],
    [['FROM nginx:1', 'RUN echo $V']],
    [['FROM scratch', '# check=skip=UndefinedVar', 'RUN echo $V']],
  ])('and is left alone if it may be set or is not a use: %j', async (lines) => {
    expect(await findings(...lines)).toEqual([]);
  });
});

test('variables are checked if the base image is known', async () => {
  const { code, stdout } = await check('FROM scratch\nCOPY $X /\n');
  expect(stdout).toContain("warning[UndefinedVar]: Usage of undefined variable '$X'");
  expect(code).toBe(1);
});

test('a RUN has the variables of a known image', async () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const platforms = { '*': { architecture: 'amd64', os: 'linux', config: { Env: ['V=2'] } } };
  const table = JSON.stringify({ images: { 'alpine:3.20': { digest, platforms } } });
  const images = path.join(temporaryDir({ 'images.json': table }), 'images.json');
  const { stdout } = await check('ARG V=1\nARG W=1\nFROM alpine:3.20\nRUN echo $V $W\n', '--images', images);
  expect(stdout.match(/undefined variable '\$\w+'/g)).toEqual(["undefined variable '$W'"]);
});

test('a base that is a named context is not an image without a tag', async () => {
  const text = 'FROM base\nCOPY a /\n';
  expect((await check(text)).stdout).toContain('UntaggedBase');
  const args = ['--build-context', 'base=docker-image://alpine:3.20'];
  expect((await check(text, ...args)).stdout).toBe('Dockerfile: no problems\n');
});

test('the rules heed the options', async () => {
  expect((await check('# check=skip=StageNameCasing\nFROM scratch AS A\n')).code).toBe(0);
  const args = ['--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=all'];
  expect((await check('FROM scratch AS A\n', ...args)).code).toBe(0);
});

test('--format=json prints the warnings as JSON', async () => {
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
    '\nand 2,417 more warnings: `tsfront check --format json` lists all\n\n0 errors, 2,467 warnings\n',
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

describe('an ignore file', () => {
  const files = {
    Dockerfile: 'FROM scratch\nCOPY . /\n',
    'lib/node_modules/x': '',
    '.dockerignore': '# mine\nnode_modules\n/lib/x\n',
  };

  test('patterns that mean something else than in .gitignore are warnings, those without effect are notes', async () => {
    const dir = temporaryDir(files);
    const { code, stdout, stderr } = await runCli(['check', dir, '--offline']);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `${dir}/.dockerignore:2:1: warning[IgnoreHabit]: node_modules matches nothing: lib/node_modules is not left out`,
    );
    expect(stdout).toContain('> 2 | node_modules');
    expect(stdout).toContain('write **/node_modules.');
    expect(stderr).toBe(
      `note: ${dir}/.dockerignore:3: the / in front of /lib/x does nothing: every pattern begins at the root of the context\n` +
        `note: ${dir}/.dockerignore:3: /lib/x matches nothing in the context\n`,
    );
    const [{ warnings }] = JSON.parse((await runCli(['check', dir, '--offline', '--format=json'])).stdout);
    expect(warnings).toEqual([
      {
        ruleName: 'IgnoreHabit',
        detail: expect.stringMatching(/^\.dockerignore:2: node_modules matches/),
        location: {},
      },
    ]);
  });

  test('an ignore file whose patterns all do something is not mentioned', async () => {
    const dir = temporaryDir({ ...files, '.dockerignore': '**/node_modules\n' });
    const { code, stderr } = await runCli(['check', dir, '--offline']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('the ignore file beside the Dockerfile is checked, and one that has no effect is not', async () => {
    const dir = temporaryDir({ ...files, 'Dockerfile.dockerignore': '[!a]\n' });
    const { stdout, stderr } = await runCli(['check', dir, '--offline']);
    expect(stdout).toContain(`${dir}/Dockerfile.dockerignore:1:1: warning[IgnoreHabit]: [!a]`);
    expect(stdout + stderr).not.toContain('/.dockerignore');
  });
});

test('JSON has a fix where one solution is certain, and applying all fixes leaves no finding', async () => {
  const dockerfile = 'from scratch AS x\nLABEL a=b\nCO\\\nPY --from=x / /\nenv c=d\nuser a\nfrom scratch as Y\n';
  const { warnings } = JSON.parse((await check(dockerfile, '--format=json')).stdout);
  const fixes = warnings.flatMap((it: { fix?: { edits: Fix[] } }) => it.fix?.edits ?? []) as Fix[];
  expect(fixes).toHaveLength(4);
  expect(fixes).toContainEqual({
    range: { start: { line: 1, character: 13 }, end: { line: 1, character: 15 } },
    text: 'as',
  });

  const lines = dockerfile.split('\n').map((line) => `${line}\n`);
  const offset = ({ line, character }: Fix['range']['start']) => lines.slice(0, line - 1).join('').length + character;
  let fixed = dockerfile;
  for (const { range, text } of fixes.toSorted((a, b) => offset(b.range.start) - offset(a.range.start)))
    fixed = fixed.slice(0, offset(range.start)) + text + fixed.slice(offset(range.end));
  const left = JSON.parse((await check(fixed, '--format=json')).stdout).warnings;
  expect(left).toBeNull();
});

interface Fix {
  readonly range: Record<'start' | 'end', { readonly line: number; readonly character: number }>;
  readonly text: string;
}
