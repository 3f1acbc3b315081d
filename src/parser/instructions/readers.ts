/** Reads each instruction from its concrete syntax, and reports problems. */
import type { Instruction } from '../ast.ts';
import { readCmd, readEntrypoint, readShell } from './commands.ts';
import { readAdd, readCopy } from './copy.ts';
import { readFrom } from './from.ts';
import { readHealthcheck } from './healthcheck.ts';
import type { InstructionInput } from './instruction-input.ts';
import { readOnbuild } from './onbuild.ts';
import { readArg, readEnv, readLabel } from './pairs.ts';
import { readRun } from './run.ts';
import { readExpose, readMaintainer, readStopSignal, readUser, readVolume, readWorkdir } from './simple.ts';

/** Gives the instruction, or undefined after reporting a problem. A result after a report is not used. */
export type InstructionReader = (input: InstructionInput) => Instruction | undefined;

/** The readers by the lower-case names of their instructions. */
export const readers: ReadonlyMap<string, InstructionReader> = new Map<string, InstructionReader>([
  ['add', readAdd],
  ['arg', readArg],
  ['cmd', readCmd],
  ['copy', readCopy],
  ['entrypoint', readEntrypoint],
  ['env', readEnv],
  ['expose', readExpose],
  ['from', readFrom],
  ['healthcheck', readHealthcheck],
  ['label', readLabel],
  ['maintainer', readMaintainer],
  ['onbuild', readOnbuild],
  ['run', readRun],
  ['shell', readShell],
  ['stopsignal', readStopSignal],
  ['user', readUser],
  ['volume', readVolume],
  ['workdir', readWorkdir],
]);
