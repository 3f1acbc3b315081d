/** Decides which findings are reported, by the check options of the file or the build and of single instructions. */
import { type Diagnostic, diagnosticError, type Fix, warningDiagnostic } from '../diagnostic/diagnostic.ts';
import { type LineRange, linesRange, type SourceFile, type SourceRange } from '../diagnostic/source-file.ts';
import { trimSpaceLeft } from '../go/unicode.ts';
import { suggest } from '../text/suggest.ts';
import { type CheckConfig, parseCheckConfig } from './check-options.ts';
import type { Rule } from './rule.ts';

/** The place of a finding. */
export interface Place {
  /** Lines of the instruction; undefined if the finding has no location. */
  readonly lines: LineRange | undefined;
  /** The exact place; by default all of the lines. */
  readonly range?: SourceRange | undefined;
  /** Edits that solve it, if there is one solution. */
  readonly fix?: Fix | undefined;
}

/** Takes the findings of the rules. */
export interface Linter {
  /** Reports a finding, unless the options turn its rule off. */
  report<Args extends readonly string[]>(rule: Rule<Args>, place: Place, ...args: Args): void;
  /**
   * The known name that is closest to one that is not known, '' if absent. After {@link maxComparisons} in a build it
   * is always '': each unknown name is compared with all known ones.
   */
  suggest(name: string, known: () => readonly string[]): string;
  /** The linter for an instruction below these comments: `# check=skip=Rule` adds to the options for it alone. */
  withComments(comments: readonly string[]): Linter;
  /** The linter for an instruction with a value that is not known: without the rules about values. */
  withoutValues(): Linter;
  /** Stops reporting, because the build has failed. */
  stop(): void;
  /** The error of a build that violations fail; undefined if there were no violations. */
  error(): Error | undefined;
}

/**
 * Maximum number of pairs of names that are compared for suggestions in a build: enough for 1,000 unknown names in a
 * stage with as many variables. The small engine compares a million in seconds.
 */
const maxComparisons = 1_000_000;

/**
 * Makes a linter. Without `warn` it reports nothing and counts no violation: of several platforms, only the findings of
 * the first are shown.
 *
 * @param source the Dockerfile, for ranges
 */
export function createLinter(
  config: CheckConfig,
  warn: ((finding: Diagnostic) => void) | undefined,
  source?: SourceFile,
): Linter {
  const violated = new Set<string>();
  let comparisonsLeft = maxComparisons;
  let isStopped = false;

  function build(skip: RuleSet, experimental: RuleSet, knowsValues: boolean): Linter {
    const linter: Linter = {
      report(rule, { lines, range, fix }, ...args) {
        if (!warn || rule.deprecated || isStopped) return;
        if (rule.aboutValues && !knowsValues) return;
        if (rule.experimental ? !has(experimental, rule.name) : has(skip, rule.name)) return;
        violated.add(rule.name);
        warn(
          warningDiagnostic(rule.name, rule.message(...args), {
            range: range ?? (lines && source && linesRange(source, lines)),
            lines: [lines],
            ...(rule.facts && { facts: rule.facts(...args) }),
            ...(fix && { fix }),
            ...(rule.url !== '' && { url: rule.url }),
          }),
        );
      },
      suggest(name, known) {
        if (comparisonsLeft <= 0) return '';
        const names = known();
        comparisonsLeft -= names.length;
        return suggest(name, names, true) ?? '';
      },
      withComments(comments) {
        const more = commentConfig(comments);
        if (!more) return linter;
        return build(union(skip, more.skip), union(experimental, more.experimental), knowsValues);
      },
      withoutValues: () => build(skip, experimental, false),
      stop() {
        isStopped = true;
      },
      error() {
        if (!config.error || violated.size === 0) return undefined;
        return diagnosticError('lint-violation', `lint violation found for rules: ${[...violated].join(', ')}`);
      },
    };
    return linter;
  }
  return build(union(new Set(), config.skip), union(new Set(), config.experimental), true);
}

/** The text of a finding as shown in a build warning. */
export function formatFinding({
  code,
  message,
  lines: [lines],
}: Pick<Diagnostic, 'code' | 'message' | 'lines'>): string {
  return `${code}: ${message}${lines && lines.start > 0 ? ` (line ${lines.start})` : ''}`;
}

type RuleSet = 'all' | ReadonlySet<string>;

function has(set: RuleSet, name: string): boolean {
  return set === 'all' || set.has(name);
}

function union(set: RuleSet, more: 'all' | readonly string[]): RuleSet {
  if (set === 'all' || more === 'all') return 'all';
  return more.length === 0 ? set : new Set([...set, ...more]);
}

/** Options of the first comment that is a `check` directive; undefined if its options are not valid. */
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
