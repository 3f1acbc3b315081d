/** A check tells all problems of a Dockerfile in one run, and nothing that only follows from one of them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ownFrontend } from '../../src/daemonless/compile.ts';
import { createDaemonlessBridge } from '../../src/daemonless/daemonless-bridge.ts';
import { withUnknownImages } from '../../src/daemonless/unknown-images.ts';
import { lineColumn } from '../../src/diagnostic/source-file.ts';
import { checkDockerfile, memoryTree } from '../../src/index.ts';
import { lintRules } from '../../src/lint/rules.ts';
import { parseDockerfile } from '../../src/parser/index.ts';
import { goldenNames, readCase } from '../golden/cases.ts';

/** A build whose images are not known, and whose context has one file. */
function optionsOf(text: string, opts: Readonly<Record<string, string>> = {}) {
  const files = memoryTree({ Dockerfile: text, 'app.js': '' });
  const locals = new Map([
    ['context', files],
    ['dockerfile', files],
  ]);
  return withUnknownImages({ opts, locals, images: [] });
}

/** The problems as `LINE CODE`. */
async function check(text: string, opts?: Readonly<Record<string, string>>): Promise<string[]> {
  const { problems, source } = await checkDockerfile(optionsOf(text, opts));
  return problems.map(({ range, code }) => `${range ? lineColumn(source, range.start).line : '-'} ${code}`);
}

/** Problems of BuildKit's rules, of tsfront's own, of lowering and of the context, before and after a wrong line. */
const linesBefore = ['FROM node:latest AS build', 'WORKDIR app', 'ENV A 1', 'RUN apt-get install foo', 'CMD npm start'];
const foundBefore = [
  '1 LatestBase',
  '2 WorkdirRelativePath',
  '3 LegacyKeyValueFormat',
  '4 UnansweredInstall',
  '5 JSONArgsRecommended',
];
const linesBehind = [
  'RUN sudo ls',
  'EXPOSE 80:80',
  'FROM debian:latest',
  'WORKDIR b',
  'COPY --from=build /a /b',
  'COPY nothing.js /b/',
  'ADD app.js /b/',
  'FROM scratch',
  'USER $UNSET',
  'COPY --from=1 / /',
  'STOPSIGNAL WRONG',
];
const foundBehind: readonly (readonly [line: number, code: string])[] = [
  [1, 'SudoInRun'],
  [2, 'ExposeInvalidFormat'],
  [3, 'LatestBase'],
  [4, 'WorkdirRelativePath'],
  [6, 'missing-source'],
  [7, 'AddOfLocalFile'],
  [9, 'UndefinedVar'],
  [11, 'bad-signal'],
];

