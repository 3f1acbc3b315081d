/** Lowering goes on behind a problem where a later one can still be told. */
import { expect, test } from 'vitest';
import { noCheckConfig } from '../../src/buildkit-rules/check-options.ts';
import { createLinter } from '../../src/buildkit-rules/linter.ts';
import { diagnosticError, findDiagnosticError } from '../../src/diagnostic/diagnostic.ts';
import { createErrorCollector } from '../../src/lower/collect-errors.ts';
import type { LowerOptions } from '../../src/lower/environment.ts';
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

test('consequences of a problem are not reported: what has a variable that a wrong instruction sets', async () => {
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
  ).toEqual(['2 bad-substitution', '5 bad-port', '9 bad-port']);
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

test('an error without a diagnostic of its own stays the first one', () => {
  const source = parseDockerfile('FROM a\n').source;
  const errors = createErrorCollector({
    linter: createLinter(noCheckConfig, undefined),
    source,
    options: {} as LowerOptions,
  });
  errors.attempt(() => {
    throw new Error('first');
  });
  errors.attempt(() => {
    throw diagnosticError('bad-port', 'second');
  });
  expect(() => errors.finish()).toThrow(/^first\n1 more problem:\n {2}second$/);
});
