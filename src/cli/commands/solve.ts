/** `tsfront solve`: builds what `tsfront compile` wrote, or compiles and builds. */
import { endWith } from '../exit.ts';
import type { Io } from '../io.ts';
import { compileFlagsOf, declareSolve } from '../options/declare-solve.ts';

export function solveCommand(io: Io) {
  return declareSolve().action(async (input, flags, command) => {
    const { runSolve } = await import('../build-command/run-solve.ts');
    endWith(await runSolve(input, flags, compileFlagsOf(command), io));
  });
}
