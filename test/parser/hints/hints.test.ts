/** Hints for what cannot be seen, and for what is taken for something else than was meant. */
import { describe, expect, test } from 'vitest';
import { decodeText, firstError, parseDockerfile } from '../../../src/parser/index.ts';

/** The errors of a file, each with its hint. */
const hintsOf = (text: string) =>
  parseDockerfile(text)
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ hint }) => hint);

const firstHint = (text: string) => hintsOf(text)[0];

describe('a file in another encoding', () => {
  const text = 'FROM alpine\nRUN true\nRUN false\n';
  const utf16 = Buffer.from(text, 'utf16le');
  const swapped = Buffer.from(utf16).swap16();
  const utf32 = Buffer.from([...text].flatMap((it) => [it.charCodeAt(0), 0, 0, 0]));
  test.each([
    ['UTF-16 (little-endian)', 'UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
    ['UTF-16 (big-endian)', 'UTF-16', Buffer.concat([Buffer.from([0xfe, 0xff]), swapped])],
    ['UTF-16 (little-endian)', 'UTF-16LE', utf16],
    ['UTF-16 (big-endian)', 'UTF-16BE', swapped],
    ['UTF-32 (little-endian)', 'UTF-32', Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), utf32])],
    ['UTF-32 (little-endian)', 'UTF-32LE', utf32],
  ])('another encoding is reported once: %s, %s', (name, from, bytes) => {
    expect(hintsOf(decodeText(bytes))).toEqual([
      expect.stringContaining(
        `The file is ${name}, but must be UTF-8: save it as UTF-8, or convert it with iconv -f ${from} -t`,
      ),
    ]);
  });

  test('keeps the message of the reference', () => {
    const { message } = firstError(parseDockerfile(decodeText(Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))))!;
    expect(message).toMatch(/^dockerfile parse error on line 1: unknown instruction: /);
  });
});

describe('characters that are not what they look like are named with their places', () => {
  test.each([
    ['FROM a\nRUN\u00a0b c\n', 'U+00A0 NO-BREAK SPACE at 2:4: '],
    ['FROM a\nRUN\u3000b\n', 'U+3000 IDEOGRAPHIC SPACE at 2:4: '],
    ['FROM a\nRU\u200bN b\n', 'U+200B ZERO WIDTH SPACE at 2:3: '],
    ['FROM a\n\ufeffRUN b\n', 'U+FEFF ZERO WIDTH NO-BREAK SPACE '],
    ['FROM a\nCOPY --fr\u00adom=b c d\n', 'U+00AD SOFT HYPHEN at 2:10: '],
    ['FROM a\nENV A=\u201cb c\u201d\n', 'U+201C LEFT DOUBLE QUOTATION MARK at 2:7: it does not quote: write "'],
    ['FROM a\nENV A=\u2018b c\u2019\n', "U+2018 LEFT SINGLE QUOTATION MARK at 2:7: it does not quote: write '"],
    ['FROM a\nENV \u2013x\n', 'U+2013 EN DASH at 2:5: '],
    ['FROM \u2014platform=x a\n', 'U+2014 EM DASH at 1:6: '],
    ['FROM a\nENV A\uff1db\n', 'U+FF1D FULLWIDTH EQUALS SIGN at 2:6: write =.'],
    ['\uff26ROM a\n', 'U+FF26 FULLWIDTH LATIN CAPITAL LETTER F at 1:1: write F.'],
    ['FROM a\n\u0421\u041e\u0420\u0423 b c\n', 'U+0421 CYRILLIC CAPITAL LETTER ES at 2:1: '],
    ['FROM a\nRU\u202eN b\n', 'U+202E RIGHT-TO-LEFT OVERRIDE at 2:3: '],
    ['FROM a\rRUN b\r', 'U+000D CARRIAGE RETURN at 1:7: '],
    ['FROM a\nR\0N b\n', 'U+0000 NULL at 2:2: '],
    ['FROM a\nRUN b \\\u00a0\n  c\n', 'U+00A0 NO-BREAK SPACE at 2:8: '],
  ])('the hint names the characters of %j', (text, hint) => {
    expect(firstHint(text)).toContain(hint);
  });

  test('bytes of Windows-1252 are named as well', () => {
    const text = decodeText(Buffer.from('FROM a\nENV A=\x93b c\x94\n', 'latin1'));
    expect(firstHint(text)).toContain(
      'byte 0x93 at 2:7: it is not UTF-8 (in Windows-1252 it is a left double quotation mark)',
    );
  });

  test('three of many odd characters are named', () => {
    expect(firstHint(`FROM a\nRUN${'\u00a0'.repeat(9)}b\n`)).toMatch(/(U\+00A0.*?){3}; and 6 more\.$/);
  });

  test('odd characters in quotes and in other instructions are not named', () => {
    expect(firstHint('FROM a\nLABEL a="it\u2019s \u2014 \u201cnice\u201d" b\n')).toBe(
      'Quote a value that contains blanks.',
    );
    expect(firstHint('FROM a\nRUN \u201cx\u201d\nNOTHING\n')).not.toContain('U+');
  });
});

