/** Compares two builds: which steps run again, the first cause of each, and which steps only follow from others. */
import { checkArgument } from '../text/arguments.ts';
import { aRecord, type BuildRecord, type BuildStep, type RecordedFlag } from './build-record.ts';
import {
  type Cause,
  furtherVariables,
  type InstructionCause,
  instructionCause,
  mountCause,
  type Origin,
  type Place,
  partCause,
  plainCause,
  type SettingCause,
  settingCause,
  uncachedCause,
  type VariableCause,
  variableCause,
} from './cause.ts';
import { shortHash } from './content-hash.ts';
import { EnvironmentReader, type RecordedVariable } from './environments.ts';
import { FileCauses } from './file-causes.ts';
import { type OpPart, partName } from './op-part.ts';

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
const maxVariables = 20;
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
  checkArgument('compareBuilds', 'older', older, aRecord);
  checkArgument('compareBuilds', 'newer', newer, aRecord);
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
  const parts = step.parts.map((part) => [partName(part), sides.comparable(part.digest)]);
  return shortHash(JSON.stringify([parts, environmentDigest(step, record, sides), step.takes.map((it) => it.digest)]));
}

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
    const causes: Cause[] = before ? causesOf(before, step, sides) : [plainCause('new')];
    if (step.uncached !== undefined) causes.push(uncachedCause(step.uncached));
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
    if (causes.length === 0 && follows.size === 0) causes.push(plainCause('inputs'));
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
const isUnseen = (it: Cause): boolean =>
  it.kind === 'file' && it.name.endsWith('/') && (it.detail === 'mode' || it.detail === 'attributes');

const isOtherText = (before: BuildStep | undefined, step: BuildStep, { comparable }: Sides) =>
  before === undefined || comparable(before.instruction) !== comparable(step.instruction);

