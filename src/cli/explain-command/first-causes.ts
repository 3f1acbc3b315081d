/**
 * Leaves each cause to the step that has it first. A variable is a cause of every RUN after it, and a working directory
 * of every relative destination: people want the first one, and what follows from it.
 */
import type { Cause } from '../../explain/cause.ts';
import type { ExplainedStep } from '../../explain/compare-builds.ts';

/** What the steps of a line have for those that follow from it. */
interface LineCauses {
  /** All causes of the line, as JSON, also those that it leaves to other lines. */
  readonly causes: Set<string>;
  /** The lines that these steps follow from. */
  readonly from: Set<number>;
  isRoot: boolean;
}

/**
 * The steps without the causes that steps which they follow from have, too; then they follow from the lines that still
 * have causes.
 *
 * @param steps of an explanation, in its order
 */
export function firstCauses(steps: readonly ExplainedStep[]): ExplainedStep[] {
  const platforms = new Map<string, Map<number, LineCauses>>();
  return steps.map((step) => {
    const lines = platforms.get(step.platform) ?? new Map<number, LineCauses>();
    platforms.set(step.platform, lines);
    const sources = step.followsFrom.map((line) => ({ line, above: lines.get(line) }));
    const keys = step.causes.map((cause) => JSON.stringify(cause));
    const causes = step.causes.filter(
      (cause, index) =>
        !(isShared(cause) && sources.some(({ above }) => above?.causes.has(keys[index]!))) &&
        !step.followsFrom.some((line) => isSetAt(cause, step.file, line)),
    );
    const from = new Set(sources.flatMap(({ line, above }) => (!above || above.isRoot ? line : [...above.from])));
    const followsFrom = [...from].sort((a, b) => a - b);
    const own = lines.get(step.line) ?? { causes: new Set(), from: new Set(), isRoot: false };
    lines.set(step.line, own);
    for (const key of keys) own.causes.add(key);
    for (const line of followsFrom) own.from.add(line);
    own.isRoot ||= causes.length > 0;
    return { ...step, causes, followsFrom };
  });
}

/** Whether steps that have the same cause have it from one place. */
const isShared = (cause: Cause): boolean =>
  cause.kind === 'variable' || cause.kind === 'platform' || (cause.kind === 'settings' && cause.origin !== undefined);

/** Whether a cause is a setting that a line sets. */
const isSetAt = (cause: Cause, file: string, line: number): boolean =>
  cause.kind === 'settings' && cause.origin?.file === file && cause.origin.line === line;
