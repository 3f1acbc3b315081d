import { describe, expect, test } from 'vitest';
import { findAdvice } from '../../src/lint/advice.ts';
import { decodeText, parseDockerfile } from '../../src/parser/index.ts';

const advice = (text: string) =>
  findAdvice(parseDockerfile(text)).map(({ code, message, hint }) => `${code}: ${message}. ${hint}`);
const none = (...lines: string[]) => expect(advice(`FROM a\n${lines.join('\n')}\n`)).toEqual([]);

describe('what looks like an array but is not one is explained', () => {
  test.each([
    ['CMD ["a",]', 'a shell runs it as written: a comma must not come before the ]. Write CMD ["a"].'],
    ["RUN ['npm']", 'its strings need double quotes. Write RUN ["npm"].'],
    ["RUN ['npm', 'run', 'x y']", 'Write RUN ["npm", "run", "x y"].'],
    ['HEALTHCHECK CMD ["x', 'a quote is not closed. Write HEALTHCHECK CMD ["x"].'],
    ['HEALTHCHECK --interval=5s CMD ["x", "y"', 'the ] at its end is missing. Write HEALTHCHECK CMD ["x", "y"].'],
    ['CMD ["a", "b]', 'a quote is not closed. Write CMD ["a", "b"].'],
    ['CMD ["a" "b"]', 'a comma is missing between its strings. Write CMD ["a", "b"].'],
    ['CMD ["a",, "b"]', 'two commas follow each other. Write CMD ["a", "b"].'],
    ['CMD [, "b"]', undefined],
    ['CMD [npm, start]', 'each string needs double quotes. Write CMD ["npm", "start"].'],
    ['CMD ["npm", start]', 'each string needs double quotes. Write CMD ["npm", "start"].'],
    ['CMD [“a”, “b”]', 'not typographic quotation marks. Write CMD ["a", "b"].'],
    [
      'ENTRYPOINT ["C:\\app.exe"]',
      '\\a means nothing in JSON: a backslash is written \\\\. Write ENTRYPOINT ["C:\\\\app.exe"].',
    ],
    ['CMD ["a"] # why', 'nothing may follow the ], but "# why" does.'],
    ['CMD ["a"];', 'nothing may follow the ], but ";" does.'],
    ['CMD "npm", "start"', 'it has no square brackets. Write CMD ["npm", "start"].'],
    ['CMD ("npm", "start")', 'Write CMD ["npm", "start"].'],
    ["ONBUILD CMD ['a']", 'Write ONBUILD CMD ["a"].'],
    ['VOLUME ["a",]', 'its words are read as plain text: a comma must not come before the ]. Write VOLUME ["a"].'],
    [
      'COPY ["a b", "c",]',
      'its words are read as plain text: a comma must not come before the ]. Write COPY ["a b", "c"].',
    ],
    ["COPY --link ['a', '/b']", 'Write COPY ["a", "/b"].'],
    ['WORKDIR ["/a"]', 'WORKDIR does not take an array: brackets and quotes are read as plain text. Write WORKDIR /a.'],
    ['USER ["x"]', 'USER does not take an array'],
  ])('what looks like an array is explained: %s', (line, expected) => {
    const found = advice(`FROM a\n${line}\n`).filter((it) => it.startsWith('BrokenArray'));
    if (expected === undefined) return expect(found).toHaveLength(0);
    expect(found).toEqual([expect.stringContaining(expected)]);
  });

  test('tests of a shell, patterns and arrays are not reported', () => {
    none(
      'RUN [ -f x ] && y',
      'RUN [ "$A" = b ] || c',
      'RUN [ "$A" ] || c',
      "RUN [ '$A' = 'b' ] && c",
      'RUN [[ -f a ]]',
    );
    none('COPY [a-z]* /x/', 'COPY ["a b", "/x"]', 'CMD ["a", "b"]', 'VOLUME ["/a"]', 'CMD []', 'ENV A=["x",]');
  });
});

test('a file in UTF-16 has its error alone, no advice for each letter', () => {
  expect(advice(decodeText(Buffer.from('\ufeffFROM a\nRUN b\n', 'utf16le')))).toEqual([]);
});

