/** Finds the instruction that a line or a finding belongs to. */
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import { lineColumn } from '../diagnostic/source-file.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';

/** The instruction that a line is in, here-documents included; logarithmic in the number of instructions. */
export function instructionAt({ instructions }: Dockerfile, line: number): Instruction | undefined {
  let low = 0;
  let high = instructions.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (instructions[middle]!.lines.start <= line) low = middle;
    else high = middle - 1;
  }
  const found = instructions[low];
  return found && found.lines.start <= line && found.lines.end >= line ? found : undefined;
}

/** The instruction that a problem is in; undefined if it is in another file, or has no place. */
export function instructionOf(dockerfile: Dockerfile, { range, lines, file }: Diagnostic): Instruction | undefined {
  if (file) return undefined;
  const line = range ? lineColumn(dockerfile.source, range.start).line : lines[0]?.start;
  return line === undefined ? undefined : instructionAt(dockerfile, line);
}
