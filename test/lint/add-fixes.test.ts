/** What each fix writes, and which findings have no fix. */
import { describe, expect, test } from 'vitest';
import { checkDockerfile } from '../../src/daemonless/check.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { applyFixes } from '../../src/lint/apply-fixes.ts';

const config = JSON.stringify({ os: 'linux', architecture: 'amd64', config: { Env: ['PATH=/bin'] } });
const images = [
  { resolve: async () => ({ digest: `sha256:${'1'.repeat(64)}`, config: new TextEncoder().encode(config) }) },
];

function optionsFor(text: string) {
  const files = memoryTree({ Dockerfile: text });
  const locals = new Map([['context', { ...memoryTree({}), partial: true }] as const, ['dockerfile', files] as const]);
  return { opts: {}, locals, images };
}

/** The text after the fixes of one code alone. */
async function fixed(code: string, before: string, unsafe: boolean): Promise<string> {
  let text = before;
  for (;;) {
    const { problems } = await checkDockerfile(optionsFor(text));
    const next = applyFixes(
      text,
      problems.filter((it) => it.code === code),
      { unsafe },
    );
    if (next.fixed.length === 0) return text;
    text = next.text;
  }
}

const body = (...lines: string[]) => `FROM alpine:3\n${lines.map((line) => `${line}\n`).join('')}`;

describe.each([
  [
    'StageNameCasing',
    'FROM alpine:3 AS One\nFROM ONE\nCOPY --from=One /a /b\nRUN --mount=type=bind,from=One,target=/x true\n',
    'FROM alpine:3 AS one\nFROM one\nCOPY --from=one /a /b\nRUN --mount=type=bind,from=one,target=/x true\n',
  ],
  ['FromAsCasing', 'FROM alpine:3 as a\n', 'FROM alpine:3 AS a\n'],
  ['ConsistentInstructionCasing', body('RUN true', 'run true'), body('RUN true', 'RUN true')],
  ['NoEmptyContinuation', body('RUN a \\', '', '', '  b \\', ' \t', '  c'), body('RUN a \\', '  b \\', '  c')],
  ['LegacyKeyValueFormat', body('ENV A b'), body('ENV A=b')],
  ['LegacyKeyValueFormat', body('ENV A  two words'), body('ENV A="two words"')],
  ['LegacyKeyValueFormat', body('ENV A "b c" d'), body('ENV A="b c"\\ d')],
  ['LegacyKeyValueFormat', body('LABEL a $B c'), body('LABEL a="$B c"')],
  ['LegacyKeyValueFormat', body('ENV A a \\', '  b'), body('ENV A="a \\', '  b"')],
  ['RedundantTargetPlatform', 'FROM --platform=$TARGETPLATFORM alpine:3\n', 'FROM alpine:3\n'],
  ['ExposeProtoCasing', body('EXPOSE 80/TCP 81/Udp'), body('EXPOSE 80/tcp 81/udp')],
  ['ExposeInvalidFormat', body('EXPOSE 127.0.0.1:80:81'), body('EXPOSE 81')],
  ['BrokenArray', body("CMD ['npm', 'start']"), body('CMD ["npm", "start"]')],
  ['BrokenArray', body('ENTRYPOINT ["a",]'), body('ENTRYPOINT ["a"]')],
  ['BrokenArray', body('WORKDIR ["/app"]'), body('WORKDIR /app')],
  ['HiddenCharacter', body('COPY a\u200b /'), body('COPY a /')],
  ['unknown-flag', body('COPY --chwon=1:1 a /'), body('COPY --chown=1:1 a /')],
  ['unknown-flag', body('COPY --form=alpine:3 a /'), body('COPY --from=alpine:3 a /')],
  ['unknown-instruction', body('COPPY a /'), body('COPY a /')],
  ['unknown-instruction', body('rnu true'), body('run true')],
  ['bad-mount', body('RUN --mount=type=cahe,target=/x true'), body('RUN --mount=type=cache,target=/x true')],
  ['UnusedIgnore', body('# tsfront-ignore StageNameCasing: why', 'RUN true'), body('RUN true')],
  [
    'UnusedIgnore',
    '# tsfront-ignore StageNameCasing, FromAsCasing: why\nFROM alpine:3 AS B\n',
    '# tsfront-ignore StageNameCasing: why\nFROM alpine:3 AS B\n',
  ],
  [
    'UnknownIgnore',
    '# tsfront-ignore stagenamecasing: why\nFROM alpine:3 AS B\n',
    '# tsfront-ignore StageNameCasing: why\nFROM alpine:3 AS B\n',
  ],
])('%s has a safe fix: %j', (code, before, after) => {
  test('it writes what is meant', async () => {
    expect(await fixed(code, before, false)).toBe(after);
  });

  test('what it writes has no such problem', async () => {
    const { problems } = await checkDockerfile(optionsFor(after));
    expect(problems.filter((it) => it.code === code)).toEqual([]);
  });
});

