import { describe, expect, test } from 'vitest';
import {
  allCapabilities,
  createCapabilities,
  defaultLlbCapabilities,
  frontendCapabilities,
  llbCapabilities,
} from '../../src/gateway/capabilities.ts';

const announced = (id: string, enabled = true, disabledReasonMsg = '') => ({ id, enabled, disabledReasonMsg });

describe('createCapabilities', () => {
  const caps = createCapabilities(
    llbCapabilities,
    [
      announced('mergeop'),
      announced('diffop', false, 'not on this disk'),
      announced('exec.cgroup', false),
      announced('new'),
    ],
    'docker',
  );

  test('supports what is announced as enabled', () => {
    expect(caps.supports('mergeop')).toBe(true);
    expect(caps.missing('mergeop')).toBeUndefined();
  });
  test('supports nothing it does not know itself', () => {
    expect(caps.supports('new')).toBe(false);
    expect(caps.missing('new')?.message).toBe('unknown API capability new');
  });
  test('says why something is disabled', () => {
    expect(caps.missing('diffop')?.message).toBe(
      'requested experimental feature diffop  has been disabled on the build server: not on this disk',
    );
    expect(caps.missing('exec.cgroup')?.message).toBe(
      'requested experimental feature exec.cgroup  has been disabled on the build server',
    );
  });
  test('the error for a missing capability names the product to update', () => {
    expect(caps.missing('file.base')?.message).toBe(
      'requested prerelease feature file.base  is not supported by build server (added in Docker v19.03), please update docker',
    );
    expect(createCapabilities(frontendCapabilities, [], 'buildkit').missing('frontend.inputs')?.message).toBe(
      'requested experimental feature frontend.inputs (frontend inputs) is not supported by build server, please update buildkit',
    );
  });
});

test('knows all capabilities that it takes for granted', () => {
  const all = allCapabilities(llbCapabilities);
  for (const id of defaultLlbCapabilities) expect(all.supports(id), id).toBe(true);
});
