import type { Instruction } from '../../parser/ast.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** The comment above an ARG or a stage does not describe it. */
export const invalidDefinitionDescription = defineRule({
  name: 'InvalidDefinitionDescription',
  description:
    'Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.',
  experimental: true,
  message: (instruction: string, name: string) =>
    `Comment for ${instruction} should follow the format: \`# ${name} <description>\``,
});

/**
 * Reports a comment above an instruction that does not begin with its name.
 * @param names of the arguments, or the name of the stage
 */
export function checkInvalidDefinitionDescription(
  linter: Linter,
  { comments, lines, range }: Instruction,
  instruction: 'FROM' | 'ARG',
  names: readonly string[],
): void {
  const comment = comments.at(-1);
  if (comment === undefined || names.length === 0) return;
  if (names.includes(comment.split(' ', 1)[0]!)) return;
  const example = names.length > 1 ? '<arg_key>' : names[0]!;
  linter.report(invalidDefinitionDescription, { lines, range }, instruction, example);
}
