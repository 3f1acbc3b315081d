import { expect, test } from 'vitest';
import { formatDockerfile } from '../../src/format/index.ts';
import { DiagnosticError } from '../../src/parser/index.ts';

/** Formats what follows `FROM a`. */
function formatted(text: string): string {
  const result = formatDockerfile(`FROM a\n${text}`);
  expect(formatDockerfile(result)).toBe(result);
  expect(result.startsWith('FROM a\n')).toBe(true);
  return result.slice('FROM a\n'.length);
}

test('keywords are in upper case, AS and the type of a health check too', () => {
  expect(formatDockerfile('from a as B\nrun x\nhealthcheck cmd y\nHealthcheck none\n')).toBe(
    'FROM a AS B\nRUN x\nHEALTHCHECK CMD y\nHEALTHCHECK NONE\n',
  );
});

test('one blank stands between words and flags, and none at the ends of lines', () => {
  expect(formatted('  copy\t--from=x   --link  /a\t/b  \nEXPOSE 1   2\nUSER   u  \n')).toBe(
    'COPY --from=x --link /a /b\nEXPOSE 1 2\nUSER u\n',
  );
});

test('continued lines of words are indented by four blanks', () => {
  expect(formatted('COPY a   \\  \n\tb \\\n  # of both\n\n /c\nCMD [ "a" ,\\\n"b" \\\n ]\n')).toBe(
    'COPY a \\\n    b \\\n    # of both\n    /c\nCMD ["a", \\\n    "b" \\\n]\n',
  );
});

test('the text of a command is kept, with the blanks of its continued lines', () => {
  const command = 'RUN a   &&   b  \\\n\t  c "d\\\n  e"  \\\n      # why  \n\n   f';
  expect(formatted(`run   ${command.slice(4)}   \n`)).toBe(`${command.replace('why  \n\n', 'why\n')}\n`);
  expect(formatted('CMD  a  b\nENTRYPOINT  c  d\nHEALTHCHECK  CMD  e  f\n')).toBe(
    'CMD a  b\nENTRYPOINT c  d\nHEALTHCHECK CMD e  f\n',
  );
});

test('a command of several lines keeps the indentation of its first one, which flags above it take', () => {
  const flag = '--mount=type=tmpfs,target=/t';
  expect(formatted(`RUN ${flag} \\\n      --network=none   \\\n  a \\\n      b\n`)).toBe(
    `RUN ${flag} \\\n  --network=none \\\n  a \\\n      b\n`,
  );
  expect(formatted(`RUN ${flag} \\\n --network=none a \\\n  b\n`)).toBe(`RUN ${flag} \\\n  --network=none a \\\n  b\n`);
  expect(formatted(`RUN ${flag} \\\n  a\n`)).toBe(`RUN ${flag} \\\n    a\n`);
});

test('pairs stand on one line, or each on its own', () => {
  expect(formatted('ENV A=1   B="2  3"\nENV A=1 B=2 \\\n  C=3\nLABEL \\\n  a=b c=d\nARG A   B=1\n')).toBe(
    'ENV A=1 B="2  3"\nENV A=1 \\\n    B=2 \\\n    C=3\nLABEL \\\n    a=b \\\n    c=d\nARG A B=1\n',
  );
});

test('a pair that would become a comment on a line of its own stays', () => {
  expect(formatted('ENV A=1 \\\n B=2 #C=3\n')).toBe('ENV A=1 \\\n    B=2 #C=3\n');
});

test('ENV and LABEL in the legacy form get an equals sign if the value stays the same', () => {
  expect(formatted('ENV A b\nENV A b  c\nENV A $B/c d\nLABEL a "b c"\nENV A b\\ c\n')).toBe(
    'ENV A=b\nENV A="b  c"\nENV A="$B/c d"\nLABEL a="b c"\nENV A=b\\ c\n',
  );
  for (const kept of [
    'ENV A "b" c',
    "ENV A 'b' c's",
    'ENV A ${B:-x} c',
    'ENV A b \\\n    c',
    'ENV "A" b',
    'ENV A b\\c d',
  ])
    expect(formatted(`${kept}\n`)).toBe(`${kept}\n`);
});

test('arrays have a blank after each comma', () => {
  expect(formatted('CMD [ "a","b c" ,"\\u0041"]\nSHELL   ["/bin/sh","-c"]\nVOLUME ["/a" , "/b"]\nCMD [ ]\n')).toBe(
    'CMD ["a", "b c", "\\u0041"]\nSHELL ["/bin/sh", "-c"]\nVOLUME ["/a", "/b"]\nCMD []\n',
  );
  expect(formatted("CMD [ 'a' ]\n")).toBe("CMD [ 'a' ]\n"); // no array
});

test('the trigger of ONBUILD is kept: the image has its text', () => {
  expect(formatted('onbuild   run  a  \\\n  b \n')).toBe('ONBUILD run  a  \\\n  b \n');
});

test('one empty line stands between stages, above the comments on a stage, and at most one elsewhere', () => {
  const text = '\n\nARG V\nFROM a\nRUN b\n# c\n# d\nFROM e\n\n\n\nRUN f\n\n# g\n\n\nFROM h\n\n\n';
  expect(formatDockerfile(text)).toBe('ARG V\nFROM a\nRUN b\n\n# c\n# d\nFROM e\n\nRUN f\n\n# g\n\nFROM h\n');
});

