/** A problem is at the part of the instruction that it is about. */
import { expect, test } from 'vitest';
import { checkDockerfile } from '../../src/daemonless/check.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { lineColumn } from '../../src/diagnostic/source-file.ts';
import { decodeText } from '../../src/go/text.ts';

const localsOf = (bytes: Buffer) =>
  new Map([
    ['context', { ...memoryTree({}), partial: true }],
    ['dockerfile', memoryTree({ Dockerfile: bytes })],
  ] as const);

/** The errors of a file, each as its code, its place and its text. */
async function errorsOf(bytes: Buffer) {
  const text = decodeText(bytes);
  const { source, problems } = await checkDockerfile({ opts: {}, locals: localsOf(bytes), images: [] });
  return problems.flatMap(({ code, severity, range }) => {
    if (severity !== 'error') return [];
    if (!range) return [[code]];
    const { line, column } = lineColumn(source, range.start);
    return [[code, `${line}:${column}`, text.slice(range.start, range.end)]];
  });
}

test.each([
  ['RUN --mount=type=bind,target=/ x', 'bad-mount', '2:13', 'type=bind,target=/'],
  ['RUN --network=none --mount=type=cache,target=/x,uid=me x', 'bad-mount', '2:49', 'uid=me'],
  ['RUN --mount=type=tmpfs,target=/x --mount=type=cahce,target=/x x', 'bad-mount', '2:42', 'type=cahce'],
  ['RUN --mount=type=cache,target=/x \\\n  --mount=target=/y,sharing=lockd x', 'bad-mount', '3:21', 'sharing=lockd'],
  ['RUN --mount=type=cache,"target=/x",mode=rw x', 'bad-mount', '2:36', 'mode=rw'],
  ['RUN --mount=type=secret x', 'bad-mount', '2:13', 'type=secret'],
  ['COPY --link --chmod=rwz a /', 'bad-mode', '2:13', '--chmod=rwz'],
  ['COPY --chown=${X?no} a /', 'bad-substitution', '2:6', '--chown=${X?no}'],
  ['COPY a ${X?no} /', 'bad-substitution', '2:8', '${X?no}'],
  ['ADD --checksum=sha256:1 a /', 'bad-checksum', '2:5', '--checksum=sha256:1'],
  ['ADD --checksum=foo http://a/b /', 'bad-checksum', '2:5', '--checksum=foo'],
  ['ADD --checksum=sha256:abc http://a/b /', 'bad-checksum', '2:5', '--checksum=sha256:abc'],
  ['COPY --from=${x /x /', 'bad-substitution', '2:6', '--from=${x'],
  ['FROM scratch AS odd-', 'bad-stage-name', '2:17', 'odd-'],
  ['EXPOSE 80 \\\n  81/tpc', 'bad-port', '3:3', '81/tpc'],
  ['EXPOSE 9 3000-30001000 1', 'bad-port', '2:10', '3000-30001000'],
  ['STOPSIGNAL  foo', 'bad-signal', '2:13', 'foo'],
  ['ADD https://a/b.git?ref=v1#v2 /', 'bad-instruction', '2:21', 'ref=v1'],
  ['ADD https://a/b.git?ref=v1&tag=v2 /', 'bad-instruction', '2:28', 'tag=v2'],
  ['ADD x https://a/b.git?branch=v1#v2 /y/', 'bad-instruction', '2:23', 'branch=v1'],
  ['ADD https://a/b.git?subdir=a#v2:b /', 'bad-instruction', '2:21', 'subdir=a'],
  ['ADD https://a/b.git?ref=v1&ref=v1 /', 'bad-instruction', '2:28', 'ref=v1'],
  ['ADD https://a/b.git?submodules=false&ref /', 'bad-instruction', '2:38', 'ref'],
  ['ADD https://a/b.git?mtime=x /', 'bad-instruction', '2:21', 'mtime=x'],
  ['ADD https://a/b.git?submodules=x /', 'bad-instruction', '2:21', 'submodules=x'],
  ['ADD ["https://a/b.git?foo=x", "/"]', 'bad-instruction', '2:23', 'foo=x'],
  ['ADD --keep-git-dir https://a/b.git?keep-git-dir=0 /', 'bad-source', '2:36', 'keep-git-dir=0'],
  ['ADD --checksum=abc https://a/b.git?commit=def /', 'bad-checksum', '2:36', 'commit=def'],
  ['COPY a https://a/b.git /b/', 'bad-source', '2:8', 'https://a/b.git'],
  ['COPY a https://a/b /b/', 'bad-source', '2:8', 'https://a/b'],
  ['VOLUME a ${b', 'bad-substitution', '2:10', '${b'],
  ['LABEL a=b c=${d', 'bad-substitution', '2:11', 'c=${d'],
])('%s: the error is at its option', async (line, ...expected) => {
  expect(await errorsOf(Buffer.from(`FROM scratch\n${line}\n`))).toEqual([expected]);
});

