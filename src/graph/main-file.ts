/** Which of the files of a build a reader wants to see first. */
import type { PlatformGraph } from './graph-model.ts';

/** The file that the result was made of: a build program consists of several modules. */
export function mainFile({ ops, result }: PlatformGraph): number {
  return (result === undefined ? undefined : ops[result]!.lines[0]?.file) ?? 0;
}
