import { describe, expect, test } from 'vitest';
import { parseDevice } from '../../src/parser/device-flag.ts';

describe('a device', () => {
  test.each([
    ['vendor.com/class', { name: 'vendor.com/class', required: false }],
    ['vendor.com/class=one,required', { name: 'vendor.com/class=one', required: true }],
    ['Name=vendor.com/class=one,REQUIRED=0', { name: 'vendor.com/class=one', required: false }],
    ['required=t', { name: '', required: true }],
    ['name', { name: 'name', required: false }],
  ])('a device is read with its name and whether it is required: %s', (value, device) => {
    expect(parseDevice(value)).toEqual(device);
  });

  test.each([
    ['', 'failed to parse csv devices: EOF'],
    ['a,name=b', 'device name already set to a'],
    ['a,b', "invalid field 'b' must be a key=value pair"],
    ['a,requird=1', "unexpected key 'requird' in 'requird=1' (did you mean required?)"],
    ['a,required=yes', 'invalid value for required: yes'],
  ])('%j is an error', (value, message) => {
    expect(() => parseDevice(value)).toThrow(new Error(message));
  });
});
