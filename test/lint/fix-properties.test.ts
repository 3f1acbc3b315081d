/**
 * Properties of all fixes, on every golden case: they end, and the build stays the same unless a fix says that it does
 * not.
 */
import { describe, expect, test } from 'vitest';
import { checkDockerfile } from '../../src/daemonless/check.ts';
import { compile } from '../../src/daemonless/compile.ts';
import type { DaemonlessOptions } from '../../src/daemonless/daemonless-bridge.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { fixDockerfile } from '../../src/daemonless/fix-dockerfile.ts';
import { encodeText } from '../../src/go/text.ts';
import { applyFixes } from '../../src/lint/apply-fixes.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { optionsOf } from '../daemonless/golden-options.ts';
import { goldenNames, readCase } from '../golden/cases.ts';

/** What a build makes: the digests of its graphs, which those of all ops are part of, and image configs. */
async function built(options: DaemonlessOptions) {
  try {
    const { definitions, metadata } = await compile(options);
    const heads = [...definitions].map(([platform, definition]) => [platform, definition.head()]);
    return { heads, metadata: [...metadata].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]) };
  } catch {
    return undefined;
  }
}

/** The options with another Dockerfile. */
function withDockerfile(options: DaemonlessOptions, filename: string, text: string): DaemonlessOptions {
  const tree = memoryTree({ [filename]: encodeText(text) });
  return { ...options, locals: new Map(options.locals).set('dockerfile', tree) };
}

/** A golden case as a build, even if it asks a subrequest, whose answers quote the file. */
function buildOf(name: string): DaemonlessOptions {
  const options = optionsOf(readCase(name));
  const { requestid: _, ...opts } = options.opts;
  return { ...options, opts };
}

const fixable: { name: string; codes: readonly string[] }[] = [];
for (const name of goldenNames()) {
  const golden = readCase(name);
  if ([golden.inputs, golden.sources, golden.forward, golden.fail].some((it) => it !== undefined)) continue;
  const found = await checkDockerfile(buildOf(name)).catch(() => undefined);
  const codes = found?.problems.flatMap(({ code, fix, file }) => (fix && !file ? [code] : [])) ?? [];
  if (codes.length > 0) fixable.push({ name, codes });
}

test('the golden cases have problems with a fix for most rules', () => {
  expect(fixable.length).toBeGreaterThan(40);
  expect(new Set(fixable.flatMap(({ codes }) => codes)).size).toBeGreaterThan(12);
});

describe.each(fixable)('the fixes of $name', ({ name }) => {
  const options = buildOf(name);

  test('fixes of a fixed file change nothing', async () => {
    for (const unsafe of [false, true]) {
      const { text, checked } = await fixDockerfile(options, { unsafe });
      const again = await fixDockerfile(withDockerfile(options, checked.source.filename, text), { unsafe });
      expect(again.text).toBe(text);
    }
  });

  test('the build stays the same, apart from fixes that say what they change', async () => {
    const before = await built(options);
    if (!before) return;
    const { problems, source } = await checkDockerfile(options);
    const quiet = problems.filter(({ fix }) => fix && fix.changes === undefined);
    const { text } = applyFixes(source.text, quiet, { unsafe: true });
    expect(await built(withDockerfile(options, source.filename, text))).toEqual(before);
  });
});

/** Commands that lack the escape of the line above, some of which are near the names of instructions. */
const shellLines = [
  '    cd /src',
  'cp a b',
  'users',
  'bar baz',
  'form os import x',
  'lables = 3',
  '  make && make install',
];

/** The lines that are no instructions. */
const unknownLines = (text: string) =>
  parseDockerfile(text).instructions.flatMap(({ kind, code }) => (kind === 'invalid' ? [code] : []));

test('commands below a RUN without an escape stay as they are', async () => {
  let checked = 0;
  for (const { name } of fixable) {
    const options = buildOf(name);
    const { source } = await checkDockerfile(options);
    const [run] = parseDockerfile(source.text).instructions.filter((it) => it.kind === 'run' && it.shellForm);
    if (!run || run.code.includes('<<') || parseDockerfile(source.text).diagnostics.length > 0) continue;
    const lines = source.text.split('\n');
    const text = lines.toSpliced(run.lines.end, 0, ...shellLines).join('\n');
    for (const unsafe of [false, true]) {
      const fixed = await fixDockerfile(withDockerfile(options, source.filename, text), { unsafe });
      expect(unknownLines(fixed.text)).toEqual(unknownLines(text));
      expect(fixed.text.split('\n').filter((line) => shellLines.includes(line))).toEqual(shellLines);
    }
    checked++;
  }
  expect(checked).toBeGreaterThan(10);
});

describe.each([
  [
    'commands in nested backticks',
    'RUN x=`echo \\`apt install -y foo; useradd -u 123456 u; curl https://a.b/c\\``; echo hi',
  ],
  ['an array with an escaped quote', String.raw`CMD ['sh', '-c', 'echo it\'s']`],
])('a Dockerfile with %s', (_, line) => {
  test('the Dockerfile stays as it is', async () => {
    const text = `FROM debian:13\n${line}\n`;
    const options = withDockerfile(buildOf(fixable[0]!.name), 'Dockerfile', text);
    expect((await fixDockerfile(options, { unsafe: false })).text).toBe(text);
  });
});
