/** An output that its reader does not read: what is to be shown waits at the daemon, not in memory. */
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDisplay, showProgress } from '../../src/client/index.ts';
import type { StatusUpdate } from '../../src/client/status.ts';

const reportCount = 500;

/** Reports of 4 KiB, and how many of them were taken. */
function reports() {
  const taken = { count: 0 };
  const step = { digest: 'a', name: 'step', inputs: [], cached: false, error: '', progressGroup: undefined };
  const status = (async function* (): AsyncGenerator<StatusUpdate> {
    for (; taken.count < reportCount; taken.count++) {
      const log = { vertex: 'a', stream: 'stdout' as const, data: Buffer.alloc(4096, 'x\n'), timestamp: 1 };
      yield { vertexes: [{ ...step, started: 1, completed: undefined }], statuses: [], logs: [log], warnings: [] };
    }
  })();
  return { status, taken };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** Ten refreshes of a display, and what comes of each in this process. */
async function settled() {
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(200);
    for (let turns = 0; turns < 20; turns++) await turn();
  }
}

test('takes reports again when it is read, and all of them', async () => {
  const out = new PassThrough();
  const { status, taken } = reports();
  const shown = showProgress(status, await createDisplay('rawjson', out, {}));
  await settled();
  const before = taken.count;
  expect(before).toBeLessThan(reportCount / 2);
  await settled();
  expect(taken.count).toBe(before);
  let bytes = 0;
  out.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await shown;
  expect(taken.count).toBe(reportCount);
  expect(bytes).toBeGreaterThan(reportCount * 4096);
});

test('a paused reader is not waited for after a signal', async () => {
  const { status, taken } = reports();
  const abort = new AbortController();
  const shown = showProgress(status, await createDisplay('rawjson', new PassThrough(), {}), abort.signal);
  await settled();
  abort.abort();
  await shown;
  expect(taken.count).toBeLessThan(reportCount / 2);
});
