import { expect, test } from 'vitest';
import { local, scratch } from '../../src/llb/index.ts';
import { lastOp } from './ops.ts';

test('a definition in a file is built', () => {
  const { op, inputs } = lastOp(local('x').build({ filename: 'a.llb' }));
  expect(op).toMatchObject({
    case: 'build',
    value: {
      builder: -1n,
      inputs: { 'buildkit.llb.definition': { input: 0n } },
      attrs: { 'llbbuild.filename': 'a.llb' },
    },
  });
  expect(inputs).toHaveLength(1);
  expect(() => scratch().build()).toThrow('cannot build from scratch');
});
