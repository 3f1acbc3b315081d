/** Lowering goes on behind a problem where a later one can still be told. */
import { expect, test } from 'vitest';
import { noCheckConfig } from '../../src/check/check-options.ts';
import { createLinter } from '../../src/check/linter.ts';
import { diagnosticError, findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { lineColumn } from '../../src/diagnostic/source-file.ts';
import { checkDockerfile, memoryTree } from '../../src/index.ts';
import { collectErrors } from '../../src/lower/collect-errors.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { imageConfig, lower } from './lowering.ts';

async function problems(...lines: string[]): Promise<string[]> {
  const images = { 'docker.io/library/alpine:latest': imageConfig() };
  const error = await lower(lines.join('\n'), { images }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return (findDiagnosticError(error)?.diagnostics ?? []).map((it) => `${it.lines[0]?.start} ${it.code}`);
}

test('errors of other instructions and other stages are reported', async () => {
  expect(
    await problems(
      'FROM alpine AS a',
      'COPY http://a/b /',
      'EXPOSE x',
      'FROM alpine',
      'COPY --from=a / /',
      'STOPSIGNAL X',
    ),
  ).toEqual(['2 bad-source', '3 bad-port', '6 bad-signal']);
});

test('consequences of a problem are not reported: the rest of a stage behind ARG, ENV, SHELL or WORKDIR, and stages on it', async () => {
  expect(
    await problems(
      'FROM alpine AS a',
      'ENV A=${B:?no}',
      'EXPOSE $A',
      'FROM a',
      'EXPOSE x',
      'FROM alpine',
      'COPY --from=a / /',
      'COPY --from=1 / /',
      'EXPOSE y',
    ),
  ).toEqual(['2 bad-substitution', '9 bad-port']);
});

test('errors of the base images of all stages are reported', async () => {
  expect(await problems('FROM ${A:?no}', 'FROM --platform=a/b/c/d/e alpine', 'FROM "" AS x', 'FROM x')).toEqual([
    '1 bad-substitution',
    '2 bad-platform',
    '3 blank-base-name',
  ]);
});

test('the message begins with the first problem', async () => {
  await expect(lower('FROM scratch\nEXPOSE x\nEXPOSE y\n')).rejects.toThrow(
    /^invalid containerPort: x\n1 more problem:\n {2}line 3: invalid containerPort: y$/,
  );
});

/** What a check says of a Dockerfile that is built without images. */
function check(lines: readonly string[], opts: Readonly<Record<string, string>> = {}) {
  const files = memoryTree({ Dockerfile: lines.join('\n') });
  const locals = new Map([
    ['context', files],
    ['dockerfile', files],
  ]);
  return checkDockerfile({ opts, locals, images: [] });
}

async function checked(lines: readonly string[], opts?: Readonly<Record<string, string>>): Promise<string[]> {
  const { problems: found, source } = await check(lines, opts);
  return found.map(({ code, range }) => `${range ? lineColumn(source, range.start).line : '-'} ${code}`);
}

test('rules say nothing behind a problem, as the reference stops there', async () => {
  const { json } = await check(['FROM scratch', 'CMD a', 'EXPOSE x', 'ENTRYPOINT b']);
  expect(json.warnings?.map(({ ruleName, location }) => `${location.ranges?.[0]?.start.line} ${ruleName}`)).toEqual([
    '2 JSONArgsRecommended',
  ]);
});

test('a check reports what lowering finds in the instructions that parsed, after the first error', async () => {
  const lines = ['FROM scratch AS a', 'FOO x', 'EXPOSE x', 'FROM scratch', 'ENV x', 'FROM scratch', 'STOPSIGNAL X'];
  expect(await checked(lines)).toEqual(['2 unknown-instruction', '3 bad-port', '5 missing-value', '7 bad-signal']);
  const { json } = await check(lines);
  expect(json.buildError?.message).toMatch(
    /^ENV must have two arguments\n3 more problems:\n {2}line 2: .*FOO.*\n {2}line 3: .*: x\n {2}line 7: .*: X$/,
  );
});

test('a check reports the errors that an unknown target and wrong options of the rules hide', async () => {
  const lines = ['# check=wrong', 'FROM scratch', 'EXPOSE x'];
  expect(await checked(lines, { target: 'none' })).toEqual(['- unknown-target', '1 bad-check-options', '3 bad-port']);
});

test.each([
  ['instructions after an ARG, ENV, SHELL, WORKDIR or ONBUILD', ['FROM scratch', 'EVN A=1', 'EXPOSE ${A:?no}']],
  ['stages on one with such an instruction', ['FROM scratch AS a', 'ARG A=1 =', 'FROM a', 'EXPOSE ${A:?no}']],
  ['stages with a base in a variable', ['ARG B=a', 'FROM scratch AS a', 'ARG =', 'FROM $B', 'EXPOSE x']],
  ['stages if one of them may be missing', ['FROM scratch', 'FORM scratch AS b', 'COPY --from=b / /', 'EXPOSE x']],
  ['images that cannot be had', ['FROM nowhere', 'FOO x', 'EXPOSE x']],
  ['stages if an argument of theirs is', ['ARG =', 'FROM ${A:?no}', 'EXPOSE x']],
  ['a file with a here-document that does not end', ['FROM scratch', 'EXPOSE x', 'RUN <<E', 'EXPOSE y']],
])('a check says nothing, after an error, of %s', async (_, lines) => {
  expect(await checked(lines)).toHaveLength(1);
});

test('all instructions that name a stage that does not exist are reported', async () => {
  expect(await checked(['FROM scratch', 'COPY --from=8 / /', 'FROM scratch', 'COPY --from=$a / /'])).toEqual([
    '2 unknown-stage-index',
    '4 variable-in-from',
  ]);
});

test('an error without a diagnostic of its own stays the first one', () => {
  const source = parseDockerfile('FROM a\n').source;
  const errors = collectErrors(createLinter(noCheckConfig, undefined), source);
  errors.attempt(() => {
    throw new Error('first');
  });
  errors.attempt(() => {
    throw diagnosticError('bad-port', 'second');
  });
  expect(() => errors.finish()).toThrow(/^first\n1 more problem:\n {2}second$/);
});