describe.each([
  [
    'MaintainerDeprecated',
    body('MAINTAINER "A $b" <a@b.c>'),
    body('LABEL org.opencontainers.image.authors="\\"A \\$b\\" <a@b.c>"'),
  ],
  ['MaintainerDeprecated', body('MAINTAINER "A <a@b.c>"'), body('LABEL org.opencontainers.image.authors="A <a@b.c>"')],
  ['JSONArgsRecommended', body('CMD exec npm start'), body('CMD ["npm", "start"]')],
  ['WorkdirRelativePath', body('WORKDIR ./app'), body('WORKDIR /app')],
  ['TypographicCharacter', body('LABEL a=“b”'), body('LABEL a="b"')],
  ['DividedHeredoc', body('COPY << EOF /a', 'RUN x', 'EOF'), body('COPY <<EOF /a', 'RUN x', 'EOF')],
  ['UndefinedVar', `ARG V=1\n${body('# why', 'ENV A=$V')}`, `ARG V=1\n${body('ARG V', '# why', 'ENV A=$V')}`],
  [
    'UndefinedVar',
    body('ARG VERSION=1', 'ENV A=${VERSON:-1} B=$VERSON'),
    body('ARG VERSION=1', 'ENV A=${VERSION:-1} B=$VERSION'),
  ],
  ['UndefinedArgInFrom', 'ARG TAG=3\nFROM alpine:$TAGS\n', 'ARG TAG=3\nFROM alpine:$TAG\n'],
  ['unknown-instruction', body('EXECUTE true', 'ENTRYPIONTS x'), undefined],
])('%s has an unsafe fix: %j', (code, before, after) => {
  test('it is applied only if asked for', async () => {
    expect(await fixed(code, before, false)).toBe(before);
    if (after !== undefined) expect(await fixed(code, before, true)).toBe(after);
  });
});

describe('there is no fix', () => {
  test.each([
    ['JSONArgsRecommended', body('CMD npm start && x')],
    ['JSONArgsRecommended', body('CMD cd /x')],
    ['JSONArgsRecommended', body('CMD npm start $X')],
    ['WorkdirRelativePath', body('WORKDIR ../x')],
    ['StageNameCasing', 'FROM alpine:3 AS Scratch\nFROM scratch\nCOPY a /\n'],
    ['BrokenArray', body('CMD ["a"] b')],
  ])('%s has no fix for %j', async (code, text) => {
    const { problems } = await checkDockerfile(optionsFor(text));
    const found = problems.filter((it) => it.code === code);
    expect(found).not.toEqual([]);
    expect(found.filter(({ fix }) => fix)).toEqual([]);
  });
});

