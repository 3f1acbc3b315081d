/** Comments that hide findings, with a reason. */
import { expect, test } from 'vitest';
import { checkDockerfile } from '../../src/daemonless/check.ts';
import { memoryTree } from '../../src/daemonless/file-tree.ts';
import { formatDiagnostic } from '../../src/diagnostic/code-frame.ts';

/** The codes and places of what a check finds. */
async function found(lines: readonly string[], lint?: Parameters<typeof checkDockerfile>[0]['lint']) {
  const files = memoryTree({ Dockerfile: `${lines.join('\n')}\n` });
  const locals = new Map([['context', files] as const, ['dockerfile', files] as const]);
  const { problems, source } = await checkDockerfile({ opts: {}, locals, images: [], lint });
  return problems.map((it) => /^Dockerfile:(\d+:\d+: \w+\[[\w-]+\]: .*)/.exec(formatDiagnostic(source, it))![1]);
}

test('a comment hides the findings of a rule for the instruction below it', async () => {
  expect(
    await found(['# tsfront-ignore StageNameCasing: a name of ours', 'FROM scratch AS A', 'FROM scratch AS B']),
  ).toEqual(["3:17: warning[StageNameCasing]: Stage name 'B' should be lowercase"]);
});

test('it may name several rules, and stand above other comments and empty lines', async () => {
  expect(
    await found(['#tsfront-ignore FromAsCasing, StageNameCasing: history', '', '# the base', 'FROM scratch as A']),
  ).toEqual([]);
});

test('it hides findings of BuildKit, advice and own rules alike', async () => {
  expect(
    await found([
      'FROM scratch',
      '# tsfront-ignore MaintainerDeprecated: history',
      'MAINTAINER me',
      '# tsfront-ignore BrokenArray: a program of that name',
      "CMD ['a']",
      '# tsfront-ignore JSONArgsRecommended: a shell is wanted',
      'ENTRYPOINT a',
    ]),
  ).toEqual([
    '5:1: warning[JSONArgsRecommended]: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
  ]);
});

test('a comment for the file hides all findings of a rule', async () => {
  const comment = '# tsfront-ignore-file StageNameCasing: names of ours';
  expect(await found([comment, 'FROM scratch AS A', 'FROM scratch AS B'])).toEqual([]);
  expect(await found(['FROM scratch AS a', comment, 'FROM scratch AS B'])).toEqual([
    '2:1: warning[UnusedIgnore]: tsfront-ignore-file has no effect here',
    "3:17: warning[StageNameCasing]: Stage name 'B' should be lowercase",
  ]);
});

test('a reason that is missing is a finding', async () => {
  const missing = '1:1: warning[IgnoreWithoutReason]: this comment gives no reason';
  for (const comment of ['# tsfront-ignore StageNameCasing', '# tsfront-ignore StageNameCasing:  '])
    expect(await found([comment, 'FROM scratch AS A'])).toEqual([missing]);
  expect(await found(['# tsfront-ignore StageNameCasing as we like it', 'FROM scratch AS A'])).toEqual([missing]);
});

test('a name that no rule has is a finding, and so is a comment without a name', async () => {
  expect(await found(['# tsfront-ignore StageNameCase: why', 'FROM scratch AS A'])).toEqual([
    '1:18: warning[UnknownIgnore]: no rule has the name StageNameCase',
    "2:17: warning[StageNameCasing]: Stage name 'A' should be lowercase",
  ]);
  expect(await found(['# tsfront-ignore unknown-flag: why', 'FROM scratch'])).toEqual([
    '1:18: warning[UnknownIgnore]: no rule has the name unknown-flag',
  ]);
  expect(await found(['# tsfront-ignore: why', 'FROM scratch'])).toEqual([
    '1:1: warning[UnknownIgnore]: this comment names no rule',
  ]);
});

test('a name that hides nothing is a finding, unless another build may find it', async () => {
  expect(await found(['# tsfront-ignore StageNameCasing, UndefinedVar: why', 'FROM scratch'])).toEqual([
    '1:18: warning[UnusedIgnore]: StageNameCasing finds nothing in the instruction below, so the comment hides nothing',
  ]);
  expect(await found(['FROM scratch', '# tsfront-ignore StageNameCasing: why'])).toEqual([
    '2:1: warning[UnusedIgnore]: no instruction follows, so the comment hides nothing',
  ]);
});

test('in a file with an error no comment is said to hide nothing', async () => {
  expect(await found(['# tsfront-ignore StageNameCasing: why', 'FROM scratch', 'FOO'])).toEqual([
    expect.stringContaining('error[unknown-instruction]'),
  ]);
});

test('the text of a here-document is no comment, a comment inside an instruction is', async () => {
  expect(await found(['FROM scratch', 'COPY <<E /', '# tsfront-ignore Foo', 'E'])).toEqual([]);
  expect(await found(['FROM scratch', 'LABEL \\', '# tsfront-ignore LegacyKeyValueFormat: short', 'a b'])).toEqual([]);
});

test('findings about comments can be turned off', async () => {
  const comment = '# tsfront-ignore StageNameCasing: why';
  expect(await found([comment, 'FROM scratch'], { rules: new Map([['UnusedIgnore', 'off']]) })).toEqual([]);
  expect(await found(['# tsfront-ignore-file UnusedIgnore: kept', comment, 'FROM scratch'])).toEqual([]);
});

test('errors cannot be hidden', async () => {
  expect(await found(['# tsfront-ignore-file unknown-instruction: why', 'FROM scratch', 'FOO'])).toHaveLength(2);
});
