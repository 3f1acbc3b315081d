/**
 * The fuzzer: for each reader of what others write 20,000 inputs made of known ones, and some for what is around them,
 * the same in every run. `FUZZ_SEED` and `FUZZ_INPUTS` ask for others and for more; a failure tells how to try its
 * input alone.
 */
import { afterAll, expect, test } from 'vitest';
import { fuzz, type Target } from './fuzz/run.ts';
import { listing, packetReader } from './fuzz/targets/fsutil.ts';
import { hpack, http2 } from './fuzz/targets/http2.ts';
import { ignoreFiles, ignorePatterns } from './fuzz/targets/ignore.ts';
import { llb } from './fuzz/targets/llb.ts';
import { lowering } from './fuzz/targets/lowering.ts';
import { mount, parser } from './fuzz/targets/parser.ts';
import { registry } from './fuzz/targets/registry.ts';
import { tar } from './fuzz/targets/tar.ts';
import { words } from './fuzz/targets/words.ts';

const targets: readonly Target[] = [
  parser,
  mount,
  words,
  ignoreFiles,
  ignorePatterns,
  tar,
  llb,
  packetReader,
  listing,
  hpack,
  http2,
  registry,
  lowering,
];

afterAll(async () => {
  for (const target of targets) await target.close?.();
});

test.each([parser, words, ignoreFiles, tar, llb, packetReader, registry])('$name has 20,000 inputs', ({ share }) => {
  expect(share).toBe(20_000);
});

test.each(targets.map((target) => [target.name, target] as const))(
  'inputs that are nearly right: %s',
  { timeout: 3_600_000 },
  async (_, target) => {
    expect(await fuzz(target)).toBeGreaterThan(0);
  },
);
