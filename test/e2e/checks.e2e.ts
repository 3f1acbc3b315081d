/** What a user sees beside the image: checks, outlines, warnings and errors at the right line. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, dockerfileFrontend, type SolveError, solve } from '../../src/client/index.ts';
import type { CommandResult } from '../engine/command.ts';
import { onEngines } from '../engine/on-engines.ts';
import { dockerBuild, writeDockerfile } from './build.ts';
import { removeContext, writeContext } from './case.ts';
import { type Fixtures, startFixtures } from './fixtures.ts';
import { pushImage, pushTellingFrontend } from './frontend-image.ts';
import { opsOf, stepsOf } from './ops.ts';
import { readImages } from './read-image.ts';

const careless = `FROM @BASE@ as Build
ARG password=1
ENV key value
COPY missing /x
FROM @BASE@
MAINTAINER someone
COPY --from=Build /etc/passwd /
CMD echo hi
`;
const described = `# A base to build on
ARG VERSION=1
# compile compiles
FROM @BASE@ AS compile
# WHO is greeted
ARG WHO=world
RUN --mount=type=secret,id=token --mount=type=ssh --mount=type=cache,target=/c echo $WHO
# final is what is shipped
FROM scratch AS final
COPY --from=compile /etc/passwd /
`;

await onEngines('what a user sees', {}, (engine) => {
  let fixtures: Fixtures;
  let syntax: string;
  let context: string;

  beforeAll(async () => {
    fixtures = await startFixtures(engine);
    syntax = await pushImage(engine);
    context = writeContext({ file: 'content\n' });
  });
  afterAll(() => {
    fixtures?.close();
    if (context) removeContext(context);
  });

  /**
   * Builds by tsfront, whose syntax line is the first, or by the engine's own frontend, with a comment in its place.
   */
  async function build(
    text: string,
    args: readonly string[] = [],
    own = false,
  ): Promise<CommandResult & { all: string }> {
    const beside = writeContext({});
    try {
      const dockerfile = writeDockerfile(beside, `# ${own ? 'own' : `syntax=${syntax}`}\n${fixtures.fill(text)}`);
      const result = await dockerBuild(engine, ['-f', dockerfile, ...args, context]);
      return { ...result, all: result.stdout + result.stderr };
    } finally {
      removeContext(beside);
    }
  }
  /** Docker 20.10 prints the message of an error but not the source it carries. */
  const showsSource = engine.suite !== 'bookworm';
  const isNew = engine.suite === 'forky' || engine.suite === 'own';

  test.runIf(isNew)('--check finds what the engine’s own frontend finds', async () => {
    const ours = await build(careless, ['--check']);
    const theirs = await build(careless, ['--check'], true);
    expect(ours.status).toBe(1);
    expect(ours.stdout).toContain('StageNameCasing');
    expect(ours.stdout).toMatch(/Dockerfile:2\n/);
    expect(withoutSyntax(ours.stdout)).toBe(withoutSyntax(theirs.stdout));
  });

  test.runIf(isNew).each(['outline', 'targets'])('--call %s', async (call) => {
    const ours = await build(described, ['--call', call]);
    const theirs = await build(described, ['--call', call], true);
    expect(ours.status, ours.all).toBe(0);
    expect(ours.stdout).toContain(call === 'outline' ? 'TARGET:      final' : 'compile');
    expect(ours.stdout).toBe(theirs.stdout);
  });

  test.runIf(isNew)('a JSON outline of a target has its arguments, secrets and caches', async () => {
    const { stdout } = await build(described, ['--target', 'compile', '--call', 'outline,format=json']);
    const theirs = await build(described, ['--target', 'compile', '--call', 'outline,format=json'], true);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'compile',
      args: expect.anything(),
      secrets: [{ name: 'token' }],
    });
    expect(withoutSources(stdout)).toEqual(withoutSources(theirs.stdout));
  });

  test.runIf(engine.suite === 'trixie')('--print outline, as it was called then', async () => {
    const env = { BUILDX_EXPERIMENTAL: '1', DOCKER_BUILDKIT: '1' };
    const dockerfile = writeDockerfile(context, `# syntax=${syntax}\n${fixtures.fill(described)}`);
    const args = ['buildx', 'build', '--print=outline', '-f', dockerfile, context];
    expect((await engine.must('docker', args, { env })).replace(/\s+/g, ' ')).toContain('TARGET: final');
  });

  test('BUILDKIT_SYNTAX chooses the frontend', async () => {
    const beside = writeContext({});
    const dockerfile = writeDockerfile(beside, 'FROM scratch\nCOPY file /\n');
    const args = ['--build-arg', `BUILDKIT_SYNTAX=${syntax}`, '-f', dockerfile, context];
    const { status, stderr } = await dockerBuild(engine, args);
    removeContext(beside);
    expect(status, stderr).toBe(0);
    if (engine.suite !== 'bookworm') expect(stderr).toContain(`docker-image://${syntax}`);
  });

  // Docker and buildx leave `# syntax=` to the engine's frontend, or say that it has been followed: a client of ours
  // that does neither lets the image come upon the line.
  describe.skipIf(engine.suite === 'bookworm' || process.env['TSFRONT_IMAGE'])('forwarding', () => {
    /** Builds by a frontend that the engine runs (an image, or its own) or by tsfront in this process. */
    const build = async (frontend: string, name: string, attrs: Readonly<Record<string, string>> = {}) => {
      const ofImage = frontend !== 'tsfront' && frontend !== 'dockerfile.v0';
      const connection = await connect(engine.address);
      try {
        const dockerfile = { Dockerfile: `# syntax=${name} and more\nFROM scratch AS a\nCOPY file /\n` };
        const { status, result } = solve(connection, {
          frontend: frontend === 'tsfront' ? dockerfileFrontend : ofImage ? 'gateway.v0' : frontend,
          frontendAttrs: { ...attrs, ...(ofImage && { source: frontend }) },
          localDirs: { context, dockerfile },
          auth: false,
        });
        const ended = result.then(
          () => undefined,
          (error: SolveError) => error,
        );
        const steps = new Set<string>();
        for await (const { vertexes } of status) for (const vertex of vertexes) steps.add(vertex.name);
        return { error: await ended, steps: [...steps] };
      } finally {
        connection.close();
      }
    };

    test.each(['image', 'client'])('tsfront in its %s forwards a build to another image', async (place) => {
      const name = `${engine.registry}/tsfront:other`;
      await pushImage(engine, 'other');
      const { error, steps } = await build(place === 'image' ? syntax : 'tsfront', name);
      expect(error).toBeUndefined();
      expect(steps).toContainEqual(expect.stringContaining(`docker-image://${name}`));
      expect(steps).toContainEqual(expect.stringContaining('COPY file /'));
    });

    test('hands on what the engine’s own frontend hands on', async () => {
      const name = await pushTellingFrontend(engine);
      const attrs = { target: 'a', 'build-arg:X': 'y z', 'label:l': 'v', 'context:other': 'docker-image://x/y:1' };
      const told = async (frontend: string) => {
        const { error } = await build(frontend, name, { ...attrs, 'no-cache': '', 'add-hosts': 'h=1.2.3.4' });
        return JSON.parse(/told: (\{.*\})$/m.exec(error?.message ?? '')?.[1] ?? 'null') ?? error;
      };
      const theirs = await told('dockerfile.v0');
      expect(theirs).toMatchObject({ source: name, cmdline: `${name} and more`, target: 'a', 'build-arg:X': 'y z' });
      expect(await told(syntax)).toEqual(theirs);
      expect(await told('tsfront')).toEqual(theirs);
    });

    test('an image that does not exist is an error at the syntax line', async () => {
      const name = `${engine.registry}/tsfront:missing`;
      const { error } = await build(syntax, name);
      expect(error?.message).toContain(`${name}: not found`);
      expect(error?.place).toBe('Dockerfile:1');
    });
  });

  test.skipIf(engine.suite === 'bookworm')('BUILDKIT_DOCKERFILE_CHECK=error=true makes warnings errors', async () => {
    const args = ['--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=error=true'];
    const { status, all } = await build('FROM scratch as x\nCOPY file /\n', args);
    expect(status).not.toBe(0);
    expect(all).toContain('lint violation found for rules: FromAsCasing');
  });

  test.skipIf(engine.suite === 'bookworm')('warnings tell their lines', async () => {
    const { status, all } = await build('FROM scratch as x\nCOPY file /\nMAINTAINER me\n');
    expect(status, all).toBe(0);
    expect(all).toMatch(/FromAsCasing: .*\(line 2\)/);
    expect(all).toMatch(/MaintainerDeprecated: .*\(line 4\)/);
  });

  test('a RUN that fails points at its line', async () => {
    const { status, all } = await build('FROM @BASE@\nRUN true\n\n# why\nRUN echo one && \\\n  exit 7\n');
    expect(status).not.toBe(0);
    expect(all).toContain('exit code: 7');
    if (showsSource) expect(all).toMatch(/Dockerfile:6/);
    if (showsSource) expect(all).toMatch(/6 \| >>> RUN echo one/);
  });

  test('a missing file points at its COPY', async () => {
    const { status, all } = await build('FROM @BASE@\nCOPY file /ok\nCOPY nothing-like-it /\n');
    expect(status).not.toBe(0);
    if (showsSource) expect(all).toMatch(/4 \| >>> COPY nothing-like-it/);
    expect(all).toMatch(/nothing-like-it.*not found/);
  });

  test('a syntax error shows file, line and a hint', async () => {
    const { status, all } = await build('FROM @BASE@\nRUNN true\n');
    expect(status).not.toBe(0);
    expect(all).toContain('dockerfile parse error on line 3: unknown instruction: RUNN (did you mean RUN?)');
    if (showsSource) expect(all).toMatch(/Dockerfile:3/);
    if (showsSource) expect(all).toMatch(/3 \| >>> RUNN true/);
  });

  test('all errors of a file come at once', async () => {
    const { status, all } = await build('FROM @BASE@\nCOPPY a b\nRUN true\nWORKDIRR /\n');
    expect(status).not.toBe(0);
    expect(all).toContain('COPPY');
    expect(all).toContain('WORKDIRR');
  });

  test.runIf(engine.suite === 'bookworm')('what an old daemon cannot do is a clear error', async () => {
    const { status, all } = await build('FROM @BASE@\nRUN --mount=type=secret,id=token,env=TOKEN true\n');
    expect(status).not.toBe(0);
    expect(all).toMatch(/requested experimental feature exec\.secretenv .*is not supported by build server/);
  });

  test.skipIf(engine.suite === 'bookworm')('attestations are those of the engine’s own frontend', async () => {
    const scanner = `${engine.registry}/test/scanner:1`;
    const statement = JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://spdx.dev/Document',
      predicate: { spdxVersion: 'SPDX-2.3' },
    });
    const scan = `echo '${statement}' > $BUILDKIT_SCAN_DESTINATION/out.spdx.json`;
    await engine.must('docker', ['build', '-q', '-t', scanner, '-'], {
      input: `FROM ${await engine.baseImage()}\nENTRYPOINT ${JSON.stringify(['/bin/sh', '-c', scan])}\n`,
    });
    await engine.must('docker', ['push', '-q', scanner]);
    const statements = async (line: string) => {
      const beside = writeContext({});
      const dockerfile = writeDockerfile(beside, `${line}\n${fixtures.fill('FROM @BASE@\nRUN true\nCOPY file /\n')}`);
      const archive = path.join(beside, 'image.tar');
      const attest = ['--provenance=mode=max', `--sbom=generator=${scanner}`];
      const args = [...attest, '-f', dockerfile, '-o', `type=oci,dest=${archive}`, context];
      await engine.must('docker', ['buildx', 'build', '--progress=plain', ...args]);
      const images = readImages(readFileSync(archive));
      removeContext(beside);
      return images.find(({ platform }) => platform === 'attestations')!.config;
    };
    const ours = await statements(`# syntax=${syntax}`);
    const theirs = await statements('# own');
    expect(ours).toContainEqual({ ...JSON.parse(statement), subject: [] });
    expect(ours.map(comparableStatement)).toEqual(theirs.map(comparableStatement));
  });
});

/** A statement without what names one build, and without what differs by rights: the frontend and its image. */
// biome-ignore lint/suspicious/noExplicitAny: two shapes of someone else's JSON
function comparableStatement({ predicateType, predicate }: any): unknown {
  if (!predicateType.includes('provenance')) return { predicateType, predicate };
  const materials = predicate.materials ?? predicate.buildDefinition.resolvedDependencies;
  return {
    predicateType,
    // Whether the scanner's material tells its platform has changed.
    materials: materials
      .map(({ uri, digest }: { uri: string; digest: unknown }) => ({ uri: uri.replace(/\?platform=.*/, ''), digest }))
      .filter(({ uri }: { uri: string }) => !uri.includes('/tsfront')),
    locals: (predicate.invocation ?? predicate.buildDefinition.externalParameters.request).parameters?.locals,
    ops: opsOf(stepsOf(predicate)),
  };
}

/** Leaves out what differs with the quoted first line and the directory. */
function withoutSyntax(text: string): string {
  return text.replace(/# (syntax=\S+|own)/g, '# first line').replace(/^\/.*\/Dockerfile:/gm, 'Dockerfile:');
}

function withoutSources(json: string): unknown {
  const { sources: _, ...rest } = JSON.parse(json);
  return rest;
}