describe('what looks like a here-document but is not one', () => {
  test.each([
    ['RUN <<- EOF', 'there is a blank between <<- and the name. Write <<-EOF.'],
    ['RUN <<-\tEOF', 'there is a blank between <<- and the name. Write <<-EOF.'],
    ["RUN <<'EOF", "a quote around its name is missing. Write <<'EOF'."],
    ['RUN <<"EOF', 'a quote around its name is missing. Write <<"EOF".'],
    ["COPY <<EOF' /x", "a quote around its name is missing. Write <<'EOF'."],
    ['RUN cat<<EOF', '<< needs a blank before it. Write cat <<EOF.'],
    ['RUN cat <<<EOF', '<<< does not begin one. Write <<EOF.'],
    ["RUN <<EOF && echo it's", 'a single quote on that line is not closed'],
    ['CMD <<EOF', 'CMD cannot have one, only RUN, COPY and ADD can.'],
    ['ONBUILD ENTRYPOINT <<EOF', 'ENTRYPOINT cannot have one'],
  ])('%j has one error, with the reason', (line, hint) => {
    const hints = hintsOf(`FROM a\n${line}\necho a\necho b\nEOF\nRUN c\n`);
    expect(hints).toEqual([expect.stringContaining(`Line 2 seems to begin a here-document, but does not: ${hint}`)]);
  });

  test('keeps the first error of the reference, and those after it', () => {
    const { message } = firstError(parseDockerfile('FROM a\nRUN <<- EOF\necho a\nEOF\nFOO\n'))!;
    expect(message).toMatch(
      /^dockerfile parse error on line 3: unknown instruction: echo\n1 more problem:\n {2}line 5: /,
    );
  });

  test('a shift of numbers is not taken for a here-document', () => {
    expect(firstHint('FROM a\nRUN echo $((1<<2))\nNOTHING\n2\n')).not.toContain('here-document');
  });
});

describe('a here-document without an end gets a hint', () => {
  test.each([
    ['RUN <<EOF\na\n EOF\n', 'Line 4 has blanks before EOF'],
    ['RUN <<EOF\na\n\tEOF\n', 'write <<-EOF, which takes tabs before lines away'],
    ['RUN <<-EOF\na\n  EOF\n', '(<<- takes tabs away, not spaces)'],
    ['RUN <<EOF\na\nEOF \n', 'Line 4 has blanks after EOF'],
    ['RUN <<EOF\na\neof\n', 'Line 4 has eof: names are case-sensitive.'],
    ['RUN <<EOF\na\nEOF; b\n', 'Line 4 has more than EOF'],
    ['RUN <<EOF>/x\na\nEOF\n', 'The name is EOF>/x, and line 4 has EOF'],
    ['RUN << -EOF\na\nEOF\n', 'Write <<-EOF.'],
    ['RUN <<\u2018EOF\u2019\na\nEOF\n', 'U+2018 LEFT SINGLE QUOTATION MARK at 2:7'],
    ['RUN <<EOF\na\n', 'There is no line that consists of EOF alone.'],
  ])('the hint explains why %j does not end', (text, hint) => {
    expect(firstHint(`FROM a\n${text}`)).toContain(hint);
  });
});

describe('words that are cut where nobody wants it get a hint', () => {
  test.each([
    [
      'ENV B=${A:?two words}',
      'A blank ends a word, even in ${A:?two words}: put the word in double quotes, as in "${A:?two words}".',
    ],
    ['LABEL B=${A:-two words}', 'even in ${A:-two words}'],
    ['ENV B=$(date +%s)', '$(date +%s) is not run here'],
    ['COPY ["a",]', 'a comma must not come before the ]. Write COPY ["a", "destination"].'],
    ['COPY --link ["a","b",]', 'a comma must not come before the ]. Write COPY ["a", "b"].'],
    ["ADD ['a','b']", 'its strings need double quotes. Write ADD ["a", "b"].'],
    ['COPY [“a”,“b”]', 'Write COPY ["a", "b"].'],
    ['COPY --CHOWN=1 a b', 'Write --chown.'],
    ['COPY --chown 1:1 a b', 'Write --chown=VALUE, with an equals sign and no blank.'],
    ['COPY --link= a b', 'Write --link, or --link=true.'],
    ['HEALTHCHECK -interval=5s CMD x', 'A flag begins with two plain dashes, as in --interval=30s.'],
  ])('the hint explains the cut word of %s', (line, hint) => {
    expect(firstHint(`FROM a\n${line}\n`)).toContain(hint);
  });

  test('a hint explains a cut word in FROM', () => {
    expect(firstHint('ARG A\nFROM ${A:-two words}\n')).toContain('even in ${A:-two words}');
  });
});

test.each([
  ['["a",]', 'This is not a JSON array: a comma must not come before the ]. Write SHELL ["a"].'],
  ["['a', '-c']", 'its strings need double quotes. Write SHELL ["a", "-c"].'],
  ['["a"', 'the ] at its end is missing. Write SHELL ["a"].'],
  ['bash -c', 'Write the words as an array'],
])('SHELL %s says what is wrong with its array', (array, hint) => {
  expect(firstHint(`FROM a\nSHELL ${array}\n`)).toContain(hint);
});

test.each([
  ['["CMD", "x"]', 'The command comes after CMD: write HEALTHCHECK CMD ["x"]'],
  ['--interval=5s ["x"]', 'write HEALTHCHECK --interval=5s CMD ["x"]'],
  ['curl -f x', 'write HEALTHCHECK CMD curl -f x'],
])('a HEALTHCHECK that is not complete gets a hint: %s', (text, hint) => {
  expect(firstHint(`FROM a\nHEALTHCHECK ${text}\n`)).toContain(hint);
});

test('a comment after an escape is explained', () => {
  expect(firstHint('FROM a\nRUN b \\ # why\n  c\n')).toBe(
    'The comment after the \\ at 2:7 keeps that line from continuing: put it on a separate line.',
  );
});
