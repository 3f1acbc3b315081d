/** Hostile Dockerfiles: what they make is bounded, and where a bound is met the error says so. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { maintainerDeprecated } from '../../src/check/rules.ts';
import { formatWarning } from '../../src/cli/report.ts';
import { formatSource } from '../../src/client/progress/source.ts';
import { runFrontend } from '../../src/gateway/frontend.ts';
import { createGrpcBridge } from '../../src/gateway/grpc-bridge.ts';
import { readEnvironment } from '../../src/gateway/stdio.ts';
import { createWarner } from '../../src/gateway/warn.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import type { ImageResolver } from '../../src/image/resolver.ts';
import { Definition } from '../../src/llb/definition.ts';
import { checkDockerfile } from '../../src/offline/check.ts';
import { compile } from '../../src/offline/compile.ts';
import { memoryTree } from '../../src/offline/file-tree.ts';
import { createOfflineBridge, type OfflineOptions } from '../../src/offline/offline-bridge.ts';
import { formatDiagnostic } from '../../src/parser/code-frame.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { createSourceFile } from '../../src/parser/source.ts';
import { MAX_MESSAGE_BYTES } from '../../src/rpc/framing.ts';
import { temporaryDir } from '../client/temporary-dir.ts';
import { onEngines } from '../engine/on-engines.ts';
import { readCase } from '../golden/cases.ts';
import { createDaemon, environmentOf } from '../golden/lib/daemon.mjs';

const decoded = vi.hoisted(() => ({ bytes: 0 }));
vi.mock('../../src/go/text.ts', async (original) => {
  const text = await original<typeof import('../../src/go/text.ts')>();
  const decodeText: typeof text.decodeText = (bytes) => {
    decoded.bytes += bytes.length;
    return text.decodeText(bytes);
  };
  return { ...text, decodeText };
});

const config = {
  architecture: 'amd64',
  os: 'linux',
  config: { Env: ['PATH=/bin'] },
  rootfs: { type: 'layers', diff_ids: [`sha256:${'1'.repeat(64)}`] },
};
const images: ImageResolver = {
  resolve: async () => ({ digest: `sha256:${'2'.repeat(64)}`, config: Buffer.from(JSON.stringify(config)) }),
};

function options(text: string, opts: Readonly<Record<string, string>> = {}): OfflineOptions {
  const tree = memoryTree(new Map([['Dockerfile', Buffer.from(text)]]));
  const locals = new Map([
    ['context', tree],
    ['dockerfile', tree],
  ]);
  return { opts, locals, images: [images], platform: parsePlatform('linux/amd64') };
}

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

/** The answer of the subrequest lint. */
async function lint(text: string) {
  const { metadata } = await runFrontend(createOfflineBridge(options(text, { requestid: 'frontend.lint' })));
  const read = (key: string) => Buffer.from(metadata.get(key)!).toString();
  const json = JSON.parse(read('result.json')) as { warnings: { ruleName: string; detail: string }[] };
  return { json, text: read('result.txt'), size: [...metadata.values()].reduce((sum, { length }) => sum + length, 0) };
}

test('20,000 warnings: the file is read a few times, not for each of them', async () => {
  const text = `FROM a\n${lines(20_000, (i) => `MAINTAINER ${i}\n`)}`;
  decoded.bytes = 0;
  const { warnings } = await compile(options(text));
  expect(warnings).toHaveLength(20_000);
  for (const warning of warnings) formatWarning(warning, { stderrHasColor: false });
  const { problems } = await checkDockerfile(options(text), new Set());
  expect(problems.length).toBeGreaterThan(0);
  expect(decoded.bytes).toBeLessThan(8 * text.length);
});

test('20,000 warnings on the wire: all of them arrive, the file with the first ones', async () => {
  const text = `FROM scratch\n${lines(20_000, (i) => `MAINTAINER ${i}\n`)}`;
  const goldenCase = { ...readCase('basics/only-from-scratch'), files: new Map([['Dockerfile', text]]) };
  const daemon = createDaemon(goldenCase);
  let [warnings, bytes, open, most] = [0, 0, 0, 0];
  const bridge = await createGrpcBridge(
    {
      async unary(method, request) {
        if (!method.endsWith('/Warn')) return daemon.call(method.split('/').at(-1), request);
        warnings++;
        bytes += request.length;
        most = Math.max(most, ++open);
        await undefined;
        open--;
        return new Uint8Array();
      },
      close() {},
    },
    readEnvironment(environmentOf(goldenCase)),
  );
  await runFrontend(bridge);
  expect(warnings).toBe(20_000);
  expect(bytes).toBeLessThan((64 << 20) + 20_000 * 1000);
  expect(most).toBeLessThanOrEqual(16);
});

