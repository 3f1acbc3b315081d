/** The flags of each instruction. */
import { readAddFlags, readCopyFlags } from './copy.ts';
import { readFromFlags } from './from.ts';
import { readHealthcheckFlags } from './healthcheck.ts';
import type { FlagKind } from './read-flags.ts';
import { readRunFlags } from './run.ts';

const kinds: ReadonlyMap<string, ReadonlyMap<string, FlagKind>> = new Map([
  ['add', readAddFlags.kinds],
  ['copy', readCopyFlags.kinds],
  ['from', readFromFlags.kinds],
  ['healthcheck', readHealthcheckFlags.kinds],
  ['run', readRunFlags.kinds],
]);
const none: ReadonlyMap<string, FlagKind> = new Map();

/** The flags of an instruction, by its name in lower case: their kinds by their names without hyphens in front. */
export const flagsOf = (instruction: string): ReadonlyMap<string, FlagKind> => kinds.get(instruction) ?? none;
