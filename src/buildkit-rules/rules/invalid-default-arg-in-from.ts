import type { Stage } from '../../parser/ast.ts';
import type { Linter } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** A base image is not a valid reference when the build gives no arguments. */
export const invalidDefaultArgInFrom = defineRule({
  name: 'InvalidDefaultArgInFrom',
  description: 'Default value for global ARG results in an empty or invalid base image name',
  message: (image: string) => `Default value for ARG ${image} results in empty or invalid base image name`,
});

/**
 * @param expand expands a word with the defaults of the global ARGs alone; its error ends the check, because the build
 * meets the same error later
 * @param isReference whether a name is an image reference in form
 */
export function checkInvalidDefaultArgInFrom(
  linter: Linter,
  stages: readonly Stage[],
  expand: (word: string) => string,
  isReference: (name: string) => boolean,
): void {
  for (const { from } of stages) {
    const { text, range } = from.image;
    let name: string;
    try {
      name = expand(text);
    } catch {
      return;
    }
    if (!isReference(name)) linter.report(invalidDefaultArgInFrom, { lines: from.lines, range }, text);
  }
}
