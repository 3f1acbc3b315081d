/** Rules about FROM that need the values of variables: lowering calls them. */
import type { FromInstruction, Stage } from '../parser/ast.ts';
import type { LineRange } from '../parser/source.ts';
import type { Linter } from './linter.ts';
import * as rules from './rules.ts';

/** An expanded word together with the variables it used. */
interface Expansion {
  readonly result: string;
  readonly matched: ReadonlySet<string>;
  readonly unmatched: ReadonlySet<string>;
}

/** Variables of FROM that no global ARG declares. `declared` holds those that count as declared. */
export function undefinedArgInFrom(
  linter: Linter,
  lines: LineRange,
  unmatched: Iterable<string>,
  declared: ReadonlySet<string>,
): void {
  for (const name of unmatched) {
    if (declared.has(name)) continue;
    const suggestion = linter.suggest(name, () => [...declared]);
    linter.run(rules.undefinedArgInFrom, lines, rules.undefinedArgInFrom.format(name, suggestion));
  }
}

/** `--platform=$TARGETPLATFORM`, the default. */
export function redundantTargetPlatform(
  linter: Linter,
  from: Pick<FromInstruction, 'platform' | 'lines'>,
  { result, matched, unmatched }: Expansion,
  targetPlatform: string | undefined,
): void {
  // The variable alone must make up the value: with several, one of them may have been empty.
  if (matched.size !== 1 || unmatched.size !== 0 || !matched.has('TARGETPLATFORM')) return;
  if (result !== (targetPlatform ?? '')) return;
  linter.run(rules.redundantTargetPlatform, from.lines, rules.redundantTargetPlatform.format(from.platform));
}

/**
 * A `--platform` without variables, unless the stage is named after it.
 *
 * @param platform the value parsed, undefined where it is no platform
 */
export function constantPlatform(
  linter: Linter,
  stage: Pick<Stage, 'name'> & { readonly from: Pick<FromInstruction, 'lines'> },
  { result, matched, unmatched }: Expansion,
  platform: { readonly os: string; readonly architecture: string } | undefined,
): void {
  if (matched.size > 0 || unmatched.size > 0 || !platform) return;
  if (stage.name.includes(platform.os) || stage.name.includes(platform.architecture)) return;
  const message = rules.fromPlatformFlagConstDisallowed.format(result);
  linter.run(rules.fromPlatformFlagConstDisallowed, stage.from.lines, message);
}

/**
 * Base images that are no valid reference when the build gives no arguments.
 *
 * @param expand expands a word with the defaults of the global ARGs alone; what it throws ends the check, for the
 * build meets the same error later
 * @param isReference whether a name is an image reference in form
 */
export function invalidDefaultArgInFrom(
  linter: Linter,
  stages: readonly Stage[],
  expand: (word: string) => string,
  isReference: (name: string) => boolean,
): void {
  for (const { from } of stages) {
    let name: string;
    try {
      name = expand(from.image.text);
    } catch {
      return;
    }
    if (isReference(name)) continue;
    linter.run(rules.invalidDefaultArgInFrom, from.lines, rules.invalidDefaultArgInFrom.format(from.image.text));
  }
}

/** A base image that came for another platform than the stage is built for. */
export function baseImagePlatform<P extends { readonly os: string; readonly architecture: string }>(
  linter: Linter,
  lines: LineRange | undefined,
  image: string,
  expected: P,
  actual: P,
  format: (platform: P) => string,
): void {
  if (expected.os === actual.os && expected.architecture === actual.architecture) return;
  const message = rules.invalidBaseImagePlatform.format(image, format(expected), format(actual));
  linter.run(rules.invalidBaseImagePlatform, lines, message);
}
