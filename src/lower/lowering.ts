/** The state that all phases share while one Dockerfile is lowered for one platform. */
import type { Linter } from '../buildkit-rules/linter.ts';
import type { SourceFile, SourceRange } from '../diagnostic/source-file.ts';
import type { Timestamp } from '../go/time.ts';
import { equalFold } from '../go/unicode.ts';
import type { ProxyEnv } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { EscapeToken } from '../parser/ast.ts';
import type { PatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { createShellLex, type ShellLex } from '../parser/words.ts';
import type { GlobalArgs } from './args.ts';
import type { BuildPlatforms } from './build-platforms.ts';
import type { LowerEnvironment, LowerOptions, NamedContext, NamedContextRequest } from './environment.ts';
import type { HistoryBudget } from './image-history.ts';
import type { StageStates } from './stage-state.ts';
import type { BuildStage, StageTable } from './stages.ts';

/** The name of a base that is neither a stage nor an image that a resolver knows. */
export interface UnknownImageName {
  /** The name as in the Dockerfile, with its variables expanded. */
  readonly name: string;
  /** The earlier stage or common image with a similar name; undefined if there is no such name. */
  readonly similar: string | undefined;
  /** The word that names the base; undefined if it is not in this file. */
  readonly range: SourceRange | undefined;
}

/** What all phases know. The first phase makes it. */
export interface Lowering {
  /** The options of the build. */
  readonly options: LowerOptions;
  /** The source of images and contexts. */
  readonly environment: LowerEnvironment;
  /** Takes the findings of lint rules. */
  readonly linter: Linter;
  /** The Dockerfile. */
  readonly source: SourceFile;
  /** The platforms of the build. */
  readonly platforms: BuildPlatforms;
  /** The expanders of words, for each use. */
  readonly expanders: Expanders;
  /** The build arguments; SOURCE_DATE_EPOCH is resolved to seconds. */
  readonly buildArgs: ReadonlyMap<string, string>;
  /** The arguments in scope before the first FROM. */
  readonly globals: GlobalArgs;
  /** The time in SOURCE_DATE_EPOCH; undefined if it is not set. */
  readonly epoch: Timestamp | undefined;
  /** The proxies among the build arguments; undefined if absent. */
  readonly proxy: ProxyEnv | undefined;
  /** All stages so far. */
  readonly table: StageTable;
  /** The stages that begin with something that is not known, because of errors. */
  readonly inDoubt: Set<BuildStage>;
  /** The bases that no resolver knows; resolving base images fills it. */
  readonly unknownImages: UnknownImageName[];
  /** The room left for the history of the image. */
  readonly historyBudget: HistoryBudget;
  /** Number of further instructions that ONBUILD may add. */
  triggersLeft: number;
}

/** What is also known while the instructions of stages are dispatched. */
export interface StageLowering extends Lowering {
  /** The main context, a deferred state: which paths it contains is known when all stages are dispatched. */
  readonly mainContext: State;
  /** Matcher for the patterns of .dockerignore; undefined if absent. */
  readonly ignored: PatternMatcher | undefined;
  /** The states of the stages so far, which others may read. */
  readonly states: StageStates;
}

/** The expanders of words. */
export interface Expanders {
  /** For the arguments of instructions. */
  readonly word: ShellLex;
  /** For step names: keeps quotes, and variables that are not set. */
  readonly name: ShellLex;
  /** For the content of heredocs: expands variables and keeps everything else. */
  readonly content: ShellLex;
}

/** Makes the expanders for a file with this escape character. */
export function createExpanders(escapeToken: EscapeToken): Expanders {
  return {
    word: createShellLex({ escape: escapeToken }),
    name: createShellLex({ escape: escapeToken, rawQuotes: true, skipUnsetEnv: true }),
    content: createShellLex({ escape: '\\', skipProcessQuotes: true }),
  };
}

/** The named context that replaces a stage or an image; undefined if absent. */
export function namedContext(
  { environment, options }: Pick<Lowering, 'environment' | 'options'>,
  name: string,
  request: Pick<NamedContextRequest, 'platform' | 'followPaths'>,
): NamedContext | undefined {
  if (equalFold(name, 'scratch') || equalFold(name, 'context')) return undefined;
  return environment.namedContext(name, {
    platform: request.platform ?? options.targetPlatform,
    resolveMode: options.imageResolveMode,
    followPaths: request.followPaths,
  });
}
