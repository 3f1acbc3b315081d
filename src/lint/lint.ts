/** Runs tsfront's own lint rules on a Dockerfile, and applies the configuration and the comments to all findings. */
import type { WarningCode } from '../diagnostic/codes.ts';
import { compareStarts, type Diagnostic, type Fix, warningDiagnostic } from '../diagnostic/diagnostic.ts';
import { rangeLines, type SourceRange } from '../diagnostic/source-file.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { readPastErrors } from '../parser/past-errors.ts';
import { defaultConfig, type LintConfig, optionsOf } from './config.ts';
import { applyIgnoreComments, type LocatedFinding } from './ignore-comments.ts';
import { createLintFile, type LintFile, runsAndTriggers } from './lint-file.ts';
import { ruleUrl } from './rule-url.ts';
import { lintRules } from './rules.ts';
import { isWarningCode } from './warnings.ts';

/**
 * The findings of tsfront's own rules that the configuration has on, without those that comments hide, and what is
 * wrong with such comments, in the order of the file. Nothing is said of instructions with errors and of what depends
 * on them.
 */
export async function lintDockerfile(
  dockerfile: Dockerfile,
  config: LintConfig = defaultConfig,
): Promise<readonly Diagnostic[]> {
  const own = new Set<WarningCode>(lintRules.map(({ name }) => name));
  const isWhole = dockerfile.diagnostics.length === 0;
  const readable = await readPastErrors(dockerfile, async () => {});
  return completeFindings(readable ? await createLintFile(readable.dockerfile, readable) : dockerfile, [], {
    config,
    isJudged: (code) => isWhole && own.has(code),
  });
}

/**
 * Adds the findings of tsfront's own rules to other warnings about a file, gives each the level of the configuration,
 * and removes those that are off and those that comments hide; in the order of the file.
 *
 * @param file the Dockerfile; alone if it cannot be told what its instructions are
 * @param isJudged whether all findings of a rule are known, so that a comment can be said to hide none
 */
export function completeFindings(
  file: LintFile | Dockerfile,
  others: readonly Diagnostic[],
  {
    config = defaultConfig,
    isJudged,
  }: { readonly config?: LintConfig | undefined; readonly isJudged: (code: WarningCode) => boolean },
): Diagnostic[] {
  const [dockerfile, own] = 'kind' in file ? [file, []] : [file.dockerfile, findViolations(file, config)];
  const found = [...own, ...others.map((finding) => ({ finding }))].flatMap((it): LocatedFinding[] => {
    const finding = withLevel(it.finding, config);
    return finding ? [{ ...it, finding }] : [];
  });
  return applyIgnoreComments(dockerfile, found, isJudged)
    .flatMap((finding) => withLevel(finding, config) ?? [])
    .sort(compareStarts);
}

function findViolations(file: LintFile, config: LintConfig): LocatedFinding[] {
  const { source } = file.dockerfile;
  const unplaced = file.stages.flatMap((stage) => runsAndTriggers(stage).flatMap(({ script }) => script.unplaced));
  const found: LocatedFinding[] = [];
  for (const rule of lintRules) {
    const level = config.rules.get(rule.name) ?? rule.level;
    if (level === 'off') continue;
    const options = optionsOf(rule, config);
    for (const { instruction, message, range = instruction.range, lines, fix, ...details } of rule.find(
      file,
      options,
    )) {
      if (file.unclear.has(instruction)) continue;
      const at = { range, lines: [lines ?? rangeLines(source, range)], url: ruleUrl(rule.name) };
      const finding = {
        ...warningDiagnostic(rule.name, message, { ...details, ...at, fix: isPlaced(fix, unplaced) ? fix : undefined }),
        severity: level,
      };
      found.push({ finding, instruction: file.triggers.has(instruction) ? undefined : instruction });
    }
  }
  return found;
}

/** Whether the words that a fix changes have a place of their own. */
function isPlaced(fix: Fix | undefined, unplaced: readonly SourceRange[]): boolean {
  return !fix?.edits.some(({ range }) => unplaced.some(({ start, end }) => range.start <= end && range.end >= start));
}

/** The finding as what the configuration counts it; undefined if it is off. */
function withLevel(finding: Diagnostic, { rules }: LintConfig): Diagnostic | undefined {
  const level = isWarningCode(finding.code) ? rules.get(finding.code) : undefined;
  if (level === 'off') return undefined;
  return level === undefined || level === finding.severity ? finding : { ...finding, severity: level };
}
