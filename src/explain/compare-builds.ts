/** Compares two builds: which steps run again, the first cause of each, and which steps only follow from others. */
import { checkArgument } from '../text/arguments.ts';
import { type BuildRecord, type BuildStep, recordArgument } from './build-record.ts';
import type { Cause } from './cause.ts';
import { shortHash } from './content-hash.ts';
import { EnvironmentReader, type RecordedVariable } from './environments.ts';
import { FileCauses } from './file-causes.ts';

/** What differs between two builds. Its JSON is the output of `tsfront explain --format json`. */
export interface Explanation {
  /**
   * Version of this form: 1. A later version may have more members; a change of those that are here has another number.
   */
  readonly version: 1;
  /**
   * Whether values of variables and texts with secrets were compared. They are not if the records were made with
   * different keys, on different machines: they count as equal then.
   */
  readonly valuesCompared: boolean;
  /** The steps of the newer build, in the order of the graph, for each platform. */
  readonly steps: readonly ExplainedStep[];
}

/** A step of the newer build. */
export interface ExplainedStep {
  /** The platform; '' if the build has one. */
  readonly platform: string;
  /** The Dockerfile. */
  readonly file: string;
  /** The first line of the instruction, from 1; 0 if it is not known. */
  readonly line: number;
  /** The last line of the instruction. */
  readonly endLine: number;
  /** The instruction; of RUN without its command. */
  readonly text: string;
  /** Digest of the op of the newer build. */
  readonly op: string;
  /**
   * `cached` if the older build has made it; `runs` if it runs again; `depends` if that depends on the daemon. A step
   * without causes then runs only if a step that it copies from makes other files, or if the step that it follows from
   * runs. One with causes takes directories of which only modes or attributes changed: a daemon that has the context
   * from an earlier build does not see that.
   */
  readonly outcome: 'cached' | 'runs' | 'depends';
  /** What of the step itself differs; empty if it only follows from others. */
  readonly causes: readonly Cause[];
  /** Lines of the steps with causes that it follows from: of long chains the nearest 20 for each step that it needs. */
  readonly followsFrom: readonly number[];
}

/** Maximum number of variables that are causes of one step; the others are counted. */
const maxVariableCauses = 20;
/**
 * Maximum number of steps with causes, the nearest ones, that a step passes on: an explanation grows with the build
 * alone.
 */
const maxRoots = 20;

/**
 * Explains why steps of the newer build are not those of the older one.
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { compareBuilds, parseRecord } from 'tsfront/explain';
 *
 * const [older, newer] = await Promise.all(['old.json', 'new.json'].map((file) => readFile(file, 'utf8')));
 * const { steps } = compareBuilds(parseRecord(older!)!, parseRecord(newer!)!);
 * for (const { line, outcome, causes } of steps) console.log(line, outcome, causes);
 */
export function compareBuilds(older: BuildRecord, newer: BuildRecord): Explanation {
  checkArgument('compareBuilds', 'older', older, recordArgument);
  checkArgument('compareBuilds', 'newer', newer, recordArgument);
  const steps: ExplainedStep[] = [];
  const valuesCompared = older.key === newer.key;
  const sides: Sides = {
    older,
    newer,
    comparable: valuesCompared ? (digest) => digest : (digest) => digest.replace(/~.*$/, ''),
    valuesCompared,
    olderEnvironments: new EnvironmentReader(older.environments),
    newerEnvironments: new EnvironmentReader(newer.environments),
    files: new FileCauses(older.contexts, newer.contexts),
  };
  const isMulti = Object.keys(newer.platforms).length > 1;
  // What one platform has made, another one of the same build finds, too.
  const oldKeys = new Set(Object.values(older.platforms).flatMap((list) => keysOf(list, older, sides)));
  for (const [platform, list] of Object.entries(newer.platforms)) {
    const old = older.platforms[platform] ?? Object.values(older.platforms)[0] ?? [];
    for (const step of explainSteps(old, list, oldKeys, sides))
      steps.push({ platform: isMulti ? platform : '', ...step });
  }
  return { version: 1, valuesCompared, steps };
}

/** Both records, and how their digests are compared. */
interface Sides {
  readonly older: BuildRecord;
  readonly newer: BuildRecord;
  readonly valuesCompared: boolean;
  /** A digest without what cannot be compared. */
  comparable(digest: string): string;
  readonly olderEnvironments: EnvironmentReader;
  readonly newerEnvironments: EnvironmentReader;
  readonly files: FileCauses;
}

/** The digest of the variables of a step. */
const environmentDigest = ({ environment }: BuildStep, record: BuildRecord, { comparable }: Sides) =>
  environment === undefined ? '' : comparable(record.environments[environment]!.digest);

