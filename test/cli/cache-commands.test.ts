import { expect, test } from 'vitest';
import { formatCacheRecord } from '../../src/cli/cache-records.ts';
import { parseCacheFilters } from '../../src/cli/options/cache-filter.ts';
import { onEngines } from '../engine/on-engines.ts';
import { runCli } from './run-cli.ts';

test.each([
  [[], [], undefined],
  [['type=regular'], ['type==regular'], undefined],
  [['type==regular', 'description~=COPY'], ['type==regular,description~=COPY'], undefined],
  [['id=abc', 'inuse!=true'], ['id~=abc,inuse!=true'], undefined],
  [['mutable'], ['mutable'], undefined],
  [['until=24h'], [], '24h'],
  [['unused-for=1h', 'private'], ['private'], '1h'],
])('the filters %j become those of the daemon', (given, filters, age) => {
  expect(parseCacheFilters(given)).toEqual({ filters, age });
});

test('du --verbose prints every field of a record', () => {
  const record = {
    id: 'a', parents: ['b', 'c'], type: 'regular', description: 'mount / from\nexec', size: 1_500_000, mutable: false,
    inUse: true, shared: true, usageCount: 2, createdAt: new Date(0), lastUsedAt: undefined,
  }; // biome-ignore format: a list
  expect(formatCacheRecord(record)).toBe(`ID:           a
Parents:
 - b
 - c
Created at:   1970-01-01T00:00:00.000Z
Mutable:      false
Reclaimable:  false
Shared:       true
Size:         1.50MB
Description:  mount / from exec
Usage count:  2
Type:         regular
`);
});

test.each([
  ['n\n', 'nothing was removed\n'],
  ['\n', 'nothing was removed\n'],
  ['', '\nstandard input ended without an answer (--force does not ask): nothing was removed\n'],
])('prune asks before it connects, and takes %j for no', async (stdin, said) => {
  expect(await runCli(['prune', '--builder=unix:///nowhere.sock'], { stdin })).toEqual({
    code: 0,
    stdout: '',
    stderr: `WARNING! This will remove all dangling build cache. Are you sure you want to continue? [y/N] ${said}`,
  });
});

await onEngines('prune', { suites: ['forky'] }, (engine) => {
  test.each([
    ['y\n', []],
    ['', ['--force']],
  ])('removes what matches after the answer %j with %j', async (stdin, flags) => {
    const args = ['prune', `--builder=${engine.address}`, '--filter=id=nosuchrecord', ...flags];
    const { code, stdout } = await runCli(args, { stdin });
    expect(code).toBe(0);
    expect(stdout).toMatch(/Total:\s+0B/);
  });
});
