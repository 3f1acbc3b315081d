import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DockerfileGrammar } from '../../src/parser/grammar.ts';
import { decodeText, formatDiagnostic, lexDockerfile, parseDockerfile } from '../../src/parser/index.ts';

/** Token kinds and images of a text, blanks left out. */
function kinds(text: string): string[] {
  return lexDockerfile(text)
    .tokens.filter(({ tokenType }) => tokenType.name !== 'Blank')
    .map(({ tokenType, image }) => `${tokenType.name} ${JSON.stringify(image)}`);
}

function joined(text: string): string {
  return lexDockerfile(text)
    .tokens.map(({ image }) => image)
    .join('');
}

describe('tokens', () => {
  test('are cut at the ends of continued lines', () => {
    expect(kinds('RUN --network=no\\\n# why\nne ec\\\n\nho\n')).toEqual([
      'CommandKeyword "RUN"',
      'FlagWord "--network=no"',
      'Continuation "\\\\\\n"',
      'Interruption "# why\\n"',
      'Continued "ne"',
      'Text "ec"',
      'Continuation "\\\\\\n"',
      'Interruption "\\n"',
      'Continued "ho"',
      'EndOfInstruction "\\n"',
    ]);
  });

  test('carry the whole word if it goes on in the next line', () => {
    const { tokens } = lexDockerfile('LABEL key=va\\\nlue\n');
    const value = tokens.find(({ tokenType }) => tokenType.name === 'Value');
    expect(value).toMatchObject({ image: 'va', payload: { text: 'value' } });
    expect(tokens.find(({ tokenType }) => tokenType.name === 'Continued')?.payload).toBeUndefined();
  });

  test('are not made of nothing: a last line without a line break has none', () => {
    expect(kinds('# c')).toEqual(['Comment "# c"']);
    expect(kinds('RUN <<A\nA')).toEqual([
      'CommandKeyword "RUN"',
      'Text "<<A"',
      'EndOfInstruction "\\n"',
      'HeredocBody ""',
      'HeredocEnd "A"',
    ]);
  });

  test('of a first line that is only continued are those of the next', () => {
    expect(kinds('\\\nFROM a')).toEqual([
      'Continuation "\\\\\\n"',
      'FromKeyword "FROM"',
      'Argument "a"',
      'EndOfInstruction ""',
    ]);
  });

  test('name the parts of each form', () => {
    expect(kinds('FROM a AS b')).toEqual([
      'FromKeyword "FROM"',
      'Argument "a"',
      'As "AS"',
      'Argument "b"',
      'EndOfInstruction ""',
    ]);
    expect(kinds('ENV a="b c" =d e')).toEqual([
      'PairsKeyword "ENV"',
      'Key "a"',
      'Equals "="',
      'Value "\\"b c\\""',
      'Equals "="',
      'Value "d"',
      'Argument "e"',
      'EndOfInstruction ""',
    ]);
    expect(kinds('ENV a b c')).toEqual(['PairsKeyword "ENV"', 'LegacyKey "a"', 'Value "b c"', 'EndOfInstruction ""']);
    expect(kinds('CMD ["a", 1]')).toEqual([
      'CommandKeyword "CMD"',
      'LeftBracket "["',
      'JsonString "\\"a\\""',
      'Comma ","',
      'JsonOther "1"',
      'RightBracket "]"',
      'EndOfInstruction ""',
    ]);
    expect(kinds('ONBUILD HEALTHCHECK --retries=1 CMD x')).toEqual([
      'OnbuildKeyword "ONBUILD"',
      'HealthcheckKeyword "HEALTHCHECK"',
      'FlagWord "--retries=1"',
      'CheckType "CMD"',
      'Text "x"',
      'EndOfInstruction ""',
    ]);
  });

  test('hold here-documents, directives and comments', () => {
    expect(kinds('\ufeff# escape=`\n# c\nCOPY <<-A <<B /\nx\n\tA\nB\n')).toEqual([
      'Bom "\ufeff"',
      'DirectiveLine "# escape=`"',
      'Newline "\\n"',
      'Comment "# c"',
      'Newline "\\n"',
      'ListKeyword "COPY"',
      'Argument "<<-A"',
      'Argument "<<B"',
      'Argument "/"',
      'EndOfInstruction "\\n"',
      'HeredocBody "x\\n"',
      'HeredocEnd "\\tA"',
      'Newline "\\n"',
      'HeredocBody ""',
      'HeredocEnd "B"',
      'Newline "\\n"',
    ]);
  });
});

describe('bytes', () => {
  test('make up characters across line continuations', () => {
    const parse = (bytes: Buffer) => parseDockerfile(decodeText(bytes)).instructions[1];
    const cut = (text: string, at: number) => {
      const bytes = Buffer.from(text);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from('\\\n'), bytes.subarray(at)]);
    };
    for (const at of [14, 15, 16])
      expect(parse(cut('FROM a\nENV a=💀b', at))).toMatchObject({ pairs: [{ key: 'a', value: '💀b' }] });
    expect(parse(Buffer.from('FROM a\nENV a=b\xf0', 'latin1'))).toMatchObject({ pairs: [{ value: 'b\ufffd' }] });
    expect(parse(Buffer.from('FROM a\nUSER b\xf0', 'latin1'))).toMatchObject({ user: 'b\udcf0' });
  });

  test('of flags are taken for characters', () => {
    const { instructions } = parseDockerfile('FROM a\nCOPY --chown=é:à b c\nHEALTHCHECK CMDà x');
    expect(instructions[1]).toMatchObject({ chown: 'Ã©:Ã', sources: [{ text: 'b' }], dest: { text: 'c' } });
    expect(instructions[2]!.kind).toBe('invalid');
  });
});

