import { expect, test } from 'vitest';
import { formatRecord, parseFilters } from '../../src/cli/daemon.ts';

test.each([
  [[], [], undefined],
  [['type=regular'], ['type==regular'], undefined],
  [['type==regular', 'description~=COPY'], ['type==regular,description~=COPY'], undefined],
  [['id=abc', 'inuse!=true'], ['id~=abc,inuse!=true'], undefined],
  [['mutable'], ['mutable'], undefined],
  [['until=24h'], [], '24h'],
  [['unused-for=1h', 'private'], ['private'], '1h'],
])('the filters %j', (given, filters, age) => {
  expect(parseFilters(given)).toEqual({ filters, age });
});

test('all of a record', () => {
  const record = {
    id: 'a', parents: ['b', 'c'], type: 'regular', description: 'mount / from\nexec', size: 1_500_000, mutable: false,
    inUse: true, shared: true, usageCount: 2, createdAt: new Date(0), lastUsedAt: undefined,
  }; // biome-ignore format: a list
  expect(formatRecord(record)).toBe(`ID:           a
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
