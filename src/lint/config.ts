/** The configuration of the lint rules. */
import type { LintRuleName } from '../diagnostic/codes.ts';
import type { Level } from './rule.ts';

/** Which rules report, and as what. */
export interface LintConfig {
  /** By name; a rule that is absent has its own level. */
  readonly rules: ReadonlyMap<LintRuleName, Level>;
}

/** Every rule at its own level. */
export const defaultConfig: LintConfig = { rules: new Map() };
