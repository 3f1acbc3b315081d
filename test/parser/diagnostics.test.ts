import { describe, expect, test } from 'vitest';
import { firstError, formatDiagnostic, parseDockerfile, parseTrigger, wireMessage } from '../../src/parser/index.ts';

function problems(text: string): string[] {
  return parseDockerfile(text).diagnostics.map(wireMessage);
}

/** What each problem points at. */
function marks(text: string): string[] {
  return parseDockerfile(text).diagnostics.map(({ range }) => text.slice(range!.start, range!.end));
}

describe('problems', () => {
  test('problems are all reported, those of the structure first, as the reference meets them', () => {
    expect(
      problems('FROM a b\nENV x\nFORM y\nCOPY --form=b --lnk a b\nLABEL a=b c\nRUN --network=x --security=y <<A\n'),
    ).toEqual([
      'ENV must have two arguments',
      'Syntax error - can\'t find = in "c". Must be of the form: name=value',
      'unterminated heredoc',
      'dockerfile parse error on line 1: FROM requires either one or three arguments',
      'dockerfile parse error on line 3: unknown instruction: FORM (did you mean FROM?)',
      'dockerfile parse error on line 4: unknown flag: --form (did you mean from?)',
      'dockerfile parse error on line 4: unknown flag: --lnk (did you mean link?)',
      'dockerfile parse error on line 6: invalid network mode "x"',
      'dockerfile parse error on line 6: security "y" is not valid',
    ]);
  });

  test('diagnostics point at the wrong text', () => {
    expect(
      marks(
        'FROM a AS 1b\nCOPY --fo\\\nrm=b a b\nADD a <<B\nB\nHEALTHCHECK --interval=5 CMD x\nONBUILD FROM x\nVOLUME ["a"," "]\nENV =b c=d\n',
      ),
    ).toEqual(['1b', '--fo\\\nrm=b', '<<B', '5', 'FROM', '" "', '=b']);
    expect(marks('FROM a\nRUN cat <<"EOF" >x\nx\n')).toEqual(['<<"EOF']);
    expect(marks('FROM a\nSHELL [1, "a"]\nLABEL x=y lone\n')).toEqual(['1', 'lone']);
  });

  test('problems that follow from another are left out', () => {
    expect(problems('RUN a\nRUN b\n')).toEqual(['no build stage in current context']);
    expect(problems('FORM a\nRUN b\n')).toEqual([
      'dockerfile parse error on line 1: unknown instruction: FORM (did you mean FROM?)',
    ]);
    expect(problems('FROM\nRUN b\n')).toEqual([
      'dockerfile parse error on line 1: FROM requires either one or three arguments',
    ]);
  });

  test.each([
    ['', ['file with no instructions'], 0],
    ['# escape=x\n', ["invalid escape token 'x' does not match ` or \\", 'file with no instructions'], 0],
    ['# syntax=a\n# syntax=b\nFROM a', ['only one syntax parser directive can be used'], 1],
    ['FROM a\nRUN <<A\nB\n', ['unterminated heredoc'], 2],
  ])('problems of %j are on the lines that the reference gives', (text, messages, line) => {
    const { diagnostics } = parseDockerfile(text);
    expect(diagnostics.map(({ message }) => message)).toEqual(messages);
    expect(diagnostics[0]!.lines[0]!.start).toBe(line);
  });

  test('problems become one error with the first message at its start', () => {
    const error = firstError(parseDockerfile('FROM a\nFROBNICATE\nUSER\n'))!;
    expect(error.message).toBe(
      'dockerfile parse error on line 2: unknown instruction: FROBNICATE\n1 more problem:\n  line 3: USER requires exactly one argument',
    );
    expect(error.diagnostics[0].lines).toEqual([{ start: 2, end: 2 }]);
    expect(error.diagnostics).toHaveLength(2);
    expect(firstError(parseDockerfile('FROM a\nRUN x \\\n\n'))).toBeUndefined();
  });
});

