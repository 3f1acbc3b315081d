/** First phase over the stages: what each is based on, with its variables expanded. */
import * as check from '../check/from-rules.ts';
import type { Linter } from '../check/linter.ts';
import { equalFold } from '../go/unicode.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { parseNormalizedNamed } from '../image/reference.ts';
import type { FromInstruction, Stage } from '../parser/ast.ts';
import { LocatedError, withLocation } from '../parser/diagnostic.ts';
import type { ProcessedWord, ShellLex } from '../parser/words.ts';
import type { GlobalArgs } from './args.ts';
import { type LowerContext, namedContext } from './context.ts';
import { suggestAny, wrapError } from './errors.ts';
import { expandReporting } from './expand.ts';
import { createOutlineCapture } from './outline.ts';
import { followPaths } from './paths.ts';
import { addStage, createStageState, emptyImageName, type StageState } from './stages.ts';
import type { Turns } from './turns.ts';

/** Fills the table with the stages of the file. */
export async function buildStages(context: LowerContext, stages: readonly Stage[], turns: Turns): Promise<void> {
  const { infos, env } = context.globals;
  let names: ReadonlySet<string> | undefined;
  const declared = () => (names ??= new Set([...infos.keys(), ...env.keys()]));
  for (const [index, stage] of stages.entries()) {
    if (turns.due()) await turns.pass();
    buildStage(context, stage, index, declared);
  }
}

/** @param declared names of the global arguments */
function buildStage(context: LowerContext, source: Stage, index: number, declared: () => ReadonlySet<string>): void {
  const { globals, lexers, table, options } = context;
  const { from } = source;
  const linter = context.linter.withComments(from.comments);

  const base = expandLocated(lexers.word, from.image.text, globals, from, (unmatched) =>
    check.undefinedArgInFrom(linter, from.lines, unmatched, declared()),
  );
  if (base.result === '') throw new LocatedError(`base name (${from.image.text}) should not be blank`, [from.lines]);

  const stage = createStageState({
    name: source.name,
    displayName: source.name,
    baseName: base.result,
    lines: from.lines,
    range: from.image.range,
    code: from.code,
    docComment: from.docComment,
    instructions: source.instructions,
    outline: createOutlineCapture(globals.infos),
  });
  const used = new Set(base.matched);
  if (from.platform !== '') stage.platform = stagePlatform(context, source, linter, declared, used);

  if (stage.name !== '') {
    stage.namedContext = namedContext(context, stage.name, {
      platform: stage.platform,
      followPaths: () => followPaths(stage.paths),
    });
    if (stage.namedContext) {
      addStage(table, stage);
      stage.base = undefined; // the context replaces it
      return;
    }
  }
  if (stage.name === '') stage.displayName = `stage-${index}`;
  addStage(table, stage);
  for (const name of used) stage.outline.used.add(name);
  stage.commandTotal = countSteps(stage);
  stage.ignoreCache = isUncached(options.noCache, stage.name);
}

/** The value of `--platform`. */
function stagePlatform(
  { globals, lexers }: LowerContext,
  stage: Stage,
  linter: Linter,
  declared: () => ReadonlySet<string>,
  used: Set<string>,
): Platform {
  const { from } = stage;
  const reportUndefined = (unmatched: ReadonlySet<string>) =>
    check.undefinedArgInFrom(linter, from.lines, unmatched, declared());
  const expanded = expandLocated(lexers.word, from.platform, globals, from, reportUndefined, (error) =>
    wrapError(error, 'failed to process arguments for platform '),
  );
  check.redundantTargetPlatform(linter, from, expanded, globals.env.get('TARGETPLATFORM'));

  const better = (error: Error) => suggestAny(error, expanded.unmatched, () => globals.env.keys(), linter);
  if (expanded.result === '')
    throw better(new LocatedError(`empty platform value from expression ${from.platform}`, [from.lines]));
  let platform: Platform;
  try {
    platform = parsePlatform(expanded.result);
  } catch (error) {
    // Located twice, as the reference does it.
    throw withLocation(
      wrapError(better(withLocation(error, from.lines)), `failed to parse platform ${from.platform}`),
      from.lines,
    );
  }
  check.constantPlatform(linter, stage, expanded, platform);
  for (const name of expanded.matched) used.add(name);
  return platform;
}

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
    throw withLocation(describe(error), from.lines);
  }
}

/** Steps that the build shows: the pull of the base image, and what makes a layer. */
function countSteps(stage: StageState): number {
  const pull = stage.baseName !== emptyImageName && !stage.base ? 1 : 0;
  return stage.instructions.reduce(
    (total, { kind }) => total + Number(kind === 'add' || kind === 'copy' || kind === 'run' || kind === 'workdir'),
    pull,
  );
}

function isUncached(noCache: readonly string[] | undefined, stage: string): boolean {
  if (!noCache) return false;
  return noCache.length === 0 || noCache.some((name) => equalFold(name, stage));
}

/**
 * Warns of base images that are invalid unless the build gives arguments.
 *
 * @param defaults the global arguments of a build that gives none; may throw
 */
export function checkDefaultBaseImages(
  linter: Linter,
  stages: readonly Stage[],
  lex: ShellLex,
  defaults: () => GlobalArgs,
): void {
  let globals: GlobalArgs | undefined;
  const expand = (word: string) => {
    globals ??= defaults();
    return lex.processWord(word, globals.env).result;
  };
  check.invalidDefaultArgInFrom(linter, stages, expand, isReference);
}

function isReference(name: string): boolean {
  try {
    parseNormalizedNamed(name);
    return true;
  } catch {
    return false;
  }
}
