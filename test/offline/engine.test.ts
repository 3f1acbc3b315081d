/** What is compiled without a daemon builds on one: base image from a real registry, files from the builder's session. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { onEngines } from '../engine/on-engines.ts';

await onEngines('compiled definitions', { suites: ['forky', 'trixie'] }, (engine) => {
  let folder: string;
  let context: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tsfront-compiled-'));
    context = path.join(folder, 'context');
    mkdirSync(context);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const compile = (...args: string[]) =>
    runCli(['compile', context, '--cache-dir', path.join(folder, 'cache'), ...args]);

  test('are solved', async () => {
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
    const pb = path.join(folder, 'build.pb');
    expect(await compile('--format=pb', '-o', pb)).toMatchObject({ code: 0, stderr: '' });

    const dest = path.join(folder, 'dest');
    const args = ['--local', `context=${context}`, '-o', `type=local,dest=${dest}`, '--progress=plain'];
    const builder = engine.address;
    const solved = await runCli(['solve', pb, ...args, '--builder', builder]);
    expect(solved.code, solved.stderr).toBe(0);
    expect(readFileSync(path.join(dest, 'result'), 'utf8')).toBe('from the context and built\n');
    expect(readFileSync(path.join(dest, 'inline'), 'utf8')).toBe('inline\n');
  });

  test('name the digest that the registry serves', async () => {
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
