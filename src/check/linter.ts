/** Decides which findings are reported: the check options of the file or the build, and those of single instructions. */
import { trimSpaceLeft } from '../go/unicode.ts';
import type { LineRange } from '../parser/source.ts';
import { suggest } from '../parser/suggest.ts';
import { type CheckConfig, parseCheckConfig } from './config.ts';
import type { Rule } from './rules.ts';

/** One finding of a rule. */
export interface Finding {
  readonly rule: Rule<never>;
  readonly message: string;
  /** Lines it is about; undefined where it has no place. */
  readonly lines: LineRange | undefined;
}

export interface Linter {
  /** Reports a finding, unless the options leave its rule out. */
  run(rule: Rule<never>, lines: LineRange | undefined, message: string): void;
  /**
   * The known name that is closest to one that is not known, '' for none. Beyond {@link MAX_COMPARISONS} in a build it is
   * always '': each unknown name is compared with all known ones.
   */
  suggest(name: string, known: () => readonly string[]): string;
  /** The linter for an instruction below these comments: `# check=skip=Rule` adds to the options for it alone. */
  withComments(comments: readonly string[]): Linter;
  /** What fails the build, if violations shall and there were any. */
  error(): Error | undefined;
}

/** How many pairs of names a build compares to suggest one: 2,000 unknown names in a stage with as many variables. */
export const MAX_COMPARISONS = 4_000_000;

/**
 * Makes a linter. Without `warn` nothing is reported and nothing counts as a violation: of several platforms only the
 * first one's findings are shown.
 */
export function createLinter(config: CheckConfig, warn: ((finding: Finding) => void) | undefined): Linter {
  const violated = new Set<string>();
  let comparisonsLeft = MAX_COMPARISONS;

  function build(skip: RuleSet, experimental: RuleSet): Linter {
    const linter: Linter = {
      run(rule, lines, message) {
        if (!warn || rule.deprecated) return;
        if (rule.experimental ? !has(experimental, rule.name) : has(skip, rule.name)) return;
        violated.add(rule.name);
        warn({ rule, message, lines });
      },
      suggest(name, known) {
        if (comparisonsLeft <= 0) return '';
        const names = known();
        comparisonsLeft -= names.length;
        return suggest(name, names, true) ?? '';
      },
      withComments(comments) {
        const more = commentConfig(comments);
        return more ? build(union(skip, more.skip), union(experimental, more.experimental)) : linter;
      },
      error() {
        if (!config.error || violated.size === 0) return undefined;
        return new Error(`lint violation found for rules: ${[...violated].join(', ')}`);
      },
    };
    return linter;
  }
  return build(union(new Set(), config.skip), union(new Set(), config.experimental));
}

/** The text of a finding as build warnings show it. */
export function formatFinding({ rule, message, lines }: Finding): string {
  return `${rule.name}: ${message}${lines && lines.start > 0 ? ` (line ${lines.start})` : ''}`;
}

type RuleSet = 'all' | ReadonlySet<string>;

function has(set: RuleSet, name: string): boolean {
  return set === 'all' || set.has(name);
}

function union(set: RuleSet, more: 'all' | readonly string[]): RuleSet {
  if (set === 'all' || more === 'all') return 'all';
  return more.length === 0 ? set : new Set([...set, ...more]);
}

/** Options of the first comment that is a `check` directive; a bad one is as good as none. */
function commentConfig(comments: readonly string[]): CheckConfig | undefined {
  for (const comment of comments) {
    const match = /^check[\t\n\f\r ]*=[\t\n\f\r ]*(?=[\s\S])([^ ]*)/i.exec(trimSpaceLeft(comment));
    if (!match) continue;
    try {
      return parseCheckConfig(match[1]!);
    } catch {
      return undefined;
    }
  }
  return undefined;
}
