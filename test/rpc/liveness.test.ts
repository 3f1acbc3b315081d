import { afterEach, expect, test, vi } from 'vitest';
import { watchLiveness } from '../../src/rpc/liveness.ts';

afterEach(() => vi.useRealTimers());

/** A watch for 60 s on a clock of its own; `peer` answers questions unless it is frozen. */
function watch() {
  vi.useFakeTimers();
  const peer = { arrived: 0 as number | undefined, frozen: false, asked: 0, givenUp: 0 };
  const end = watchLiveness({
    silenceMs: 60_000,
    arrived: () => peer.arrived,
    ask() {
      peer.asked++;
      if (!peer.frozen && peer.arrived !== undefined) peer.arrived++;
    },
    giveUp: () => peer.givenUp++,
  });
  return { peer, end };
}

test('a peer that answers is asked, and never given up', () => {
  const { peer } = watch();
  vi.advanceTimersByTime(24 * 3_600_000);
  expect(peer.asked).toBeGreaterThan(1000);
  expect(peer.givenUp).toBe(0);
});

test('a peer that sends by itself is not asked', () => {
  const { peer } = watch();
  for (let i = 0; i < 100; i++) {
    peer.arrived!++;
    vi.advanceTimersByTime(10_000);
  }
  expect(peer.asked).toBe(0);
});

test('a peer that stops is given up once, after the time and not before', () => {
  const { peer } = watch();
  peer.frozen = true;
  vi.advanceTimersByTime(59_000);
  expect(peer.givenUp).toBe(0);
  vi.advanceTimersByTime(600_000);
  expect(peer.givenUp).toBe(1);
});

test('a sleep of the machine counts as one step', () => {
  const { peer } = watch();
  peer.frozen = true;
  vi.advanceTimersByTime(20_000);
  vi.setSystemTime(Date.now() + 3_600_000); // and no timer has run
  vi.advanceTimersByTime(10_000);
  expect(peer.givenUp).toBe(0);
  peer.frozen = false;
  vi.advanceTimersByTime(600_000);
  expect(peer.givenUp).toBe(0);
});

test('silence is accepted while no answer is expected', () => {
  const { peer, end } = watch();
  peer.arrived = undefined;
  vi.advanceTimersByTime(600_000);
  expect(peer).toMatchObject({ asked: 0, givenUp: 0 });
  end();
  expect(vi.getTimerCount()).toBe(0);
});