function ownOf(step: BuildStep, record: BuildRecord, sides: Sides): string {
  const parts = Object.entries(step.parts).sort(byName);
  const comparable = parts.map(([name, digest]) => [name, sides.comparable(digest)]);
  return shortHash(
    JSON.stringify([comparable, environmentDigest(step, record, sides), step.takes.map((it) => it.digest)]),
  );
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1);

/** The cache keys of steps: what a step is made of, with the keys of what it needs. */
function keysOf(steps: readonly BuildStep[], record: BuildRecord, sides: Sides): string[] {
  const keys: string[] = [];
  for (const step of steps) keys.push(keyOf(ownOf(step, record, sides), step, keys));
  return keys;
}

const keyOf = (own: string, step: BuildStep, keys: readonly string[]) =>
  shortHash(JSON.stringify([own, step.inputs.map(({ step: input, content }) => [keys[input], content])]));

function explainSteps(
  old: readonly BuildStep[],
  list: readonly BuildStep[],
  oldKeys: ReadonlySet<string>,
  sides: Sides,
): Omit<ExplainedStep, 'platform'>[] {
  const pairs = pairSteps(old, list, sides);
  const keys = keysOf(list, sides.newer, sides);
  const explained: Omit<ExplainedStep, 'platform'>[] = [];
  const roots: ReadonlySet<number>[] = [];
  const outcomes: ExplainedStep['outcome'][] = [];
  for (const [index, step] of list.entries()) {
    const { file, line, endLine, text, op, inputs } = step;
    const place = { file, line, endLine, text, op };
    if (oldKeys.has(keys[index]!) && step.uncached === undefined) {
      outcomes.push('cached');
      roots.push(new Set());
      explained.push({ ...place, outcome: 'cached', causes: [], followsFrom: [] });
      continue;
    }
    const partner = pairs[index];
    const before = partner === undefined ? undefined : old[partner];
    const causes: Cause[] = before ? causesOf(before, step, sides) : [{ kind: 'new', name: '', detail: '' }];
    if (step.uncached !== undefined) causes.push({ kind: 'no cache', name: '', detail: step.uncached });
    const follows = new Set<number>();
    for (const { step: input } of inputs) {
      for (const root of roots[input]!) {
        // A step that no instruction names is a part of this one: a here-document, or what ADD downloads.
        const isPart = list[root]!.line === 0;
        if (!isPart) follows.add(root);
        else if (causes.length === 0) causes.push(...inlineCauses(before, step, list[root]!, sides));
      }
    }
    // The same step on other inputs than before, which are cached themselves.
    if (causes.length === 0 && follows.size === 0) causes.push({ kind: 'inputs', name: '', detail: '' });
    const depends = causes.every(isUnseen) && inputs.every((it) => it.content || outcomes[it.step] !== 'runs');
    const outcome = depends ? 'depends' : 'runs';
    outcomes.push(outcome);
    const own = causes.length > 0 ? new Set([...follows, index]) : follows;
    roots.push(own.size > maxRoots ? new Set([...own].sort((a, b) => a - b).slice(-maxRoots)) : own);
    const followsFrom = [...new Set([...follows].map((root) => list[root]!.line))].sort((a, b) => a - b);
    explained.push({ ...place, outcome, causes, followsFrom });
  }
  return explained;
}

/**
 * Whether a daemon that has the directory from an earlier build does not see what changed: it is sent what differs, and
 * of a directory that was there it changes the mode and keeps the digest.
 */
const isUnseen = ({ kind, name, detail }: Cause): boolean =>
  kind === 'file' && name.endsWith('/') && (detail === 'mode' || detail === 'attributes');

const isOtherText = (before: BuildStep | undefined, step: BuildStep, { comparable }: Sides) =>
  before === undefined || comparable(before.instruction) !== comparable(step.instruction);

/** Why a part of a step differs. Flags such as --checksum are only in the part. */
function inlineCauses(before: BuildStep | undefined, step: BuildStep, part: BuildStep, sides: Sides): Cause[] {
  if (!isOtherText(before, step, sides)) return settingCause('here-document', part, sides);
  const written = before ? flagCauses(before, step, sides) : [];
  return written.length > 0 ? written : [{ kind: 'instruction', name: '', detail: '' }];
}

