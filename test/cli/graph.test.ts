import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { temporaryDir } from '../temporary-dir.ts';
import { runCli } from './run-cli.ts';

let dir: string;
beforeAll(async () => {
  dir = temporaryDir({
    Dockerfile: 'FROM scratch AS files\nCOPY a /a\nFROM scratch\nCOPY --from=files /a /b\n',
    a: 'a',
  });
});
afterEach(() => vi.unstubAllEnvs());
const graph = (...flags: string[]) => runCli(['graph', dir, '--offline', ...flags]);

test('each format is written, and dot is the default', async () => {
  expect((await graph()).stdout).toMatch(/^digraph \{/);
  expect((await graph('--format', 'mermaid')).stdout).toMatch(/^flowchart LR\n {2}s\d\(\["build context"\]\)/);
  expect((await graph('--format', 'svg')).stdout).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect((await graph('--format', 'html')).stdout).toMatch(/^<!doctype html>[\s\S]*"version":1/);
  const { version, platforms } = JSON.parse((await graph('--format', 'json')).stdout);
  expect(version).toBe(1);
  expect(platforms[0].stages.map((stage: { name: string }) => stage.name)).toEqual(['files', 'stage-1']);
});

test('an image that is not known offline is drawn with its name, and a note says so', async () => {
  const file = path.join(dir, 'unknown.Dockerfile');
  await writeFile(file, 'ARG V=3\nFROM alpine:$V AS tool\nRUN a\nFROM scratch\nCOPY --from=tool /a /\n');
  const { code, stdout, stderr } = await graph('--format', 'json', '-f', file);
  expect(code).toBe(0);
  expect(stderr).toBe(
    'note: what docker.io/library/alpine:3 sets is not known, so digests here are not those of a build\n',
  );
  const ops = JSON.parse(stdout).platforms[0].ops as { name: string }[];
  expect(ops.map(({ name }) => name)).toContain('[tool 1/2] FROM docker.io/library/alpine:3');
});

describe('--record', () => {
  test('adds the times of a build', async () => {
    const record = path.join(dir, 'build.jsonl');
    const vertex = { digest: 'a', name: '[files 1/1] COPY a /a', started: '2026-01-01T00:00:00Z' };
    const line = JSON.stringify({ vertexes: [{ ...vertex, completed: '2026-01-01T00:00:01.5Z' }] });
    await writeFile(record, `a log\n${line}\n`);
    const { platforms } = JSON.parse((await graph('--format', 'json', '--record', record)).stdout);
    expect(platforms[0].record.totalMs).toBe(1500);
    expect((await graph('--record', record)).stderr).toContain('--record: the format dot does not show times');
  });

  test('is refused if it is no record, or cannot be read', async () => {
    const { code, stderr } = await graph('--format', 'json', '--record', path.join(dir, 'Dockerfile'));
    expect(code).toBe(2);
    expect(stderr).toContain('Dockerfile has no report of a step: it must be what');
    expect((await graph('--format', 'json', '--record', path.join(dir, 'none'))).stderr).toContain(
      '--record: cannot read',
    );
  });
});

describe('--explain', () => {
  test('says of each op whether it runs again, and why', async () => {
    const record = path.join(dir, 'record.json');
    const explain = (...flags: string[]) => runCli(['explain', dir, '--offline', ...flags]);
    await explain('--from', dir, '--record', record);
    await writeFile(path.join(dir, 'a'), 'other');
    const why = path.join(dir, 'why.json');
    await writeFile(why, (await explain('--from', record, '--format', 'json')).stdout);
    await writeFile(path.join(dir, 'a'), 'a');
    const { platforms } = JSON.parse((await graph('--format', 'json', '--explain', why)).stdout);
    const ops = platforms[0].ops as { explanation?: { change: string } }[];
    expect(ops.flatMap(({ explanation }) => explanation ?? []).filter(({ change }) => change !== 'same')).toEqual([
      { change: 'cause', text: 'a: its content changed (1 line)' },
      { change: 'follows', text: 'follows from line 2, if what it copies differs' },
    ]);
    expect((await graph('--explain', why)).stderr).toContain('--explain: the format dot does not show why');
  });

  test('is refused if it is no explanation, or cannot be read', async () => {
    const file = path.join(dir, 'wrong.json');
    const refused = async (text: string) => {
      await writeFile(file, text);
      const { code, stderr } = await graph('--format', 'json', '--explain', file);
      return [code, stderr.replaceAll(dir, 'DIR')];
    };
    expect(await refused('FROM a')).toEqual([2, expect.stringContaining('--explain: DIR/wrong.json is not JSON')]);
    expect(await refused('{"version":1}')).toEqual([
      2,
      expect.stringContaining('it is not an explanation: `tsfront explain --format json`'),
    ]);
    expect(await refused('{"version":2,"steps":[]}')).toEqual([2, expect.stringContaining('its version is 2')]);
    const { stderr } = await graph('--format', 'json', '--explain', path.join(dir, 'none'));
    expect(stderr).toContain('--explain: cannot read');
  });
});

test('a file of another command is named, with what the option takes', async () => {
  const at = (name: string) => path.join(dir, name);
  const json = ['--offline', '--format', 'json'];
  await runCli(['explain', dir, '--offline', '--from', dir, '--record', at('kept.json')]);
  await writeFile(at('why.json'), (await runCli(['explain', dir, ...json, '--from', dir])).stdout);
  await writeFile(at('compiled.json'), (await runCli(['compile', dir, ...json])).stdout);
  await writeFile(at('graph.json'), (await graph('--format', 'json')).stdout);
  await writeFile(at('build.jsonl'), `{"vertexes":[{"digest":"a"}]}\n{"vertexes":[{"digest":"b"}]}\n`);
  const refused = async (option: string, name: string) => {
    const { code, stderr } = await graph('--format', 'json', option, at(name));
    return [code, stderr.replaceAll(`${dir}/`, '').trim()];
  };
  const progress =
    'it takes the progress of a build, which `tsfront build --progress rawjson` or `docker build --progress rawjson` writes to standard error';
  expect(await refused('--record', 'kept.json')).toEqual([
    2,
    `error: --record: kept.json is the record of a build, which \`tsfront explain --from\` takes: ${progress}`,
  ]);
  const refusals = await Promise.all([
    refused('--record', 'why.json'),
    refused('--record', 'compiled.json'),
    refused('--record', 'graph.json'),
    refused('--explain', 'kept.json'),
    refused('--explain', 'build.jsonl'),
  ]);
  expect(refusals.map(([, text]) => /is (.*?)(?:,|: it takes)/.exec(String(text))?.[1])).toEqual([
    'an explanation',
    'a compiled build',
    'a graph of `tsfront graph --format json`',
    'the record of a build',
    'the progress of a build',
  ]);
});

describe.runIf(process.platform === 'linux')('--open', () => {
  async function withOpener(script: string | undefined) {
    const bin = await mkdtemp(path.join(dir, 'bin-'));
    if (script !== undefined) await writeFile(path.join(bin, 'xdg-open'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', bin);
    return bin;
  }

  test('shows a page that stays', async () => {
    const bin = await withOpener('echo "$1" > "$0.asked"');
    const { code, stderr } = await graph('--open');
    expect(stderr).toMatch(/^the page is .*graph\.html\n$/);
    expect(code).toBe(0);
    const asked = fileURLToPath((await readFile(path.join(bin, 'xdg-open.asked'), 'utf8')).trim());
    expect(await readFile(asked, 'utf8')).toContain('"name":"files"');
    await rm(path.dirname(asked), { recursive: true });
  });

  test('shows the file of --output', async () => {
    const bin = await withOpener('echo "$1" > "$0.asked"');
    const file = path.join(dir, 'page.html');
    expect((await graph('--open', '-o', file)).code).toBe(0);
    expect(await readFile(path.join(bin, 'xdg-open.asked'), 'utf8')).toBe(`file://${file}\n`);
    expect(existsSync(file)).toBe(true);
  });

  test.each([
    ['is not there', undefined, 'the command xdg-open is not installed'],
    ['finds no browser', 'exit 3', 'xdg-open ended with code 3'],
  ])('names the page if the system %s', async (_, script, why) => {
    await withOpener(script);
    const { code, stderr } = await graph('--open');
    const [, file] = /^the page is (.*)\n/.exec(stderr)!;
    expect(stderr).toContain(`--open: no browser could be started (${why}): open the page by hand`);
    expect(code).toBe(1);
    expect(existsSync(file!)).toBe(true);
    await rm(path.dirname(file!), { recursive: true });
  });

  test('is refused with what a browser does not show', async () => {
    expect((await graph('--open', '--format', 'dot')).stderr).toContain(
      '--open: a browser shows the format html, not dot',
    );
    expect((await graph('--open', '-o', '-')).stderr).toContain('--open: a browser shows a file, not standard output');
  });
});

test('the drawing in docs/graph.md is what the command draws', async () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const web = path.join(root, 'examples/web');
  const flags = [
    '--images',
    path.join(web, 'images.json'),
    '--offline',
    '--platform',
    'linux/amd64',
    '--format',
    'svg',
  ];
  const { stdout } = await runCli(['graph', web, ...flags]);
  expect(await readFile(path.join(root, 'docs/graph.svg'), 'utf8')).toBe(stdout);
});
