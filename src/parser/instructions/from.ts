/** FROM. */
import { quote } from '../../go/quote.ts';
import { toLower } from '../../go/unicode.ts';
import type { FromInstruction } from '../ast.ts';
import { docComment } from './doc-comment.ts';
import { badArguments, type InstructionInput } from './instruction-input.ts';
import { flagReader } from './read-flags.ts';

/** Reads the flags of FROM. */
export const readFromFlags = flagReader<{ readonly platform: string }>({ platform: 'text' });
/** The names that a stage may have, in lower case. */
export const stageNamePattern = /^[a-z][a-z0-9-_.]*$/;

/** Reads FROM. */
export function readFrom(input: InstructionInput): FromInstruction | undefined {
  const parts = input.cst.arguments;
  if (parts.form !== 'from') return undefined;
  const { image, as, name, extra } = parts;
  const lowerName = name ? toLower(name.text) : '';
  const isComplete = image && extra.length === 0 && (as === undefined) === (name === undefined);
  if (!isComplete) {
    const hint =
      as && !name ? 'The name of the stage is missing after AS.' : 'Write FROM image, or FROM image AS name.';
    badArguments(input, 'FROM requires either one or three arguments', hint);
  } else if (name && !stageNamePattern.test(lowerName)) {
    input.report({
      code: 'bad-stage-name',
      message: `invalid name for build stage: ${quote(name.text)}, name can't start with a number or contain symbols`,
      range: name.range,
    });
  }
  const flags = readFromFlags(input);
  if (!image || !flags) return undefined;
  return {
    kind: 'from',
    ...input.base,
    image,
    as: as && name ? { keyword: as, name } : undefined,
    platform: flags.platform,
    docComment: docComment(input.base.comments, lowerName),
  };
}