test('stages of one line may stand together', () => {
  const text = 'FROM a AS b\nFROM c AS d\n\nFROM e\nRUN f\n\nFROM g\n\n# h\nFROM i\n';
  expect(formatDockerfile(text)).toBe(text);
});

test('comments lose their indentation and the blanks at their end', () => {
  expect(formatted('  # a  b  \n\t#c\n  RUN x\n')).toBe('# a  b\n#c\nRUN x\n');
});

test('directives are kept, and nothing becomes one', () => {
  for (const start of ['# syntax = docker/dockerfile:1  \n# check=skip=all\n', '\n# syntax=x\n', '#!/x\n # syntax=x\n'])
    expect(formatDockerfile(`${start}from a\n`)).toBe(`${start}FROM a\n`);
  expect(formatted('  # check=skip=all\nRUN a\n')).toBe('  # check=skip=all\nRUN a\n');
});

test('with another escape character, lines are continued with that', () => {
  expect(formatDockerfile('# escape=`\nfrom a\ncopy a   `\n  C:\\\nrun a `\n  b\n')).toBe(
    '# escape=`\nFROM a\nCOPY a `\n    C:\\\nRUN a `\n  b\n',
  );
});

test('here-documents are kept to the byte', () => {
  const body = '  a  \t\n\n\n# b\r\n\tEOF2 \n';
  expect(formatted(`run  <<EOF  \n${body}EOF\ncopy   <<-A   <<B   /x\n\ta \n\tA\nb\nB`)).toBe(
    `RUN <<EOF\n${body}EOF\nCOPY <<-A <<B /x\n\ta \n\tA\nb\nB\n`,
  );
});

test('all line breaks become those of most lines, except in here-documents', () => {
  expect(formatDockerfile('FROM a\r\nRUN b \\\n c\r\nRUN <<E\nx\nE\nRUN d\r\nRUN e\r\nRUN f\r\n')).toBe(
    'FROM a\r\nRUN b \\\r\n c\r\nRUN <<E\r\nx\nE\r\nRUN d\r\nRUN e\r\nRUN f\r\n',
  );
  expect(formatDockerfile('FROM a\nRUN b\nRUN c\r\n')).toBe('FROM a\nRUN b\nRUN c\n');
});

test('a byte order mark and bytes that are not UTF-8 are kept', () => {
  expect(formatDockerfile('\ufefffrom a\nrun \udcff\n')).toBe('\ufeffFROM a\nRUN \udcff\n');
});

test('a continuation that nothing follows is removed', () => {
  expect(formatted('COPY a b \\\n\n\n')).toBe('COPY a b\n');
  expect(formatted('RUN a \\')).toBe('RUN a\n');
});

test('comments leave parts of the file as they are', () => {
  const kept = '# fmt: off\nenv  a   b\n\n\nrun  x\n# fmt: on\n';
  expect(formatted(`run  y\n${kept}run  z\n`)).toBe(`RUN y\n${kept}RUN z\n`);
  expect(formatted('# fmt: skip\n# why\nenv  a   b\nrun  z\n')).toBe('# fmt: skip\n# why\nenv  a   b\nRUN z\n');
  expect(formatted('#fmt:off\nrun  x\n\n\n')).toBe('#fmt:off\nrun  x\n\n\n');
});

test('what a comment keeps is separated as a stage if it begins one', () => {
  expect(formatted('RUN x\n# fmt: skip\nfrom  b\nFROM c\n')).toBe('RUN x\n\n# fmt: skip\nfrom  b\nFROM c\n');
});

test('a file with syntax errors gives an error with all of them', () => {
  const format = () => formatDockerfile('FROM a\nRUM b\nCOPY c\n', { filename: 'api.Dockerfile' });
  expect(format).toThrow(DiagnosticError);
  expect(format).toThrow(/unknown instruction: RUM/);
  try {
    format();
  } catch (error) {
    expect((error as DiagnosticError).diagnostics.map(({ code }) => code)).toEqual([
      'unknown-instruction',
      'bad-arguments',
    ]);
  }
});

test('a file of many like lines is formatted as one of a few', () => {
  const many = 100_000;
  const pairs = 10_000;
  expect(formatted('\n'.repeat(many))).toBe('');
  expect(formatted(`RUN x\n${'# fmt: skip\n'.repeat(many)}`)).toBe(`RUN x\n${'# fmt: skip\n'.repeat(many)}`);
  expect(formatted(`RUN x \\\n${'# a\n\n'.repeat(many)} y\n`)).toBe(`RUN x \\\n${'# a\n'.repeat(many)} y\n`);
  expect(formatted(`ENV A=1 \\\n${'B=1  \\\n'.repeat(pairs)}B=1\n`)).toBe(
    `ENV A=1 \\\n${'    B=1 \\\n'.repeat(pairs)}    B=1\n`,
  );
  expect(formatted(`RUN x\n${'#\n'.repeat(many)}FROM a\n`)).toBe(`RUN x\n\n${'#\n'.repeat(many)}FROM a\n`);
  const blanks = ' '.repeat(25_000);
  expect(formatted(`# a${blanks}b${blanks}\nCOPY a${blanks}b\n`)).toBe(`# a${blanks}b\nCOPY a b\n`);
});

test('an argument that is no text gives an error that names it', () => {
  expect(() => formatDockerfile(Buffer.from('FROM a') as never)).toThrow('formatDockerfile: text must be a string');
});