test.each<[text: string, hints: readonly string[]]>([
  [
    'FROM scratch AS odd-',
    ['End the name with a letter or a digit, and write no two of the other characters in a row.'],
  ],
  [
    'FROM scratch\nCOPY --from=${x /x /',
    ['Write the name of a stage or an image: variables are not expanded in --from.'],
  ],
  ['FROM scratch\nHEALTHCHECK NONE a', ['Remove what follows NONE, or write CMD for it.']],
  ['FROM scratch\nHEALTHCHECK CMD', ['Write the command after CMD.']],
  [
    'FROM scratch\nADD https://a/b.git?ref=a#b /',
    ['Name one branch, tag or commit: after #, or in the query with ref, tag or branch.'],
  ],
  [
    'FROM scratch\nADD https://a/b.git?submodules=x /',
    ['Write submodules=true or submodules=false, or submodules alone.'],
  ],
  ['FROMscratch AS a', ['If FROM is meant, put a space after it.']],
  ['fromscratch AS a', ['If from is meant, put a space after it.']],
  [
    'FROM scratch\nENV A=1 \\\nCOPY a b\nRUN x',
    ['The \\ at 2:9 continues the line: remove it, if COPY at 3:1 begins an instruction.'],
  ],
  [
    'FROM scratch\nEXPOSE 80 \\\n  # x\nWORKDIR /a',
    [
      'The \\ at 2:11 continues the line: remove it, if WORKDIR at 4:1 begins an instruction.',
      'The \\ at 2:11 continues the line: remove it, if WORKDIR at 4:1 begins an instruction.',
    ],
  ],
  ['FROM scratch\nLABEL a="x \\\nADD y" b', ['Quote a value that contains blanks.']],
  ['FROM a:${Z?no}', ['Give Z a value with an ARG above, before the first FROM: the word fails without one.']],
  [
    'ARG A=${Z?no}\nFROM scratch',
    ['Give Z a value with an ARG above, before the first FROM: the word fails without one.'],
  ],
  [
    'FROM scratch\nRUN cd x\nenv FOO=1 y',
    ['Line 2 may lack a \\ at its end: env looks like a part of the command above.'],
  ],
  [
    "FROM scratch\nCOPY ['a', 'b c', '/d']",
    [
      'This is not a JSON array, so its words are read as plain text: its strings need double quotes. Write COPY ["a", "b c", "/d"].',
    ],
  ],
  ['xyzzy x\nFROM scratch', ['Correct the word: a line begins with the name of an instruction.']],
  ['FROM scratch\nxyzzy x', ['If it belongs to the line above, that line must end with the escape character.']],
])('%s: the hint says what to write', async (text, hints) => {
  const { problems } = await checkDockerfile({ opts: {}, locals: localsOf(Buffer.from(text)), images: [] });
  expect(problems.filter(({ severity }) => severity === 'error').map(({ hint }) => hint)).toEqual(hints);
});

test('the hint for a command that needs a shell names it', async () => {
  const hintOf = async (line: string) => {
    const { problems } = await checkDockerfile({
      opts: {},
      locals: localsOf(Buffer.from(`FROM scratch\n${line}`)),
      images: [],
    });
    return problems[0]?.hint;
  };
  expect(await hintOf('CMD a && b "c"')).toBe(
    'This command needs a shell: write CMD ["sh", "-c", "a && b \\"c\\""], or name the shell with SHELL in this stage.',
  );
});

test('guesses of the reference that are wrong are not in the error of the build', async () => {
  const locals = localsOf(Buffer.from('FROM scratch\nCdm x\nform scratch'));
  const { json } = await checkDockerfile({ opts: {}, locals, images: [] });
  expect(json.buildError!.message).toBe(
    'dockerfile parse error on line 2: unknown instruction: Cdm\n1 more problem:\n  line 3: unknown instruction: form (did you mean from?)',
  );
});

test('a name that can be none has no finding about its tag', async () => {
  const { problems } = await checkDockerfile({ opts: {}, locals: localsOf(Buffer.from('FROM A/B\n')), images: [] });
  expect(problems.map(({ code }) => code)).toEqual(['InvalidDefaultArgInFrom', 'bad-image-name']);
});

test('a byte that is not UTF-8 has its place in an instruction, not in a comment', async () => {
  const text = 'FROM scratch\n# caf\xe9\nLABEL a=b\nRUN echo \\\n  caf\xe9\n';
  expect(await errorsOf(Buffer.from(text, 'latin1'))).toEqual([['build', '5:6', '\udce9']]);
});
