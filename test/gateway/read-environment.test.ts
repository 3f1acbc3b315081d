import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/gateway/read-environment.ts';

describe('readEnvironment', () => {
  test('reads options as BuildKit numbers them', () => {
    const { opts } = readEnvironment({
      BUILDKIT_FRONTEND_OPT_0: 'a=b=c',
      BUILDKIT_FRONTEND_OPT_1: 'flag',
      BUILDKIT_FRONTEND_OPT_x: 'e=',
      OTHER: 'o=1',
    });
    expect(opts).toEqual({ a: 'b=c', flag: '', e: '' });
  });
  test('reads workers, and does without ones it cannot read', () => {
    const json = '[{"ID":"w","Labels":{},"Platforms":[{"architecture":"arm","os":"linux","variant":"v7"}]}]';
    expect(readEnvironment({ BUILDKIT_WORKERS: json }).workers).toMatchObject([
      { id: 'w', platforms: [{ architecture: 'arm', variant: 'v7' }] },
    ]);
    expect(readEnvironment({ BUILDKIT_WORKERS: '{' }).workers).toEqual([]);
  });
});
