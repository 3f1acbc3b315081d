/** `tsfront solve`: builds what `tsfront compile` wrote. */
import { endWith } from '../exit.ts';
import type { Io } from '../io.ts';
import { declareSolve } from '../options/declare-solve.ts';

export function solveCommand(io: Io) {
  return declareSolve().action(async (file, flags) => {
    const { solveFile } = await import('../build-command/solve-file.ts');
    endWith(await solveFile(file, flags, io));
  });
}
