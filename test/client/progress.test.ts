import { create } from '@bufbuild/protobuf';
import { describe, expect, test, vi } from 'vitest';
import {
  type BuildState,
  createDisplay,
  emptyBuildState,
  errorSources,
  formatSource,
  formatWarnings,
  fromStatusResponse,
  type ProgressMode,
  reduceStatus,
  type StatusUpdate,
  showProgress,
  type Vertex,
} from '../../src/client/index.ts';
import { Trace } from '../../src/client/progress/trace.ts';
import { StatusResponseSchema } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import type { SourceInfo } from '../../src/gen/pb/ops_pb.ts';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import { T, update, vertex } from './status-update.ts';
import { createScreen } from './terminal-screen.ts';

const log = (vertex: string, text: string, at: number) =>
  update({ logs: [{ vertex, stream: 'stdout', data: Buffer.from(text), timestamp: T + at }] });

const group = { $typeName: 'pb.ProgressGroup', id: 'g', name: 'grouped', weak: false } as const;
const warning = {
  vertex: 'b',
  level: 1,
  short: 'Rule: mind this (line 2)',
  detail: ['why'],
  url: 'https://example.com/rule',
  source: {
    $typeName: 'pb.SourceInfo',
    filename: 'Dockerfile',
    data: Buffer.from('FROM a\nRUN b\nRUN c\n'),
    language: '',
  },
  ranges: [
    {
      $typeName: 'pb.Range',
      start: { $typeName: 'pb.Position', line: 2, character: 0 },
      end: { $typeName: 'pb.Position', line: 2, character: 0 },
    },
  ],
} as const;

const build: StatusUpdate[] = [
  update({ vertexes: [vertex('a', 'FROM image'), vertex('b', 'RUN make \x1b[2Jcheck')] }),
  update({ vertexes: [vertex('a', 'FROM image', { started: T, completed: T + 1500, cached: true })] }),
  update({ vertexes: [vertex('b', 'RUN make \x1b[2Jcheck', { started: T + 2000 })] }),
  update({ statuses: [{ id: 'extracting', vertex: 'b', name: '', current: 1_500_000, total: 3_000_000, timestamp: T + 2100, started: T + 2000, completed: undefined }] }),
  log('b', 'one\ntw', 2500),
  log('b', 'o\n', 12_500),
  update({ warnings: [warning] as never }),
  update({ vertexes: [vertex('m', 'member', { started: T + 3000, completed: T + 4000, progressGroup: group })] }),
  update({ statuses: [{ id: 'extracting', vertex: 'b', name: '', current: 3_000_000, total: 3_000_000, timestamp: T + 2200, started: T + 2000, completed: T + 2200 }] }),
  update({ vertexes: [vertex('b', 'RUN make \x1b[2Jcheck', { started: T + 2000, completed: T + 15_000, error: 'exit code: 2' })] }),
]; // biome-ignore format: a table

async function show(mode: ProgressMode, terminal = false) {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  const out = terminal ? { write, isTTY: true, columns: 60, rows: 20 } : { write };
  async function* status() {
    for (const step of build) yield step;
  }
  const warnings = await showProgress(status(), await createDisplay(mode, out, {}));
  return { text, warnings };
}

