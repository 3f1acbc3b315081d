/** Resolves SOURCE_DATE_EPOCH: the time that a reproducible build gives its image and files. */
import { diagnosticError, withLocation } from '../diagnostic/diagnostic.ts';
import { quote } from '../go/quote.ts';
import { parseInteger } from '../go/strconv.ts';
import type { Timestamp } from '../go/time.ts';
import { equalFold } from '../go/unicode.ts';
import type { EnvList } from '../llb/env-list.ts';
import type { State } from '../llb/state.ts';
import type { AddInstruction, ArgInstruction, Stage } from '../parser/ast.ts';
import type { ShellLex } from '../parser/words.ts';
import { wrapErrors } from '../text/error-message.ts';
import type { GlobalArgs } from './args.ts';
import type { LowerEnvironment } from './environment.ts';
import { gitSource, gitState, httpState, isHttpSource } from './remote-source.ts';
import { emptyImageName } from './stages.ts';

const epochName = 'SOURCE_DATE_EPOCH';

/** The values that the time may come from. */
export interface EpochScope {
  /** The stages of the Dockerfile. */
  readonly stages: readonly Stage[];
  /** The build arguments. */
  readonly buildArgs: ReadonlyMap<string, string>;
  /** The arguments in scope before the first FROM. */
  readonly globals: GlobalArgs;
  /** Looks up the time of a context or source. */
  readonly environment: LowerEnvironment;
  /** Expands the source of a stage. */
  readonly lex: ShellLex;
}

/** The resolved time, and the arguments with it. */
export interface Epoch {
  /** undefined if SOURCE_DATE_EPOCH is not set. */
  readonly time: Timestamp | undefined;
  /** The build arguments, with SOURCE_DATE_EPOCH in seconds instead of the name of its source. */
  readonly buildArgs: ReadonlyMap<string, string>;
  /** The global arguments, with the time in seconds. */
  readonly globals: GlobalArgs;
}

/**
 * Finds the time. The value is a number of seconds, `context`, the name of a named context, or the name of a stage that
 * only downloads one source. For a context or source, its own time counts. A build argument wins over a global ARG.
 */
export async function resolveEpoch(scope: EpochScope): Promise<Epoch> {
  const { buildArgs, globals } = scope;
  const value = buildArgs.get(epochName) ?? (globals.env.get(epochName) || undefined);
  if (value === undefined) return { time: undefined, buildArgs, globals };
  const time = await resolveTime(value, scope);
  const seconds = time && String(time.seconds);
  return {
    time,
    buildArgs: buildArgs.has(epochName) ? withEpoch(buildArgs, seconds) : buildArgs,
    globals: globals.env.get(epochName) === undefined ? globals : { ...globals, env: setEpoch(globals.env, seconds) },
  };
}

function withEpoch(buildArgs: ReadonlyMap<string, string>, seconds: string | undefined): ReadonlyMap<string, string> {
  const changed = new Map(buildArgs);
  if (seconds === undefined) changed.delete(epochName);
  else changed.set(epochName, seconds);
  return changed;
}

function setEpoch(env: EnvList, seconds: string | undefined): EnvList {
  return seconds === undefined ? env.delete(epochName) : env.addOrReplace(epochName, seconds);
}

async function resolveTime(value: string, scope: EpochScope): Promise<Timestamp | undefined> {
  if (value === '') return undefined;
  const seconds = toInteger(value);
  if (seconds !== undefined) return { seconds, nanos: 0 };

  const { environment } = scope;
  if (value === 'context') {
    const state = await environment.mainContext(undefined);
    return environment.sourceDateEpoch(state, '[internal] resolve main build context metadata');
  }
  const context = environment.namedContext(value, {
    platform: undefined,
    resolveMode: undefined,
    followPaths: () => undefined,
  });
  if (context) {
    const { state } = await context.load();
    return environment.sourceDateEpoch(state, `[internal] resolve ${epochName} named context ${value}`);
  }
  const stage = scope.stages.find(({ name }) => equalFold(name, value));
  if (!stage) throw diagnosticError('bad-epoch', `invalid ${epochName}: ${value}`);
  let source: State;
  try {
    source = stageSource(stage, scope);
  } catch (error) {
    throw withLocation(error, stage.from.lines, 'bad-epoch');
  }
  return environment.sourceDateEpoch(source, `[internal] resolve ${epochName} source stage ${stage.name}`);
}

function toInteger(text: string): bigint | undefined {
  try {
    return parseInteger(text, 10, 64);
  } catch {
    return undefined;
  }
}

/** The source of a stage that only downloads one. @throws Error for any other stage */
function stageSource(stage: Stage, { buildArgs, globals, lex }: EpochScope): State {
  let env = setEpoch(globals.env, undefined);
  if (baseName(stage, env, lex) !== emptyImageName) throw new Error(`${epochName} stage must use FROM scratch`);
  let source: State | undefined;
  for (const instruction of stage.instructions) {
    if (instruction.kind === 'arg') env = setArgs(instruction, env, buildArgs, lex);
    else if (instruction.kind !== 'add')
      throw new Error(
        `${epochName} stage does not meet source-only requirements: unsupported ${instruction.keyword} instruction`,
      );
    else if (source) throw new Error(`${epochName} stage must contain exactly one remote ADD`);
    else source = addSource(instruction, (word) => lex.processWord(word, env).result);
  }
  if (!source) throw new Error(`${epochName} stage must contain exactly one remote ADD`);
  return source;
}

function baseName({ from }: Stage, env: EnvList, lex: ShellLex): string {
  const { text } = from.image;
  const doing = `failed to process source stage base name ${quote(text)}`;
  return wrapErrors(doing, () => lex.processWord(text, env).result);
}

function setArgs(
  { args }: ArgInstruction,
  before: EnvList,
  buildArgs: ReadonlyMap<string, string>,
  lex: ShellLex,
): EnvList {
  let env = before;
  for (const { key, value: expression } of args) {
    const value =
      buildArgs.get(key) ?? (expression === undefined ? undefined : lex.processWord(expression, env).result);
    if (value !== undefined) env = env.addOrReplace(key, value);
  }
  return env;
}

function addSource(add: AddInstruction, expand: (word: string) => string): State {
  const [word, ...more] = add.sources;
  if (!word || more.length > 0 || add.contents.length > 0)
    throw new Error(`${epochName} stage must contain exactly one remote ADD source`);
  const source = expand(word.text);
  if (isHttpSource(source)) return httpState(source, expand(add.checksum));
  const ref = gitSource(source);
  if (!ref) throw new Error(`${epochName} stage source must be a single HTTP(S) or Git ADD`);
  return gitState(ref, {
    keepGitDir: add.keepGitDir === true || ref.keepGitDir === true,
    checksum: add.checksum === '' ? ref.checksum : expand(add.checksum),
  });
}
