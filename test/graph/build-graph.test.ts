import { expect, test } from 'vitest';
import { buildGraph } from '../../src/graph/build-graph.ts';
import { layoutGraph } from '../../src/graph/layout.ts';
import { formatMermaid } from '../../src/graph/mermaid.ts';
import { readProgress } from '../../src/graph/progress-record.ts';
import { formatSvg } from '../../src/graph/svg.ts';
import { image } from '../../src/llb/index.ts';
import { compileText, manyStages } from './compile-text.ts';

const dockerfile = `FROM alpine AS base
WORKDIR /app
FROM base AS build
COPY src \\
  ./src
RUN make
FROM base
COPY --link --from=build /app/out /out
COPY <<EOT /greeting
hello
EOT
`;

test('steps stand in their stages, with their ops and lines', async () => {
  const { files, platforms } = buildGraph(await compileText(dockerfile));
  expect(files).toEqual([{ name: 'Dockerfile', language: 'Dockerfile', text: dockerfile }]);
  const { platform, stages, steps, ops, result } = platforms[0]!;
  expect(platform).toBe('linux/amd64');
  const shown = stages.map(({ name, steps: own, target }) => [
    target ? `${name} (result)` : name,
    own.map((step) => {
      const { place, text, ops: ofStep } = steps[step]!;
      const lines = new Set(ofStep.flatMap((op) => ops[op]!.lines.map(({ start, end }) => `${start}-${end}`)));
      return `${place} ${text.replace(/@sha256:1+/, '')} | ${ofStep.map((op) => ops[op]!.kind).join('+')} | ${[...lines].join(' ')}`;
    }),
  ]);
  expect(shown).toEqual([
    ['base', ['1/2 FROM docker.io/library/alpine:latest | image | 1-1', '2/2 WORKDIR /app | file | 2-2']],
    ['build', ['1/2 COPY src   ./src | file | 4-5', '2/2 RUN make | run | 6-6']],
    [
      'stage-2 (result)',
      ['1/2 COPY --link --from=build /app/out /out | file+merge | 8-8', '2/2 COPY <<EOT /greeting | file+file | 9-11'],
    ],
  ]);
  expect(steps[ops[result!]!.step]!.text).toBe('COPY <<EOT /greeting');
  const context = steps.findIndex(({ stage }) => stage === undefined);
  expect(steps[context]).toMatchObject({ text: 'build context', place: '' });
  expect(steps.find(({ text }) => text.startsWith('COPY src'))!.inputs).toEqual([1, context]);
});

test('ops are in the order of the definition, and refer to each other by index', async () => {
  const compiled = await compileText(dockerfile);
  const [definition] = [...compiled.definitions.values()];
  const { ops, result } = buildGraph(compiled).platforms[0]!;
  const entries = definition!.ops().slice(0, -1);
  expect(ops.map(({ digest }) => digest)).toEqual(entries.map(({ digest }) => digest));
  expect(ops.map(({ inputs }) => inputs.map(({ op }) => ops[op]!.digest))).toEqual(
    entries.map(({ op }) => op.inputs.map(({ digest }) => digest)),
  );
  expect(ops[result!]!.digest).toBe(definition!.head());
});

test('an image that two stages begin with belongs to neither', async () => {
  const { platforms } = buildGraph(
    await compileText('FROM alpine AS a\nRUN one\nFROM alpine\nRUN two\nCOPY --from=a /a /b\n'),
  );
  const { stages, steps } = platforms[0]!;
  const shared = steps.findIndex(({ stage }) => stage === undefined);
  expect(steps[shared]!.text).toMatch(/^FROM docker.io\/library\/alpine:latest@/);
  for (const { steps: own } of stages) expect(steps[own[0]!]!.inputs).toEqual([shared]);
});

test('each platform has its graph', async () => {
  const { platforms } = buildGraph(
    await compileText('FROM alpine\nRUN make\n', { platform: 'linux/amd64,linux/arm64' }),
  );
  expect(platforms.map(({ platform, stages }) => [platform, stages[0]!.platform])).toEqual([
    ['linux/amd64', 'linux/amd64'],
    ['linux/arm64', 'linux/arm64'],
  ]);
});

test('a graph of scratch is empty', async () => {
  const { platforms } = buildGraph(await compileText('FROM scratch\nENV a=b\n'));
  expect(platforms).toEqual([{ platform: 'linux/amd64', stages: [], steps: [], ops: [] }]);
  expect(formatMermaid(buildGraph(await compileText('FROM scratch\n')))).toBe('flowchart LR\n');
});

test('a graph without names is cut into chains', () => {
  const base = image('alpine');
  const tool = base.run({ shlex: 'make tool' }).root;
  const app = image('debian').run({ shlex: 'make app', mounts: [{ target: '/tool', source: tool }] }).root;
  const { stages, steps } = buildGraph({ definitions: new Map([['', app.run({ shlex: 'test' }).root.marshal()]]) })
    .platforms[0]!;
  expect(stages.map(({ steps: own }) => own.map((step) => steps[step]!.text))).toEqual([
    ['run make tool'],
    ['run make app', 'run test'],
  ]);
});

test('credentials and control characters are in no output', async () => {
  const secret =
    'FROM alpine\nADD https://user:hunter2@example.com/file?token=hunter3 /\nRUN echo \x1b[31m https://t0ken@h.example/\n';
  const graph = buildGraph(await compileText(secret), {
    record: readProgress(
      JSON.stringify({
        vertexes: [
          {
            digest: 'sha256:1',
            name: 'GET https://user:hunter2@h/',
            error: 'https://user:hunter4@h/',
            started: '2026-01-01T00:00:00Z',
          },
        ],
      }),
      'record',
    ),
  });
  for (const text of [JSON.stringify(graph), formatMermaid(graph), formatSvg(graph)])
    expect(text).not.toMatch(/hunter|t0ken|\x1b|\\u001b/);
  expect(JSON.stringify(graph)).toContain('xxxxx:xxxxx@example.com');
});

test('nothing in a name acts as Mermaid or as markup', async () => {
  const graph = buildGraph(
    await compileText('FROM alpine\nRUN echo "</text><script>alert(1)</script>" `x` ]--> #quot; ; end\n'),
  );
  const [mermaid, svg] = [formatMermaid(graph), formatSvg(graph)];
  const step = mermaid.split('\n').find((line) => line.includes('RUN'))!;
  expect(step.trim()).toMatch(/^s1\["(?:[\p{L}\p{N} .,:/=@+_-]|#\d+;)*"\]$/u);
  expect(svg).not.toContain('<script');
  expect(svg.match(/<text/g)).toHaveLength(svg.match(/<\/text/g)!.length);
});

test('boxes and steps of a drawing do not overlap', async () => {
  for (const [stages, steps] of [
    [8, 6],
    [120, 3],
  ] as const) {
    const { platforms } = buildGraph(await compileText(manyStages(stages, steps)));
    const { boxes, edges } = layoutGraph(platforms[0]!);
    boxes.forEach((a, index) => {
      for (const b of boxes.slice(index + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart, JSON.stringify([a, b])).toBe(true);
      }
    });
    for (const { points } of edges) if (points.length > 0) expect(points.at(-1)!.x).toBeGreaterThan(points[0]!.x);
  }
});
