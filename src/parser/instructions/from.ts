/** FROM. */
import { quote } from '../../go/quote.ts';
import { toLower } from '../../go/unicode.ts';
import type { FromInstruction } from '../ast.ts';
import { docComment } from './doc-comment.ts';
import { readFlags } from './read-flags.ts';
import { badArguments, type Request } from './request.ts';

const stageName = /^[a-z][a-z0-9-_.]*$/;

export function readFrom(request: Request): FromInstruction | undefined {
  const parts = request.cst.arguments;
  if (parts.form !== 'from') return undefined;
  const { image, as, name, extra } = parts;
  const lowerName = name ? toLower(name.text) : '';
  const isComplete = image && extra.length === 0 && (as === undefined) === (name === undefined);
  if (!isComplete) {
    const hint =
      as && !name ? 'The name of the stage is missing after AS.' : 'Write FROM image, or FROM image AS name.';
    badArguments(request, 'FROM requires either one or three arguments', hint);
  } else if (name && !stageName.test(lowerName)) {
    request.report({
      code: 'bad-stage-name',
      message: `invalid name for build stage: ${quote(name.text)}, name can't start with a number or contain symbols`,
      range: name.range,
    });
  }
  const flags = readFlags(request, { platform: 'string' });
  if (!image || !flags) return undefined;
  return {
    kind: 'from',
    ...request.base,
    image,
    as: as && name ? { keyword: as, name } : undefined,
    platform: flags.string('platform'),
    docComment: docComment(request.base.comments, lowerName),
  };
}
