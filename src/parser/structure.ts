/**
 * Problems of structure. The reference finds them while it divides the file into instructions, before it applies the
 * rules of any instruction.
 */
import { quote } from '../go/quote.ts';
import type { CstInstruction } from './cst.ts';
import type { Problem } from './instructions/instruction-input.ts';

const none: readonly Problem[] = [];

/** The problems of one instruction. Of nested instructions, the innermost counts. */
export function checkStructure(instruction: CstInstruction): readonly Problem[] {
  let { head, arguments: parts } = instruction;
  while (parts.form === 'onbuild' && parts.instruction) ({ head, arguments: parts } = parts.instruction);
  switch (parts.form) {
    case 'legacy-pair':
      if (parts.value) return none;
      return [
        {
          code: 'missing-value',
          message: `${head.name.toUpperCase()} must have two arguments`,
          range: parts.key.range,
          hint: `Write ${parts.key.text}=value.`,
        },
      ];
    case 'pairs':
      if (head.name === 'arg') return none;
      return parts.pairs.flatMap(({ key, equals }) =>
        equals || !key
          ? []
          : {
              code: 'missing-equals',
              message: `Syntax error - can't find = in ${quote(key.text)}. Must be of the form: name=value`,
              range: key.range,
              hint: 'Quote a value that contains blanks.',
            },
      );
    case 'healthcheck':
      return checkArray(parts.command);
    default:
      return checkArray(parts);
  }
}

function checkArray(parts: CstInstruction['arguments']): readonly Problem[] {
  const other = parts.form === 'json' ? parts.others[0] : undefined;
  if (!other) return none;
  return [
    {
      code: 'bad-array-element',
      message: 'when using JSON array syntax, arrays must be comprised of strings only',
      range: other.range,
      hint: 'Put the element in double quotes.',
    },
  ];
}
