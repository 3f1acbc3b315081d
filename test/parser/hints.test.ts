/** Hints for what cannot be seen, and for what is taken for something else than was meant. */
import { describe, expect, it } from 'vitest';
import { decodeText, firstError, parseDockerfile } from '../../src/parser/index.ts';

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
  it.each([
    ['UTF-16 (little-endian)', 'UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
    ['UTF-16 (big-endian)', 'UTF-16', Buffer.concat([Buffer.from([0xfe, 0xff]), swapped])],
    ['UTF-16 (little-endian)', 'UTF-16LE', utf16],
    ['UTF-16 (big-endian)', 'UTF-16BE', swapped],
    ['UTF-32 (little-endian)', 'UTF-32', Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), utf32])],
    ['UTF-32 (little-endian)', 'UTF-32LE', utf32],
  ])('is told once: %s, %s', (name, from, bytes) => {
    expect(hintsOf(decodeText(bytes))).toEqual([
      expect.stringContaining(
        `The file is ${name}, and has to be UTF-8: save it as UTF-8, or convert it with iconv -f ${from} -t`,
      ),
    ]);
  });

  it('keeps the message of the reference', () => {
    const { message } = firstError(parseDockerfile(decodeText(Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))))!;
    expect(message).toMatch(/^dockerfile parse error on line 1: unknown instruction: /);
  });
});

describe('characters that are not what they look like are named with their places', () => {
  it.each([
    ['FROM a\nRUN\u00a0b c\n', 'U+00A0 NO-BREAK SPACE at 2:4: '],
    ['FROM a\nRUN\u3000b\n', 'U+3000 IDEOGRAPHIC SPACE at 2:4: '],
    ['FROM a\nRU\u200bN b\n', 'U+200B ZERO WIDTH SPACE at 2:3: '],
    ['FROM a\n\ufeffRUN b\n', 'U+FEFF ZERO WIDTH NO-BREAK SPACE '],
    ['FROM a\nCOPY --fr\u00adom=b c d\n', 'U+00AD SOFT HYPHEN at 2:10: '],
    ['FROM a\nENV A=\u201cb c\u201d\n', 'U+201C LEFT DOUBLE QUOTATION MARK at 2:7: it quotes nothing: write "'],
    ['FROM a\nENV A=\u2018b c\u2019\n', "U+2018 LEFT SINGLE QUOTATION MARK at 2:7: it quotes nothing: write '"],
    ['FROM a\nENV \u2013x\n', 'U+2013 EN DASH at 2:5: '],
    ['FROM \u2014platform=x a\n', 'U+2014 EM DASH at 1:6: '],
    ['FROM a\nENV A\uff1db\n', 'U+FF1D FULLWIDTH EQUALS SIGN at 2:6: write =.'],
    ['\uff26ROM a\n', 'U+FF26 FULLWIDTH LATIN CAPITAL LETTER F at 1:1: write F.'],
    ['FROM a\n\u0421\u041e\u0420\u0423 b c\n', 'U+0421 CYRILLIC CAPITAL LETTER ES at 2:1: '],
    ['FROM a\nRU\u202eN b\n', 'U+202E RIGHT-TO-LEFT OVERRIDE at 2:3: '],
    ['FROM a\rRUN b\r', 'U+000D CARRIAGE RETURN at 1:7: '],
    ['FROM a\nR\0N b\n', 'U+0000 NULL at 2:2: '],
    ['FROM a\nRUN b \\\u00a0\n  c\n', 'U+00A0 NO-BREAK SPACE at 2:8: '],
  ])('%j', (text, hint) => {
    expect(firstHint(text)).toContain(hint);
  });

  it('bytes of Windows-1252 as well', () => {
    const text = decodeText(Buffer.from('FROM a\nENV A=\x93b c\x94\n', 'latin1'));
    expect(firstHint(text)).toContain(
      'byte 0x93 at 2:7: it is no UTF-8 (in Windows-1252 it is a left double quotation mark)',
    );
  });

  it('three of many', () => {
    expect(firstHint(`FROM a\nRUN${'\u00a0'.repeat(9)}b\n`)).toMatch(/(U\+00A0.*?){3}; and 6 more\.$/);
  });

  it('but not those in quotes, nor in other instructions', () => {
    expect(firstHint('FROM a\nLABEL a="it\u2019s \u2014 \u201cnice\u201d" b\n')).toBe(
      'A value with blanks in it has to be quoted.',
    );
    expect(firstHint('FROM a\nRUN \u201cx\u201d\nNOTHING\n')).not.toContain('U+');
  });
});

