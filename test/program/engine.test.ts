/** Build programs as users build them: `docker build -f build.ts`, with the image of this frontend, on real engines. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { pushFrontend } from './push-frontend.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');

const program = (syntax: string, base: string) => `// syntax=${syntax}
import { arg, context, file, image, mount, platform, scratch } from 'tsfront/build';
import { greet } from './lib/greet.ts';

const who = arg('WHO', { default: 'world', description: 'Whom to greet' });

/** Checks the greeting. */
export const test = () => built().run('grep "hello" /out/greeting');

/** The greeting and what the project says of itself. */
export default async function app() {
  const { name } = await context().readJson<{ name: string }>('package.json');
  const packages = await context().glob('packages/*/package.json');
  return scratch()
    .copy(built(), '/out/greeting', '/')
    .copy(file('packages', packages.join(' ')), '/')
    .label('name', name)
    .cmd(['/greeting']);
}

const built = () =>
  image('${base}', { platform: platform.build })
    .workdir('/out')
    .run(greet(who, String(platform.target)), { mounts: [mount.cache('/cache')] });
`;

await onEngines('a build program', { suites: ['forky', 'trixie', 'bookworm'] }, (engine) => {
  const withBuildx = engine.suite !== 'bookworm';
  let dir: string;

  beforeAll(async () => {
    const syntax = await pushFrontend(engine);
    dir = temporaryDir();
    for (const name of ['lib', 'packages/a', 'packages/b']) mkdirSync(path.join(dir, name), { recursive: true });
    const text = program(syntax, await engine.baseImage());
    // The only form of that line which BuildKit 0.8 knows.
    writeFileSync(path.join(dir, 'build.ts'), withBuildx ? text : text.replace('//', '#'));
    writeFileSync(
      path.join(dir, 'lib/greet.ts'),
      "import { hello } from 'hello';\n" +
        'export const greet = (who: string, where: string): string => `echo ${hello} ${who} on ${where} >greeting`;\n',
    );
    mkdirSync(path.join(dir, 'node_modules/hello'), { recursive: true });
    writeFileSync(path.join(dir, 'node_modules/hello/package.json'), '{"type":"module","exports":"./hello.js"}');
    writeFileSync(path.join(dir, 'node_modules/hello/hello.js'), "export const hello = 'hello';\n");
    for (const name of ['.', 'packages/a', 'packages/b'])
      writeFileSync(path.join(dir, name, 'package.json'), JSON.stringify({ name: `project ${name}` }));
    // It is about what the context gives, and not about packages that the program imports.
    writeFileSync(path.join(dir, '.dockerignore'), 'packages/b\nnode_modules\n');
  }, 180_000);

  const docker = (args: readonly string[]) =>
    withBuildx
      ? engine.run('docker', ['buildx', 'build', '--progress=plain', '-f', path.join(dir, 'build.ts'), ...args, dir])
      : engine.run('docker', ['build', '--progress=plain', '-f', path.join(dir, 'build.ts'), ...args, dir], {
          env: { DOCKER_BUILDKIT: '1' },
        });

  test('builds by docker build, with the files that it names and the platform of the build', async () => {
    const dest = temporaryDir();
    const { status, stderr } = await docker(['--build-arg', 'WHO=you', '-o', dest]);
    expect(status, stderr).toBe(0);
    expect(readFileSync(path.join(dest, 'greeting'), 'utf8')).toMatch(/^hello you on linux\/(amd64|arm64)\n$/);
    expect(readFileSync(path.join(dest, 'packages'), 'utf8')).toBe('packages/a/package.json');
    expect(stderr).toContain('[app 1/2] COPY --from=');
  });

  test.skipIf(!withBuildx)('has the same steps by tsfront build, which finds them in the cache', async () => {
    const first = await docker(['--build-arg', 'WHO=cached', '-o', temporaryDir()]);
    expect(first.status, first.stderr).toBe(0);
    const dest = temporaryDir();
    const own = ['--frontend=tsfront']; // it is read in this process
    const args = [
      '--progress=plain',
      '-f',
      path.join(dir, 'build.ts'),
      '--build-arg',
      'WHO=cached',
      ...own,
      '-o',
      dest,
      dir,
    ];
    const { status, stderr } = await engine.run(process.execPath, [cli, 'build', ...args], {
      env: { BUILDKIT_HOST: engine.buildkitHost },
    });
    expect(status, stderr).toBe(0);
    expect(readFileSync(path.join(dest, 'greeting'), 'utf8')).toMatch(/^hello cached on /);
    const [, step] = /^#(\d+) \[\S+ \d\/\d\] RUN .*echo hello cached/m.exec(stderr) ?? [];
    expect(stderr).toMatch(new RegExp(`^#${step} CACHED$`, 'm'));
  });

  test.skipIf(!withBuildx)('builds for several platforms at once, and a target', async () => {
    const dest = temporaryDir();
    const { status, stderr } = await docker(['--platform', 'linux/amd64,linux/arm64', '-o', dest]);
    expect(status, stderr).toBe(0);
    for (const architecture of ['amd64', 'arm64'])
      expect(readFileSync(path.join(dest, `linux_${architecture}`, 'greeting'), 'utf8')).toBe(
        `hello world on linux/${architecture}\n`,
      );
    const built = await docker(['--target', 'test']);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).toMatch(/\[test \d\/\d\] RUN grep/);
  });

  test.skipIf(!withBuildx)(
    'is a dockerfile of compose, with an argument and a target, and runs as a service',
    async () => {
      const text = readFileSync(path.join(dir, 'build.ts'), 'utf8');
      const served = `${text}
/** Says the greeting. */
export const served = () => built().cmd(['cat', '/out/greeting']);
`;
      writeFileSync(path.join(dir, 'app.ts'), served);
      writeFileSync(
        path.join(dir, 'compose.yaml'),
        `name: tsfront-programs
services:
  app:
    image: test/programs-app
    network_mode: none
    build:
      context: .
      dockerfile: app.ts
      target: served
      args:
        WHO: compose
`,
      );
      const compose = (...args: string[]) =>
        engine.run('docker', ['compose', '--progress=plain', '--project-directory', dir, ...args]);
      const built = await compose('build');
      expect(built.status, built.stderr).toBe(0);
      expect(built.stdout + built.stderr).toMatch(/\[(?:app )?served \d\/\d\] RUN .*echo hello compose on /);
      const said = await compose('run', '--rm', 'app');
      expect(said.status, said.stderr).toBe(0);
      expect(said.stdout).toMatch(/^hello compose on linux\/(amd64|arm64)\r?\n$/);
      // What it says is refused is what the program says.
      writeFileSync(
        path.join(dir, 'compose.yaml'),
        readFileSync(path.join(dir, 'compose.yaml'), 'utf8').replace('WHO', 'WHOM'),
      );
      const refused = await compose('build');
      expect(refused.status).not.toBe(0);
      expect(refused.stdout + refused.stderr).toContain('the program has no build argument "WHOM"');
    },
  );

  test.skipIf(engine.suite !== 'forky')('lists targets and arguments with their descriptions', async () => {
    const targets = await docker(['--call', 'targets']);
    expect(targets.stdout).toMatch(/^app \(default\)\s+The greeting and what the project says of itself\.$/m);
    expect(targets.stdout).toMatch(/^test\s+Checks the greeting\.$/m);
    const outline = await docker(['--call', 'outline', '--build-arg', 'WHO=me']);
    expect(outline.stdout).toMatch(/^WHO\s+me\s+Whom to greet$/m);
  });

  test.skipIf(!withBuildx)('shows the line of the program of a step that fails, and of an exception', async () => {
    const failing = path.join(dir, 'failing.ts');
    const text = readFileSync(path.join(dir, 'build.ts'), 'utf8');
    writeFileSync(failing, text.replace('grep "hello"', 'grep "nothing of this"'));
    const step = await docker(['-f', failing, '--target', 'test']);
    expect(step.status).not.toBe(0);
    expect(step.stderr).toMatch(/^failing\.ts:8$/m);
    expect(step.stderr).toMatch(/>>> export const test = \(\) => built\(\)\.run/);
    writeFileSync(failing, text.replace('const { name } =', 'const { name } = (undefined as any).x ??'));
    const thrown = await docker(['-f', failing]);
    expect(thrown.stderr).toContain("TypeError: cannot read property 'x' of undefined");
    expect(thrown.stderr).toMatch(/^failing\.ts:12$/m);
    writeFileSync(failing, text.replace('{ greet }', '{ greeet as greet }'));
    const missing = await docker(['-f', failing]);
    expect(missing.stderr).toContain('lib/greet.ts has no export greeet');
    expect(missing.stderr).toContain('hint: Did you mean greet?');
    expect(missing.stderr).toMatch(/^failing\.ts:3$/m);
    expect(missing.stderr).toMatch(/>>> import \{ greeet as greet \} from/);
  });

  test.skipIf(withBuildx)('builds a target where clients show no lines, and messages have the place', async () => {
    const built = await docker(['--target', 'test']);
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).toMatch(/\] RUN grep "hello" \/out\/greeting$/m);
    const failing = path.join(dir, 'failing.ts');
    const text = readFileSync(path.join(dir, 'build.ts'), 'utf8');
    const failure = async (from: string, to: string, ...args: string[]) => {
      expect(text).toContain(from);
      writeFileSync(failing, text.replace(from, to));
      const { status, stderr } = await docker(['-f', failing, ...args]);
      expect(status).not.toBe(0);
      return stderr;
    };
    expect(await failure('grep "hello"', 'exit 3', '--target', 'test')).toContain('exit code: 3');
    expect(await failure('const { name } =', 'const { name } = (undefined as any).x ??')).toMatch(
      /desc = failing\.ts:12: TypeError: cannot read property 'x' of undefined$/m,
    );
    expect(await failure('{ greet }', '{ greeet as greet }')).toContain(
      'failing.ts:3: lib/greet.ts has no export greeet',
    );
    expect(await failure(".label('name', name)", ".expose('x')")).toContain('failing.ts:17: invalid containerPort: x');
    expect(await failure('export const test', 'export const other', '--target', 'test')).toContain(
      'target "test" could not be found\nhint: The targets are other, app.',
    );
  });

  test.skipIf(!withBuildx)(
    'is stopped when it never ends',
    async () => {
      const endless = path.join(dir, 'endless.ts');
      writeFileSync(endless, `${readFileSync(path.join(dir, 'build.ts'), 'utf8')}\nfor (;;);\n`);
      const { status, stderr } = await docker(['-f', endless]);
      expect(status).not.toBe(0);
      expect(stderr).toContain('the build program takes too many steps');
    },
    180_000,
  );
});
