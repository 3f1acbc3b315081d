/** The sets of characters that Go's regular expressions have names for, and its names of control characters. */
import { isAssigned } from '../../go/unicode.ts';

/** Whether a character, one code point, belongs to a set. */
export type CharTest = (char: string) => boolean;

/** The classes that an escape names: `\d` by the key `d`. */
export const perlClasses: Readonly<Record<string, CharTest>> = {
  d: (char) => /^[0-9]$/.test(char),
  D: (char) => !/^[0-9]$/.test(char),
  s: (char) => /^[\t\n\f\r ]$/.test(char),
  S: (char) => !/^[\t\n\f\r ]$/.test(char),
  w: (char) => isWord(char),
  W: (char) => !isWord(char),
};

/** The classes inside brackets: `[:alpha:]` by the key `alpha`. */
export const posixClasses: Readonly<Record<string, RegExp>> = {
  alnum: /^[0-9A-Za-z]$/,
  alpha: /^[A-Za-z]$/,
  ascii: /^[\x00-\x7f]$/,
  blank: /^[\t ]$/,
  cntrl: /^[\x00-\x1f\x7f]$/,
  digit: /^[0-9]$/,
  graph: /^[!-~]$/,
  lower: /^[a-z]$/,
  print: /^[ -~]$/,
  punct: /^[!-/:-@[-`{-~]$/,
  space: /^[\t\n\v\f\r ]$/,
  upper: /^[A-Z]$/,
  word: /^[0-9A-Za-z_]$/,
  xdigit: /^[0-9A-Fa-f]$/,
};

/** The control characters that an escape names: `\n` by the key `n`. */
export const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** A code point that no version of Unicode assigns: it belongs to no script and to the category Cn. */
const unassigned = '\u0378';

/**
 * Scripts that Go 1.26 does not know and JavaScript engines differ in: those of Unicode 15.1 to 17.0, and one without
 * characters.
 */
const unknownScripts = new Set(
  'Garay Gara Gurung_Khema Gukh Kirat_Rai Krai Ol_Onal Onao Sunuwar Sunu Todhri Todr Tulu_Tigalari Tutg Sidetic Sidt Tolong_Siki Tols Beria_Erfe Berf Tai_Yo Tayo Katakana_Or_Hiragana Hrkt'.split(
    ' ',
  ),
);

/**
 * A category or script of Unicode.
 *
 * @param name e.g. `L`, `Greek`; `^` before it means all other characters
 * @returns undefined if Unicode has no such property
 */
export function unicodeProperty(name: string): CharTest | undefined {
  const negated = name.startsWith('^') && name.length > 1;
  const plain = negated ? name.slice(1) : name;
  if (!/^\w+$/.test(plain) || unknownScripts.has(plain)) return undefined;
  const properties = /^(?:Any|ASCII|Assigned)$/.test(plain) ? [plain] : [`gc=${plain}`, `Script=${plain}`];
  for (const property of properties) {
    try {
      const pattern = new RegExp(`^\\${negated ? 'P' : 'p'}{${property}}$`, 'u');
      return (char) => pattern.test(isAssigned(char) ? char : unassigned);
    } catch {
      // The name is not a property of this kind.
    }
  }
  return undefined;
}

/** Whether a character belongs to `\w`; the ends of the text (undefined) do not. */
export function isWord(char: string | undefined): boolean {
  return char !== undefined && /^[0-9A-Za-z_]$/.test(char);
}
