/**
 * What `build` tells on a real engine that the engine does not: build arguments that nothing takes, paths that a stage
 * lacks.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

await onEngines('hints of builds', { suites: ['forky', 'trixie', 'bookworm'] }, (engine) => {
  let base: string;
  beforeAll(async () => {
    base = await engine.baseImage();
  });

  const build = (context: string, ...args: readonly string[]) =>
    runCli(['build', context, '--builder', engine.address, '--output=type=cacheonly', '--progress=plain', ...args]);

  describe('a build argument that nothing takes is warned about', () => {
    const told = (stderr: string) => stderr.split('\n').filter((line) => line.includes('not consumed'));
    const toldOf = async (dockerfile: string, ...args: readonly string[]) => {
      const { code, stderr } = await build(temporaryDir({ Dockerfile: dockerfile.replaceAll('BASE', base) }), ...args);
      expect(code, stderr).toBe(0);
      return told(stderr);
    };
    const warning = (name: string, advice = '') =>
      `WARNING: the build argument "${name}" was not consumed: no ARG has that name${advice}`;

    test.each([
      [
        'a warning has the name that was meant',
        ['--build-arg=VERISON=1'],
        [warning('VERISON', ' (did you mean VERSION?)')],
      ],
      [
        'each argument has one warning',
        ['--build-arg=COLOUR=red', '--build-arg=verson=1', '--build-arg=VERSION=2'],
        [warning('COLOUR'), warning('verson', ' (did you mean VERSION?)')],
      ],
      ['an argument that an ARG has gets no warning', ['--build-arg=VERSION=1'], []],
      [
        'an argument that RUN or the frontend takes gets no warning',
        ['--build-arg=HTTPS_PROXY=', '--build-arg=BUILDKIT_INLINE_CACHE=1'],
        [],
      ],
    ])('%s', async (_, args, expected) => {
      expect(await toldOf('FROM scratch\nARG VERSION\nCOPY Dockerfile /\n', ...args)).toEqual(expected);
    });

    test('an unused build argument is not reported if another frontend reads the file', async () => {
      const args = ['--frontend=dockerfile.v0', '--build-arg=VERISON=1'];
      expect(await toldOf('FROM scratch\nARG VERSION\nCOPY Dockerfile /\n', ...args)).toEqual([]);
    });

    test('an argument that a trigger of the base image has gets no warning', async () => {
      const name = `${engine.registry}/test/hints-onbuild:${engine.suite}`;
      const parent = temporaryDir({ Dockerfile: `FROM ${base}\nONBUILD ARG FLAVOR\n` });
      const pushed = await runCli([
        'build',
        parent,
        '--builder',
        engine.address,
        '-t',
        name,
        '--push',
        '--progress=plain',
      ]);
      expect(pushed.code, pushed.stderr).toBe(0);
      expect(await toldOf(`FROM ${name}\n`, '--build-arg=FLAVOR=x')).toEqual([]);
      expect(await toldOf(`FROM ${name}\n`, '--build-arg=FLAVUOR=x')).toEqual([
        warning('FLAVUOR', ' (did you mean FLAVOR?)'),
      ]);
    });

    test('an unused build argument is also reported if the build fails', async () => {
      const context = temporaryDir({ Dockerfile: `FROM ${base}\nARG VERSION\nRUN test -n "$VERSION"\n` });
      const { code, stderr } = await build(context, '--build-arg=VERISON=1');
      expect(code).toBe(1);
      expect(told(stderr)).toHaveLength(1);
    });
  });

  // BuildKit 0.8 does not say which instruction it is about.
  describe.skipIf(engine.suite === 'bookworm')('a path that a stage or an image lacks gets a hint', () => {
    const stage = (rest: string) => `FROM ${base} AS build\nWORKDIR /src\nCOPY app.js lib/\n${rest}`;
    test.each([
      [
        'nearly the name',
        'FROM scratch\nCOPY --from=build /src/lib/ap.js /\n',
        'The stage build has /src/lib/app.js: did you mean that?',
      ],
      [
        'another directory',
        'FROM scratch\nCOPY --from=build /dist/app.js /\n',
        'The stage build has /src/lib/app.js: did you mean that?',
      ],
      [
        'from its WORKDIR',
        'FROM scratch\nCOPY --from=build lib/app.js /\n',
        'A source of --from starts at the root of the stage build, not at its WORKDIR /src: did you mean /src/lib/app.js?',
      ],
      [
        'what is in the context',
        'FROM scratch\nCOPY --from=build README.md /\n',
        'README.md is in the build context, but --from looks for it in the stage build.',
      ],
      [
        'by its number',
        'FROM scratch\nCOPY --from=0 /src/lib/ap.js /\n',
        'The stage build has /src/lib/app.js: did you mean that?',
      ],
      [
        'of an image',
        'FROM scratch\nCOPY --from=BASE README.md /\n',
        'README.md is in the build context, but --from looks for it in the image BASE.',
      ],
      [
        'a mount',
        'RUN --mount=from=build,source=/src/lib/ap.js,target=/x true\n',
        'The stage build has /src/lib/app.js: did you mean that?',
      ],
    ])('a hint tells where the path is: %s', async (what, rest, hint) => {
      const dockerfile = what === 'a mount' ? stage(`FROM ${base}\n${rest}`) : stage(rest);
      const files = { 'app.js': '', 'README.md': '', Dockerfile: dockerfile.replaceAll('BASE', base) };
      const { code, stderr } = await build(temporaryDir(files));
      expect(code).toBe(1);
      expect(stderr).toMatch(/not found|no such file/);
      expect(stderr).toContain(`\nhint: ${hint.replaceAll('BASE', base)}\n`);
    });

    test('a missing source in a misspelt directory of the context gets a hint', async () => {
      const { code, stderr } = await build(
        temporaryDir({ 'src/app.js': '', Dockerfile: 'FROM scratch\nCOPY scr/app.js /\n' }),
      );
      expect(code).toBe(1);
      expect(stderr).toContain('hint: Did you mean src/app.js?');
    });

    test('a missing source that resembles nothing has no hint', async () => {
      const { code, stderr } = await build(
        temporaryDir({ Dockerfile: `FROM ${base} AS build\nFROM scratch\nCOPY --from=build /no/such/thing /\n` }),
      );
      expect(code).toBe(1);
      expect(stderr).toMatch(/not found|no such file/);
      expect(stderr).not.toContain('hint: ');
    });
  });
});