describe('a line that lacks the escape of the line above is no misspelled instruction', () => {
  test.each([
    [body('RUN set -ex \\', '    && cd /a', '    cd /src', 'CMD ["run"]'), 3],
    [body('RUN set -ex &&', ' cd /src &&', ' make'), 2],
    [body('RUN set -ex', 'users'), 2],
    [body('run foo &&', 'bar baz'), 2],
    [body('RUN set -e', 'cp a b'), 2],
    [body('RUN python3 -c "import sys', 'form os import x', '"'), 2],
    [body('RUN python3', 'lables = 3'), 2],
    [body('run python3', 'lables = 3'), 2],
    [body('RUN make', '  coppy a b'), 2],
  ])('a hint names the line above the commands of %j', async (text, line) => {
    const { problems } = await checkDockerfile(optionsFor(text));
    const first = problems.find(({ code }) => code === 'unknown-instruction')!;
    expect(first.hint).toMatch(new RegExp(`^Line ${line} may lack a \\\\ at its end: `));
    expect(problems.filter((it) => it.code === 'unknown-instruction' && it.fix)).toEqual([]);
  });

  test('a command of a shell elsewhere has no fix either', async () => {
    const { problems } = await checkDockerfile(optionsFor(body('WORKDIR /a', 'cp a b')));
    expect(problems.filter(({ fix }) => fix)).toEqual([]);
    expect(problems[0]!.hint).toBe('cp looks like a command of a shell: only a RUN runs one, as in RUN cp.');
  });

  test('its casing does not count', async () => {
    const text = body('RUN set -e;', 'cp a b', 'cd x', 'env FOO=1 y', 'users', 'copy a b');
    const { problems } = await checkDockerfile(optionsFor(text));
    expect(problems.filter(({ code }) => code === 'ConsistentInstructionCasing')).toEqual([]);
  });
});

describe('a cause is explained with its place', () => {
  test.each([
    [
      'UndefinedVar',
      'ARG V=1\nFROM alpine:3\nENV A=$V\n',
      '$V is empty here: the ARG at line 1 is before FROM, where it counts for FROM alone. Repeat ARG V in this stage.',
      'V is declared here, for FROM alone',
    ],
    [
      'UndefinedVar',
      body('ENV A=$V', 'ARG V=1'),
      '$V is empty here: it is set in line 3. Move that instruction up.',
      'V is set here',
    ],
    [
      'UndefinedVar',
      body('ENV A=$V'),
      '$V is empty here: declare it with ARG or ENV above, or write \\$V for the text itself.',
      undefined,
    ],
    [
      'UndefinedVar',
      '# escape=`\nFROM alpine:3\nENV A=$V\n',
      '$V is empty here: declare it with ARG or ENV above, or write `$V for the text itself.',
      undefined,
    ],
    [
      'UndefinedArgInFrom',
      'FROM alpine:3\nARG V=1\nFROM alpine:$V\n',
      'FROM only sees the ARGs before the first FROM, and that of line 2 is in a stage. Move it above the first FROM.',
      'V is declared here, for this stage alone',
    ],
  ])('%s has a hint with the cause in %j', async (code, text, hint, related) => {
    const { problems } = await checkDockerfile(optionsFor(text));
    const [found] = problems.filter((it) => it.code === code);
    expect(found?.hint).toBe(hint);
    expect(found?.related?.map(({ message }) => message)).toEqual(related === undefined ? undefined : [related]);
  });

  test.each([
    [body('ENV A=1 \\', "  B='$V' C=\\$V D=$V \\", '  E=x${V}y'), ['$V', '${V}'], [3, 4]],
    [
      body('RUN echo "it\'s $V"')
        .replace('FROM', 'ARG V\nFROM')
        .replace(/FROM \S+/, 'FROM scratch'),
      ['$V'],
      [3],
    ],
    [body('FROM --platform=${V:-} alpine:3'), ['${V'], [2]],
  ])('a variable without a value is reported where it is used: %j', async (text, words, lines) => {
    const { problems } = await checkDockerfile(optionsFor(text));
    const found = problems.filter(({ code }) => /^Undefined/.test(code)).map(({ range }) => range!);
    expect(found.map(({ start, end }) => text.slice(start, end))).toEqual(words);
    expect(found.map(({ start }) => text.slice(0, start).split('\n').length)).toEqual(lines);
  });

  test('an empty command is told how to be none', async () => {
    const { problems } = await checkDockerfile(optionsFor(body('CMD')));
    expect(problems.find(({ code }) => code === 'JSONArgsRecommended')?.hint).toMatch(/^Write CMD \[\] /);
  });
});