test('one ENV of 2,000 lines with undefined variables: the lint answer fits into a message and counts what it leaves out', async () => {
  const { json, text, size } = await lint(`FROM a\nENV ${lines(2000, (i) => `a${i}=$undefined${i} \\\n`)} z=z\n`);
  expect(size).toBeLessThan(MAX_MESSAGE_BYTES);
  const last = json.warnings.at(-1)!;
  expect(last.ruleName).toBe('FurtherWarnings');
  expect(Number(/^(\d+) more warnings are not listed/.exec(last.detail)?.[1]) + json.warnings.length - 1).toBe(2000);
  expect(text).toContain(last.detail);
  expect(text.split('WARNING: ')).toHaveLength(json.warnings.length + 1);
});

test('3,000 warnings of 1,000 lines: a million lines, then the first ones of each', async () => {
  const ranges: number[] = [];
  const bridge = createOfflineBridge(options('FROM scratch\n'));
  const warner = createWarner(
    { ...bridge, warn: async (_, warning) => void ranges.push(warning.ranges!.length) },
    { filename: 'Dockerfile', language: 'Dockerfile', data: Buffer.from(''), definition: new Definition() },
  );
  for (let i = 0; i < 3000; i++)
    warner.warn({ rule: maintainerDeprecated, message: `${i}`, lines: { start: 1, end: 1000 } });
  await warner.sent();
  expect(ranges).toEqual([...Array<number>(1000).fill(1000), ...Array<number>(2000).fill(20)]);
});

test('an answer that fits is whole', async () => {
  const { json, text } = await lint(`FROM a\nENV ${lines(150, (i) => `a${i}=$undefined${i} \\\n`)} z=z\n`);
  expect(json.warnings).toHaveLength(150);
  expect(text.split('\n').filter((line) => line.includes('>>>'))).toHaveLength(150 * 151);
});

test('a message that quotes megabytes is shown in part', () => {
  const text = `FROM a\nFOO ${'x'.repeat(60_000)}\n`;
  const { source, diagnostics } = parseDockerfile(text);
  const [problem] = diagnostics;
  const shown = formatDiagnostic(source, {
    ...problem!,
    message: 'y'.repeat(10_000_000),
    hint: 'z'.repeat(10_000_000),
  });
  expect(shown.length).toBeLessThan(20_000);
  expect(shown).toContain('(10000000 characters)');
  expect(formatDiagnostic(createSourceFile('Dockerfile', 'w'.repeat(5_000_000)), problem!).length).toBeLessThan(5_000);
});

const doubling = (times: number) => `ARG a0=xx\n${lines(times, (i) => `ARG a${i + 1}=$a${i}$a${i}\n`)}`;

test.each([
  ['doubled', `${doubling(64)}FROM a\n`, 'longer than 16 MiB once its variables are expanded'],
  ['doubled in quotes', `FROM a\n${doubling(64).replace(/=(.*)/g, '="$1"')}`, 'longer than 16 MiB once'],
  ['replaced', `FROM a\n${doubling(16)}ARG b=\${a16//x/${'y'.repeat(1000)}}\n`, 'longer than 16 MiB once'],
  [
    'replaced by themselves',
    `FROM a\n${doubling(16)}ARG b=\${a16//*/'${'$0'.repeat(1000)}'}\n`,
    'longer than 16 MiB once',
  ],
  ['many', `${doubling(22)}${lines(60, (i) => `ARG b${i}=$a22\n`)}FROM a\n`, 'expand to more than 256 MiB'],
  ['split into words', `FROM a\n${doubling(16)}EXPOSE ${'$a16'.repeat(300)}\n`, 'longer than 16 MiB once'],
  [
    'compared with a pattern that almost fits everywhere',
    `FROM a\n${doubling(20)}ARG b=\${a20//${'x'.repeat(4000)}y/}\n`,
    'the patterns of the file take too long to match',
  ],
  [
    'doubled from stage to stage',
    `FROM a AS s0\nENV A=xx\n${lines(64, (i) => `FROM s${i} AS s${i + 1}\nENV A=$A$A\n`)}`,
    'longer than 16 MiB once',
  ],
  ['nested', `FROM a\nARG b=${'${a:-'.repeat(10_000)}x${'}'.repeat(10_000)}\n`, 'nested too deeply'],
])('variables that grow without end are an error: %s', async (_, text, message) => {
  await expect(compile(options(text))).rejects.toThrow(message);
});

