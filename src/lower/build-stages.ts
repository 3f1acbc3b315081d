/** The first phase over the stages: makes them and expands the variables in the names of their bases. */
import type { Linter } from '../buildkit-rules/linter.ts';
import { checkFromPlatformFlagConstDisallowed } from '../buildkit-rules/rules/from-platform-flag-const-disallowed.ts';
import { checkInvalidDefaultArgInFrom } from '../buildkit-rules/rules/invalid-default-arg-in-from.ts';
import { checkRedundantTargetPlatform } from '../buildkit-rules/rules/redundant-target-platform.ts';
import { checkUndefinedArgInFrom } from '../buildkit-rules/rules/undefined-arg-in-from.ts';
import { describeError, diagnosticError, withLocation } from '../diagnostic/diagnostic.ts';
import { equalFold, toLower } from '../go/unicode.ts';
import type { Turns } from '../host/turns.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { parseNormalizedNamed } from '../image/reference.ts';
import type { FromInstruction, Stage } from '../parser/ast.ts';
import { stageNamePattern } from '../parser/instructions/from.ts';
import type { ProcessedWord, ShellLex } from '../parser/words.ts';
import { errorMessage, wrapError } from '../text/error-message.ts';
import type { GlobalArgs } from './args.ts';
import { createErrorCollector } from './collect-errors.ts';
import { followPaths } from './context-paths.ts';
import type { NamedContext, PastErrors } from './environment.ts';
import { expandReporting, missingArgHint } from './expand.ts';
import { type Lowering, namedContext } from './lowering.ts';
import { addStage, type BuildStage, emptyImageName } from './stages.ts';
import { suggestAny } from './suggest-names.ts';

/**
 * Fills the table with the stages of the file, those with errors included.
 *
 * @throws DiagnosticError with the problems of all of them
 */
export async function buildStages(lowering: Lowering, stages: readonly Stage[], turns: Turns): Promise<void> {
  const { infos, env } = lowering.globals;
  let names: ReadonlySet<string> | undefined;
  const declared = () => (names ??= new Set([...infos.keys(), ...env.keys()]));
  const errors = createErrorCollector(lowering);
  for (const [index, stage] of stages.entries()) {
    if (turns.isDue()) await turns.pass();
    const isBuilt =
      hasNoDoubt(stage, lowering.globals, lowering.options.pastErrors) &&
      !mayBeStage(lowering, stage) &&
      errors.attempt(() => buildStage(lowering, stage, index, declared));
    if (!isBuilt) {
      const inDoubt = stageInDoubt(stage, index);
      lowering.inDoubt.add(inDoubt);
      addStage(lowering.table, inDoubt);
    }
    if (errors.isFull) break;
  }
  errors.finish();
}

/** Whether a FROM and the arguments in it have no errors. */
function hasNoDoubt({ from }: Stage, { doubts }: GlobalArgs, pastErrors: PastErrors | undefined): boolean {
  return !pastErrors?.standIns.has(from) && !doubts.isIn(`${from.image.text} ${from.platform}`);
}

/** Whether the base may be a stage whose name could not be read. */
function mayBeStage({ options: { pastErrors }, table }: Lowering, { from: { image } }: Stage): boolean {
  if (!pastErrors?.mayLackNames) return false;
  return stageNamePattern.test(toLower(image.text)) && image.text !== emptyImageName && !table.byName.has(image.text);
}

/** The stage of a FROM that has an error. */
function stageInDoubt({ name, from }: Stage, index: number): BuildStage {
  const { lines, code, docComment } = from;
  return {
    name,
    baseName: emptyImageName,
    parent: undefined,
    namedContext: undefined,
    platform: undefined,
    external: false,
    lines,
    range: from.image.range,
    code,
    docComment,
    ignoreCache: false,
    usedArgs: new Set(),
    steps: { stageName: name === '' ? `stage-${index}` : name, index: 0, total: 0, inTrigger: false },
    paths: new Set(),
  };
}

/** @param declared names of the global arguments */
function buildStage(lowering: Lowering, source: Stage, index: number, declared: () => ReadonlySet<string>): void {
  const { globals, expanders, table, options } = lowering;
  const { from } = source;
  const linter = lowering.linter.withComments(from.comments);

  const { result: baseName, matched } = expandLocated(expanders.word, from.image.text, globals, from, (unmatched) =>
    checkUndefinedArgInFrom(linter, { lines: from.lines, range: from.image.range }, unmatched, declared()),
  );
  if (baseName === '')
    throw diagnosticError('blank-base-name', `base name (${from.image.text}) should not be blank`, {
      range: from.image.range,
      lines: [from.lines],
    });

  const used = new Set(matched);
  const platform = from.platform === '' ? undefined : stagePlatform(lowering, source, linter, declared, used);
  // Base names are case-sensitive, unlike names in --from.
  const parent = table.byName.get(baseName);
  const ownPaths = new Set<string>();
  const replacement = replacingContext(lowering, source, platform, ownPaths);
  const shared = {
    name: source.name,
    baseName,
    platform,
    external: false,
    lines: from.lines,
    range: from.image.range,
    code: from.code,
    docComment: from.docComment,
  };
  if (replacement) {
    addStage(table, {
      ...shared,
      parent: undefined,
      namedContext: replacement,
      ignoreCache: false,
      usedArgs: parent?.usedArgs ?? new Set(),
      steps: { stageName: source.name, index: 0, total: 0, inTrigger: false },
      paths: ownPaths,
    });
    return;
  }
  addStage(table, {
    ...shared,
    parent,
    namedContext: undefined,
    ignoreCache: isUncached(options.noCache, source.name),
    usedArgs: new Set([...(parent?.usedArgs ?? []), ...used]),
    steps: {
      stageName: source.name === '' ? `stage-${index}` : source.name,
      index: 0,
      total: countSteps(source, baseName, parent),
      inTrigger: false,
    },
    paths: parent?.paths ?? ownPaths,
  });
}

