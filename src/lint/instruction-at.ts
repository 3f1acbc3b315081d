/** Finds the instruction that a line or a finding belongs to. */
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import { lineColumn } from '../diagnostic/source-file.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';

/** The instruction that a line is in, here-documents included; logarithmic in the number of instructions. */
export function instructionAt({ instructions }: Dockerfile, line: number): Instruction | undefined {
  const found = instructions[countBefore(instructions, line + 1) - 1];
  return found && found.lines.end >= line ? found : undefined;
}

/** The first instruction that begins after a line; logarithmic as well. */
export function instructionBelow({ instructions }: Dockerfile, line: number): Instruction | undefined {
  return instructions[countBefore(instructions, line + 1)];
}

/** How many instructions begin before a line. */
function countBefore(instructions: readonly Instruction[], line: number): number {
  let low = 0;
  let high = instructions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (instructions[middle]!.lines.start < line) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The instruction that a problem is in; undefined if it is in another file, or has no place. */
export function instructionOf(dockerfile: Dockerfile, { range, lines, file }: Diagnostic): Instruction | undefined {
  if (file) return undefined;
  const line = range ? lineColumn(dockerfile.source, range.start).line : lines[0]?.start;
  return line === undefined ? undefined : instructionAt(dockerfile, line);
}
