import { expect, test } from 'vitest';
import { local, mkdir, passthrough, scratch } from '../../src/llb/index.ts';
import { alpine, lastOp, options } from './ops.ts';

const changed = alpine.file(mkdir('/m', 0o755));

test('a state that requires others is built together with them', () => {
  const { op, inputs } = lastOp(alpine.dir('/a').requires('checked', changed, scratch()));
  expect(op).toMatchObject({ case: 'passthrough', value: { id: 'checked', outputs: [0n] } });
  expect(inputs).toHaveLength(2);
  expect(lastOp(alpine.requires('itself', alpine)).op).toMatchObject({ value: { outputs: [0n] } });
  expect(alpine.requires('checked')).toBe(alpine);
  expect(() => alpine.requires('', changed).marshal()).toThrow('passthrough requires an id');
  expect(() => scratch().requires('x', alpine).marshal()).toThrow('passthrough must have at least one output');
  const [first, second] = passthrough('x', [
    { state: changed },
    { state: alpine, hasOutput: false },
    { state: local('l').dir('/l') },
  ]);
  expect(second!.getDir()).toBe('/l');
  expect(first!.marshal(options).head()).toBe(second!.marshal(options).head());
  expect(lastOp(first!).op).toMatchObject({ value: { outputs: [0n, 2n] } });
  expect(() => passthrough('x', [{ state: alpine, hasOutput: false }])).not.toThrow();
});
