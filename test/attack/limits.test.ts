/** Hostile Dockerfiles: what they make is bounded, and where a bound is met the error says so. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { formatWarning } from '../../src/cli/problems.ts';
import { formatSource } from '../../src/client/progress/source-excerpt.ts';
import { checkDockerfile } from '../../src/daemonless/check.ts';
import { compile } from '../../src/daemonless/compile.ts';
import { createDaemonlessBridge, type DaemonlessOptions } from '../../src/daemonless/daemonless-bridge.ts';
import { dirTree, memoryTree } from '../../src/daemonless/file-tree.ts';
import { formatDiagnostic } from '../../src/diagnostic/code-frame.ts';
import { findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { createSourceFile } from '../../src/diagnostic/source-file.ts';
import { createGrpcBridge } from '../../src/gateway/grpc-bridge.ts';
import { readEnvironment } from '../../src/gateway/read-environment.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { createWarner } from '../../src/gateway/warner.ts';
import { parsePlatform } from '../../src/image/platform.ts';
import { Definition } from '../../src/llb/definition.ts';
import { lexDockerfile, parseDockerfile } from '../../src/parser/index.ts';
import { createShellLex } from '../../src/parser/words.ts';
import type { ImageResolver } from '../../src/resolve/resolver.ts';
import { maxMessageBytes } from '../../src/rpc/framing.ts';
import { onEngines } from '../engine/on-engines.ts';
import { readCase } from '../golden/cases.ts';
import { createDaemon, environmentOf } from '../golden/lib/daemon.mjs';
import { temporaryDir } from '../temporary-dir.ts';

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

function options(text: string, opts: Readonly<Record<string, string>> = {}): DaemonlessOptions {
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
  const { metadata } = await runFrontend(createDaemonlessBridge(options(text, { requestid: 'frontend.lint' })));
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
  const { problems } = await checkDockerfile(options(text));
  expect(problems.length).toBeGreaterThan(0);
  expect(decoded.bytes).toBeLessThan(8 * text.length);
});

test('20,000 warnings arrive on the wire, the file with the first ones', async () => {
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

test('the lint answer of one ENV of 2,000 lines fits into a message and counts what it leaves out', async () => {
  const { json, text, size } = await lint(`FROM a\nENV ${lines(2000, (i) => `a${i}=$undefined${i} \\\n`)} z=z\n`);
  expect(size).toBeLessThan(maxMessageBytes);
  const last = json.warnings.at(-1)!;
  expect(last.ruleName).toBe('FurtherWarnings');
  expect(Number(/^(\d+) more warnings are not listed/.exec(last.detail)?.[1]) + json.warnings.length - 1).toBe(2000);
  expect(text).toContain(last.detail);
  expect(text.split('WARNING: ')).toHaveLength(json.warnings.length + 1);
});

test('3,000 warnings of 1,000 lines carry a million lines, then the first ones of each', async () => {
  const ranges: number[] = [];
  const bridge = createDaemonlessBridge(options('FROM scratch\n'));
  const warner = createWarner(
    { ...bridge, warn: async (_, warning) => void ranges.push(warning.ranges!.length) },
    { filename: 'Dockerfile', language: 'Dockerfile', data: Buffer.from(''), definition: new Definition() },
  );
  for (let i = 0; i < 3000; i++)
    warner.warn({
      code: 'MaintainerDeprecated',
      phase: 'check',
      severity: 'warning',
      message: `${i}`,
      range: undefined,
      lines: [{ start: 1, end: 1000 }],
    });
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

test('long words that are as long as they are written stay', () => {
  const content = lines(400_000, () => 'a line of about fifty characters that is just text\n');
  const env = { get: () => '/bin:', keys: () => ['PATH'] };
  const { result } = createShellLex({ escape: '\\' }).processWord(`$PATH\n${content}`, env);
  expect(result).toBe(`/bin:\n${content}`);
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
  const { metadata } = await runFrontend(createDaemonlessBridge(options(text, { requestid: 'frontend.outline' })));
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
  const { toStatus } = await import('../../src/gateway/error-status.ts');
  const text = lines(1000, (i) => `FROM a AS s${i}\nCOPY --from=s${(i + 1) % 1000} a /a\n`);
  const error = await runFrontend(createDaemonlessBridge(options(text))).catch((problem) => problem);
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
  expect(suggesting).toBeGreaterThan(100);
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
  const { toStatus } = await import('../../src/gateway/error-status.ts');
  const text = `FROM a\nRUN x \\\n${'y \\\n'.repeat(300_000)} "\nCOPY --from=none a b\n`.replace('RUN x', 'ENV a=$b');
  const error = await runFrontend(createDaemonlessBridge(options(text))).catch((problem) => problem);
  const size = toStatus(error).details.reduce((sum, { value }) => sum + value.length, 0);
  expect(size).toBeLessThan(2 * text.length + 4 * 20_000 * 60);
});

test('a target that is not there names some of the stages', async () => {
  const text = lines(5000, (i) => `FROM a AS stage${i}\n`);
  const error = await compile(options(text, { target: 'none' })).catch((problem) => problem);
  expect(findDiagnosticError(error)!.diagnostics[0].hint).toMatch(/stage19, and 4980 more\.$/);
});

test('a source is quoted to twenty lines of a thousand characters', () => {
  const text = `${'x'.repeat(60_000)}\n`.repeat(1000);
  const quoted = formatSource({ filename: 'Dockerfile', text, ranges: [{ start: 1, end: 900 }] });
  expect(quoted.split('\n').filter((line) => line.includes('>>> x'))).toHaveLength(20);
  expect(quoted).toContain('... (60000 characters)\n     | ... 881 more lines\n-----');
  expect(quoted.length).toBeLessThan(25_000);
});

test('a Dockerfile of more instructions than any build could have is an error that says so, and the rest is not read', () => {
  const text = `FROM a\n${'USER a\n'.repeat(199_999)}`;
  expect(lexDockerfile(text).problems).toEqual([]);
  const { significant, problems } = lexDockerfile(`${text}${'USER b\n'.repeat(1_000_000)}`);
  expect(significant).toHaveLength(200_000 * 3);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.diagnostic).toMatchObject({
    code: 'too-many-instructions',
    message: 'the Dockerfile has more than 200,000 instructions',
    lines: [{ start: 200_001, end: 200_001 }],
  });
});

/** Words on lines that are short enough to be read. */
const words = (count: number, word: string) => `${word.repeat(1000)}\\\n`.repeat(count / 1000);