test.each<[what: string, lines: readonly string[], errors: readonly string[]]>([
  ['an unknown instruction', ['FOO x'], ['6 unknown-instruction']],
  ['a misspelled instruction', ['RNU ls'], ['6 unknown-instruction']],
  ['a misspelled instruction with a here-document', ['RNU <<E', 'ls', 'E'], ['6 unknown-instruction']],
  ['an instruction without arguments', ['COPY'], ['6 bad-arguments']],
  [
    'a FROM with a misspelled flag',
    ['FROM --platfrom=linux/amd64 alpine:3 AS x'],
    ['6 FromPlatformFlagConstDisallowed', '6 unknown-flag'],
  ],
  ['a FROM with a wrong flag', ['FROM --where=linux/amd64 alpine:3 AS x'], ['6 unknown-flag']],
  ['a FROM with too many words', ['FROM alpine:3 x y z'], ['6 bad-arguments']],
  ['a FROM without a name after AS', ['FROM alpine:3 AS'], ['6 bad-arguments']],
  ['a FROM alone', ['FROM'], ['6 bad-arguments']],
  ['a FROM with a wrong platform', ['FROM --platform=a/b/c/d/e alpine:3'], ['6 bad-platform']],
  ['a FROM with a wrong name', ['FROM alpine:3 AS 1x'], ['6 bad-stage-name']],
  ['an ARG without a name', ['ARG =1'], ['6 blank-name']],
  ['an ARG with a wrong value', ['ARG X=${Y:?no}'], ['6 bad-substitution']],
  ['an ENV without a value', ['ENV X'], ['6 missing-value']],
  ['an ENV without an equals sign', ['ENV X=1 Y'], ['6 missing-equals']],
  ['a here-document without an end', ['RUN <<E', 'ls'], ['6 unterminated-heredoc']],
  ['a here-document with a wrong end', ['COPY <<E /x', 'RUN text', ' E'], ['6 unterminated-heredoc']],
  ['an error of lowering', ['EXPOSE x'], ['6 bad-port']],
  ['a wrong source', ['COPY http://a/b /'], ['6 bad-source']],
  ['a wrong flag', ['RUN --mnt=type=cache,target=/x ls'], ['6 unknown-flag']],
  ['a wrong mount', ['RUN --mount=type=chache,target=/x ls'], ['6 bad-mount']],
  ['a wrong duration', ['HEALTHCHECK --interval=x CMD ls'], ['6 bad-duration']],
  ['a number in an array', ['ENTRYPOINT ["a", 1]'], ['6 bad-array-element']],
  ['a SHELL that is no array', ['SHELL /bin/bash -c'], ['6 bad-arguments']],
  ['a SHELL in single quotes', ["SHELL ['/bin/bash', '-c']"], ['6 bad-arguments']],
  ['a line that was to continue the one above', ['RUN ls &&', '  ls /'], ['7 unknown-instruction']],
])('%s hides no problem before and after it, and makes no other', async (_, lines, errors) => {
  const found = await check([...linesBefore, ...lines, ...linesBehind].join('\n'));
  const shift = linesBefore.length + lines.length;
  expect(found).toEqual([...foundBefore, ...errors, ...foundBehind.map(([line, code]) => `${line + shift} ${code}`)]);
});

test('errors of all phases are told together', async () => {
  const text = [
    '# check=wrong',
    'ARG A=${B:?no}',
    'FROM --platform=a/b/c/d/e alpine:3',
    'FROM a//b:1',
    'COPY --from=7 / /',
    'EXPOSE x',
    'FROM scratch AS c',
    'COPY --from=d /x /',
    'FROM scratch AS d',
    'COPY --from=c /x /',
    'STOPSIGNAL X',
    'ENVI X=1',
    'CMD ls',
  ];
  expect(await check(text.join('\n'), { target: 'none' })).toEqual([
    '- unknown-target',
    '1 bad-check-options',
    '2 UnusedArg',
    '2 bad-substitution',
    '3 bad-platform',
    '4 InvalidDefaultArgInFrom',
    '4 bad-image-name',
    '5 unknown-stage-index',
    '6 bad-port',
    '8 circular-dependency',
    '11 bad-signal',
    '12 unknown-instruction',
    '13 JSONArgsRecommended',
  ]);
});