describe('lines that are too long', () => {
  const fill = (bytes: number) => '#'.repeat(bytes);
  const tooLong = 'dockerfile line greater than max allowed size of 65535';

  test('lines above 64 KiB are too long; a last line without line break may use one byte less', () => {
    expect(problems(`FROM a\n${fill(65_535)}\n`)).toEqual([]);
    expect(problems(`FROM a\n${fill(65_536)}\n`)).toEqual([tooLong]);
    expect(problems(`FROM a\n${fill(65_535)}`)).toEqual([]);
    expect(problems(`FROM a\n${fill(65_536)}`)).toEqual([tooLong]);
  });

  test('the length of lines is measured in bytes', () => {
    expect(problems(`FROM a\n${'#'}${'é'.repeat(32_767)}\n`)).toEqual([]);
    expect(problems(`FROM a\n${'##'}${'é'.repeat(32_767)}\n`)).toEqual([tooLong]);
    expect(problems(`FROM a\n#${'\udcff'.repeat(65_534)}\n`)).toEqual([]);
  });

  test('a line that is too long hides the instruction that it is part of', () => {
    expect(problems(`${fill(70_000)}\nFROM a\n`)[0]).toBe('file with no instructions');
    expect(problems(`FROM a\nRUN <<A\n${fill(70_000)}\nA\n`)[0]).toBe('unterminated heredoc');
    expect(problems(`FROM a\nRUN b \\\n${fill(70_000)}\n`)).toEqual([tooLong]);
  });

  test('a too long line that continues another counts as begun, as in the reference', () => {
    const place = (text: string) => firstError(parseDockerfile(text))!.diagnostics[0].lines;
    expect(place(`FROM a\nRUN b\n${fill(70_000)}\n`)).toEqual([{ start: 2, end: 2 }]);
    expect(place(`FROM a\nRUN b \\\n${fill(70_000)}\n`)).toEqual([{ start: 3, end: 3 }]);
    expect(problems(`FROM a\nRUN b \\\n${'x'.repeat(70_000)}\n`)).toEqual([tooLong]);
    expect(place(`FROM a\nRUN b \\\n${fill(65_536)}`)).toEqual([{ start: 3, end: 3 }]);
    expect(problems(`FROM a\nRUN b \\\nRUN <<A ${fill(70_000)}\nA\n`)[0]).toBe('unterminated heredoc');
    expect(problems(`FROM a\nRUN b \\\n${'é'.repeat(40_000)}\nRUN c`)[0]).toBe(tooLong);
  });
});

describe('code frames', () => {
  const frame = (text: string, options = {}) => {
    const { source, diagnostics } = parseDockerfile(text, { filename: 'x/Dockerfile' });
    return formatDiagnostic(source, diagnostics[0]!, options);
  };

  test('a code frame shows the place, the lines around it, and what to do', () => {
    expect(frame('FROM a\nCOPY --form=b a b\nRUN c\n')).toBe(
      [
        'x/Dockerfile:2:6: error[unknown-flag]: dockerfile parse error on line 2: unknown flag: --form (did you mean from?)',
        '  1 | FROM a',
        '> 2 | COPY --form=b a b',
        '    |      ^^^^^^^^',
        '  3 | RUN c',
        '  hint: Its flags are --chmod, --chown, --exclude, --from, --link, --parents.',
      ].join('\n'),
    );
  });

  test('code frames mark every line of a range', () => {
    expect(frame('FROM a\nCOPY --fo\\\n  # c\nrm  a b')).toContain(
      ['> 2 | COPY --fo\\', '    |      ^^^^^', '> 3 |   # c', '    |   ^^^', '> 4 | rm  a b', '    | ^^'].join('\n'),
    );
  });

  test('code frames keep the mark under the text: tabs, wide characters, long lines', () => {
    expect(frame('FROM a\nLABEL\ta=日本 日')).toContain('> 2 | LABEL\ta=日本 日\n    |      \t       ^^');
    const long = frame(`FROM a\nENV ${'x=y '.repeat(1000)}lone`);
    expect(
      Math.max(
        ...long
          .split('\n')
          .slice(1)
          .map(({ length }) => length),
      ),
    ).toBeLessThan(180);
    expect(long).toMatch(/lone\n {4}\| +\^{4}$/m);
  });

  test('a code frame does not break the terminal, and uses no colours unless asked', () => {
    expect(frame('FROM a\nFOO\u001b[31m\udcff x')).not.toMatch(/[\u001b\udcff]/);
    expect(frame('FROM a\nFOO x', { color: true })).toContain('\u001b[31m');
  });
});

describe('triggers', () => {
  const lines = { start: 3, end: 4 };

  test('triggers are parsed as files of their own, on the lines of the FROM', () => {
    expect(parseTrigger('COPY --from=a <<A /\nx\nA', lines)).toMatchObject({
      kind: 'copy',
      from: 'a',
      lines,
      contents: [{ path: 'A', data: 'x\n' }],
    });
    // The escape character is the backslash, whatever it was in the file.
    expect(parseTrigger('RUN a `\n', lines)).toMatchObject({ kind: 'run', args: ['a `'] });
  });

  test.each([
    ['', 'file with no instructions', [{ start: 0, end: 0 }]],
    ['RUN a\nRUN b', 'onbuild trigger should be a single expression', undefined],
    ['FROM a', '*instructions.Stage is not a command type', [lines]],
    ['FROBNICATE a', 'unknown instruction: FROBNICATE', [lines]],
    ['ENV a', 'ENV must have two arguments', [{ start: 1, end: 1 }]],
  ])('%j is an error', (expression, message, places = []) => {
    expect(() => parseTrigger(expression, lines)).toThrow(
      expect.objectContaining({
        message,
        diagnostics: [expect.objectContaining({ phase: 'triggers', message, lines: places })],
      }),
    );
  });
});

test('letters of a flag that are exchanged', () => {
  const { diagnostics } = parseDockerfile('FROM scratch\nCOPY --chwon=1 a /\n');
  expect(diagnostics.map(({ hint }) => hint)).toEqual([expect.stringMatching(/^Write --chown\. Its flags are --/)]);
});
