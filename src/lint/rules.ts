/** tsfront's own lint rules, one table. Each is a file in `rules/`. */
import type { LintRule } from './rule.ts';
import { untaggedBase } from './rules/untagged-base.ts';

/** Every rule, in the order of the documentation. */
export const lintRules: readonly LintRule[] = [untaggedBase];