test.each<[what: string, lines: readonly string[], found: readonly string[]]>([
  [
    'variables of an ARG before FROM',
    ['ARG V=${X:?no}', 'FROM alpine:$V', 'ARG V', 'EXPOSE $V'],
    ['1 bad-substitution'],
  ],
  ['variables of an ARG without a name', ['FROM scratch', 'ARG = 1', 'USER $V', 'WORKDIR $V'], ['2 blank-name']],
  ['variables of an ENV', ['FROM scratch', 'ENV V', 'EXPOSE $V', 'USER ${V:?no}'], ['2 missing-value']],
  ['variables that take their value', ['FROM scratch', 'ENV V', 'ENV W=$V', 'WORKDIR $W'], ['2 missing-value']],
  ['variables of an unknown instruction', ['FROM scratch', 'EXPORT V=1', 'USER $V'], ['2 unknown-instruction']],
  ['variables of a base', ['FROM scratch AS a', 'ENV V', 'FROM a', 'WORKDIR $V'], ['2 missing-value']],
  ['variables of an unknown base', ['FROM --x=y alpine:3', 'USER $V', 'EXPOSE $V', 'WORKDIR x'], ['1 unknown-flag']],
  [
    'variables of a wrong trigger',
    ['FROM scratch AS a', 'ONBUILD FOO', 'FROM a', 'USER $V'],
    ['3 unknown-instruction'],
  ],
  ['a stage whose name is missing', ['FROM alpine:3 AS', 'FROM scratch', 'COPY --from=a / /'], ['1 bad-arguments']],
  ['a stage whose AS is missing', ['FROM alpine:3 a', 'FROM scratch', 'COPY --from=a / /'], ['1 bad-arguments']],
  [
    'a stage whose FROM is misspelled',
    ['FORM alpine:3 AS a', 'FROM a', 'COPY --from=a / /'],
    ['1 unknown-instruction'],
  ],
  ['the stages of a wrong flag', ['FROM alpine:3 AS a', 'FROM scratch', 'COPY --form=a / /'], ['3 unknown-flag']],
  ['the arguments of a wrong flag', ['ARG V', 'FROM --where=$V alpine:3'], ['2 unknown-flag']],
  ['the directory of a WORKDIR', ['FROM alpine:3', 'WORKDIR', 'WORKDIR a', 'COPY app.js .'], ['2 bad-arguments']],
  ['the shell of a SHELL', ['FROM alpine:3', 'SHELL [/bin/bash, -o, pipefail]', 'CMD a'], ['2 bad-arguments']],
  ['the user of a USER', ['FROM alpine:3', 'USER root', 'USR app'], ['3 unknown-instruction']],
  [
    'a command that goes on in the next line',
    ['FROM alpine:3', 'RUN apk add a &&', '  rm -rf /var/cache/apk/*'],
    ['3 unknown-instruction'],
  ],
  [
    'stages that read from each other',
    ['FROM scratch AS a', 'COPY --from=b / /', 'FROM scratch AS b', 'COPY --from=a / /'],
    ['2 circular-dependency'],
  ],
  ['images that cannot be had', ['ARG =', 'FROM ${A:?no}'], ['1 blank-name']],
  ['a file without instructions', ['# nothing'], ['1 no-instructions']],
  ['a file that is none', ['{"a":', '1}'], ['1 unknown-instruction', '2 unknown-instruction']],
])('nothing is said of %s after an error', async (_, lines, found) => {
  expect(await check(lines.join('\n'))).toEqual(found);
});

test.each<[what: string, lines: readonly string[], found: readonly string[]]>([
  ['a misspelled CMD is in shell form', ['FROM scratch', 'Cdm a'], ['2 unknown-instruction']],
  ['a misspelled keyword has another casing', ['from scratch', 'label a=b', 'FORM b:1'], ['3 unknown-instruction']],
  ['a variable that has to be set is not', ['FROM scratch', 'USER ${d:?x}'], ['2 bad-substitution']],
  ['an argument that has to be set is not', ['FROM a:${d:?x}'], ['1 bad-substitution']],
  [
    'the value of a flag is an argument too many',
    ['FROM --platform linux/amd64 scratch', 'COPY --from alpine:3 gone /', 'HEALTHCHECK --interval 30s CMD a'],
    ['1 FromPlatformFlagConstDisallowed', '1 missing-flag-value', '2 missing-flag-value', '3 missing-flag-value'],
  ],
  ['the words of an array that is none are missing', ['FROM scratch', "COPY ['a', 'b']"], ['2 BrokenArray']],
  ['the words of such an array have quotes', ['FROM scratch', "COPY ['a', 'b c', '/d']"], ['2 bad-substitution']],
  ['an ENV goes on in the next line', ['FROM scratch', 'ENV A=1 \\', 'COPY a b c'], ['3 missing-equals']],
  ['a line of a RUN is no ENV', ['FROM scratch', 'RUN cd x', 'env A=1 y'], ['3 missing-equals']],
])('it is not told that %s', async (_, lines, found) => {
  expect(await check(lines.join('\n'))).toEqual(found);
});

