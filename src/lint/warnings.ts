/** The names of all that `tsfront.json` and comments can turn off. */
import { ruleTable } from '../buildkit-rules/rules.ts';
import { adviceCodes, type WarningCode } from '../diagnostic/codes.ts';
import { lintRules } from './rules.ts';

/** tsfront's own rules, BuildKit's rules, and advice, in the order of the documentation. */
export const warningCodes: readonly WarningCode[] = [
  ...lintRules.map(({ name }) => name),
  ...ruleTable.map(({ rule }) => rule.name),
  ...adviceCodes,
];

const known: ReadonlySet<string> = new Set(warningCodes);

/** Whether a name is one of {@link warningCodes}. */
export function isWarningCode(name: string): name is WarningCode {
  return known.has(name);
}
