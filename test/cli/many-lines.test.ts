/** Thousands of records, into a file and into a pipe: all arrive, and Node has nothing to warn of. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BuildHistoryEventType } from '../../src/gen/moby/buildkit/v1/control_pb.ts';
import { runCommand } from '../engine/command.ts';
import { temporaryDir } from '../temporary-dir.ts';
import { type FakeControl, fakeControl } from './fake-control.ts';

const count = 5000;
const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const record = (i: number) => ({ ID: `record-${i}`, Size: BigInt(i), RecordType: 'regular', Description: `step ${i}` });
let daemon: FakeControl;

beforeAll(async () => {
  daemon = await fakeControl({
    diskUsage: async () => ({ record: Array.from({ length: count }, (_, i) => record(i)) }),
    async *prune() {
      for (let i = 0; i < count; i++) yield record(i);
    },
    async *listenBuildHistory() {
      for (let i = 0; i < count; i++)
        yield {
          type: BuildHistoryEventType.COMPLETE,
          record: { Ref: `build-${i}`, CreatedAt: timestampFromMs(1000 * i) },
        };
    },
  });
});
afterAll(() => daemon.close());

describe.each([
  ['a file', '> "$0"'],
  ['a pipe', '| cat > "$0"'],
  ['a slow reader', '| { sleep 1; cat; } > "$0"'],
])('into %s', (_, redirection) => {
  test.each([
    'du', 'du --format json', 'du --verbose', 'history ls', 'history ls --json', 'prune --force', 'prune --force --verbose',
  ])('%s prints every record', async (command) => {
    const file = path.join(temporaryDir(), 'out');
    const words = [...command.split(' '), `--builder=${daemon.address}`];
    const run = await runCommand('sh', ['-c', `"$@" ${redirection}`, file, process.execPath, cli, ...words], {
      timeout: 240_000,
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text.match(/(record|build)-\d+\b/g)).toHaveLength(count);
  }); // biome-ignore format: a list
});
