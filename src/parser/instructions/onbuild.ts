/** ONBUILD: its instruction is kept as text, for the builds that start from the image. */
import { toUpper, trimSpace } from '../../go/unicode.ts';
import type { OnbuildInstruction } from '../ast.ts';
import { readNoFlags } from './read-flags.ts';
import { needsOneOrMore, type Request } from './request.ts';

export function readOnbuild(request: Request): OnbuildInstruction | undefined {
  const parts = request.cst.arguments;
  if (parts.form !== 'onbuild' || !parts.instruction) return needsOneOrMore(request, 'ONBUILD');
  if (!readNoFlags(request)) return undefined;

  const { word } = parts.instruction.head;
  const trigger = toUpper(trimSpace(word.text));
  if (trigger === 'ONBUILD')
    return request.report({
      code: 'bad-trigger',
      message: "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
      range: word.range,
    });
  if (trigger === 'MAINTAINER' || trigger === 'FROM')
    return request.report({
      code: 'bad-trigger',
      message: `${trigger} isn't allowed as an ONBUILD trigger`,
      range: word.range,
    });

  let expression = request.cst.head.original.replace(/^[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*/i, '');
  for (const { content, name } of request.heredocs) expression += `\n${content}${name}`;
  return { kind: 'onbuild', ...request.base, expression };
}
