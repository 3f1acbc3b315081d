import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  checkDockerfile,
  compile,
  findDiagnosticError,
  formatJson,
  memoryTree,
  parseImageTable,
} from '../src/index.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const images = [parseImageTable(JSON.stringify({ images: { alpine: { digest, platforms: { '*': {} } } } }), 'table')];

function optionsFor(dockerfile: string) {
  const files = memoryTree({ Dockerfile: dockerfile });
  return {
    opts: { platform: 'linux/amd64' },
    locals: new Map([
      ['context', files],
      ['dockerfile', files],
    ]),
    images,
  };
}

test('the library compiles and checks', async () => {
  const options = optionsFor('FROM alpine AS Base\nRUN make\n');
  const { definitions, warnings, metadata } = await compile(options);
  expect(formatJson(definitions.get('')!)).toContain(`docker-image://docker.io/library/alpine:latest@${digest}`);
  expect(warnings).toHaveLength(1);
  expect(metadata.has('containerimage.config')).toBe(true);
  const { problems } = await checkDockerfile(options);
  expect(problems.map(({ code }) => code)).toEqual(['UntaggedBase', 'StageNameCasing']);
  const rules = new Map([['UntaggedBase', 'off'] as const]);
  const { problems: configured } = await checkDockerfile({ ...options, lint: { rules } });
  expect(configured.map(({ code }) => code)).toEqual(['StageNameCasing']);
});

test('an error keeps the warnings that came before it', async () => {
  await expect(compile(optionsFor('FROM alpine AS Base\nCOPY --from=0:0 a b\n'))).rejects.toMatchObject({
    name: 'CompileError',
    warnings: [{ short: "StageNameCasing: Stage name 'Base' should be lowercase (line 1)" }],
  });
});

test.each([
  [20_000, 20_000, ''],
  [20_001, 20_000, '\nOnly the first 20000 lines of the instruction are listed.'],
])('a check of an instruction of %i lines that is in error lists %i of them', async (lines, listed, note) => {
  const continued = `${'a \\\n'.repeat(lines - 2)}b\n`;
  const options = optionsFor(`FROM alpine\nRUN --mount=type=odd \\\n${continued}`);
  const { buildError } = (await checkDockerfile(options)).json;
  expect(buildError?.location.ranges).toHaveLength(listed);
  expect(buildError?.message).toMatch(/^unsupported mount type "odd"/);
  expect(buildError?.message.includes('Only the first')).toBe(note !== '');
  if (note !== '') expect(buildError?.message).toContain(note);
});

test('the answer of a check has all errors, of which the reference gives the first', async () => {
  const { json } = await checkDockerfile(optionsFor('FROM alpine\nCOPPY a b\nRUM x\n'));
  expect(json.buildError).toEqual({
    message:
      'dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?)\n' +
      '1 more problem:\n  line 3: unknown instruction: RUM (did you mean RUN?)',
    location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
  });
});

test('an error that nobody catches is shown in few lines, however long the Dockerfile is', async () => {
  const long = `FROM alpine\n${'# a comment\n'.repeat(5000)}COPYY a b\n`;
  const error = await compile(optionsFor(long)).catch((error: unknown) => error);
  expect(findDiagnosticError(error)?.diagnostics[0].lines).toEqual([{ start: 5002, end: 5002 }]);
  expect(inspect(error).length).toBeLessThan(1200);
  expect(inspect(error)).not.toContain('Buffer');
});
