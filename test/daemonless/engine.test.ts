/**
 * What is compiled without a daemon builds on one: base image from a real registry, files from the builder's session.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';
import { temporaryDir } from '../temporary-dir.ts';

await onEngines('compiled definitions', { suites: ['forky', 'trixie'] }, (engine) => {
  let dir: string;
  let context: string;
  beforeEach(() => {
    dir = temporaryDir();
    context = path.join(dir, 'context');
    mkdirSync(context);
  });

  const compile = (...args: string[]) => runCli(['compile', context, '--cache-dir', path.join(dir, 'cache'), ...args]);

  test('compiled definitions are solved by an engine, which builds the files that the Dockerfile asks for', async () => {
    const base = await engine.baseImage();
    writeFileSync(path.join(context, 'file'), 'from the context');
    const lines = [
      '# syntax=docker/dockerfile:1',
      `FROM ${base} AS build`,
      'COPY file /in',
      'RUN cat /in > /out && echo " and built" >> /out',
      'FROM scratch',
      'COPY --from=build /out /result',
      'COPY <<END /inline',
      'inline',
      'END',
    ];
    writeFileSync(path.join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
    const pb = path.join(dir, 'build.pb');
    expect(await compile('--format=pb', '-o', pb)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^note: the binary format has no image config .*--image-config FILE.*\n$/),
    });

    const dest = path.join(dir, 'dest');
    const args = ['--local', `context=${context}`, '-o', `type=local,dest=${dest}`, '--progress=plain'];
    const builder = engine.address;
    const solved = await runCli(['solve', pb, ...args, '--builder', builder]);
    expect(solved.code, solved.stderr).toBe(0);
    expect(readFileSync(path.join(dest, 'result'), 'utf8')).toBe('from the context and built\n');
    expect(readFileSync(path.join(dest, 'inline'), 'utf8')).toBe('inline\n');
  });

  /** The digests of the image that a build or a solve writes, by the kind of thing. */
  async function imageOf(name: string, args: readonly string[]) {
    const dest = path.join(dir, name);
    const fields = `type=oci,tar=false,dest=${dest},name=example/compiled:1,rewrite-timestamp=true`;
    const run = await runCli([...args, '-o', fields, '--progress=plain', '--builder', engine.address]);
    expect(run.code, run.stderr).toBe(0);
    const read = (file: string) => JSON.parse(readFileSync(path.join(dest, file), 'utf8'));
    const blob = (digest: string) => read(`blobs/${digest.replace(':', '/')}`);
    const { digest } = read('index.json').manifests[0];
    const root = blob(digest);
    const configs = (root.manifests ?? [{ digest }]).map((it: { digest: string }) =>
      blob(blob(it.digest).config.digest),
    );
    return { digest, configs, stderr: run.stderr };
  }

  const imageDockerfile = (base: string) => `FROM ${base} AS base
ENV FROM_BASE=1
LABEL of=base
FROM base
ARG SOURCE_DATE_EPOCH
WORKDIR /app
COPY file .
ENV GREETING="hello <you> & \\"them\\""
LABEL of=image
EXPOSE 80
HEALTHCHECK --interval=10000h CMD ["true"]
USER 1000
ENTRYPOINT ["cat"]
CMD ["file"]
`;

  test.each([
    ['one platform', []],
    ['two platforms', ['--platform=linux/amd64,linux/arm64']],
    ['a fixed time', ['--build-arg=SOURCE_DATE_EPOCH=1700000000']],
  ])('a compiled definition makes the image that build makes: %s', async (_, options) => {
    const base = await engine.baseImage();
    writeFileSync(path.join(context, 'file'), 'contents');
    writeFileSync(path.join(context, 'Dockerfile'), imageDockerfile(base));
    const built = await imageOf('built', ['build', context, '--provenance=false', ...options]);
    expect(built.configs[0].config).toMatchObject({ Entrypoint: ['cat'], Labels: { of: 'image' }, User: '1000' });

    const json = path.join(dir, 'image.json');
    expect(await compile('-o', json, ...options)).toMatchObject({ code: 0, stderr: '' });
    const solved = await imageOf('solved', ['solve', json, '--local', `context=${context}`]);
    expect(solved.configs).toEqual(built.configs);
    expect(solved.digest).toBe(built.digest);
    expect(solved.stderr).not.toContain('WARNING');
    const atOnce = await imageOf('at-once', ['solve', '-f', path.join(context, 'Dockerfile'), context, ...options]);
    expect(atOnce.digest).toBe(built.digest);
  });

  test('a build program makes one image by build, by compile and solve, and by solve --file', async () => {
    const file = path.join(context, 'build.ts');
    const program = `import { arg, context, image, scratch } from 'tsfront/build';
const greeting = arg('GREETING');
export default () => scratch();
export const app = () =>
  scratch()
    .copy(image('${await engine.baseImage()}').run(\`echo \${greeting} > /out\`), '/out', '/result')
    .copy(['file', 'build.ts'], '/')
    .copy(context('more'), '.', '/more/')
    .cmd(['/result']);
`;
    writeFileSync(file, program);
    writeFileSync(path.join(context, 'file'), 'contents');
    writeFileSync(path.join(context, '.dockerignore'), 'build.ts\n!build.ts\nnothing\n');
    const more = path.join(dir, 'more');
    mkdirSync(more);
    writeFileSync(path.join(more, 'note'), 'more');
    const options = [context, '-f', file, '--target=app', '--build-arg=GREETING=hello', `--build-context=more=${more}`];
    const epoch = '--build-arg=SOURCE_DATE_EPOCH=1700000000';
    const built = await imageOf('built', ['build', ...options, epoch, '--provenance=false']);
    expect(built.configs[0].config.Cmd).toEqual(['/result']);
    const atOnce = await imageOf('at-once', ['solve', ...options, epoch]);
    expect(atOnce.digest).toBe(built.digest);

    const json = path.join(dir, 'image.json');
    expect(await runCli(['compile', ...options, epoch, '-o', json])).toMatchObject({ code: 0, stderr: '' });
    const local = [`--local=context=${context}`, `--local=more=${more}`];
    expect((await imageOf('solved', ['solve', json, ...local])).digest).toBe(built.digest);
  });

  test('solve --file names the line of a step that fails, and asks no daemon if the program cannot be compiled', async () => {
    const file = path.join(context, 'build.ts');
    const text = `import { image } from 'tsfront/build';
export default () => image('${await engine.baseImage()}')
  .run('exit 3');
`;
    writeFileSync(file, text);
    const failed = await runCli(['solve', '-f', file, context, '--progress=plain', '--builder', engine.address]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`${file}:3\n`);
    expect(failed.stderr).toMatch(/>>> +\.run\('exit 3'\);/);
    writeFileSync(file, text.replace('export', 'exprt'));
    const broken = await runCli(['solve', '-f', file, context, '--builder', 'unix:///nosuch']);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain(`${file}:`);
    expect(broken.stderr).not.toContain('ERROR');
  });

  test('the binary format makes the same image with the config beside it, and says so without', async () => {
    const base = await engine.baseImage();
    writeFileSync(path.join(context, 'file'), 'contents');
    writeFileSync(path.join(context, 'Dockerfile'), imageDockerfile(base));
    const built = await imageOf('built', ['build', context, '--provenance=false']);

    const pb = path.join(dir, 'image.pb');
    const config = path.join(dir, 'config.json');
    const args = ['--format=pb', '-o', pb, `--image-config=${config}`];
    expect(await compile(...args)).toMatchObject({ code: 0, stderr: '' });
    const local = ['--local', `context=${context}`];
    const solved = await imageOf('solved', ['solve', pb, `--image-config=${config}`, ...local]);
    expect(solved.digest).toBe(built.digest);

    const bare = await imageOf('bare', ['solve', pb, ...local]);
    expect(bare.stderr).toMatch(/WARNING: .*image\.pb has no image config, so the image has no entry point/);
    expect(bare.configs[0].config.Entrypoint).toBeUndefined();
  });

  test('a compiled definition names the digest that the registry serves', async () => {
    const base = await engine.baseImage();
    const [, host, name, tag] = /^([^/]+)\/(.*):([^:]*)$/.exec(base) ?? [];
    const answer = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, {
      headers: { accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, */*' },
    });
    writeFileSync(path.join(context, 'Dockerfile'), `FROM ${base}\nRUN x\n`);
    const { stdout } = await compile();
    expect(stdout).toContain(`docker-image://${base}@${answer.headers.get('docker-content-digest')}`);
  });
});
