import { describe, expect, test } from 'vitest';
import type { GraphJson, InstructionJson, Place } from '../../src/build-program/protocol.ts';
import { createSourceFile } from '../../src/diagnostic/source-file.ts';
import { firstError } from '../../src/parser/first-error.ts';
import { toDockerfile } from '../../src/program/to-dockerfile.ts';

const file = createSourceFile('build.ts', 'one\ntwo\nthree\n');
const at = (line: number): Place[] => [{ module: 'build.ts', line, column: 1 }];
const locate = ([place]: readonly Place[]) => ({ start: place?.line ?? 1, end: place?.line ?? 1 });
const instruction = (name: string, more: Partial<InstructionJson> = {}): InstructionJson => ({
  name,
  code: `${name.toUpperCase()} …`,
  flags: [],
  words: ['x'],
  places: at(2),
  ...more,
});

const make = (graph: Partial<GraphJson> = {}, descriptions: ReadonlyMap<string, string> = new Map()) =>
  toDockerfile({ stages: [], sources: {}, target: 'app', ...graph }, file, locate, descriptions);

const oneStage = (...instructions: InstructionJson[]) =>
  make({ stages: [{ name: 'app', base: 'alpine', platform: '', places: at(1), instructions }] });

test('the target is the last stage, and the others keep their order', () => {
  const stages = ['app', 'b', 'c'].map((name) => ({
    name,
    base: 'scratch',
    platform: '',
    places: [],
    instructions: [],
  }));
  expect(make({ stages }).stages.map(({ name }) => name)).toEqual(['b', 'c', 'app']);
});

test('a stage has its base, platform, description and line', () => {
  const stages = [{ name: 'app', base: 'alpine', platform: 'linux/arm64', places: at(3), instructions: [] }];
  const [stage] = make({ stages }, new Map([['app', 'The app.']])).stages;
  expect(stage!.from).toMatchObject({
    image: { text: 'alpine' },
    platform: 'linux/arm64',
    docComment: 'The app.',
    code: 'FROM --platform=linux/arm64 alpine AS app',
    lines: { start: 3, end: 3 },
    range: { start: 8, end: 13 },
  });
});

test('instructions have their flags, texts and lines', () => {
  const given = oneStage(
    instruction('run', { words: ['a && b'], flags: [['network', 'none']] }),
    instruction('copy', {
      words: ['<<"f"', 'a b', '/dest'],
      flags: [['link'], ['chmod', '755']],
      heredocs: [{ name: 'f', content: 'text\n', expand: false }],
    }),
    instruction('env', {
      words: [],
      pairs: [
        ['A', 'b c'],
        ['D', ''],
      ],
    }),
    instruction('onbuild', { words: ['RUN  x  '] }),
    instruction('healthcheck', { words: ['CMD', 'a', 'b'], isJson: true, flags: [['retries', '3']] }),
  );
  expect(firstError(given)).toBeUndefined();
  expect(given.stages[0]!.instructions).toMatchObject([
    { kind: 'run', args: ['a && b'], shellForm: true, network: 'none', lines: { start: 2, end: 2 } },
    {
      kind: 'copy',
      sources: [{ text: 'a b' }],
      dest: { text: '/dest' },
      link: true,
      chmod: '755',
      contents: [{ path: 'f', data: 'text\n', expand: false }],
    },
    {
      kind: 'env',
      pairs: [
        { key: 'A', value: 'b c' },
        { key: 'D', value: '' },
      ],
    },
    { kind: 'onbuild', expression: 'RUN  x  ' },
    { kind: 'healthcheck', healthcheck: { test: ['CMD', 'a', 'b'], retries: 3 } },
  ]);
});

describe('an instruction that is not valid is an error at its line', () => {
  test.each([
    ['a flag that it does not have', instruction('run', { flags: [['chmod', '1']] }), 'unknown flag: --chmod'],
    ['a network', instruction('run', { flags: [['network', 'x']] }), 'invalid network mode "x"'],
    ['a mount', instruction('run', { flags: [['mount', 'from=$x']] }), "'from' doesn't support variable expansion"],
    ['a trigger', instruction('onbuild', { words: ['FROM x'] }), "FROM isn't allowed as an ONBUILD trigger"],
    ['a blank trigger', instruction('onbuild', { words: [' '] }), 'ONBUILD requires at least one argument'],
    ['a copy without a destination', instruction('copy', { words: ['x'] }), 'COPY requires at least two arguments'],
    ['a duration', instruction('healthcheck', { words: ['CMD', 'x'], flags: [['interval', 'x']] }), 'invalid duration'],
    ['an empty volume', instruction('volume', { words: [' '] }), 'VOLUME specified can not be an empty string'],
    ['no words', instruction('shell', { words: [], isJson: true }), 'SHELL requires at least one argument'],
  ])('an error tells the line of %s', (_, given, message) => {
    const error = firstError(oneStage(given));
    expect(String(error)).toContain(message);
    expect(error).toMatchObject({ diagnostics: [{ lines: [{ start: 2, end: 2 }] }] });
  });
});
