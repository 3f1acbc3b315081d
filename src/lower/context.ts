/** What all phases share while one Dockerfile is lowered for one platform. */
import type { Linter } from '../check/linter.ts';
import type { Timestamp } from '../go/time.ts';
import { equalFold } from '../go/unicode.ts';
import type { ProxyEnv } from '../llb/options.ts';
import type { State } from '../llb/state.ts';
import type { EscapeToken } from '../parser/ast.ts';
import type { PatternMatcher } from '../parser/pattern-matcher.ts';
import type { SourceRange } from '../parser/source.ts';
import { createShellLex, type ShellLex } from '../parser/words.ts';
import type { GlobalArgs } from './args.ts';
import type { LowerEnvironment, LowerOptions, NamedContext, NamedContextRequest } from './environment.ts';
import type { HistoryBudget } from './history.ts';
import type { BuildPlatforms } from './platforms.ts';
import type { StageTable } from './stages.ts';

/** A base that is no stage, and of which no resolver knows anything. */
export interface UnknownImageName {
  /** As the Dockerfile has it, variables expanded. */
  readonly name: string;
  /** The stage or common image that may be meant. */
  readonly similar: string | undefined;
  readonly range: SourceRange | undefined;
}

export interface LowerContext {
  readonly options: LowerOptions;
  readonly environment: LowerEnvironment;
  readonly linter: Linter;
  readonly platforms: BuildPlatforms;
  readonly lexers: Lexers;
  /** The given build arguments; a SOURCE_DATE_EPOCH among them is resolved. */
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly globals: GlobalArgs;
  readonly epoch: Timestamp | undefined;
  readonly proxy: ProxyEnv | undefined;
  readonly table: StageTable;
  readonly unknownImages: UnknownImageName[];
  readonly historyBudget: HistoryBudget;
  /** How many more instructions ONBUILD may bring. */
  triggersLeft: number;
}

/** What dispatching instructions needs on top. */
export interface DispatchContext extends LowerContext {
  /** The main context; what it contains is decided when all stages are dispatched. */
  readonly buildContext: State;
  /** Patterns of .dockerignore, if there are any. */
  readonly ignored: PatternMatcher | undefined;
}

/** The ways in which words are expanded. */
export interface Lexers {
  readonly word: ShellLex;
  /** For step names: quotes stay, and so do variables without value. */
  readonly name: ShellLex;
  /** For the content of heredocs: nothing but variables is special. */
  readonly content: ShellLex;
}

export function createLexers(escapeToken: EscapeToken): Lexers {
  return {
    word: createShellLex({ escape: escapeToken }),
    name: createShellLex({ escape: escapeToken, rawQuotes: true, skipUnsetEnv: true }),
    content: createShellLex({ escape: '\\', skipProcessQuotes: true }),
  };
}

/** The named context that takes the place of a stage or an image. */
export function namedContext(
  { environment, options }: Pick<LowerContext, 'environment' | 'options'>,
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
