import { expect, test } from 'vitest';
import { parseFilters } from '../../src/cli/daemon.ts';

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
