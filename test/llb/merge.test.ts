import { expect, test } from 'vitest';
import { diff, merge, mkdir, scratch } from '../../src/llb/index.ts';
import { alpine, lastOp } from './ops.ts';

const changed = alpine.file(mkdir('/m', 0o755));

test('scratch states are ignored', () => {
  expect(merge([]).isScratch()).toBe(true);
  expect(merge([scratch(), scratch()]).isScratch()).toBe(true);
  expect(merge([scratch(), alpine])).toBe(alpine);
  expect(diff(scratch(), scratch()).isScratch()).toBe(true);
  expect(diff(scratch(), alpine)).toBe(alpine);
  const { op } = lastOp(diff(alpine, scratch()));
  expect(op).toMatchObject({ case: 'diff', value: { lower: { input: 0n }, upper: { input: -1n } } });
});

test('the same layer twice is two inputs', () => {
  const { inputs, op } = lastOp(merge([alpine, alpine]));
  expect(inputs).toHaveLength(2);
  expect(op).toMatchObject({ value: { inputs: [{ input: 0n }, { input: 1n }] } });
});

test('the result has the values of the first state', () => {
  expect(merge([alpine.dir('/a'), changed.dir('/b')]).getDir()).toBe('/a');
  expect(diff(alpine.dir('/a'), changed.dir('/b')).getDir()).toBe('/a');
});