test('long words that are as long as they are written stay', async () => {
  const content = lines(400_000, () => 'a line of about fifty characters that is just text\n');
  const { definitions } = await compile(options(`FROM a\nCOPY <<EOF /b\n$PATH\n${content}EOF\n`));
  expect(definitions.get('')!.encode().length).toBeGreaterThan(content.length);
});

test('many blanks in front of the name of a here-document are passed over once', async () => {
  const blanks = `${' '.repeat(1000)}\\\n`.repeat(2000);
  const { definitions } = await compile(options(`FROM a\nRUN <<${blanks}x<\n`));
  expect(definitions.get('')!.ops()).toHaveLength(3);
});

test('a chain of 30,000 stages keeps one history, not one for each', async () => {
  const text = `FROM a AS s0\n${lines(30_000, (i) => `FROM s${i} AS s${i + 1}\nRUN x\n`)}`;
  const { metadata } = await compile(options(text));
  const image = JSON.parse(Buffer.from(metadata.get('containerimage.config')!).toString()) as { history: unknown[] };
  expect(image.history).toHaveLength(30_000);
});

test('stages on one stage do not share what they change', async () => {
  const text =
    'FROM a AS base\nENV x=1\nFROM base AS one\nENV y=2\nFROM base AS two\nENV z=3\nFROM one\nCOPY --from=two a b\n';
  const env = async (target: string) => {
    const { metadata } = await compile(options(text, { target }));
    return JSON.parse(Buffer.from(metadata.get('containerimage.config')!).toString()).config.Env;
  };
  expect(await env('base')).toEqual(['PATH=/bin', 'x=1']);
  expect(await env('one')).toEqual(['PATH=/bin', 'x=1', 'y=2']);
  expect(await env('two')).toEqual(['PATH=/bin', 'x=1', 'z=3']);
  expect(await env('')).toEqual(['PATH=/bin', 'x=1', 'y=2']);
});

test.each([
  [
    'arguments in every RUN',
    `FROM a\n${lines(800, (i) => `ARG a${i}=${'x'.repeat(1000)}\nRUN x\n`)}`,
    'the history of the image is longer',
  ],
  [
    'WORKDIRs in each other',
    `FROM a\n${lines(400, () => `WORKDIR ${'d'.repeat(2000)}\n`)}`,
    'the history of the image is longer',
  ],
  [
    'large variables of every RUN',
    `FROM a\n${doubling(20).replaceAll('ARG', 'ENV')}${lines(200, (i) => `RUN ${i}\n`)}`,
    'the graph is too large',
  ],
  [
    'triggers of every stage',
    `FROM a AS b\n${lines(400, () => 'ONBUILD USER x\n')}${lines(400, (i) => `FROM b AS s${i}\n`)}FROM b\n${lines(400, (i) => `COPY --from=s${i} x /\n`)}`,
    'ONBUILD brings more than 100000 instructions',
  ],
  ['all ports in one EXPOSE', `FROM a\nEXPOSE ${'1-65535 '.repeat(5000)}\n`, 'EXPOSE names more than 1000000 ports'],
  ['all ports, 300 times', `FROM a\n${lines(300, () => 'EXPOSE 1-65535\n')}`, 'the history of the image is longer'],
])('what multiplies ends: %s', async (_, text, message) => {
  await expect(compile(options(text, { 'build-arg:x': 'y' }))).rejects.toThrow(message);
});

test('300 triggers of a FROM of 5,000 lines do not all point to 5,000 lines', async () => {
  const base = `FROM a AS b\n${lines(300, (i) => `ONBUILD RUN ${i}\n`)}`;
  const { definitions } = await compile(options(`${base}FROM \\\n${'# comment\n'.repeat(5000)}b\n`));
  const ranges = Object.values(definitions.get('')!.source!.locations).map(({ locations }) =>
    locations.reduce((sum, location) => sum + location.ranges.length, 0),
  );
  expect(ranges.filter((count) => count > 5000).length).toBeGreaterThan(100);
  expect(ranges.filter((count) => count === 20).length).toBeGreaterThan(90);
  expect(ranges.reduce((sum, count) => sum + count, 0)).toBeLessThan(1_100_000);
});

test('2,000 arguments in one instruction of 2,000 lines do not list 2,000 lines each', async () => {
  const text = `FROM a\nARG ${lines(2000, (i) => `a${i}=1 \\\n`)} z=z\n`;
  const { metadata } = await runFrontend(createOfflineBridge(options(text, { requestid: 'frontend.outline' })));
  const { args } = JSON.parse(Buffer.from(metadata.get('result.json')!).toString()) as {
    args: { location: { ranges: unknown[] } }[];
  };
  const listed = args.map(({ location }) => location.ranges.length);
  expect(listed).toHaveLength(2001);
  expect(listed[0]).toBe(2001);
  expect(listed.at(-1)).toBe(1);
  expect(listed.reduce((sum, count) => sum + count, 0)).toBeLessThan(60_000);
});

