import { expect, test } from 'vitest';
import { findings } from './findings.ts';

test('MaintainerDeprecated reports a MAINTAINER', () => {
  expect(findings('FROM a\nMAINTAINER me')).toEqual([
    'MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label (line 2)',
  ]);
});