/** Why a part of a step differs. Flags such as --checksum are only in the part. */
function inlineCauses(
  before: BuildStep | undefined,
  step: BuildStep,
  inline: BuildStep,
  sides: Sides,
): readonly Cause[] {
  if (!isOtherText(before, step, sides)) return settingCauses(settingCause('here-document'), inline, sides);
  const written = before ? flagCauses(before, step, sides) : [];
  return written.length > 0 ? written : [instructionCause()];
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

const kindOf = ({ keyword = '', parts }: BuildStep) => `${keyword} ${parts[0]?.kind}`;

/** The flags that parts of a step are the values of. */
const flagsOfParts: { readonly [Kind in OpPart['kind']]?: string } = {
  network: '--network',
  security: '--security',
  'secret variables': '--mount',
  devices: '--device',
  owner: '--chown',
  mode: '--chmod',
  exclude: '--exclude',
};

function causesOf(before: BuildStep, step: BuildStep, sides: Sides): Cause[] {
  const parts = differingParts(before, step, sides);
  const { names, areReordered } = differingVariables(before, step, sides);
  const isText = isOtherText(before, step, sides);
  // Then the flags are what differs in the text.
  const isFlag = ({ kind }: OpPart) => kind === 'mount' || flagsOfParts[kind] !== undefined;
  const written = isText ? flagCauses(before, step, sides) : [];
  const areFlags = isText && parts.length > 0 && (written.length > 0 || parts.every(isFlag));
  const causes: Cause[] = [];
  if (isText && !areFlags && (parts.length + names.length > 0 || areReordered)) causes.push(instructionCause());
  for (const part of written.length > 0 ? [] : parts) {
    const flag = areFlags ? flagsOfParts[part.kind] : undefined;
    if (flag !== undefined) causes.push(instructionCause(flag));
    else causes.push(...partCauses(part, isText, before, step, sides));
  }
  for (const name of names.slice(0, maxVariables)) causes.push(variableCauseOf(name, step, sides));
  // Only --link changes nothing in the op itself.
  causes.push(...written.filter(({ name }) => parts.length > 0 || name === '--link'));
  if (names.length > maxVariables) causes.push(furtherVariables(names.length - maxVariables));
  if (parts.length + names.length === 0 && areReordered) causes.push(settingCause('order of variables'));
  for (const [index, take] of step.takes.entries()) {
    const old = before.takes[index];
    if (old?.digest !== take.digest) causes.push(...sides.files.causesOf(old, take));
  }
  // Only several parts, and several sources, say the same.
  if (parts.length + names.length < 2 && step.takes.length < 2) return causes;
  return [...new Map(causes.map((it) => [JSON.stringify(it), it])).values()];
}

/** The parts that differ: as they are now, or as they were if they are gone. */
function differingParts(before: BuildStep, step: BuildStep, { comparable }: Sides): OpPart[] {
  const [was, is] = [before, step].map(({ parts }) => new Map(parts.map((part) => [partName(part), part])));
  const isSame = (a: OpPart | undefined, b: OpPart) => a !== undefined && comparable(a.digest) === comparable(b.digest);
  return [...new Map([...was!, ...is!])].flatMap(([name, part]) =>
    isSame(was!.get(name), part) && is!.has(name) ? [] : part,
  );
}

/** What a part that differs says. @param isText whether the text of the instruction differs, too */
function partCauses(part: OpPart, isText: boolean, before: BuildStep, step: BuildStep, sides: Sides): readonly Cause[] {
  switch (part.kind) {
    case 'mount':
      return [mountCause(part.target)];
    case 'platform':
      return [plainCause('platform')];
    case 'base image':
    case 'source': {
      const changed = isText ? [] : changedUses(step, sides);
      return changed.length > 0 ? changed : [sourceCause(part.kind, before, step)];
    }
    case 'copied path':
      if (part.action === 1) return isText ? [] : [partCause(part)];
      break;
    case 'command': {
      const [was, is] = [before.shell, step.shell].map((shell) => sides.comparable(shell?.[1] ?? ''));
      if (!isText && was !== is) return [settingCause('shell', placeIn(step, step.shell?.[0]))];
    }
  }
  return isText ? [] : settingCauses(partCause(part, originOfPart(part, step)), step, sides);
}

function sourceCause(kind: 'base image' | 'source', before: BuildStep, step: BuildStep): Cause {
  if (kind === 'source') return plainCause('source');
  const { image: was } = before;
  const { image: is } = step;
  const areKnown = was !== undefined && is !== undefined && was !== is;
  return { kind, name: '', detail: '', ...(areKnown && { before: was, now: is }) };
}

const placeIn = ({ file }: BuildStep, line: number | undefined): Place | undefined =>
  line === undefined ? undefined : { file, line };

/** The instruction above that sets a part: a relative destination depends on the working directory. */
function originOfPart({ kind }: OpPart, step: BuildStep): Place | undefined {
  if (kind === 'user') return placeIn(step, step.user);
  return kind === 'working directory' || (kind === 'destination' && step.isRelative)
    ? placeIn(step, step.workdir)
    : undefined;
}

/** The flags that differ, with their values, if nothing else in the instruction does. */
function flagCauses(before: BuildStep, step: BuildStep, { comparable }: Sides): InstructionCause[] {
  if (before.rest === undefined || step.rest === undefined || comparable(before.rest) !== comparable(step.rest))
    return [];
  const [was, is] = [before, step].map(({ flags = [] }) => Map.groupBy(flags, ({ name }) => name));
  const textsOf = (flags: readonly RecordedFlag[] = []) => flags.map(({ text }) => text);
  return [...new Set([...was!.keys(), ...is!.keys()])].flatMap((name) => {
    const [old, now] = [textsOf(was!.get(name)), textsOf(is!.get(name))];
    const gone = old.filter((it) => !now.includes(it)).join(' ');
    const added = now.filter((it) => !old.includes(it)).join(' ');
    return gone === added ? [] : instructionCause(`--${name}`, { before: gone, now: added });
  });
}

/**
 * A setting differs though its instruction does not: a variable in it has another value, or what stands before it. A
 * record has the text of some instructions; of the others, any declared build argument may be the cause.
 */
function settingCauses(cause: SettingCause, step: BuildStep, sides: Sides): readonly Cause[] {
  const { keyword, uses = [], isRelative = false } = step;
  if (keyword === 'run') {
    const changed = changedArgs(sides).filter((name) => sides.newer.variables[name] !== undefined);
    if (changed.length === 0) return [cause];
    return changed.map((name) => variableCause(name, 'build argument'));
  }
  const changed = changedUses(step, sides);
  if (changed.length > 0) return changed;
  // A relative destination depends on the working directory, too.
  const isMoved = isRelative && cause.setting === 'destination';
  return uses.length === 1 && !isMoved ? [variableCauseOf(uses[0]!, step, sides)] : [cause];
}

/** The variables of an instruction whose build arguments, ARG or ENV differ. */
function changedUses(step: BuildStep, sides: Sides): VariableCause[] {
  const { older, newer, valuesCompared } = sides;
  const isSetOtherwise = (name: string) =>
    valuesCompared && older.settings !== undefined && String(older.settings[name]) !== String(newer.settings?.[name]);
  const changed = (step.uses ?? []).filter((name) => isChangedArg(name, sides) || isSetOtherwise(name));
  return changed.map((name) => variableCauseOf(name, step, sides));
}

function changedArgs(sides: Sides): string[] {
  const names = new Set([...Object.keys(sides.older.buildArgs), ...Object.keys(sides.newer.buildArgs)]);
  return [...names].filter((name) => isChangedArg(name, sides));
}

function isChangedArg(name: string, { older, newer, valuesCompared }: Sides): boolean {
  const [was, is] = [older.buildArgs[name], newer.buildArgs[name]];
  return valuesCompared ? was !== is : (was === undefined) !== (is === undefined);
}

/** Variables that differ. */
interface DifferingVariables {
  readonly names: readonly string[];
  /** Whether their names do not stand in the same order. */
  readonly areReordered: boolean;
}

function differingVariables(before: BuildStep, step: BuildStep, sides: Sides): DifferingVariables {
  const [older, newer] = [environmentDigest(before, sides.older, sides), environmentDigest(step, sides.newer, sides)];
  if (older === newer) return { names: [], areReordered: false };
  const was = before.environment === undefined ? [] : sides.olderEnvironments.at(before.environment);
  const is = step.environment === undefined ? [] : sides.newerEnvironments.at(step.environment);
  const isSame = (a: RecordedVariable, b: RecordedVariable) => !sides.valuesCompared || a[1] === b[1];
  if (was.length === is.length && was.every(([name], index) => name === is[index]![0])) {
    const names = was.flatMap((variable, index) => (isSame(variable, is[index]!) ? [] : variable[0]));
    return { names, areReordered: false };
  }
  const old = new Map(was.map((variable) => [variable[0], variable]));
  const differing: string[] = [];
  for (const variable of is) {
    const found = old.get(variable[0]);
    if (!found || !isSame(found, variable)) differing.push(variable[0]);
    old.delete(variable[0]);
  }
  return { names: [...differing, ...old.keys()], areReordered: true };
}

const variableCauseOf = (name: string, step: BuildStep, sides: Sides): VariableCause =>
  variableCause(name, originOf(name, step, sides));

function originOf(name: string, { file, line }: BuildStep, sides: Sides): Origin {
  if (isChangedArg(name, sides)) return 'build argument';
  const set = sides.newer.variables[name]?.findLast((it) => it < line);
  if (set !== undefined) return { file, line: set };
  return sides.older.variables[name] !== undefined ? 'gone' : 'base image';
}
