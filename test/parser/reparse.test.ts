import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDockerfile } from '../../src/parser/parse.ts';
import { type ParsedUnits, reparseDockerfile } from '../../src/parser/reparse.ts';
import { goldenNames, readCase } from '../golden/cases.ts';

const snippets = [
  'FROM alpine AS base\n',
  '# escape=`\n',
  '# syntax=docker/dockerfile:1\n',
  'RUN echo a \\\n  && echo b\n',
  'RUN echo `\n  b\n',
  '# a comment\n\n',
  'RUN <<EOF\necho $A\nEOF\n',
  'COPY <<a <<-b /x/\n1\na\n\t2\n\tb\n',
  'RUN <<EOF\nno end\n',
  'ENV a\n',
  'ARG A=1 B\r\n',
  'COPY --chwon=1 . .\n',
  'HEALTHCHECK --interval=1s CMD ["a", 1]\n',
  'ONBUILD RUN x \\\n\n y\n',
  'LABEL a="b c" d=ü😀\n',
  'USER <<EOF\nx\nEOF\n',
  'EXPOSE 80 81/udp\n',
  'STOPSIGNAL $S\n',
  'COPP a b\n',
  '\\\n',
  '"',
  '<<X',
  '\n',
  ' ',
  '\ufeff',
];

const edit = fc.record({ at: fc.nat(1000), length: fc.nat(30), text: fc.constantFrom(...snippets, '') });

/** Applies edits one after the other and compares each result with that of a new parse. */
function expectEqualAfter(text: string, edits: readonly { at: number; length: number; text: string }[]): void {
  let parsed: ParsedUnits | undefined = reparseDockerfile(undefined, text, 'Dockerfile');
  expect(parsed.dockerfile()).toEqual(parseDockerfile(text));
  for (const { at, length, text: added } of edits) {
    const start = text.length === 0 ? 0 : at % (text.length + 1);
    text = text.slice(0, start) + added + text.slice(start + length);
    parsed = reparseDockerfile(parsed, text, 'Dockerfile');
    const whole = parseDockerfile(text);
    expect(parsed.diagnostics).toEqual(whole.diagnostics);
    expect(parsed.dockerfile()).toEqual(whole);
  }
}

test('after any edits the tree and the problems are those of a parse from the beginning', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...snippets), { maxLength: 25 }),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      (parts, edits) => expectEqualAfter(parts.join(''), edits),
    ),
    { numRuns: 400, seed: 18 },
  );
});

test('edits of real Dockerfiles give the tree of a parse from the beginning', () => {
  const texts = goldenNames()
    .flatMap((name) => readCase(name).files.get('Dockerfile') ?? [])
    .map((it) => (typeof it === 'string' ? it : new TextDecoder().decode(it)))
    .filter((it) => it.length > 200 && it.length < 5000)
    .slice(0, 40);
  expect(texts.length).toBe(40);
  fc.assert(fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }), expectEqualAfter), {
    numRuns: 200,
    seed: 18,
  });
});

test('an edit in one instruction keeps what was read of the others', () => {
  const text = 'FROM a\nRUN one\nRUN two\n# c\nRUN three\n';
  const before = reparseDockerfile(undefined, text, 'Dockerfile');
  const after = reparseDockerfile(before, text.replace('two', 'two \\\n  more'), 'Dockerfile');
  const kept = before.units!.map((unit) => after.units!.some(({ content }) => content === unit.content));
  expect(kept).toEqual([true, true, false, true]);
  expect(after.dockerfile().instructions[3]!.lines).toEqual({ start: 6, end: 6 });
});