test('what no error casts doubt on is judged', async () => {
  const lines = ['FROM scratch', 'ENV V', 'ENV V=x', 'EXPOSE $V', 'USER $W'];
  expect(await check(lines.join('\n'))).toEqual(['2 missing-value', '4 bad-port', '5 UndefinedVar']);
});

test.each<[instruction: string, found: readonly string[]]>([
  ['COPY --chwon=1 nosuch /x', ['unknown-flag', 'missing-source']],
  ['COPY --chmod=99999 --chown=${ nosuch /x', ['bad-mode', 'bad-substitution', 'missing-source']],
  ['COPY --stage=a nosuch /x', ['unknown-flag']],
  ['COPY --chown 1 nosuch /x', ['missing-flag-value', 'missing-source']],
  ['COPY --chown 1 nosuch', ['missing-flag-value']],
  ['COPY --from=7 --chmod=99999 / /x', ['unknown-stage-index', 'bad-mode']],
  ['COPY ${a nosuch ${b /x/', ['bad-substitution', 'missing-source', 'bad-substitution']],
  ['ADD https://a/b.git?ref=a#b nosuch /x/', ['bad-instruction', 'missing-source']],
  ['RUN --network none sudo ls', ['missing-flag-value', 'SudoInRun']],
  ['RUN --netwrok=none sudo ls', ['unknown-flag', 'SudoInRun']],
  [
    'RUN --network=a --mount=type=tpmfs,size=1,foo=2 --mount=target=/ --mount=type=cache,target=/x,mode=9 ls',
    ['bad-network', 'bad-mount', 'bad-mount', 'bad-mount', 'bad-mount'],
  ],
  ['ENV a=${b c=${d', ['bad-substitution', 'bad-substitution']],
  ['ARG a=${b c=${d', ['bad-substitution', 'bad-substitution']],
  ['LABEL a=${b c=${d', ['bad-substitution', 'bad-substitution']],
  ['VOLUME ${b ${d', ['bad-substitution', 'bad-substitution']],
  ['EXPOSE 99999 a/b', ['bad-port', 'bad-port']],
])('%s: all that is wrong with it is told, each at its place', async (instruction, found) => {
  const { problems } = await checkDockerfile(optionsOf(`FROM scratch\n${instruction}`));
  expect(problems.map(({ code }) => code)).toEqual(found);
  expect(new Set(problems.map(({ range }) => range!.start)).size).toBe(found.length);
});

test('what is wrong whatever its base sets is told in a stage whose base is not known', async () => {
  const wrong = ['USER ${a', 'EXPOSE 99999 $P', 'COPY --chmod=99999 $D/gone app.js /', 'ENV a=${b c=$d'];
  const right = [
    'USER ${a:?no}',
    'ARG D',
    'COPY $D/x /',
    'RUN --mount=source=$D/x,target=/x ls',
    'ADD --checksum=sha256:0 $U /',
  ];
  expect(await check(['FROM a//b', ...wrong, ...right].join('\n'))).toEqual([
    '1 InvalidDefaultArgInFrom',
    '1 bad-image-name',
    '2 bad-substitution',
    '3 bad-port',
    '4 bad-mode',
    '5 bad-substitution',
  ]);
});

test('all instructions that name a stage that does not exist are told', async () => {
  const lines = ['FROM scratch', 'COPY --from=8 / /', 'FROM scratch', 'COPY --from=$a / /'];
  expect(await check(lines.join('\n'))).toEqual(['2 unknown-stage-index', '4 variable-in-from']);
});