describe('a here-document that is none', () => {
  it.each([
    ['RUN <<- EOF', 'a blank stands between <<- and the name. Write <<-EOF.'],
    ['RUN <<-\tEOF', 'a blank stands between <<- and the name. Write <<-EOF.'],
    ["RUN <<'EOF", "a quote around its name is missing. Write <<'EOF'."],
    ['RUN <<"EOF', 'a quote around its name is missing. Write <<"EOF".'],
    ["COPY <<EOF' /x", "a quote around its name is missing. Write <<'EOF'."],
    ['RUN cat<<EOF', 'a blank has to stand before <<. Write cat <<EOF.'],
    ['RUN cat <<<EOF', '<<< does not begin one. Write <<EOF.'],
    ["RUN <<EOF && echo it's", 'a single quote on that line is not closed'],
    ['CMD <<EOF', 'CMD has none, only RUN, COPY and ADD do.'],
    ['ONBUILD ENTRYPOINT <<EOF', 'ENTRYPOINT has none'],
  ])('%j: one error, with the reason', (line, hint) => {
    const hints = hintsOf(`FROM a\n${line}\necho a\necho b\nEOF\nRUN c\n`);
    expect(hints).toEqual([expect.stringContaining(`The here-document that line 2 seems to begin is none: ${hint}`)]);
  });

  it('keeps the first error of the reference, and those behind it', () => {
    const { message } = firstError(parseDockerfile('FROM a\nRUN <<- EOF\necho a\nEOF\nFOO\n'))!;
    expect(message).toMatch(
      /^dockerfile parse error on line 3: unknown instruction: echo\n1 more problem:\n {2}line 5: /,
    );
  });

  it('is not seen in a shift', () => {
    expect(firstHint('FROM a\nRUN echo $((1<<2))\nNOTHING\n2\n')).not.toContain('here-document');
  });
});

describe('a here-document without an end', () => {
  it.each([
    ['RUN <<EOF\na\n EOF\n', 'Line 4 has blanks before EOF'],
    ['RUN <<EOF\na\n\tEOF\n', 'write <<-EOF, which takes tabs before lines away'],
    ['RUN <<-EOF\na\n  EOF\n', '(<<- takes tabs away, not spaces)'],
    ['RUN <<EOF\na\nEOF \n', 'Line 4 has blanks behind EOF'],
    ['RUN <<EOF\na\neof\n', 'Line 4 has eof: capitals count.'],
    ['RUN <<EOF\na\nEOF; b\n', 'Line 4 has more than EOF'],
    ['RUN <<EOF>/x\na\nEOF\n', 'The name is EOF>/x, and line 4 has EOF'],
    ['RUN << -EOF\na\nEOF\n', 'Write <<-EOF.'],
    ['RUN <<\u2018EOF\u2019\na\nEOF\n', 'U+2018 LEFT SINGLE QUOTATION MARK at 2:7'],
    ['RUN <<EOF\na\n', 'There is no line that consists of EOF alone.'],
  ])('%j', (text, hint) => {
    expect(firstHint(`FROM a\n${text}`)).toContain(hint);
  });
});

describe('words that are cut where nobody wants it', () => {
  it.each([
    [
      'ENV B=${A:?two words}',
      'A blank ends a word, also in ${A:?two words}: put the word in double quotes, as in "${A:?two words}".',
    ],
    ['LABEL B=${A:-two words}', 'also in ${A:-two words}'],
    ['ENV B=$(date +%s)', '$(date +%s) is not run here'],
  ])('%s', (line, hint) => {
    expect(firstHint(`FROM a\n${line}\n`)).toContain(hint);
  });

  it('in FROM', () => {
    expect(firstHint('ARG A\nFROM ${A:-two words}\n')).toContain('also in ${A:-two words}');
  });
});

it.each([
  ['["a",]', 'This is no JSON array: no comma may stand before the ]. Write SHELL ["a"].'],
  ["['a', '-c']", 'its strings need double quotes. Write SHELL ["a", "-c"].'],
  ['["a"', 'the ] at its end is missing. Write SHELL ["a"].'],
  ['bash -c', 'Write the words as an array'],
])('SHELL %s says what is wrong with its array', (array, hint) => {
  expect(firstHint(`FROM a\nSHELL ${array}\n`)).toContain(hint);
});

it.each([
  ['["CMD", "x"]', 'What is to run stands behind CMD: write HEALTHCHECK CMD ["x"]'],
  ['--interval=5s ["x"]', 'write HEALTHCHECK --interval=5s CMD ["x"]'],
  ['curl -f x', 'write HEALTHCHECK CMD curl -f x'],
])('HEALTHCHECK %s', (text, hint) => {
  expect(firstHint(`FROM a\nHEALTHCHECK ${text}\n`)).toContain(hint);
});

it('a comment behind an escape', () => {
  expect(firstHint('FROM a\nRUN b \\ # why\n  c\n')).toBe(
    'The comment behind the \\ at 2:7 keeps that line from going on: put it on a line of its own.',
  );
});
