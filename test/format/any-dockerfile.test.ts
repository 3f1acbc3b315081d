/** Properties of formatting, for generated Dockerfiles: tidy ones, and pieces of the language in any order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDockerfile } from '../../src/format/index.ts';
import { compile, memoryTree, parseImageTable } from '../../src/index.ts';
import { parseDockerfile } from '../../src/parser/index.ts';

const blank = fc.constantFrom(' ', '  ', '\t', '    ');
/** What stands between two words: blanks, or a continued line, perhaps with a comment or an empty line. */
const gap = fc.oneof(
  { weight: 4, arbitrary: blank },
  {
    weight: 2,
    arbitrary: fc
      .tuple(blank, fc.constantFrom('\\\n', '\\  \n', '\\\r\n', '\\\n# note \n', '\\\n\n'), blank)
      .map((it) => it.join('')),
  },
);
const word = fc.constantFrom(
  'a',
  '/b',
  'c=d',
  '"e f"',
  "'g'",
  '$HOME',
  '${X:-y}',
  'h\\ i',
  '<<EOF',
  '[',
  ']',
  '#',
  '日本',
  '\\\\',
  '--',
);
const words = fc.array(word, { minLength: 1, maxLength: 5 });

/** Words with gaps between them. */
const spaced = (parts: fc.Arbitrary<readonly string[]>) =>
  parts.chain((list) =>
    fc
      .array(gap, { minLength: list.length, maxLength: list.length })
      .map((gaps) => list.map((part, i) => (i === 0 ? part : gaps[i]! + part)).join('')),
  );

const keyword = fc.constantFrom('RUN', 'run', 'COPY', 'Add', 'env', 'LABEL', 'ARG', 'cmd', 'ENTRYPOINT', 'healthcheck cmd', 'HEALTHCHECK NONE', 'expose', 'USER', 'workdir', 'VOLUME', 'STOPSIGNAL', 'shell', 'onbuild run', 'ONBUILD copy', 'maintainer'); // biome-ignore format: a list
const flags = fc.array(
  fc.constantFrom('--mount=type=tmpfs,target=/t', '--network=none', '--link', '--chown=1:2', '--interval=5s', '--'),
  { maxLength: 2 },
);
const array = fc
  .tuple(
    fc.array(fc.constantFrom('"a"', '"b c"', '"\\"d"'), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(',', ', ', ' , ', ',\\\n', ', \\\n  '),
  )
  .map(([items, comma]) => `[${items.join(comma)}]`);
const rest = fc.oneof(
  spaced(words),
  spaced(array.map((it) => [it])),
  spaced(fc.tuple(fc.constant('K'), fc.constant('v w'))),
);
const instruction = fc
  .tuple(
    fc.constantFrom('', ' ', '\t'),
    spaced(fc.tuple(keyword, flags).map(([name, list]) => [name, ...list])),
    gap,
    rest,
    fc.constantFrom('', ' ', ' \\'),
  )
  .map((parts) => parts.join(''));
const between = fc.constantFrom('', '# a comment ', '  # indented', '\t', '# check=skip=all', '# fmt: off', '# fmt: on', '# fmt: skip', 'EOF', '#'); // biome-ignore format: a list
const from = fc.constantFrom(
  'FROM alpine',
  'from alpine as Base',
  ' FROM   Base',
  'FROM scratch AS x',
  'FROM --platform=linux/amd64 alpine',
);
const line = fc.oneof(
  { weight: 5, arbitrary: instruction },
  { weight: 3, arbitrary: between },
  { weight: 1, arbitrary: from },
);
const dockerfile = fc
  .tuple(
    fc.constantFrom('', '\n', '# syntax=docker/dockerfile:1\n', ' # syntax=x/y\n', '\n# syntax=x/y\n', '\ufeff', '# escape=`\n', '#!/x\n # syntax=x/y\n'), // biome-ignore format: a list
    from,
    fc.array(line, { maxLength: 8 }),
    fc.constantFrom('\n', '\r\n'),
    fc.constantFrom('', '\n', '\n\n'),
  )
  .map(([start, first, lines, lineBreak, end]) => start + [first, ...lines].join(lineBreak) + end);

const isValid = (text: string) => parseDockerfile(text).diagnostics.length === 0;

test('formatting again changes nothing, and what is meant does not change', () => {
  let formatted = 0;
  fc.assert(
    fc.property(dockerfile, (text) => {
      if (!isValid(text)) return;
      formatted++;
      const result = formatDockerfile(text); // fails for another meaning
      expect(formatDockerfile(result)).toBe(result);
    }),
    { numRuns: 1500 },
  );
  expect(formatted).toBeGreaterThan(100);
});

test('any sequence of characters that matter is formatted without another meaning', () => {
  const soup = fc.array(fc.constantFrom('\\', '\n', '\r\n', ' ', '\t', '#', 'RUN', 'ENV', 'COPY', 'ONBUILD', 'FROM', 'a', '=', '"', "'", '[', ']', ',', '<<', 'EOF', '--x', '\u00a0', '\v', '\ufeff', '\udcff', '$', '`'), { maxLength: 30 }); // biome-ignore format: a list
  fc.assert(
    fc.property(soup, (parts) => {
      const text = `FROM a\n${parts.join('')}`;
      if (!isValid(text)) return;
      const result = formatDockerfile(text);
      expect(formatDockerfile(result)).toBe(result);
    }),
    { numRuns: 6000 },
  );
});

const image = { digest: `sha256:${'a'.repeat(64)}`, platforms: { '*': { config: { Env: ['HOME=/root'] } } } };
const images = [parseImageTable(JSON.stringify({ images: { alpine: image } }), 'table')];

/** The digests of all ops and the image config, or the error without its places. */
async function build(text: string): Promise<unknown> {
  const files = memoryTree({ Dockerfile: text });
  const locals = new Map([
    ['context', files],
    ['dockerfile', files],
  ]);
  try {
    const { definitions, metadata } = await compile({ opts: { platform: 'linux/amd64' }, locals, images });
    const digests = [...definitions.values()].map((it) => it.ops().map(({ digest }) => digest));
    return [digests, Buffer.from(metadata.get('containerimage.config')!).toString()];
  } catch (error) {
    return (error as Error).message.replace(/\d+/g, 'N').replace(/\s+/g, '');
  }
}

test('the ops and the image config are those of the file before', async () => {
  let built = 0;
  await fc.assert(
    fc.asyncProperty(dockerfile, async (text) => {
      if (!isValid(text) || /syntax=x\/y/.test(text)) return;
      const formatted = formatDockerfile(text);
      if (formatted === text) return;
      const before = await build(text);
      if (typeof before !== 'string') built++;
      expect(await build(formatted)).toEqual(before);
    }),
    { numRuns: 600 },
  );
  expect(built).toBeGreaterThan(5);
});
