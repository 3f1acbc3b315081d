/** Checks the flags of an instruction against those it takes. */
import { toLower } from '../../go/unicode.ts';
import type { Word } from '../ast.ts';
import { suggest } from '../suggest.ts';
import type { Problem, Request } from './request.ts';

/** Whether a flag is on or off, has a text, or may be given several times. */
export type FlagKind = 'bool' | 'string' | 'strings';

export interface FlagValues<Name extends string> {
  /** True for `--name` and `--name=true`. */
  bool(name: Name): boolean;
  /** undefined if the flag is not given. */
  optionalBool(name: Name): boolean | undefined;
  /** '' if the flag is not given. */
  string(name: Name): string;
  /** The values of a flag that can be given several times. */
  strings(name: Name): readonly Word[];
}

/** Reads the flags; undefined if there is any problem, which has been reported then. */
export function readFlags<Name extends string>(
  request: Request,
  kinds: Readonly<Record<Name, FlagKind>>,
): FlagValues<Name> | undefined {
  const values = new Map<string, Word[]>();
  let isGood = true;
  for (const flag of request.base.flags) {
    const problem = checkFlag(flag, kinds, values.has(flag.name));
    if (problem) {
      isGood = false;
      request.report({ ...problem, range: flag.range });
      continue;
    }
    const { name, value = '', range } = flag;
    // A value without quotes and escapes stands at the end of the flag.
    const word = { text: value, range: { start: Math.max(range.start, range.end - value.length), end: range.end } };
    const given = values.get(name);
    if (given) given.push(word);
    else values.set(name, [word]);
  }
  if (!isGood) return undefined;
  const first = (name: Name) => values.get(name)?.[0]?.text;
  const optionalBool = (name: Name) => {
    const text = first(name);
    return text === undefined ? undefined : toLower(text) !== 'false';
  };
  return {
    optionalBool,
    bool: (name) => optionalBool(name) ?? false,
    string: (name) => first(name) ?? '',
    strings: (name) => values.get(name) ?? [],
  };
}

/** For instructions without flags; false if there are any. */
export function readNoFlags(request: Request): boolean {
  return request.base.flags.length === 0 || readFlags(request, {}) !== undefined;
}

function checkFlag(
  { name, value }: { name: string; value: string | undefined },
  kinds: Readonly<Record<string, FlagKind>>,
  isRepeated: boolean,
): Omit<Problem, 'range'> | undefined {
  const written = `--${name}`;
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!kind) {
    const names = Object.keys(kinds).sort();
    const match = suggest(name, names, true);
    return {
      code: 'unknown-flag',
      message: `unknown flag: ${written}${match === undefined ? '' : ` (did you mean ${match}?)`}`,
      hint:
        names.length === 0
          ? 'This instruction has no flags.'
          : `${sameLetters(name, names, match)}Its flags are --${names.join(', --')}.`,
    };
  }
  if (isRepeated && kind !== 'strings')
    return { code: 'repeated-flag', message: `duplicate flag specified: ${written}` };
  if (kind === 'bool' ? value === '' : value === undefined)
    return { code: 'missing-flag-value', message: `missing a value on flag: ${written}` };
  if (kind === 'bool' && value !== undefined && !/^(?:true|false)$/.test(toLower(value)))
    return {
      code: 'bad-flag-value',
      message: `expecting boolean value for flag ${written}, not: ${value}`,
    };
  return undefined;
}

/** The reference counts an exchange of two letters twice, and takes `chwon` for `chmod`. */
function sameLetters(name: string, names: readonly string[], suggested: string | undefined): string {
  const sorted = (text: string) => [...text].sort().join('');
  const match = names.find((other) => other.length === name.length && sorted(other) === sorted(name));
  return match === undefined || match === suggested ? '' : `Write --${match}. `;
}
