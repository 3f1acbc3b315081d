/** The rules of each instruction: from its concrete syntax to its meaning, or to problems. */
import type { Instruction } from '../ast.ts';
import { readCmd, readEntrypoint, readShell } from './commands.ts';
import { readAdd, readCopy } from './copy.ts';
import { readFrom } from './from.ts';
import { readHealthcheck } from './healthcheck.ts';
import { readOnbuild } from './onbuild.ts';
import { readArg, readEnv, readLabel } from './pairs.ts';
import type { Request } from './request.ts';
import { readRun } from './run.ts';
import { readExpose, readMaintainer, readStopSignal, readUser, readVolume, readWorkdir } from './simple.ts';

/** Gives the instruction, or undefined after reporting a problem; what it gives after a report is not used. */
export type Rule = (request: Request) => Instruction | undefined;

export const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
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
