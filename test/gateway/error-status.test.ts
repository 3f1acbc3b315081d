import { describe, expect, test } from 'vitest';
import { parseCheckConfig } from '../../src/buildkit-rules/check-options.ts';
import { createLinter } from '../../src/buildkit-rules/linter.ts';
import { DiagnosticError, diagnosticError, withLocation } from '../../src/diagnostic/diagnostic.ts';
import { createSourceFile } from '../../src/diagnostic/source-file.ts';
import { SourceError, toStatus, unsupportedSubrequest, withSource } from '../../src/gateway/error-status.ts';
import { describeSource } from '../../src/gateway/source-info.ts';
import { local } from '../../src/llb/index.ts';
import { suggestName } from '../../src/lower/suggest-names.ts';
import { firstError, parseDockerfile } from '../../src/parser/index.ts';
import { Code, RpcError } from '../../src/rpc/rpc-error.ts';
import { wrapError } from '../../src/text/error-message.ts';

const source = describeSource({
  filename: 'Dockerfile',
  data: new TextEncoder().encode('FROM x\n'),
  definition: local('dockerfile').marshal({ localUniqueId: 'u' }),
});
const json = (detail: { value: Uint8Array } | undefined) => JSON.parse(new TextDecoder().decode(detail?.value));

describe('toStatus', () => {
  test('takes an unknown error as it is', () => {
    expect(toStatus(new Error('what'))).toEqual({ code: Code.unknown, message: 'what', details: [] });
    expect(toStatus('what')).toEqual({ code: Code.unknown, message: 'what', details: [] });
  });

  test('lists places outermost first, each with the file', () => {
    const error = diagnosticError('bad-instruction', 'bad', {
      lines: [{ start: 2, end: 3 }, { start: 1, end: 1 }, undefined],
    });
    const { message, details } = toStatus(withSource(wrapError(error, 'failed'), source));
    expect(message).toBe('failed: bad');
    expect(details.map(({ typeUrl }) => typeUrl)).toEqual(
      Array(3).fill('github.com/moby/buildkit/errdefs.Source+json'),
    );
    const line = (n: number) => ({ start: { line: n }, end: { line: n } });
    expect(details.map(json).map(({ ranges }) => ranges)).toEqual([undefined, [line(1)], [line(2), line(3)]]);
    expect(json(details[0]).info).toMatchObject({
      filename: 'Dockerfile',
      data: 'RlJPTSB4Cg==',
      language: 'Dockerfile',
    });
    expect(json(details[0]).info.definition.def).toHaveLength(2);
  });

  test('adds the place that is known here to an error for which the reference has none', () => {
    const ranges = (error: unknown) =>
      toStatus(withSource(error, source))
        .details.map(json)
        .map((it) => it.ranges);
    const first = [{ start: { line: 1 }, end: { line: 1 } }];
    const range = { start: 5, end: 7 };
    expect(ranges(diagnosticError('build', 'x', { range }))).toEqual([first]);
    expect(ranges(diagnosticError('build', 'x', { range, lines: [undefined] }))).toEqual([undefined, first]);
    expect(ranges(diagnosticError('build', 'x', { range, lines: [{ start: 2, end: 2 }] }))).toHaveLength(1);
    const file = createSourceFile('.dockerignore', 'a\nb[\n');
    const [detail] = toStatus(
      withSource(diagnosticError('build', 'x', { range: { start: 2, end: 4 }, file }), source),
    ).details;
    expect(json(detail)).toEqual({
      info: { filename: '.dockerignore', data: Buffer.from('a\nb[\n').toString('base64') },
      ranges: [{ start: { line: 2 }, end: { line: 2 } }],
    });
  });

  test('gives the hint below the problem it is for', () => {
    const dockerfile = parseDockerfile('FROM scratch\nRUN --network=x a\nRUM b\n');
    expect(toStatus(firstError(dockerfile)).message).toBe(
      'dockerfile parse error on line 2: invalid network mode "x"\nhint: It is one of default, none, host.\n' +
        '1 more problem:\n  line 3: unknown instruction: RUM (did you mean RUN?)',
    );
  });

  test("keeps the daemon's code and details, and what was put around its message", () => {
    const remote = new RpcError(Code.notFound, 'no such image', [
      { typeUrl: 'github.com/moby/buildkit/errdefs.Vertex+json', value: new Uint8Array([1]) },
      { typeUrl: 'type.googleapis.com/other', value: new Uint8Array([2]) },
    ]);
    const status = toStatus(new SourceError(wrapError(remote, 'failed'), source, [{ start: 1, end: 1 }]));
    expect(status).toMatchObject({ code: Code.notFound, message: 'failed: no such image' });
    expect(status.details.map(({ typeUrl }) => typeUrl)).toEqual([
      'type.googleapis.com/other',
      'github.com/moby/buildkit/errdefs.Source+json',
      'github.com/moby/buildkit/errdefs.Vertex+json',
    ]);
  });

  test('toStatus never loses what the daemon said', () => {
    const remote = new RpcError(Code.notFound, 'x: not found');
    const linter = createLinter(parseCheckConfig(''), undefined);
    const messages = (error: unknown) => toStatus(error).message;
    expect(messages(remote)).toBe('x: not found');
    expect(messages(suggestName(wrapError(remote, 'NotFound: x'), 'x', () => ['xy'], linter))).toBe(
      'NotFound: x: x: not found (did you mean xy?)',
    );
    expect(messages(new Error('the build failed', { cause: remote }))).toBe('the build failed: x: not found');
    expect(messages(new Error('because of x: not found', { cause: remote }))).toBe('because of x: not found');
  });

  test('names no codes in what came at the same time either', () => {
    const remote = (name: string) => wrapError(new RpcError(Code.notFound, `${name}: not found`), name);
    const [first, second] = ['x', 'y'].map((name, index) =>
      withLocation(remote(name), { start: index + 1, end: index + 1 }),
    );
    const error = new DiagnosticError([first!.diagnostics[0], second!.diagnostics[0]], {
      cause: first,
      others: [second],
    });
    expect(toStatus(withSource(error, source))).toMatchObject({
      code: Code.notFound,
      message: 'x: x: not found\n1 more problem:\n  line 2: y: y: not found',
    });
  });

  test('tells typed errors by their details', () => {
    const { details } = toStatus(wrapError(unsupportedSubrequest('frontend.x'), 'no'));
    expect(details[0]?.typeUrl).toBe('github.com/moby/buildkit/errdefs.Subrequest+json');
    expect(json(details[0])).toEqual({ name: 'frontend.x' });
  });
});