test.each<[what: string, wrong: string, found: string]>([
  ['a wrong flag', 'COPY --chwon=1 app.js /', '3 unknown-flag'],
  ['an unknown instruction', 'FOO x', '3 unknown-instruction'],
  ['an error of lowering', 'EXPOSE x', '3 bad-port'],
])('%s hides no image that cannot be had', async (_, wrong, found) => {
  const lines = [
    'FROM scratch AS builder',
    'FROM localhost:5999/a:1',
    wrong,
    'FROM biulder:1',
    'COPY --from=bulider /x /',
  ];
  const options = { ...optionsOf([...lines, 'FROM scratch'].join('\n')), images: [] };
  const { problems, source } = await checkDockerfile(options);
  expect(problems.map(({ range, code }) => `${range && lineColumn(source, range.start).line} ${code}`)).toEqual([
    '2 unresolved-image',
    found,
    '4 unresolved-image',
    '5 unresolved-image',
  ]);
});

test('images whose names depend on a wrong ARG or FROM are not asked for', async () => {
  const lines = ['ARG V=${X:?no}', 'FROM alpine:$V', 'FROM --where=a b:1', 'FROM alpine:3 AS', 'COPY --from=c / /'];
  const options = { ...optionsOf(lines.join('\n')), images: [] };
  const { problems } = await checkDockerfile(options);
  expect(problems.map(({ code }) => code)).toEqual(['bad-substitution', 'unknown-flag', 'bad-arguments']);
});

test('the error of the build comes first, and lists the others', async () => {
  const lines = ['FROM scratch AS a', 'FOO x', 'EXPOSE x', 'FROM scratch', 'ENV x', 'FROM scratch', 'STOPSIGNAL X'];
  const { json } = await checkDockerfile(optionsOf(lines.join('\n')));
  expect(json.buildError?.message).toMatch(
    /^ENV must have two arguments\n3 more problems:\n {2}line 2: .*FOO.*\n {2}line 3: .*: x\n {2}line 7: .*: X$/,
  );
});

test('a file without FROM is read as a stage', async () => {
  expect(await check('RUN sudo ls\nCMD a\nUSER $V\n')).toEqual(['1 no-stage', '1 SudoInRun', '2 JSONArgsRecommended']);
});

test('the answer of frontend.lint itself ends at the first error', async () => {
  const text = 'FROM scratch\nCMD a\nEXPOSE x\nENTRYPOINT b\n';
  const options = optionsOf(text, { requestid: 'frontend.lint' });
  const { metadata } = await ownFrontend(createDaemonlessBridge(options));
  const { warnings } = JSON.parse(Buffer.from(metadata.get('result.json')!).toString());
  expect(warnings.map(({ ruleName }: { ruleName: string }) => ruleName)).toEqual(['JSONArgsRecommended']);
});

test('fixes after a here-document without an end are left to people', async () => {
  const text = "FROM alpine:3 as a\nCMD ['a']\nRUN <<E\nls\nCMD ['a']\n";
  const { problems } = await checkDockerfile(optionsOf(text));
  expect(problems.flatMap(({ code, fix }) => (fix ? code : []))).toEqual(['FromAsCasing', 'BrokenArray']);
});

const examples = path.resolve(import.meta.dirname, '../../examples');

/** Dockerfiles without errors: those of the examples and of the golden cases. */
function goodFiles(): string[] {
  const names = readdirSync(examples, { recursive: true, encoding: 'utf8' });
  const own = names.filter((name) => /(?:^|\/)Dockerfile$/.test(name) && !name.includes('node_modules'));
  const golden = goldenNames().map((name) => String(readCase(name).files.get('Dockerfile') ?? ''));
  const texts = [...own.map((name) => readFileSync(path.join(examples, name), 'utf8')), ...golden];
  return texts.filter((text) => !text.includes('\r') && parseDockerfile(text).diagnostics.length === 0);
}

/** All own rules, also those that are off by default. */
const allRules = { rules: new Map(lintRules.map(({ name }) => [name, 'warning'] as const)) };