describe('characters', () => {
  test.each([
    ['RUN apk add –y x', 'TypographicCharacter', 'U+2013 EN DASH at 2:13'],
    ['RUN a “b”', 'TypographicCharacter', 'U+201C LEFT DOUBLE QUOTATION MARK at 2:7'],
    ['RUN a\u00a0b', 'TypographicCharacter', 'U+00A0 NO-BREAK SPACE at 2:6'],
    ['EXPOSE 80：81', 'TypographicCharacter', 'U+FF1A FULLWIDTH COLON at 2:10: write :.'],
    ['COPY a\u200b /b', 'HiddenCharacter', 'U+200B ZERO WIDTH SPACE at 2:7'],
    ['# a \u202e b', 'HiddenCharacter', 'U+202E RIGHT-TO-LEFT OVERRIDE at 2:5'],
    ['RUN <<EOF\na\u00a0b\nEOF', 'TypographicCharacter', 'U+00A0 NO-BREAK SPACE at 3:2'],
    ['COPY <<EOF /x\na \u202e b\nEOF', 'HiddenCharacter', 'U+202E RIGHT-TO-LEFT OVERRIDE at 3:3'],
  ])('characters that look like others are reported in %j', (line, code, hint) => {
    const found = advice(`FROM a\n${line}\n`);
    expect(found).toEqual([expect.stringContaining(hint)]);
    expect(found[0]).toMatch(new RegExp(`^${code}: `));
  });

  test('characters that are meant are not reported', () => {
    none('LABEL d="it’s — “nice” 10\u00a0km"', "RUN echo 'a\u00a0b' it’s — fine, 1–9", 'RUN echo 你好，世界：中文　好');
    none('RUN echo Привет 👩‍👩‍👧 ✔️ 1️⃣ می‌خواهم', '# it’s — “fine”\u00a0\u200b', 'RUN <<EOF\n# it’s\u00a0— “fine”\nEOF');
    none('COPY <<EOF /x\n“a”\u00a0— b\nEOF');
  });
});

test('instructions with errors have their hints', () => {
  expect(advice('FROM a\nENV A=“b c”\n')).toEqual([]);
});

describe('here-documents whose lines end with CR LF', () => {
  test('here-documents with CR LF are reported if they are scripts', () => {
    expect(advice('FROM a\nRUN <<EOF\r\necho a\r\nEOF\r\n')).toEqual([
      expect.stringMatching(/^CarriageReturn: .*"not found".*dos2unix Dockerfile.*eol=lf/),
    ]);
    for (const [line, name] of [
      ['COPY <<x.sh /', 'x.sh'],
      ['COPY <<EOF /x', '/x'],
      ['COPY <<EOF /x.sh', '/x.sh'],
    ]) {
      const first = line!.endsWith('EOF /x.sh') ? '' : '#!/bin/sh\r\n';
      const end = /<<(\S+)/.exec(line!)![1];
      expect(advice(`FROM a\n${line}\r\n${first}echo a\r\n${end}\r\n`)).toEqual([
        expect.stringContaining(`the lines of ${name} end with CR LF`),
      ]);
    }
  });

  test('here-documents with CR LF are not reported if they are texts, or for Windows', () => {
    none('COPY <<x.txt /\r\nhello\r\nx.txt\r\n');
    none('RUN <<EOF\necho a\nEOF\n');
    none('SHELL ["powershell", "-Command"]\r', 'RUN <<EOF\r\necho a\r\nEOF\r\n');
  });
});

describe('owners', () => {
  test.each([
    [
      'COPY --link --chown=app a /',
      'LinkedOwner: --chown=app names a user of the image, and --link does not see those',
    ],
    ['COPY --chown=1:staff --link a /', 'LinkedOwner: --chown=1:staff names'],
    [
      'ADD --link --chown=app:app a /',
      '(the build fails with "invalid user index: -1", and Dockerfile 1.28 refuses it). Write numbers',
    ],
    [
      'COPY --chown=app: a /',
      'EmptyGroup: --chown=app: gives the files to the group root, and from Dockerfile 1.28 on to the group of the user. Write --chown=app for the group of the user, or --chown=app:root.',
    ],
    ['COPY --chown=1000: a /', 'Write --chown=1000:1000, or --chown=1000:root.'],
  ])('owners that cannot be what was meant are reported in %s', (line, expected) => {
    expect(advice(`FROM a\n${line}\n`)).toEqual([expect.stringContaining(expected)]);
  });

  test('owners that are what they look like are not reported', () => {
    none(
      'COPY --link --chown=1000:1000 a /',
      'COPY --link --chown=root:0 a /',
      'COPY --link --chown=5 a /',
      'COPY --link a /',
    );
    none(
      'COPY --chown=app a /',
      'COPY --link --chown=$A a /',
      'COPY --link --chmod=755 --chown=app a /',
      'COPY --chown=:2000 a /',
    );
  });
});

test('a here-document of COPY that a blank divides is reported', () => {
  expect(advice('FROM a\nCOPY << EOF /x\nb\nEOF\n')).toEqual([
    'DividedHeredoc: << is read as the name of a file, because a blank follows it. Write <<EOF.',
  ]);
  none('COPY <<EOF /x\nEOF', 'RUN << EOF\nEOF');
});