test.each([
  ['ENV', 'a=b ', 333_000, 'c=d', 'words'],
  ['ONBUILD LABEL', 'a=b ', 333_000, 'c=d', 'words'],
  ['COPY', 'a ', 999_000, 'b', 'words'],
  ['EXPOSE', '1 ', 999_000, '2', 'words'],
  ['CMD [', '"",', 499_000, '""]', 'words'],
  ['RUN', '--a ', 99_000, 'b', 'flags'],
  ['HEALTHCHECK', '--a ', 99_000, 'CMD b', 'flags'],
])('%s of as many words as there may be is read, and with more it is an error', (start, word, count, end, kind) => {
  const text = (more: number) => `FROM a\n${start} ${words(count + more, word)}${end}\nRUN x\n`;
  expect(lexDockerfile(text(0)).problems).toEqual([]);
  const { tokens, significant, problems } = lexDockerfile(text(2000));
  const message = `the Dockerfile has more than ${kind === 'words' ? '1,000,000' : '100,000'} ${kind}`;
  expect(problems.map(({ diagnostic }) => diagnostic)).toMatchObject([{ code: 'too-many-words', message }]);
  expect(significant).toHaveLength(3); // FROM a
  expect(tokens.map(({ image }) => image).join('')).toBe(text(2000));
});

test('the words of all instructions count', () => {
  const { problems } = lexDockerfile(`FROM a\n${`COPY ${'a '.repeat(90)}b\n`.repeat(12_000)}`);
  expect(problems.map(({ diagnostic }) => diagnostic.code)).toEqual(['too-many-words']);
});

test('two million words in one instruction take little memory', () => {
  const dir = temporaryDir({ Dockerfile: `FROM scratch\nENV ${words(2_000_000, 'a= ')}b=\n` });
  const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
  for (const command of ['check', 'compile']) {
    const args = ['--max-old-space-size=256', cli, command, '--offline', dir];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stdout + stderr).toContain('the Dockerfile has more than 1,000,000 words');
    expect(status).toBe(1);
  }
});

