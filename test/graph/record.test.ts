import { expect, test } from 'vitest';
import { buildGraph } from '../../src/graph/build-graph.ts';
import { readProgress } from '../../src/graph/progress-record.ts';
import { formatSvg } from '../../src/graph/svg.ts';
import { compileText } from './compile-text.ts';

const dockerfile = 'FROM alpine AS a\nRUN slow\nFROM debian AS b\nRUN quick\nFROM a\nCOPY --from=b /x /x\n';
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

/** A record in the form of Docker, with other digests than those of the graph. */
const lines = [
  'a line of a terminal',
  { vertexes: [{ digest: 'sha256:1', name: '[internal] load build definition from Dockerfile', started: at(0) }] },
  {
    vertexes: [
      {
        digest: 'sha256:1',
        name: '[internal] load build definition from Dockerfile',
        started: at(0),
        completed: at(0.5),
      },
    ],
  },
  {
    vertexes: [
      {
        digest: 'sha256:2',
        name: `[a 1/2] FROM docker.io/library/alpine:latest@sha256:${'1'.repeat(64)}`,
        started: at(0.5),
        completed: at(0.5),
        cached: true,
      },
    ],
  },
  { vertexes: [{ digest: 'sha256:3', name: '[a 2/2] RUN slow', started: at(1) }] },
  {
    vertexes: [
      {
        digest: 'sha256:4',
        name: `[b 1/2] FROM docker.io/library/debian:latest@sha256:${'1'.repeat(64)}`,
        started: at(0.5),
        completed: at(1.5),
      },
    ],
  },
  {
    statuses: [
      { id: 'sha256:aa', vertex: 'sha256:4', current: 10, total: 3000 },
      { id: 'extracting sha256:aa', vertex: 'sha256:4', total: 9 },
    ],
  },
  { vertexes: [{ digest: 'sha256:5', name: '[b 2/2] RUN quick', started: at(1.5), completed: at(2) }] },
  { vertexes: [{ digest: 'sha256:3', name: '[a 2/2] RUN slow', started: at(1), completed: at(4) }] },
  { vertexes: [{ digest: 'sha256:3', name: '[a 2/2] RUN slow', started: at(5), completed: at(6) }] },
  {
    vertexes: [{ digest: 'sha256:6', name: '[stage-2 1/1] COPY --from=b /x /x', started: at(6), completed: at(6.25) }],
  },
  { vertexes: [{ digest: 'sha256:7', name: 'exporting to image', started: at(6.25), completed: at(8) }] },
];
const record = readProgress(lines.map((it) => (typeof it === 'string' ? it : JSON.stringify(it))).join('\n'), 'log');

test('ops have the times of a record, found by their names', async () => {
  const { ops, record: summary } = buildGraph(await compileText(dockerfile), { record }).platforms[0]!;
  const shown = ops.map(({ name, record: of }) => [
    name.replace(/ docker.*/, ''),
    of?.startedMs,
    of?.completedMs,
    of?.ranMs,
    of?.cached,
  ]);
  expect(shown).toEqual([
    ['[a 1/2] FROM', 500, 500, 0, true],
    ['[a 2/2] RUN slow', 1000, 6000, 4000, false],
    ['[b 1/2] FROM', 500, 1500, 1000, false],
    ['[b 2/2] RUN quick', 1500, 2000, 500, false],
    ['[stage-2 1/1] COPY --from=b /x /x', 6000, 6250, 250, false],
  ]);
  expect(ops[2]!.record!.bytes).toBe(3000);
  expect(summary).toMatchObject({ totalMs: 8000, mostAtOnce: 2, ran: 4, cached: 1, unknown: 0 });
  expect(summary!.others.map(({ name }) => name)).toEqual([
    '[internal] load build definition from Dockerfile',
    'exporting to image',
  ]);
});

test('the critical path leads from the last op to what it waited for', async () => {
  const { ops } = buildGraph(await compileText(dockerfile), { record }).platforms[0]!;
  expect(ops.filter((op) => op.record?.critical).map(({ name }) => name)).toEqual([
    '[a 2/2] RUN slow',
    '[stage-2 1/1] COPY --from=b /x /x',
  ]);
});

test('an op is found by its digest first', async () => {
  const compiled = await compileText(dockerfile);
  const { digest } = buildGraph(compiled).platforms[0]!.ops[1]!;
  const progress = { vertexes: [{ digest, name: 'renamed', started: at(0), completed: at(1), error: 'exit code: 2' }] };
  const { ops, record: summary } = buildGraph(compiled, { record: readProgress(JSON.stringify(progress), 'log') })
    .platforms[0]!;
  expect(ops[1]!.record).toMatchObject({ ranMs: 1000, error: 'exit code: 2' });
  expect(summary!.unknown).toBe(4);
});

test('explanations are marks in the drawing', async () => {
  const compiled = await compileText(dockerfile);
  const { digest } = buildGraph(compiled).platforms[0]!.ops[1]!;
  const explanations = new Map([[digest, { change: 'cause', text: 'https://user:hunter2@h/ has changed' } as const]]);
  const graph = buildGraph(compiled, { explanations });
  expect(graph.platforms[0]!.ops[1]!.explanation!.text).toBe('https://xxxxx:xxxxx@h/ has changed');
  expect(formatSvg(graph).match(/class="mark"/g)).toHaveLength(1);
});

test('a file without steps is refused, and the message says what it should be', () => {
  expect(() => readProgress('#1 building\n{"logs":[]}\n{', 'build.log')).toThrow(
    'build.log has no report of a step: it must be what `tsfront build --progress rawjson` or',
  );
});
