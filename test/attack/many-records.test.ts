/** A daemon with very many records: nothing overflows, nothing is left out, the order stays. */
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, expect, test } from 'vitest';
import { BuildHistoryEventType } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { type FakeControl, fakeControl } from '../cli/fake-control.ts';
import { runCli } from '../cli/run-cli.ts';

const count = 200_000;
const maxBytes = 1 << 30;

let daemon: FakeControl | undefined;
afterEach(() => daemon?.close());

const record = (i: number) => ({
  ID: `record-${i}`, Size: BigInt(i), RecordType: 'regular', Description: `step ${i}`, CreatedAt: timestampFromMs(1000 * i),
}); // biome-ignore format: a record

const lines = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await runCli([...args, `--builder=${daemon!.address}`]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(process.memoryUsage().rss).toBeLessThan(maxBytes * 2);
  return stdout.trimEnd().split('\n');
};

test('du shows all, the largest last', async () => {
  daemon = await fakeControl({
    diskUsage: async () => ({ record: Array.from({ length: count }, (_, i) => record(count - i)) }),
  });
  const table = await lines(['du']);
  expect(table).toHaveLength(1 + count + 2);
  expect([table[1], table[count]]).toEqual([
    expect.stringMatching(/^record-1 /),
    expect.stringMatching(/^record-200000 /),
  ]);
  const json = await lines(['du', '--json']);
  expect(json).toHaveLength(count);
  expect(JSON.parse(json[0]!)).toMatchObject({ id: `record-${count}` });
  expect(await lines(['du', '--verbose'])).toHaveLength(10 * count + 2);
});

test('prune shows all that it removed', async () => {
  daemon = await fakeControl({
    async *prune() {
      for (let i = 0; i < count; i++) yield record(i);
    },
  });
  const table = await lines(['prune', '--force']);
  expect(table).toHaveLength(1 + count + 1);
  expect(table[count]).toMatch(/^record-199999 /);
});

test('history lists all, the newest first', async () => {
  daemon = await fakeControl({
    async *listenBuildHistory() {
      for (let i = 0; i < count; i++)
        yield {
          type: BuildHistoryEventType.COMPLETE,
          record: { Ref: `build-${i}`, CreatedAt: timestampFromMs(1000 * i) },
        };
    },
  });
  const table = await lines(['history', 'ls']);
  expect(table).toHaveLength(1 + count);
  expect(table[1]).toMatch(/^build-199999 /);
  const json = await lines(['history', 'ls', '--json']);
  expect(json).toHaveLength(count);
  expect(JSON.parse(json.at(-1)!)).toMatchObject({ ref: 'build-0' });
});

test('the logs of a build are shown to their end', async () => {
  daemon = await fakeControl({
    async *status() {
      yield { vertexes: [{ digest: 'v', name: 'RUN seq', started: timestampFromMs(1000) }] };
      for (let i = 0; i < count; i += 100)
        yield {
          logs: Array.from({ length: 100 }, (_, j) => ({ vertex: 'v', stream: 1n, msg: Buffer.from(`line ${i + j}\n`), timestamp: timestampFromMs(1000) })),
          statuses: Array.from({ length: 100 }, (_, j) => ({ ID: `layer ${i + j}`, vertex: 'v', timestamp: timestampFromMs(1000), started: timestampFromMs(1000), completed: timestampFromMs(1000) })),
        };
      yield { vertexes: [{ digest: 'v', name: 'RUN seq', started: timestampFromMs(1000), completed: timestampFromMs(2000) }] };
    },
  }); // biome-ignore format: reports
  const shown = await lines(['history', 'logs', 'x']);
  expect(shown.filter((line) => / line \d+$/.test(line)).map((line) => Number(line.split(' ').at(-1)))).toEqual(
    Array.from({ length: count }, (_, i) => i),
  );
  expect(shown.filter((line) => / layer \d+ done$/.test(line))).toHaveLength(count);
  expect(shown.at(-1)).toBe('#1 DONE 1.0s');
});
