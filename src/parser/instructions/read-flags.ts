/** Checks the flags of an instruction against those it takes. */
import { toLower } from '../../go/unicode.ts';
import { suggest } from '../../text/suggest.ts';
import type { Word } from '../ast.ts';
import type { InstructionInput, Problem } from './instruction-input.ts';

/**
 * The kinds of flags, with the type of their fields in the AST:
 * `bool` true or false, false if absent; `optional-bool` the same, undefined if absent; `text` the value, '' if absent;
 * `word` the value with its place, undefined if absent; `texts` and `words` the values of a flag that may be repeated.
 */
export type FlagKind = 'bool' | 'optional-bool' | 'text' | 'word' | 'texts' | 'words';

type KindOf<Value> = [Value] extends [boolean]
  ? 'bool'
  : [Value] extends [boolean | undefined]
    ? 'optional-bool'
    : [Value] extends [string]
      ? 'text'
      : [Value] extends [Word | undefined]
        ? 'word'
        : [Value] extends [readonly string[]]
          ? 'texts'
          : 'words';

/** The flags of an instruction by their fields: `keepGitDir` is the flag `--keep-git-dir`. */
type FlagTable<Flags> = { readonly [Field in keyof Flags]: KindOf<Flags[Field]> };

/** Reads the flags of an instruction. It reports problems, and then gives undefined. */
export interface FlagReader<Flags> {
  (input: InstructionInput): Flags | undefined;
  /** The kinds of the flags, by their names without hyphens in front. */
  readonly kinds: ReadonlyMap<string, FlagKind>;
}

/** Makes the reader of an instruction's flags. */
export function flagReader<Flags>(table: FlagTable<Flags>): FlagReader<Flags> {
  const fields = Object.entries<FlagKind>(table);
  const kinds = new Map(fields.map(([field, kind]) => [flagName(field), kind]));
  const fieldOf = new Map(fields.map(([field]) => [flagName(field), field]));
  const absent = Object.freeze(
    Object.fromEntries(fields.map(([field, kind]) => [field, fieldValue(kind, [])])),
  ) as Flags;
  const read = (input: InstructionInput) => {
    if (input.base.flags.length === 0) return absent;
    const given = readGiven(input, kinds);
    if (!given) return undefined;
    const values: Partial<Record<string, unknown>> = { ...(absent as object) };
    for (const [name, words] of given) values[fieldOf.get(name)!] = fieldValue(kinds.get(name)!, words);
    return values as Flags;
  };
  return Object.assign(read, { kinds });
}

function readGiven(
  { base, report }: InstructionInput,
  kinds: ReadonlyMap<string, FlagKind>,
): ReadonlyMap<string, readonly Word[]> | undefined {
  const values = new Map<string, Word[]>();
  let isGood = true;
  for (const flag of base.flags) {
    const problem = checkFlag(flag, kinds, values.has(flag.name));
    if (problem) {
      isGood = false;
      report({ ...problem, range: flag.range });
      continue;
    }
    const { name, value = '', range } = flag;
    // A value without quotes and escapes is the end of the flag.
    const word = { text: value, range: { start: Math.max(range.start, range.end - value.length), end: range.end } };
    const given = values.get(name);
    if (given) given.push(word);
    else values.set(name, [word]);
  }
  return isGood ? values : undefined;
}

const flagName = (field: string) => field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function fieldValue(kind: FlagKind, words: readonly Word[]) {
  const word = words[0];
  switch (kind) {
    case 'bool':
      return word !== undefined && isOn(word);
    case 'optional-bool':
      return word && isOn(word);
    case 'text':
      return word?.text ?? '';
    case 'word':
      return word;
    case 'texts':
      return words.map(({ text }) => text);
    case 'words':
      return words;
  }
}

/** `--name` and `--name=true`. */
const isOn = ({ text }: Word) => toLower(text) !== 'false';

/** Reports the flags of an instruction that takes none; false if there are any. */
export function readNoFlags(input: InstructionInput): boolean {
  return input.base.flags.length === 0 || readGiven(input, new Map()) !== undefined;
}

function checkFlag(
  { name, value }: { name: string; value: string | undefined },
  kinds: ReadonlyMap<string, FlagKind>,
  isRepeated: boolean,
): Omit<Problem, 'range'> | undefined {
  const written = `--${name}`;
  const kind = kinds.get(name);
  if (!kind) {
    const names = [...kinds.keys()].sort();
    const match = suggest(name, names, true);
    const meant = similarFlag(name, names);
    return {
      code: 'unknown-flag',
      message: `unknown flag: ${written}${match === undefined ? '' : ` (did you mean ${match}?)`}`,
      facts: { name, meant },
      hint:
        names.length === 0
          ? 'This instruction has no flags.'
          : `${meant === undefined || meant === match ? '' : `Write --${meant}. `}Its flags are --${names.join(', --')}.`,
    };
  }
  if (isRepeated && kind !== 'texts' && kind !== 'words')
    return { code: 'repeated-flag', message: `duplicate flag specified: ${written}` };
  const isBool = kind === 'bool' || kind === 'optional-bool';
  if (isBool ? value === '' : value === undefined)
    return {
      code: 'missing-flag-value',
      message: `missing a value on flag: ${written}`,
      hint: `Write ${isBool ? `${written}, or ${written}=true` : `${written}=VALUE, with an equals sign and no blank`}.`,
    };
  if (isBool && value !== undefined && !/^(?:true|false)$/.test(toLower(value)))
    return {
      code: 'bad-flag-value',
      message: `expecting boolean value for flag ${written}, not: ${value}`,
    };
  return undefined;
}

/**
 * The flag that a wrong name means: one with the same letters, otherwise the closest. The reference counts two
 * exchanged letters twice, and compares capitals.
 */
export function similarFlag(name: string, names: readonly string[]): string | undefined {
  const sorted = (text: string) => [...text].sort().join('');
  const small = toLower(name);
  const match = names.find((other) => other.length === name.length && sorted(other) === sorted(small));
  return match ?? suggest(name, names, true);
}
