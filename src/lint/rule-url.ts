/** The pages of tsfront's own lint rules. */
import type { LintRuleName } from '../diagnostic/codes.ts';

/** The name of a rule's page in docs/rules: `untagged-base.md`. */
export function rulePage(name: LintRuleName): string {
  return `${name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.md`;
}

/** The address of a rule's page. */
export function ruleUrl(name: LintRuleName): string {
  return `https://github.com/org/tsfront/blob/main/docs/rules/${rulePage(name)}`;
}