test('an error about a circle of 1,000 stages does not carry 1,000 copies of the file', async () => {
  const { toStatus } = await import('../../src/gateway/errors.ts');
  const text = lines(1000, (i) => `FROM a AS s${i}\nCOPY --from=s${(i + 1) % 1000} a /a\n`);
  const error = await runFrontend(createOfflineBridge(options(text))).catch((problem) => problem);
  expect(error.message).toContain('circular dependency');
  expect(toStatus(error).details).toHaveLength(100);
});

test.each([
  ['undefined variables', lines(20_000, (i) => `ARG A${i}=$A${i}x\n`), 20_000],
  ['arguments of FROM', '', 5000],
])('%s that are close to many others: suggestions come to an end, warnings do not', async (_, stage, count) => {
  const globals = stage === '' ? lines(5000, (i) => `ARG A${i}=\n`) : '';
  const froms = stage === '' ? lines(5000, (i) => `FROM a$A${i}x\n`) : 'FROM a\n';
  const { warnings } = await compile(options(`${globals}${froms}${stage}`));
  expect(warnings).toHaveLength(count);
  const suggesting = warnings.filter(({ short }) => short.includes('did you mean')).length;
  expect(suggesting).toBeGreaterThan(500);
  expect(suggesting).toBeLessThan(count);
});

test('10,000 triggers of a FROM of 5,000 lines share its lines', async () => {
  const { lineRanges } = await import('../../src/lower/source-location.ts');
  const place = { start: 1, end: 5000 };
  expect(lineRanges(place)).toBe(lineRanges(place));
  const text = `FROM a AS b\n${lines(10_000, (i) => `ONBUILD RUN ${i}\n`)}FROM \\\n${'# comment\n'.repeat(5000)}b\n`;
  const { definitions } = await compile(options(text));
  expect(definitions.get('')!.ops()).toHaveLength(10_002);
});

test('an error about a million lines tells some of them', async () => {
  const { toStatus } = await import('../../src/gateway/errors.ts');
  const text = `FROM a\nRUN x \\\n${'y \\\n'.repeat(300_000)} "\nCOPY --from=none a b\n`.replace('RUN x', 'ENV a=$b');
  const error = await runFrontend(createOfflineBridge(options(text))).catch((problem) => problem);
  const size = toStatus(error).details.reduce((sum, { value }) => sum + value.length, 0);
  expect(size).toBeLessThan(2 * text.length + 4 * 20_000 * 60);
});

test('a target that is not there names some of the stages', async () => {
  const { explainedError } = await import('../../src/lower/errors.ts');
  const text = lines(5000, (i) => `FROM a AS stage${i}\n`);
  const error = await compile(options(text, { target: 'none' })).catch((problem) => problem);
  expect(explainedError(error)!.hint).toMatch(/stage19, and 4980 more$/);
});

test('a source is quoted to twenty lines of a thousand characters', () => {
  const text = `${'x'.repeat(60_000)}\n`.repeat(1000);
  const quoted = formatSource({ filename: 'Dockerfile', text, ranges: [{ start: 1, end: 900 }] });
  expect(quoted.split('\n').filter((line) => line.includes('>>> x'))).toHaveLength(20);
  expect(quoted).toContain('... (60000 characters)\n     | ... 881 more lines\n-----');
  expect(quoted.length).toBeLessThan(25_000);
});

await onEngines('a build', { suites: ['forky'] }, (engine) => {
  test('of one ENV of 2,000 lines with undefined variables shows some of them', async () => {
    const folder = temporaryDir();
    const variables = Array.from({ length: 2000 }, (_, i) => `  a${i}=$undefined${i}`);
    writeFileSync(path.join(folder, 'Dockerfile'), `FROM scratch\nENV \\\n${variables.join(' \\\n')}\n`);
    const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
    const args = [cli, 'build', '--progress=plain', '--output=type=cacheonly', folder];
    const { status, stderr } = await engine.run(process.execPath, args);
    expect(status, stderr.slice(0, 2000)).toBe(0);
    expect(stderr).toContain('2000 warnings found');
    expect(stderr).toContain('and 1,950 more warnings');
    expect(stderr.split('\n').length).toBeLessThan(2000);
  });
});