/** The context that replaces a stage of this name; undefined if absent. */
function replacingContext(
  lowering: Lowering,
  { name, from }: Stage,
  platform: Platform | undefined,
  paths: ReadonlySet<string>,
): NamedContext | undefined {
  if (name === '') return undefined;
  try {
    return namedContext(lowering, name, { platform, followPaths: () => followPaths(paths) });
  } catch (error) {
    if (!errorMessage(error).startsWith('invalid context name ')) throw error;
    // The reference gives it no lines; only code frames show the place.
    throw describeError(error, 'bad-stage-name', { range: from.as?.name.range });
  }
}

/** The value of `--platform`. */
function stagePlatform(
  { globals, expanders }: Lowering,
  stage: Stage,
  linter: Linter,
  declared: () => ReadonlySet<string>,
  used: Set<string>,
): Platform {
  const { from } = stage;
  const place = { lines: from.lines, range: platformFlag(from) };
  const reportUndefined = (unmatched: ReadonlySet<string>) =>
    checkUndefinedArgInFrom(linter, place, unmatched, declared());
  const expanded = expandLocated(expanders.word, from.platform, globals, from, reportUndefined, (error) =>
    wrapError(error, 'failed to process arguments for platform '),
  );
  checkRedundantTargetPlatform(linter, place, from.platform, expanded, globals.env.get('TARGETPLATFORM'));

  const better = (error: Error) => suggestAny(error, expanded.unmatched, () => globals.env.keys(), linter);
  if (expanded.result === '')
    throw better(
      diagnosticError('bad-platform', `empty platform value from expression ${from.platform}`, {
        range: platformFlag(from),
        lines: [from.lines],
      }),
    );
  let platform: Platform;
  try {
    platform = parsePlatform(expanded.result);
  } catch (error) {
    // Located twice, as the reference does it.
    const lines = [from.lines];
    const located = describeError(error, 'bad-platform', { range: platformFlag(from), lines });
    throw withLocation(wrapError(better(located), `failed to parse platform ${from.platform}`), from.lines);
  }
  checkFromPlatformFlagConstDisallowed(linter, place, stage, expanded, platform);
  for (const name of expanded.matched) used.add(name);
  return platform;
}

const platformFlag = ({ flags }: FromInstruction) => flags.find(({ name }) => name === 'platform')?.range;

/** Expands a word of FROM with the global arguments. */
function expandLocated(
  lex: ShellLex,
  word: string,
  globals: GlobalArgs,
  from: FromInstruction,
  reportUndefined: (unmatched: ReadonlySet<string>) => void,
  describe: (error: unknown) => unknown = (error) => error,
): ProcessedWord {
  try {
    return expandReporting(lex, word, globals.env, reportUndefined);
  } catch (error) {
    const range = word === from.image.text ? from.image.range : platformFlag(from);
    throw withLocation(
      describe(describeError(error, 'bad-substitution', { range, hint: missingArgHint(error) })),
      from.lines,
      'bad-substitution',
    );
  }
}

/** The number of steps that the build shows: the pull of the base image, and each instruction that makes a layer. */
function countSteps({ instructions }: Stage, baseName: string, parent: BuildStage | undefined): number {
  const pull = baseName !== emptyImageName && !parent ? 1 : 0;
  return instructions.reduce(
    (total, { kind }) => total + Number(kind === 'add' || kind === 'copy' || kind === 'run' || kind === 'workdir'),
    pull,
  );
}

function isUncached(noCache: readonly string[] | undefined, stage: string): boolean {
  if (!noCache) return false;
  return noCache.length === 0 || noCache.some((name) => equalFold(name, stage));
}

/**
 * Warns about base images whose names are invalid unless the build sets arguments.
 *
 * @param defaults the global arguments of a build that sets none; may throw
 */
export function checkDefaultBaseImages(
  linter: Linter,
  stages: readonly Stage[],
  lex: ShellLex,
  defaults: () => GlobalArgs,
  pastErrors: PastErrors | undefined,
): void {
  let globals: GlobalArgs | undefined;
  const expand = (word: string) => {
    globals ??= defaults();
    return lex.processWord(word, globals.env).result;
  };
  if (!pastErrors) {
    checkInvalidDefaultArgInFrom(linter, stages, expand, isReference);
    return;
  }
  globals = defaults();
  // An error ends the rule, so each stage is checked on its own.
  for (const stage of stages)
    if (hasNoDoubt(stage, globals, pastErrors)) checkInvalidDefaultArgInFrom(linter, [stage], expand, isReference);
}

function isReference(name: string): boolean {
  try {
    parseNormalizedNamed(name);
    return true;
  } catch {
    return false;
  }
}
