/**
 * Comments that turn rules off for the instruction below them: `# tsfront-ignore UntaggedBase: rebuilt every night`.
 */
import type { LintRuleName } from '../diagnostic/codes.ts';
import type { Instruction } from '../parser/ast.ts';

/** Whether a comment above an instruction turns a rule off there. */
export function isIgnored(name: LintRuleName, { comments }: Instruction): boolean {
  return comments.some((comment) => {
    const [, names = ''] = /^tsfront-ignore\s+([\w\s,]+?)(?::|$)/.exec(comment) ?? [];
    return names.split(/[\s,]+/).includes(name);
  });
}
