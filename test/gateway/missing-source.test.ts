/** What a frontend says of a source that is missing in the context, and when it waits for a build to find out. */
import { expect, test } from 'vitest';
import { connect, solve } from '../../src/client/index.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

const asked = { 'build-arg:TSFRONT_EXPLAIN': '1' };

await onEngines('a frontend in a daemon', { suites: ['forky', 'trixie'] }, (engine) => {
  /** Builds as the frontend image does, and counts how often the frontend waits for its result. */
  async function build(files: Readonly<Record<string, string>>, attrs: Readonly<Record<string, string>> = {}) {
    const dir = temporaryDir(files);
    const connection = await connect(engine.address);
    let waits = 0;
    try {
      const running = solve(connection, {
        frontend: (bridge) =>
          runFrontend(
            {
              ...bridge,
              async evaluate(ref) {
                waits++;
                await bridge.evaluate(ref);
              },
            },
            { explainsSources: true },
          ),
        frontendAttrs: attrs,
        localDirs: { context: dir, dockerfile: dir },
        exports: [],
      });
      const message = await running.result.then(
        () => '',
        (error: Error) => error.message,
      );
      return { waits, message };
    } finally {
      connection.close();
    }
  }

  test('names the ignore rule that excludes a source, with its line', async () => {
    const { message, waits } = await build({
      Dockerfile: 'FROM scratch\nCOPY a /\nCOPY dist/app /app\n',
      '.dockerignore': '# what is made\n\ndist\n',
      'dist/app': 'x',
      a: 'a',
    });
    expect(message).toContain(
      '"/dist/app": not found\nhint: .dockerignore:3 (dist) leaves dist/app out of the context',
    );
    expect(waits).toBe(1);
  });

  test('names the rule of the ignore file beside the Dockerfile, and of a mount', async () => {
    const { message } = await build(
      {
        'other.Dockerfile': `FROM ${await engine.baseImage()}\nRUN --mount=type=bind,source=dist,target=/d true\n`,
        'other.Dockerfile.dockerignore': '*\n!a\n',
        'dist/app': 'x',
        a: 'a',
      },
      { filename: 'other.Dockerfile' },
    );
    expect(message).toContain('hint: other.Dockerfile.dockerignore:1 (*) leaves dist out of the context');
    const inDir = { Dockerfile: 'FROM scratch\nCOPY dist/app /\n', 'dist/app': 'x', '.dockerignore': 'dist' };
    expect((await build(inDir)).message).toContain('hint: .dockerignore:1 (dist) leaves dist/app out of the context');
  });

  test('names the ignore rule that drops the directory of a pattern', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY dist/*.js /\n', '.dockerignore': '#\n\ndist\n', 'dist/a.js': 'x' };
    const { message, waits } = await build(files);
    expect(message).toMatch(/hint: \.dockerignore:3 \(dist\) leaves dist\/\S+ out of the context/);
    expect(waits).toBe(1);
    const misspelt = { Dockerfile: 'FROM scratch\nCOPY dsit/*.js /\n', 'dist/a.js': 'x' };
    expect((await build(misspelt)).waits).toBe(0);
    const explained = (await build(misspelt, asked)).message;
    if (engine.suite === 'forky') expect(explained).toContain('hint: Did you mean dist/*.js?');
  });

  test('names what a stage has, if it is asked', async () => {
    const from = (source: string) => ({
      Dockerfile: `FROM ${base} AS build\nCOPY src /app/dist\nFROM scratch\nCOPY --from=build ${source} /x\n`,
      'src/main.js': 'x',
    });
    const base = await engine.baseImage();
    if (engine.suite !== 'forky') return;
    expect((await build(from('/app/dsit'), asked)).message).toContain('hint: The stage build has /app/dist');
    expect((await build(from('/app/dist/mian.js'), asked)).message).toContain(
      'hint: The stage build has /app/dist/main.js',
    );
  });

  test('does not wait for a build of which it knows nothing bad', async () => {
    const whole = { Dockerfile: 'FROM scratch\nCOPY a b* /\nCOPY . /all\n', a: 'a', b1: 'b' };
    expect(await build(whole)).toEqual({ waits: 0, message: '' });
    expect(await build({ ...whole, '.dockerignore': 'c\nd/**\n' })).toEqual({ waits: 0, message: '' });
    const excepted = { Dockerfile: 'FROM scratch\nCOPY d /\n', 'd/e': 'e', '.dockerignore': 'd\n!d/e\n' };
    expect(await build(excepted)).toEqual({ waits: 0, message: '' });
    const misspelt = await build({ Dockerfile: 'FROM scratch\nCOPY dist/app /\n', 'Dist/app': 'x' });
    expect(misspelt.waits).toBe(0);
    expect(misspelt.message).toMatch(/("\/dist\/app": not found|dist: no such file or directory)$/);
  });

  test('explains every missing source if the build asks for it', async () => {
    expect(await build({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' }, asked)).toEqual({ waits: 1, message: '' });
    // Docker 26 cannot send names without content.
    const listsNames = engine.suite === 'forky';
    const hint = (text: string) => (listsNames ? `not found\nhint: ${text}` : 'no such file or directory');
    const capitals = await build({ Dockerfile: 'FROM scratch\nCOPY dist/app /\n', 'Dist/app': 'x' }, asked);
    expect(capitals.message).toContain(hint('The context has Dist/app: names are case-sensitive.'));
    const typo = await build({ Dockerfile: 'FROM scratch\nCOPY dits/app /\n', 'dist/app': 'x' }, asked);
    expect(typo.message).toContain(hint('Did you mean dist/app?'));
    const ignored = { Dockerfile: 'FROM scratch\nCOPY dits/app /\n', 'dist/app': 'x', '.dockerignore': 'dist' };
    const both = await build(ignored, asked);
    expect(both.message).toContain(hint('Did you mean dist/app? .dockerignore:1 (dist) leaves it out of the context.'));
  });

  test('passes on the error of a build that fails for another reason as it is', async () => {
    const failing = { Dockerfile: `FROM ${await engine.baseImage()}\nCOPY a /\nRUN exit 3\n`, a: 'a' };
    const lazy = await build(failing);
    expect(await build(failing, asked)).toEqual({ waits: 1, message: lazy.message });
    expect(lazy.message).toContain('did not complete successfully: exit code: 3');
  });
});
