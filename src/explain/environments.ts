/**
 * Environments of steps in a record. Each RUN has all variables that were set before it, so an environment is written
 * as its difference from another one: a record grows with the Dockerfile alone.
 */
import { splitAtFirst } from '../go/split-at-first.ts';
import { shortHash } from './content-hash.ts';
import type { ValueKey } from './value-key.ts';

/** A variable: its name, and the digest of its value. */
export type RecordedVariable = readonly [name: string, value: string];

/** The variables of a step, as a difference. */
export interface RecordedEnvironment {
  /** The environment that it is like, a place before its own; absent for one that is like no other. */
  readonly like?: number;
  /** How many variables at the start are those of the other one. */
  readonly starts: number;
  /** The variables after these. */
  readonly sets: readonly RecordedVariable[];
  /** How many variables at the end are those of the other one. */
  readonly ends: number;
  /** Digest of the names, and after a `~` of the values. */
  readonly digest: string;
}

/** Writes the environments of a record. */
export class EnvironmentWriter {
  /** The environments of the record. */
  readonly list: RecordedEnvironment[] = [];
  private readonly key: ValueKey;
  private readonly digests = new Map<string, string>();
  private last: readonly string[] = [];
  /** Digests of the first names and values of the last environment, by their number. */
  private chain: (readonly [names: string, values: string])[] = [['', '']];

  constructor(key: ValueKey) {
    this.key = key;
  }

  /** @param env `NAME=VALUE` @returns its place in the list */
  add(env: readonly string[]): number {
    const last = this.last;
    const shorter = Math.min(last.length, env.length);
    let starts = 0;
    while (starts < shorter && last[starts] === env[starts]) starts++;
    if (this.list.length > 0 && starts === last.length && starts === env.length) return this.list.length - 1;
    let ends = 0;
    while (ends < shorter - starts && last.at(-1 - ends) === env.at(-1 - ends)) ends++;
    this.chain.length = starts + 1;
    for (const pair of env.slice(starts)) {
      const [names, values] = this.chain.at(-1)!;
      const [name, value] = this.variable(pair);
      this.chain.push([shortHash(`${names} ${name}`), shortHash(`${values} ${value}`)]);
    }
    const sets = env.slice(starts, env.length - ends).map((pair) => this.variable(pair));
    const like = this.list.length > 0 ? { like: this.list.length - 1 } : {};
    this.last = env;
    return this.list.push({ ...like, starts, sets, ends, digest: this.chain.at(-1)!.join('~') }) - 1;
  }

  private variable(pair: string): RecordedVariable {
    const [name, value = ''] = splitAtFirst(pair, '=');
    let digest = this.digests.get(pair);
    if (digest === undefined) this.digests.set(pair, (digest = this.key.digest(value)));
    return [name, digest];
  }
}

/** Reads the environments of a record; quickly, if they are read in their order. */
export class EnvironmentReader {
  private readonly list: readonly RecordedEnvironment[];
  private current: number | undefined;
  private variables: RecordedVariable[] = [];

  constructor(list: readonly RecordedEnvironment[]) {
    this.list = list;
  }

  /** The variables in their order, until the next call. */
  at(index: number): readonly RecordedVariable[] {
    const chain: number[] = [];
    let from: number | undefined = index;
    while (from !== undefined && from !== this.current) {
      chain.push(from);
      from = this.list[from]!.like;
    }
    if (from === undefined) this.variables = [];
    for (const next of chain.reverse()) {
      const { starts, sets, ends } = this.list[next]!;
      this.variables.splice(starts, this.variables.length - starts - ends, ...sets);
    }
    this.current = index;
    return this.variables;
  }
}

/** Whether each environment is made of one before it, and of no more than that has. */
export function areEnvironments(list: readonly RecordedEnvironment[]): boolean {
  const lengths: number[] = [];
  return list.every(({ like, starts, sets, ends }, index) => {
    if (like !== undefined && !(Number.isInteger(like) && like >= 0 && like < index)) return false;
    const length = like === undefined ? 0 : lengths[like]!;
    lengths.push(starts + sets.length + ends);
    return Number.isInteger(starts) && Number.isInteger(ends) && starts >= 0 && ends >= 0 && starts + ends <= length;
  });
}