/** The step of the older build that each step was: by its instruction, and between such steps by its place and kind. */
function pairSteps(
  old: readonly BuildStep[],
  list: readonly BuildStep[],
  { comparable }: Sides,
): (number | undefined)[] {
  const pairs: (number | undefined)[] = new Array(list.length).fill(undefined);
  const indexes = [...old.keys()];
  const places = Map.groupBy(indexes, (index) => comparable(old[index]!.instruction));
  const taken = new Set<number>();
  for (const [index, { instruction }] of list.entries()) {
    const found = places.get(comparable(instruction))?.shift();
    if (found === undefined) continue;
    pairs[index] = found;
    taken.add(found);
  }
  const kinds = Map.groupBy(
    indexes.filter((index) => !taken.has(index)),
    (index) => kindOf(old[index]!),
  );
  // An instruction that has changed stands between the same ones as before.
  let last = -1;
  for (const [index, step] of list.entries()) {
    if (pairs[index] !== undefined) {
      last = pairs[index]!;
      continue;
    }
    const candidates = kinds.get(kindOf(step)) ?? [];
    const next = pairs.slice(index + 1, index + 50).find((it) => it !== undefined) ?? old.length;
    const at = candidates.findIndex((it) => it > last && (it < next || next < last));
    if (at < 0) continue;
    pairs[index] = last = candidates.splice(at, 1)[0]!;
  }
  return pairs;
}

const kindOf = ({ text, parts }: BuildStep) => `${/^\w*/.exec(text)?.[0]} ${Object.keys(parts)[0]}`;

/** The flags that parts of a step are the values of. */
const flags: Readonly<Record<string, string>> = {
  network: '--network',
  security: '--security',
  'secret variables': '--mount',
  devices: '--device',
  owner: '--chown',
  mode: '--chmod',
  exclude: '--exclude',
};

/** The flag that a part is the value of, for any source of a COPY: `owner 2`. */
const flagOf = (part: string): string | undefined => flags[part.replace(/ \d+$/, '')];

function causesOf(before: BuildStep, step: BuildStep, sides: Sides): Cause[] {
  const { comparable, files } = sides;
  const causes: Cause[] = [];
  const names = new Set([...Object.keys(before.parts), ...Object.keys(step.parts)]);
  const digestIn = ({ parts }: BuildStep, name: string) => comparable(parts[name] ?? 'none');
  const differing = [
    ...[...names].filter((name) => digestIn(before, name) !== digestIn(step, name)),
    ...differingVariables(before, step, sides),
  ];
  const isText = isOtherText(before, step, sides);
  const own = differing.filter((name) => !name.startsWith('env '));
  // Then the flags are what differs in the text.
  const isFlag = (name: string) => name.startsWith('mount ') || flagOf(name) !== undefined;
  const written = isText ? flagCauses(before, step, sides) : [];
  const areFlags = isText && own.length > 0 && (written.length > 0 || own.every(isFlag));
  let variables = 0;
  for (const name of differing) {
    if (name.startsWith('env ')) {
      if (name !== 'env order' && ++variables <= maxVariableCauses)
        causes.push(variableCause(name.slice('env '.length), step, sides));
    } else if (written.length > 0) continue;
    else if (name.startsWith('mount ')) causes.push({ kind: 'mount', name: name.slice('mount '.length), detail: '' });
    else if (name === 'platform' || name === 'base image' || name === 'source')
      causes.push(...sourceCauses(name, isText, step, sides));
    else if (!isText) causes.push(...shellCause(name, before, step, sides));
    else if (areFlags) causes.push({ kind: 'instruction', name: flagOf(name)!, detail: '' });
  }
  // Only --link changes nothing in the op itself.
  causes.push(...written.filter(({ name }) => own.length > 0 || name === '--link'));
  if (variables > maxVariableCauses)
    causes.push({ kind: 'variables', name: '', detail: `${variables - maxVariableCauses} more` });
  if (isText && differing.length > 0 && !areFlags) causes.unshift({ kind: 'instruction', name: '', detail: '' });
  if (differing.length === 1 && differing[0] === 'env order')
    causes.push({ kind: 'settings', name: 'order of variables', detail: '' });
  for (const [index, take] of step.takes.entries()) {
    const old = before.takes[index];
    if (old?.digest !== take.digest) causes.push(...files.causesOf(old, take));
  }
  // Only several parts, and several sources, say the same.
  if (differing.length < 2 && step.takes.length < 2) return causes;
  return [...new Map(causes.map((cause) => [JSON.stringify(cause), cause])).values()];
}

/** Another image or source, by the variable that names it, or another platform. */
function sourceCauses(
  name: 'platform' | 'base image' | 'source',
  isText: boolean,
  step: BuildStep,
  sides: Sides,
): Cause[] {
  if (step.parts['action'] !== undefined) return isText ? [] : [settings(name)];
  const set = name === 'platform' || isText ? [] : changedUses(step, sides);
  return set.length > 0 ? set : [{ kind: name, name: '', detail: '' }];
}

/** The flags that differ, with their values, if nothing else in the instruction does. */
function flagCauses(before: BuildStep, step: BuildStep, { comparable }: Sides): Cause[] {
  if (before.rest === undefined || step.rest === undefined || comparable(before.rest) !== comparable(step.rest))
    return [];
  const [was, is] = [flagsByName(before), flagsByName(step)];
  const names = new Set([...was.keys(), ...is.keys()]);
  return [...names].flatMap((name): Cause[] => {
    const [old = [], now = []] = [was.get(name), is.get(name)];
    const gone = old.filter((it) => !now.includes(it)).join(' ');
    const added = now.filter((it) => !old.includes(it)).join(' ');
    if (gone === '' && added === '') return [];
    return [{ kind: 'instruction', name, detail: '', before: gone, now: added }];
  });
}