describe('a display', () => {
  test('prints lines for each step in plain mode', async () => {
    const { text, warnings } = await show('plain');
    expect(warnings).toHaveLength(1);
    for (const line of [
      '#1 FROM image',
      '#1 CACHED',
      ' one',
      ' two',
      'extracting 3.00MB / 3.00MB 0.2s done',
      'WARN: Rule: mind this (line 2)',
      'ERROR: exit code: 2',
      'grouped',
      ' > RUN make',
    ])
      expect(text, line).toContain(line);
    expect(text).not.toContain('member');
    expect(text.match(/\bone$/gm)).toHaveLength(2); // as it came, and again at the end
  });

  test('plain does not show a step once more for a warning that comes after its end', async () => {
    let text = '';
    const display = await createDisplay('plain', { write: (part) => void (text += part) }, {});
    for (const it of [
      update({ vertexes: [vertex('b', 'b', { started: T, completed: T + 1 })] }),
      update({ warnings: [warning] as never }),
    ]) {
      display.update(it);
      display.refresh();
    }
    display.done();
    expect(text).toBe('#1 b\n#1 DONE 0.0s\n'); // the end of the build lists it
  });

  test('a display on a terminal draws every step, and lets nothing steer the terminal', async () => {
    const { text } = await show('auto', true);
    const screen = createScreen(60, 20);
    screen.write(text);
    const [title, ...lines] = await screen.rows();
    expect(title).toMatch(/^\[\+\] Building .*\(3\/3\) FINISHED$/);
    expect(lines).toContainEqual(expect.stringMatching(/^ => CACHED FROM image +1\.5s$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ => ERROR RUN make \ufffd\[2Jcheck +13\.0s$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ => => extracting 3\.00MB \/ 3\.00MB +0\.2s$/));
    expect(text).not.toContain('\x1b[2J');
  });

  test('rawjson gives what buildx gives', async () => {
    const { text } = await show('rawjson');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[1].vertexes[0]).toEqual({
      digest: 'a',
      name: 'FROM image',
      started: '2023-11-14T22:13:20.000Z',
      completed: '2023-11-14T22:13:21.500Z',
      cached: true,
    });
    expect(Buffer.from(lines[4].logs[0].data, 'base64').toString()).toBe('one\ntw');
    expect(lines[6].warnings[0]).toMatchObject({
      vertex: 'b',
      level: 1,
      url: warning.url,
      range: [{ start: { line: 2 } }],
    });
  });

  test('quiet says nothing; tty needs a terminal', async () => {
    expect((await show('quiet')).text).toBe('');
    await expect(createDisplay('tty', { write() {} })).rejects.toThrow('not a terminal');
  });
});

