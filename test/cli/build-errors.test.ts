/** An error of a build says at least what Docker's says, on every way out. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect, dockerfileFrontend, solve } from '../../src/client/index.ts';
import type { Engine } from '../engine/engine.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

const project = path.resolve(import.meta.dirname, '../..');

type Case = [what: string, dockerfile: string, args?: readonly string[]];

await onEngines('errors of builds', { suites: ['forky'] }, (engine) => {
  let dir: string;
  beforeAll(() => {
    dir = temporaryDir();
  });

  const missing = `${engine.registry}/test/no-such-image:1`;
  const cases: Case[] = [
    ['an image that is not there', `FROM ${missing}\nRUN true\n`],
    [
      'a stage with a typing error',
      'FROM scratch AS builder\nCOPY Dockerfile /\nFROM scratch\nCOPY --from=buidler / /\n',
    ],
    ['an image with a typing error', 'FROM alpne\nRUN true\n'],
    ['an image of a mount', `FROM scratch\nRUN --mount=from=${missing},target=/x true\n`],
    ['a named context', 'FROM x\nRUN true\n', [`--build-context=x=docker-image://${missing}`]],
    ['a named context of COPY', 'FROM scratch\nCOPY --from=x / /\n', [`--build-context=x=docker-image://${missing}`]],
    ['another frontend', `# syntax=${missing}\nFROM scratch\n`],
    ['another frontend by argument', 'FROM scratch\n', [`--build-arg=BUILDKIT_SYNTAX=${missing}`]],
    ['several platforms', `FROM ${missing}\nRUN true\n`, ['--platform=linux/amd64,linux/arm64']],
    ['ADD over http', 'FROM scratch\nADD http://127.0.0.1:9/x /\n'],
    ['an SBOM scanner', 'FROM scratch\nCOPY Dockerfile /\n', [`--sbom=generator=${missing}`]],
    ['a file that is not there', 'FROM scratch\nCOPY nothing-here /\n'],
    ['a bad instruction', 'FROM scratch\nCOPPY a /\n'],
    ['an SSH key', 'FROM scratch\nRUN --mount=type=ssh,required=true true\n'],
    ['a repository by SSH', 'FROM scratch\nADD git@127.0.0.1:a/b.git /\n'],
    ['a secret', 'FROM scratch\nRUN --mount=type=secret,id=key,required=true true\n'],
    ['an entitlement', 'FROM scratch\nRUN --network=host true\n'],
    ['an outline', `FROM ${missing}\nRUN true\n`, ['--call=outline']],
    ['a list of targets', 'FROM scratch\nCOPPY a /\n', ['--call=targets']],
  ];

  /** A context with a Dockerfile. */
  const contextOf = (dockerfile: string) => {
    const context = path.join(dir, 'context');
    rmSync(context, { recursive: true, force: true });
    mkdirSync(context);
    writeFileSync(path.join(context, 'Dockerfile'), dockerfile);
    return context;
  };

  const contextFile = (name: string, text: string) => writeFileSync(path.join(dir, 'context', name), text);

  const docker = async (context: string, args: readonly string[] = []) => {
    const { status, stderr } = await engine.run('docker', [
      'buildx', 'build', '--progress=plain', '--output=type=cacheonly', ...args, context,
    ]); // biome-ignore format: a command line
    expect(status).toBe(1);
    return comparable(stderr);
  };
  const ours = async (context: string, args: readonly string[] = []) => {
    const all = ['build', context, '--builder', engine.address, '--output=type=cacheonly', ...args];
    const { code, stderr } = await runCli(
      all.some((it) => it.startsWith('--progress')) ? all : [...all, '--progress=plain'],
    );
    expect(code).toBe(1);
    return comparable(stderr);
  };
  /** What goes to standard error at the end: the error with the lines it is about. */
  const comparable = (stderr: string) => ({
    message: /^ERROR: ([\s\S]*?)(\n\S*Dockerfile:\d+\n-{20}\n|\s*$(?![\s\S]))/m
      .exec(stderr)?.[1]
      ?.replace(/^failed to build: /, '')
      .replace('failed to run Build function: ', '') // of buildx, where the client hears of it before the daemon
      .replace(/^failed to solve: /, '')
      .replace(/\]:\d+->|\.1:\d+->/g, '->')
      .replace(/ref \S+::\S+/, 'ref'),
    frames: stderr.match(/^ +\d+ \| .*$/gm) ?? [],
  });

  test.each(cases)('build prints the message and lines that docker prints: %s', async (_, dockerfile, args) => {
    const context = contextOf(dockerfile);
    const [theirs, own] = [await docker(context, args), await ours(context, args)];
    expect(theirs.message).not.toBe('');
    expect(own.message).toContain(theirs.message);
    for (const line of theirs.frames) expect(own.frames).toContain(line);
  });

  describe('--check prints what would fail the build, with its lines', () => {
    const checked = cases.filter(([what]) =>
      ['an image that is not there', 'a stage with a typing error', 'a bad instruction'].includes(what),
    );
    test('the three cases have not been renamed', () => expect(checked).toHaveLength(3));
    test.each(checked)('--check prints the error of %s', async (_, dockerfile) => {
      const context = contextOf(dockerfile);
      const theirs = await docker(context, ['--check']);
      for (const args of [['--check'], ['--check', '--progress=quiet'], ['--call=check,format=json']]) {
        const own = await ours(context, args);
        expect(own).toEqual({ message: expect.stringContaining(theirs.message!), frames: theirs.frames });
      }
    });

    test('--check names the Dockerfile as it was given', async () => {
      const context = contextOf('FROM scratch AS One\n# two\nCOPPY a /\n');
      const { stdout, stderr } = await runCli([
        'build',
        context,
        '--check',
        '--builder',
        engine.address,
        '--progress=quiet',
      ]);
      expect(stdout).toContain(`\n${context}/Dockerfile:1\n--------`);
      expect(stderr).toMatch(/^ERROR: dockerfile parse error on line 3: unknown instruction: COPPY/);
      expect(stderr).toContain(`\n${context}/Dockerfile:3\n--------`);
    });
  });

  test('--call prints the warnings of a build, as docker does', async () => {
    const context = contextOf('FROM $NOPE\nRUN true\n');
    const warnings = (stderr: string) => stderr.match(/^ - .*$/gm);
    const docker = await engine.run('docker', ['buildx', 'build', '--call=outline', '--progress=plain', context]);
    const args = ['build', context, '--builder', engine.address, '--call=outline', '--progress=plain'];
    const { stderr } = await runCli(args);
    const told = warnings(docker.stderr); // docker does not wait for all of them
    expect(warnings(stderr)).toEqual(expect.arrayContaining(told ?? []));
    expect(warnings(stderr)).toHaveLength(2);
  });

  test('a command that fails: what is odd about its line', async () => {
    const context = contextOf("FROM scratch\nCOPY Dockerfile /\nRUN ['npm']\n");
    const { stderr } = await runCli(['build', context, '--builder', engine.address, '--output=type=cacheonly']);
    expect(stderr).toMatch(
      /\nhint: line 3: this is not a JSON array, so a shell runs it as written: its strings need double quotes\. Write RUN \["npm"\]\.\n$/,
    );
    const fine = contextOf('FROM scratch\nCOPY Dockerfile /\nRUN npm\n');
    expect((await runCli(['build', fine, '--builder', engine.address])).stderr).not.toContain('hint: ');
  });

  test.each([
    ['an SSH key', '--ssh default offers the SSH agent of SSH_AUTH_SOCK, --ssh default=FILE a key.'],
    ['a secret', '--secret id=key,src=FILE gives it, or env=VARIABLE in place of src.'],
    ['an entitlement', "--allow network.host allows it, where the daemon's configuration does too."],
  ])('what the command line has to give: %s', async (name, hint) => {
    const context = contextOf(cases.find(([what]) => what === name)![1]);
    const { stderr } = await runCli(['build', context, '--builder', engine.address, '--progress=quiet']);
    expect(stderr.endsWith(`\nhint: ${hint}\n`), stderr).toBe(true);
  });

  test('a place that the reference does not know is shown, and what to do', async () => {
    const context = contextOf('FROM scratch AS one\nCOPY --from=$VAR a /\n');
    const stderrOf = async (...args: string[]) =>
      (
        await runCli([
          'build',
          context,
          '--builder',
          engine.address,
          '--output=type=cacheonly',
          '--progress=quiet',
          ...args,
        ])
      ).stderr;
    for (const args of [[], ['--check']]) {
      expect(await stderrOf(...args)).toContain('   2 | >>> COPY --from=$VAR a /\n');
      expect(await stderrOf(...args, '--target=two')).toMatch(
        /two" could not be found[\s\S]*\nhint: The stages are one\.\n$/,
      );
    }
    writeFileSync(path.join(context, 'Dockerfile.dockerignore'), 'a\nb[\n');
    contextFile('Dockerfile', 'FROM scratch\nCOPY a /\n');
    for (const args of [[], ['--check']]) {
      const stderr = await stderrOf(...args);
      expect(stderr).toContain('syntax error in pattern (Dockerfile.dockerignore:2: b[)');
      expect(stderr).toContain(`${context}/Dockerfile.dockerignore:2\n`);
      expect(stderr).toContain('   2 | >>> b[\n');
    }
    rmSync(path.join(context, 'Dockerfile.dockerignore'));
    contextFile('.dockerignore', 'a\nb[\n');
    for (const args of [[], ['--check']]) expect(await stderrOf(...args)).toContain(`${context}/.dockerignore:2\n`);
  });

  const inside = cases.filter(
    ([what]) => /^an? .*(image|stage|instruction)|^a named/.test(what) && !what.includes('mount'),
  );

  test.each(inside)('the library rejects with the message of docker: %s', async (_, dockerfile, args = []) => {
    const context = contextOf(dockerfile);
    const { message } = await docker(context, args);
    const connection = await connect(engine.address);
    const named = args.map((arg) => arg.replace('--build-context=x=', ''));
    const { result } = solve(connection, {
      frontend: dockerfileFrontend,
      frontendAttrs: Object.fromEntries(named.map((value) => ['context:x', value])),
      localDirs: { context, dockerfile: context },
    });
    const error = await result.then(
      () => undefined,
      (reason: Error) => reason,
    );
    connection.close();
    expect(comparable(`ERROR: ${error?.message}`).message).toContain(message);
  });

  describe('the frontend image gives the message that docker prints', () => {
    let frontend: string;
    beforeAll(async () => {
      frontend = await pushFrontend(engine, dir);
    }, 300_000);
    test.each(inside)('the frontend image gives the message of docker for %s', async (_, dockerfile, args) => {
      const { message } = await docker(contextOf(dockerfile), args);
      const own = await docker(contextOf(`# syntax=${frontend}\n${dockerfile}`), args);
      expect(own.message?.replace(/line (\d+)/, (_, line: string) => `line ${Number(line) - 1}`)).toContain(message);
    });

    const [one, two] = ['FROM scratch AS one\n', 'COPY Dockerfile /\n'];
    test.each<[what: string, dockerfile: string, frames: string[], args: string[]]>([
      ['a variable in --from', `${one}COPY --from=$A / /\n`, ['   3 | >>> COPY --from=$A / /'], []],
      ['a stage index', `${one}COPY --from=5 / /\n`, ['   3 | >>> COPY --from=5 / /'], []],
      ['an image of a mount', `${one}RUN --mount=from=${missing} true\n`, [`   3 | >>> RUN --mount=from=${missing} true`], []],
      ['an outline', `${one}COPPY a /\n`, ['   3 | >>> COPPY a /'], ['--call=outline']],
      ['a target', one + two, [], ['--target=two']],
      ['an SBOM scanner', one + two, [], [`--sbom=generator=${missing}`]],
    ])('the line that it is about, or none, never that of # syntax: %s', async (_, dockerfile, frames, args) => {
      const own = await docker(contextOf(`# syntax=${frontend}\n${dockerfile}`), args);
      expect(own.message).not.toBe('');
      expect(own.frames.filter((line) => line.includes('>>>'))).toEqual(frames);
    }); // biome-ignore format: a list

    test('an error in a pattern of an ignore file shows its line', async () => {
      const context = contextOf(`# syntax=${frontend}\n${one}COPY a /\n`);
      contextFile('.dockerignore', 'a\nb[\n');
      const { stderr } = await engine.run('docker', ['buildx', 'build', '--progress=plain', context]);
      expect(stderr).toContain('.dockerignore:2\n--------------------\n   1 |     a\n   2 | >>> b[\n');
    });
  });
});

/** tsfront's frontend on the Node that runs here, in the engine's registry. @returns its name */
async function pushFrontend(engine: Engine, dir: string): Promise<string> {
  const context = path.join(dir, 'frontend');
  mkdirSync(context);
  const env = engine.home ? { ENGINE_HOME: engine.home } : {};
  const base = await engine.must(path.join(project, 'test/engine/image.sh'), ['node', 'test/node-here:1'], { env });
  await build({
    entryPoints: [path.join(project, 'src/frontend.ts')],
    outfile: path.join(context, 'frontend.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const caps = 'moby.buildkit.frontend.inputs,moby.buildkit.frontend.contexts,moby.buildkit.frontend.subrequests';
  const dockerfile = `FROM ${base.trim()}\nLABEL moby.buildkit.frontend.caps=${caps}\nCOPY frontend.mjs /\nENTRYPOINT ["/bin/node", "/frontend.mjs"]\n`;
  writeFileSync(path.join(context, 'Dockerfile'), dockerfile);
  const name = `${engine.registry}/test/error-frontend:1`;
  await engine.must('docker', ['buildx', 'build', '-q', '--provenance=false', '--push', '-t', name, context]);
  return name;
}
