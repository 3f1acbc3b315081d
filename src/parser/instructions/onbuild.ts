/** ONBUILD keeps its instruction as text, for builds that start from the image. */
import { toUpper, trimSpace } from '../../go/unicode.ts';
import type { OnbuildInstruction } from '../ast.ts';
import { type InstructionInput, needsOneOrMore } from './instruction-input.ts';
import { readNoFlags } from './read-flags.ts';

/** Reads ONBUILD. */
export function readOnbuild(input: InstructionInput): OnbuildInstruction | undefined {
  const parts = input.cst.arguments;
  if (parts.form !== 'onbuild' || !parts.instruction) return needsOneOrMore(input, 'ONBUILD');
  if (!readNoFlags(input)) return undefined;

  const { word } = parts.instruction.head;
  const trigger = toUpper(trimSpace(word.text));
  if (trigger === 'ONBUILD')
    return input.report({
      code: 'bad-trigger',
      message: "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
      range: word.range,
    });
  if (trigger === 'MAINTAINER' || trigger === 'FROM')
    return input.report({
      code: 'bad-trigger',
      message: `${trigger} isn't allowed as an ONBUILD trigger`,
      range: word.range,
    });

  let expression = input.cst.head.original.replace(/^[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*/i, '');
  for (const { content, name } of input.heredocs) expression += `\n${content}${name}`;
  return { kind: 'onbuild', ...input.base, expression };
}