describe('displays of long output', () => {
  const started = update({ vertexes: [vertex('b', 'RUN b', { started: T })] });
  const failed = update({ vertexes: [vertex('b', 'RUN b', { started: T, completed: T + 1000, error: 'exit code: 1' })] });

  /** Shows updates, and counts what is written. */
  const showAll = async (mode: ProgressMode, terminal: boolean, updates: Iterable<StatusUpdate>) => {
    let written = 0;
    let longest = 0;
    let end = '';
    const write = (part: string) => {
      written += part.length;
      longest = Math.max(longest, part.length);
      end = (end + part).slice(-20_000);
    };
    const out = terminal ? { write, isTTY: true, columns: 60, rows: 20 } : { write };
    async function* status() {
      yield started;
      yield* updates;
      yield failed;
    }
    await showProgress(status(), await createDisplay(mode, out, {}));
    return { written, longest, end };
  };

  test('all states of an endless line take room only for what is reported', () => {
    const states: BuildState[] = [reduceStatus(emptyBuildState, update({ vertexes: [vertex('b', 'RUN')] }))];
    const before = process.memoryUsage().heapUsed;
    const part = log('b', 'x'.repeat(100), 1);
    for (let i = 0; i < 20_000; i++) states.push(reduceStatus(states.at(-1)!, part));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150 << 20);
    expect(states.at(-1)!.vertexes.get('b')!.logs).toEqual(['x'.repeat(16_384)]);
  });

  test.each(['plain', 'tty'] as const)('%s shows a line without end in bounded memory', async (mode) => {
    const mib = log('b', 'x'.repeat(1 << 20), 1);
    const before = process.memoryUsage().rss;
    const shown = await showAll(mode, true, Array.from({ length: 256 }, () => mib));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
    if (mode === 'plain') expect(shown.written).toBeGreaterThan(1 << 28);
    expect(shown.end).toMatch(/x{1000}\n------\n$/);
    expect(shown.end.length).toBeLessThan(25_000);
  });

  test.each(['plain', 'tty'] as const)('%s shows one message of 16 MB of lines', async (mode) => {
    const lines = 'line of output\n'.repeat((16 << 20) / 15);
    const { longest, end, written } = await showAll(mode, false || mode === 'tty', [log('b', `${lines}last\n`, 1)]);
    expect(end.trimEnd().split('\n').slice(-2)[0]).toMatch(/last$/);
    if (mode === 'plain') expect(written).toBeGreaterThan(lines.length);
    expect(longest).toBeLessThan(1 << 20);
  });

  test('cut sequences and characters are put together again', async () => {
    const bytes = Buffer.from('\x1b[31mé€😀\x1b[0m\x1b]0;title\x07\x1b[2Jplain\r\n10%\r20%\rdone\n');
    const pieces = [...bytes].map((byte) => update({ logs: [{ vertex: 'b', stream: 'stdout', data: Buffer.of(byte), timestamp: T }] }));
    expect((await showAll('plain', true, pieces)).end).toBe(
      `#1 RUN b\n${['\x1b[31mé€😀\x1b[0mplain\x1b[0m', '10%', '20%', 'done'].map((line) => `#1 0.000 ${line}\n`).join('')}#1 ERROR: exit code: 1\n------\n > RUN b:\n${['\x1b[31mé€😀\x1b[0mplain\x1b[0m', '10%', '20%', 'done'].map((line) => `0.000 ${line}\n`).join('')}------\n`,
    );
    expect((await showAll('plain', false, pieces)).end).toContain(`#1 0.000 ${bytes.toString().split('\n')[0]}\n`);
    const { end } = await showAll('tty', true, pieces);
    expect(end.slice(end.indexOf('------'))).toBe('------\n > RUN b:\né€😀plain\ndone\n------\n');
  });

  test.each(['plain', 'tty'] as const)('%s shows 50 warnings of a step and counts the others', async (mode) => {
    const many = Array.from({ length: 40_000 }, (_, i) => ({ ...warning, short: `Rule: ${i}`, ranges: [] }));
    const { end } = await showAll(mode, true, [update({ warnings: many })]);
    const last = end.slice(Math.max(0, end.lastIndexOf('[+]'))); // a terminal is drawn several times
    expect(last.match(/WARN: Rule: /g)).toHaveLength(50);
    expect(end).toContain('WARN: and 39950 more');
    const listed = formatWarnings(many);
    expect(listed).toContain('\n 40000 warnings found:\n');
    expect(listed.match(/^ - Rule: /gm)).toHaveLength(50);
    expect(listed).toMatch(/\n and 39,950 more warnings\n$/);
  });

  test('a drawing on a terminal takes as long as the screen is large, not as the step has statuses', async () => {
    const display = await createDisplay('tty', { write() {}, isTTY: true, columns: 80, rows: 20 }, {});
    const reads = { count: 0 };
    const status = (i: number, completed: number | undefined) => ({
      id: `layer ${i}`, vertex: 'b', name: '', total: 2, timestamp: T, started: T, completed,
      get current() { reads.count++; return 1; },
    });
    display.update(started);
    for (let i = 0; i < 20_000; i++) display.update(update({ statuses: [status(i, i % 2 ? undefined : T)] }));
    reads.count = 0;
    display.refresh();
    expect(reads.count).toBeGreaterThan(0);
    expect(reads.count).toBeLessThan(1000);
  });

  test('a file that all warnings bring along is kept once', () => {
    const data = Buffer.alloc(1 << 20, 'FROM x\n');
    const sources: SourceInfo[] = [];
    const report = () =>
      create(StatusResponseSchema, { warnings: [{ vertex: 'b', info: { filename: 'Dockerfile', data: Uint8Array.from(data) } }] });
    const kept = Array.from({ length: 100 }, () => fromStatusResponse(report(), sources).warnings[0]!.source);
    expect(new Set(kept).size).toBe(1);
  });

  test('a group of many steps is counted, not gone through, for each', () => {
    const reads = { count: 0 };
    const trace = new Trace();
    const member = (i: number, more: Partial<Vertex>) =>
      vertex(`m${i}`, 'm', { started: T + i, progressGroup: group, ...more, get cached() { reads.count++; return true; } });
    for (let i = 0; i < 2000; i++) trace.update(update({ vertexes: [member(i, {}), member(i, { completed: T + i + 1 })] }));
    expect(trace.steps).toMatchObject([{ name: 'grouped', cached: true, error: '', hidden: false }]);
    expect(reads.count).toBeLessThan(20_000);
    trace.update(update({ vertexes: [vertex('m7', 'm', { started: T, completed: T + 1, error: 'broken', progressGroup: group })] }));
    expect(trace.steps).toMatchObject([{ cached: false, error: 'broken' }]);
  });
}); // biome-ignore format: reports