test.each([
  ['a million comments', `FROM scratch\n${'# c\n'.repeat(1_000_000)}COPY Dockerfile /\n`],
  ['a million comments in an instruction', `FROM scratch\nCOPY Dockerfile \\\n${'#\n'.repeat(1_000_000)} /\n`],
])('%s take little memory', (_, text) => {
  const dir = temporaryDir({ Dockerfile: text });
  const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
  const args = ['--max-old-space-size=160', cli, 'compile', '--offline', '-o', path.join(dir, 'out.json'), dir];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
});

test('60,000 images that are not there are looked through once', async () => {
  const stages = lines(60_000, (i) => `FROM none${i}\n`);
  const text = `${stages}FROM scratch\n${lines(60_000, (i) => `COPY --from=${i} a b\n`)}`;
  const error = await compile({ ...options(text), images: [] }).catch((problem) => problem);
  expect(findDiagnosticError(error)!.diagnostics.length).toBeGreaterThanOrEqual(60_000);
});

test('300 images are not all asked for at once', async () => {
  let [open, most] = [0, 0];
  const slow: ImageResolver = {
    async resolve(...image) {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return images.resolve(...image);
    },
  };
  const text = `${lines(300, (i) => `FROM a:${i} AS s${i}\n`)}FROM s0\n${lines(300, (i) => `COPY --from=s${i} a b\n`)}`;
  const { definitions } = await compile({ ...options(text), images: [slow] });
  expect(definitions.get('')!.ops().length).toBeGreaterThan(600);
  expect(most).toBe(32);
});

test('image configs of 1 GB together are an error before all of them are there', async () => {
  const large = Buffer.from(JSON.stringify({ ...config, config: { Env: ['A=a'] }, author: 'x'.repeat(1 << 20) }));
  let asked = 0;
  const many: ImageResolver = {
    resolve: async () => ({ digest: `sha256:${'2'.repeat(64)}`, config: large, n: asked++ }),
  };
  const text = `${lines(1000, (i) => `FROM a:${i} AS s${i}\n`)}FROM s0\n${lines(1000, (i) => `COPY --from=s${i} a b\n`)}`;
  const error = await compile({ ...options(text), images: [many] }).catch((problem) => problem);
  expect(error.message).toContain('the configs of the images of this build are larger than 128 MiB together');
  expect(asked).toBeLessThan(128 + 32);
});

test('an ignore file that is too large is an error, and is not taken for none', async () => {
  const dir = temporaryDir({
    Dockerfile: 'FROM scratch\nCOPY . /\n',
    '.dockerignore': `secret\n${'x\n'.repeat(8 << 20)}`,
  });
  const tree = dirTree(dir);
  const locals = new Map([
    ['context', tree],
    ['dockerfile', tree],
  ]);
  const error = await compile({ ...options(''), locals }).catch((problem) => problem);
  expect(error.message).toContain('failed to read .dockerignore: .dockerignore is larger than 16777216 bytes');
});

test('a Dockerfile from the web may be no larger than one from anywhere else', async () => {
  const { message } = await compile(options(`FROM scratch\n${'#\n'.repeat(8 << 20)}`)).catch((problem) => problem);
  expect(message).toContain('failed to read dockerfile: Dockerfile is larger than 16777216 bytes');
});

await onEngines('a build', { suites: ['forky'] }, (engine) => {
  test('a build of one ENV of 2,000 lines with undefined variables shows some of them', async () => {
    const dir = temporaryDir();
    const variables = Array.from({ length: 2000 }, (_, i) => `  a${i}=$undefined${i}`);
    writeFileSync(path.join(dir, 'Dockerfile'), `FROM scratch\nENV \\\n${variables.join(' \\\n')}\n`);
    const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
    const args = [cli, 'build', '--progress=plain', '--output=type=cacheonly', dir];
    const { status, stderr } = await engine.run(process.execPath, args);
    expect(status, stderr.slice(0, 2000)).toBe(0);
    expect(stderr).toContain('2000 warnings found');
    expect(stderr).toContain('and 1,950 more warnings');
    expect(stderr.split('\n').length).toBeLessThan(2000);
  });
});
