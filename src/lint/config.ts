/** The configuration of the lint rules. */
import type { LintRuleName, WarningCode } from '../diagnostic/codes.ts';
import type { Level, LintRule, RuleOptions } from './rule.ts';

/** What is reported, and as what. */
export interface LintConfig {
  /** By code; what is absent has its own level. BuildKit's rules and advice count in a check only, never in a build. */
  readonly rules: ReadonlyMap<WarningCode, Level>;
  /** Values of the options of rules; what is absent has its default. */
  readonly options?: ReadonlyMap<LintRuleName, RuleOptions> | undefined;
}

/** Everything at its own level. */
export const defaultConfig: LintConfig = { rules: new Map() };

/** The values of all options of a rule. */
export function optionsOf({ name, options = {} }: LintRule, config: LintConfig): RuleOptions {
  const defaults = Object.fromEntries(Object.entries(options).map(([key, option]) => [key, option.default]));
  return { ...defaults, ...config.options?.get(name) };
}