describe('the reducer', () => {
  test('gives the state, and leaves the one before alone', () => {
    const states = [emptyBuildState];
    for (const step of build) states.push(reduceStatus(states.at(-1)!, step));
    expect(emptyBuildState.vertexes.size).toBe(0);
    expect(states[3]!.vertexes.get('b')!.logs).toEqual([]);
    const end = states.at(-1)!;
    expect([...end.vertexes.keys()]).toEqual(['a', 'b', 'm']);
    expect(end.vertexes.get('b')).toMatchObject({ logs: ['one', 'two', ''], vertex: { error: 'exit code: 2' } });
    expect(end.vertexes.get('b')!.statuses.get('extracting')!.current).toBe(3_000_000);
    expect(end.warnings).toHaveLength(1);
    expect(states[3]!.vertexes.get('a')).toBe(end.vertexes.get('a'));
    // Each state is still the one it was, in whichever order they are looked at.
    const plain = (state: BuildState) =>
      JSON.stringify(
        [...state.vertexes.values()].map((step) => [step.vertex, [...step.statuses], step.warnings, step.logs]),
      );
    const seen = states.toReversed().map(plain).reverse();
    let again = emptyBuildState;
    expect(seen).toEqual([plain(again), ...build.map((step) => plain((again = reduceStatus(again, step))))]);
    const branch = reduceStatus(states[5]!, log('b', 'other\n', 1));
    expect(branch.vertexes.get('b')!.logs).toEqual(['one', 'twother', '']);
    expect(states.map(plain)).toEqual(seen);
  });

  test('the reducer is linear in the reports of one step', () => {
    const reports = (count: number) => {
      const sets = vi.spyOn(Map.prototype, 'set');
      let state = reduceStatus(emptyBuildState, update({ vertexes: [vertex('b', 'RUN b')] }));
      for (let i = 0; i < count; i++) {
        const status = { id: `layer ${i}`, vertex: 'b', name: '', current: i, total: count, timestamp: T, started: T, completed: undefined };
        state = reduceStatus(state, update({ statuses: [status], warnings: [{ ...warning, ranges: [] }], logs: log('b', `${i}\n`, i).logs }));
      }
      const calls = sets.mock.calls.length;
      sets.mockRestore();
      const step = state.vertexes.get('b')!;
      expect([step.statuses.size, step.warnings.length, state.warnings.length]).toEqual([count, count, count]);
      expect([...step.statuses.keys()].at(-1)).toBe(`layer ${count - 1}`);
      expect(step.logs.slice(-2)).toEqual([String(count - 1), '']);
      return calls;
    };
    const [few, many] = [reports(500), reports(5000)];
    expect(many / few).toBeCloseTo(10, 0);
    let state = reduceStatus(emptyBuildState, update({ vertexes: [vertex('b', 'RUN b')] }));
    for (let i = 0; i < 200_000; i++)
      state = reduceStatus(state, update({ statuses: [{ id: `${i}`, vertex: 'b', name: '', current: 1, total: 2, timestamp: T, started: T, completed: undefined }], warnings: [{ ...warning, ranges: [] }] }));
    expect([state.vertexes.get('b')!.statuses.size, state.warnings.length]).toEqual([200_000, 200_000]);
  }); // biome-ignore format: long reports

  test('keeps characters whole that messages cut, and of an endless line its start', () => {
    let state = reduceStatus(emptyBuildState, update({ vertexes: [vertex('b', 'RUN b')] }));
    for (const byte of Buffer.from('é€😀\n'))
      state = reduceStatus(
        state,
        update({ logs: [{ vertex: 'b', stream: 'stdout', data: Buffer.of(byte), timestamp: T }] }),
      );
    expect(state.vertexes.get('b')!.logs).toEqual(['é€😀', '']);
    const piece = log('b', 'x'.repeat(1 << 20), 1);
    for (let i = 0; i < 64; i++) state = reduceStatus(state, piece);
    const { logs } = state.vertexes.get('b')!;
    expect(logs[0]).toBe('é€😀');
    expect(logs[1]!.length).toBeLessThan(1 << 16);
  });
});

describe('sources', () => {
  test('errors and warnings show the lines of their sources', () => {
    const detail = {
      info: { filename: 'Dockerfile', data: Buffer.from('a\nb\nc\nd\ne\nf').toString('base64') },
      ranges: [{ start: { line: 3 }, end: { line: 3 } }],
    };
    const error = new RpcError(2, 'failed', [
      { typeUrl: 'github.com/moby/buildkit/errdefs.Source+json', value: Buffer.from(JSON.stringify(detail)) },
    ]);
    const rule = '--------------------';
    expect(errorSources(error).map(formatSource)).toEqual([
      `Dockerfile:3\n${rule}\n   1 |     a\n   2 |     b\n   3 | >>> c\n   4 |     d\n   5 |     e\n${rule}\n`,
    ]);
    expect(formatWarnings([warning] as never)).toContain(`   2 | >>> RUN b\n`);
    expect(formatWarnings([warning] as never).match(/line 2/g)).toHaveLength(1);
    expect(formatWarnings([warning, warning] as never, { expandHint: 'use more', color: true })).toBe(
      '\n \x1b[33m2 warnings found (use more):\x1b[0m\n - Rule: mind this (line 2)\n - Rule: mind this (line 2)\n',
    );
    expect(errorSources(new Error('other'))).toEqual([]);
  });
});