const flagsByName = ({ flags = [] }: BuildStep) => Map.groupBy(flags, (flag) => flag.replace(/=.*$/s, ''));

/**
 * A setting differs though its instruction does not: a variable in it has another value, or what stands before it. A
 * record has the text of some instructions; of the others, any declared build argument may be the cause.
 */
function settingCause(name: string, step: BuildStep, sides: Sides): Cause[] {
  const { text } = step;
  const args = changedArgs(sides).filter((arg) => sides.newer.variables[arg] !== undefined);
  const isCommand = /^run\b/i.test(text) || text === '';
  if (isCommand) return args.length > 0 ? args.map(argCause) : [settings(name)];
  const changed = changedUses(step, sides);
  if (changed.length > 0) return changed;
  // A relative destination depends on the working directory, too.
  const { uses = [] } = step;
  const isRelative = name.startsWith('destination') && !/\s\//.test(text);
  return uses.length === 1 && !isRelative ? [variableCause(uses[0]!, step, sides)] : [settings(name)];
}

/** The variables of an instruction whose build arguments, ARG or ENV differ. */
function changedUses(step: BuildStep, sides: Sides): Cause[] {
  const { older, newer, valuesCompared } = sides;
  const isSetOtherwise = (name: string) =>
    valuesCompared && older.settings !== undefined && String(older.settings[name]) !== String(newer.settings?.[name]);
  const changed = (step.uses ?? []).filter((name) => isChangedArg(name, sides) || isSetOtherwise(name));
  return changed.map((name) => variableCause(name, step, sides));
}

/** The SHELL of a command, or another setting. */
function shellCause(name: string, before: BuildStep, step: BuildStep, sides: Sides): Cause[] {
  const [was, is] = [before.shell, step.shell].map((shell) => sides.comparable(shell?.[1] ?? ''));
  if (name !== 'command' || was === is) return settingCause(name, step, sides);
  return [{ kind: 'settings', name: 'shell', detail: step.shell ? `${step.file}:${step.shell[0]}` : '' }];
}

const settings = (name: string): Cause => ({ kind: 'settings', name, detail: '' });
const argCause = (name: string): Cause => ({ kind: 'variable', name, detail: `build-arg:${name}` });

function changedArgs(sides: Sides): string[] {
  const names = new Set([...Object.keys(sides.older.buildArgs), ...Object.keys(sides.newer.buildArgs)]);
  return [...names].filter((name) => isChangedArg(name, sides));
}

function isChangedArg(name: string, { older, newer, valuesCompared }: Sides): boolean {
  const [was, is] = [older.buildArgs[name], newer.buildArgs[name]];
  return valuesCompared ? was !== is : (was === undefined) !== (is === undefined);
}

/** The variables that differ, as `env NAME`, and `env order` if their names do not stand in the same order. */
function differingVariables(before: BuildStep, step: BuildStep, sides: Sides): string[] {
  const [older, newer] = [environmentDigest(before, sides.older, sides), environmentDigest(step, sides.newer, sides)];
  if (older === newer) return [];
  const was = before.environment === undefined ? [] : sides.olderEnvironments.at(before.environment);
  const is = step.environment === undefined ? [] : sides.newerEnvironments.at(step.environment);
  const isSame = (a: RecordedVariable, b: RecordedVariable) => !sides.valuesCompared || a[1] === b[1];
  if (was.length === is.length && was.every(([name], index) => name === is[index]![0]))
    return was.flatMap((variable, index) => (isSame(variable, is[index]!) ? [] : `env ${variable[0]}`));
  const old = new Map(was.map((variable) => [variable[0], variable]));
  const differing: string[] = [];
  for (const variable of is) {
    const found = old.get(variable[0]);
    if (!found || !isSame(found, variable)) differing.push(`env ${variable[0]}`);
    old.delete(variable[0]);
  }
  return [...differing, ...[...old.keys()].map((name) => `env ${name}`), 'env order'];
}

function variableCause(name: string, { file, line }: BuildStep, sides: Sides): Cause {
  const { older, newer } = sides;
  if (isChangedArg(name, sides)) return argCause(name);
  const set = newer.variables[name]?.findLast((it) => it < line);
  if (set !== undefined) return { kind: 'variable', name, detail: `${file}:${set}` };
  const gone = older.variables[name] !== undefined;
  return { kind: 'variable', name, detail: gone ? 'its ARG or ENV is gone' : 'the base image' };
}