/** Ways to make an instruction wrong, from its keyword and the text after it; undefined if one cannot. */
const breaks: Readonly<Record<string, (keyword: string, rest: string) => string | undefined>> = {
  'exchanged letters': (keyword, rest) =>
    keyword[1] === keyword[2] ? undefined : keyword[0]! + keyword[2] + keyword[1] + keyword.slice(3) + rest,
  'an unknown flag': (keyword, rest) =>
    /^(?:arg|maintainer|stopsignal)$/i.test(keyword) ? undefined : `${keyword} --wrong=1${rest}`,
  // Nobody can tell that it began a stage.
  'an unknown name': (keyword, rest) => (/^(?!FROM)[A-Z]/.test(keyword) ? `UNKNOWN${rest}` : undefined),
  'no arguments': (keyword, rest) =>
    /^(?:cmd|entrypoint|maintainer|onbuild|run)$/i.test(keyword) || /[\\`]$|<</.test(rest) ? undefined : keyword,
};

/** Rules that compare instructions with each other: a wrong one may be what they speak of. */
const comparing =
  /^(?:CaseCollision|ConsecutiveRuns|ConsistentInstructionCasing|MultipleInstructionsDisallowed|Unused\w+|DuplicateStageName|LastUserRoot|(?:Changed|Removed)\w+|UpdateAlone|CopyBeforeInstall|WorkdirRelativePath|CopyWithoutWorkdir|MissingHealthcheck)$/;
/** Rules about what depends on a FROM: the names of stages, and the variables of the base. */
const aboutBases = /^(?:UnknownImage|UntaggedBase|UndefinedVar)$/;

test('an instruction that becomes wrong changes nothing that is said of those that do not depend on it', async () => {
  const texts = goodFiles();
  const problemsOf = async (text: string, isOutside: (line: number) => boolean) => {
    const { problems, source } = await checkDockerfile({ ...optionsOf(text), lint: allRules });
    return problems.flatMap(({ range, code, message }) => {
      const line = range ? lineColumn(source, range.start).line : 0;
      return isOutside(line) ? [{ line, code, message }] : [];
    });
  };
  const byWay = new Map(Object.keys(breaks).map((way) => [way, 0]));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.nat(),
      fc.constantFrom(...Object.keys(breaks)),
      async (text, at, way) => {
        const { instructions, source } = parseDockerfile(text);
        const instruction = instructions[at % instructions.length]!;
        const { keywordRange, keyword, lines } = instruction;
        const lineEnd = source.lineStarts[lines.start] ?? text.length + 1;
        const broken = breaks[way]!(keyword, text.slice(keywordRange.end, lineEnd - 1));
        fc.pre(broken !== undefined);
        const isOutside = (line: number) => line < lines.start || line > lines.end;
        const good = await problemsOf(text, isOutside);
        fc.pre(!good.some(({ code }) => /^[a-z]/.test(code)));
        byWay.set(way, byWay.get(way)! + 1);
        const changed = text.slice(0, keywordRange.start) + broken + text.slice(lineEnd - 1);
        const bad = await problemsOf(changed, isOutside);
        const names = new Set(instruction.code.match(/\w+/g));
        const isIndependent = ({ line, code }: { readonly line: number; readonly code: string }) => {
          const own = instructions.find((it) => it.lines.start <= line && it.lines.end >= line);
          const setsAny = way === 'no arguments' && /^(?:arg|env)$/i.test(keyword);
          const used = [...(own?.code ?? '').matchAll(/\$\{?(\w+)/g)].some(([, name]) => setsAny || names.has(name!));
          return !comparing.test(code) && !used && !(instruction.kind === 'from' && aboutBases.test(code));
        };
        const isNew = (it: { readonly line: number; readonly code: string }) =>
          !good.some(({ line, code }) => line === it.line && code === it.code);
        // Nobody can tell that it was a WORKDIR, USER, SHELL or HEALTHCHECK.
        const isPossible = ({ code }: { readonly code: string }) =>
          way !== 'an unknown name' || /^[a-z]|^UndefinedVar/.test(code);
        expect(bad.filter(isNew).filter(isPossible)).toEqual([]);
        expect(bad.filter(isIndependent)).toEqual(good.filter(isIndependent));
      },
    ),
    { numRuns: 300 },
  );
  expect(Math.min(...byWay.values())).toBeGreaterThan(10);
});