describe('a comment', () => {
  test('after a blank of several bytes keeps the rest of that blank, as the reference does', () => {
    expect(parseDockerfile('\u00a0# c\nFROM a').instructions[0]?.comments).toEqual(['\udca0# c']);
    expect(parseDockerfile(' # c\nFROM a').instructions[0]?.comments).toEqual(['# c']);
    expect(parseDockerfile('# c\nFROM a').instructions[0]?.comments).toEqual(['c']);
  });
});

describe('a limit', () => {
  test('lets a file have 200,000 instructions and not one more', () => {
    const problemsOf = (count: number) => {
      const { diagnostics } = parseDockerfile('FROM a\n'.repeat(count));
      return diagnostics.map(({ code, range }) => [code, range!.start]);
    };
    expect(problemsOf(200_000)).toEqual([]);
    expect(problemsOf(200_001)).toEqual([['too-many-instructions', 200_000 * 'FROM a\n'.length]]);
  });

  test('points at the line that is too long', () => {
    const text = `FROM a\nRUN ${'x'.repeat(70_000)}\nRUN b\n`;
    const [problem] = parseDockerfile(text).diagnostics;
    expect(problem).toMatchObject({ code: 'line-too-long', range: { start: 7, end: text.indexOf('\nRUN b') } });
  });
});

describe('the grammar', () => {
  test('passes the validation of Chevrotain', () => {
    expect(() => new DockerfileGrammar({ validate: true })).not.toThrow();
  });
});

const fragments = [
  ...[
    '\n',
    '\r\n',
    '\\\n',
    '`\n',
    '\\',
    '`',
    ' ',
    '\t',
    '#',
    '# escape=`\n',
    '"',
    "'",
    '[',
    ']',
    ',',
    '=',
    '--',
    '--x=y',
    '<<',
    '<<A',
  ],
  ...[
    '\nA\n',
    '<<-"B"',
    '\n\tB\n',
    '$',
    '${',
    '}',
    'FROM ',
    'RUN ',
    'COPY ',
    'ENV ',
    'ARG ',
    'LABEL ',
    'ONBUILD ',
    'HEALTHCHECK ',
  ],
  ...[
    'CMD ',
    'VOLUME ',
    'SHELL ',
    'EXPOSE ',
    'a',
    'é',
    'à',
    '😀',
    '\u00a0',
    '\u0085',
    '\ufeff',
    '\udca0',
    '\udc85',
    '\udcff',
    '\0',
    '\v',
  ],
  ...['["a"]', '["a",1]', ' AS ', '--mount=', '1e999', '# syntax=a\n', '# check=b\n', '\n\n'],
];
const dockerfileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...fragments), { maxLength: 40 }).map((parts) => parts.join('')),
);

describe('any text', () => {
  test('is not lost: the tokens make it up', () => {
    fc.assert(
      fc.property(dockerfileText, (text) => {
        expect(joined(text)).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });

  test('can be parsed, and its problems can be shown', () => {
    fc.assert(
      fc.property(dockerfileText, (text) => {
        const { source, diagnostics, instructions } = parseDockerfile(text);
        for (const diagnostic of diagnostics) {
          expect(formatDiagnostic(source, diagnostic)).not.toBe('');
          expect(isInside(diagnostic.range!, text)).toBe(true);
        }
        for (const { range, keywordRange } of instructions)
          expect(isInside(range, text) && isInside(keywordRange, text)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('has no word that ends before it starts', () => {
    fc.assert(
      fc.property(dockerfileText, (text) => {
        for (const { payload } of lexDockerfile(text).tokens) {
          const { start, end } = payload?.range ?? { start: 0, end: 0 };
          expect(start).toBeLessThanOrEqual(end);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('gives the same each time', () => {
    fc.assert(
      fc.property(dockerfileText, (text) => {
        expect(parseDockerfile(text)).toEqual(parseDockerfile(text));
      }),
    );
  });

  test('has no more tokens than a few for each character', () => {
    fc.assert(
      fc.property(dockerfileText, (text) => {
        expect(lexDockerfile(text).tokens.length).toBeLessThanOrEqual(4 * text.length);
      }),
    );
  });
});

function isInside({ start, end }: { start: number; end: number }, text: string): boolean {
  return 0 <= start && start <= end && end <= text.length;
}

describe('large files', () => {
  const long = 1_000_000;
  test.each([
    ['many instructions', 'FROM a\n'.repeat(long / 10)],
    ['one instruction on many lines', `RUN a${' \\\n b'.repeat(long / 5)}`],
    ['many pairs', `ENV a=b${' \\\n c="d e"'.repeat(long / 10)}`],
    ['a long array', `CMD ["a"${',\\\n"b"'.repeat(long / 10)}]`],
    ['nested ONBUILD', 'ONBUILD \\\n'.repeat(long / 10)],
    ['many here-documents', `RUN ${'<<A \\\n'.repeat(long / 40)}x\n${'A\n'.repeat(long / 40)}`],
    ['a here-document of many lines', `RUN <<A\n${'\tA B\n'.repeat(long / 5)}A\n`],
    ['comments', '#\n'.repeat(long / 2)],
    ['a quote that never ends', `LABEL a="${'b\\\n'.repeat(long / 3)}`],
    ['line breaks of carriage returns only', `FROM a${'\r'.repeat(60_000)}`],
    ['open substitutions', `RUN <<A ${'${a:-\\\n'.repeat(long / 8)}\nA\n`],
  ])('large files are read whole: %s', (_, text) => {
    expect(joined(text)).toBe(text);
    expect(parseDockerfile(text).instructions.length).toBeGreaterThanOrEqual(text.startsWith('#') ? 0 : 1);
  });
});
