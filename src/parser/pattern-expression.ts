/**
 * The part of Go's regular expressions that path patterns can be rewritten to, as steps for an automaton. There is one
 * kind of group, that of `**`; a star follows classes and the dot only.
 */
import { isKnown } from '../go/unicode.ts';

type CharTest = (char: string) => boolean;

export type Step =
  /** One character; `char` where there is only one that it can be. */
  | { readonly kind: 'one'; readonly test: CharTest; readonly char?: string }
  /** Any number of characters. */
  | { readonly kind: 'many'; readonly test: CharTest }
  /** The next `count` steps may be left out. */
  | { readonly kind: 'optional'; readonly count: number }
  /** Something about the place: `^`, `$`, `\b` and the like. */
  | { readonly kind: 'place'; readonly holds: (before: string | undefined, after: string | undefined) => boolean };

const unassigned = '\u0378';

const notSlash: CharTest = (char) => char !== '/';
const notNewline: CharTest = (char) => char !== '\n';

/** No count may be larger. */
const maxRepeat = 1000;

/**
 * Reads an expression; gives the alternatives between `|`.
 *
 * @throws Error `syntax error in pattern`
 */
export function parseExpression(expression: string): Step[][] {
  const chars = codePoints(expression);
  const lastPosixEnd = chars.findLastIndex((char, i) => char === ':' && chars[i + 1] === ']');
  let at = 0;
  let steps: Step[] = [];
  const alternatives = [steps];
  /** Where the steps of the last atom start; undefined where there is nothing that could be repeated. */
  let atom: number | undefined;
  let isRepeated = false;

  while (at < chars.length) {
    const counts = chars[at] === '{' ? parseCounts() : undefined;
    if (counts) {
      if (atom === undefined || isRepeated) throw badPattern();
      for (const step of repeat(steps.splice(atom), counts)) steps.push(step);
      isRepeated = true;
      continue;
    }
    const before = steps.length;
    isRepeated = false;
    if (lookingAt('(.*/)?')) {
      steps.push({ kind: 'optional', count: 2 }, { kind: 'many', test: notNewline }, literal('/'));
      at += 6;
      isRepeated = true;
    } else if (lookingAt('.*')) {
      steps.push({ kind: 'many', test: notNewline });
      at += 2;
      isRepeated = true;
    } else if (lookingAt('\\Q')) {
      const end = findQuoteEnd();
      const quoted = chars.slice(at + 2, end).map(literal);
      at = end + 2;
      if (quoted.length === 0) continue;
      for (const step of quoted) steps.push(step);
      atom = steps.length - 1;
      continue;
    } else if (chars[at] === '[') {
      const test = parseClass();
      isRepeated = chars[at] === '*';
      if (isRepeated) at++;
      steps.push({ kind: isRepeated ? 'many' : 'one', test });
    } else if (chars[at] === '|') {
      at++;
      steps = [];
      alternatives.push(steps);
      atom = undefined;
      continue;
    } else if (chars[at] === '^' || chars[at] === '$') {
      steps.push(chars[at++] === '^' ? atStart : atEnd);
    } else if (chars[at] === '\\') {
      steps.push(parseEscape());
    } else {
      steps.push(literal(chars[at++]!));
    }
    atom = before;
  }
  return alternatives;

  /** `\Q` quotes up to `\E`, or to the end: then the expression's closing `$` is part of the text. */
  function findQuoteEnd(): number {
    let end = at + 2;
    while (end < chars.length && !(chars[end] === '\\' && chars[end + 1] === 'E')) end++;
    return end;
  }

  /** `{2}`, `{2,}`, `{2,3}`; any other brace stands for itself. */
  function parseCounts(): Counts | undefined {
    const end = chars.indexOf('}', at);
    const match = end < 0 ? null : /^(0|[1-9]\d*)(,(0|[1-9]\d*)?)?$/.exec(chars.slice(at + 1, end).join(''));
    if (!match) return undefined;
    at = end + 1;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY) || min > max) throw badPattern();
    return { min, max };
  }

  function lookingAt(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (chars[at + i] !== text[i]) return false;
    return true;
  }

  function parseEscape(): Step {
    switch (chars[at + 1]) {
      case 'A':
        at += 2;
        return atStart;
      case 'z':
        at += 2;
        return atEnd;
      case 'b':
      case 'B': {
        const wanted = chars[at + 1] === 'b';
        at += 2;
        return { kind: 'place', holds: (before, after) => (isWord(before) !== isWord(after)) === wanted };
      }
    }
    const test = parseCharClassEscape();
    if (test) return { kind: 'one', test };
    return literal(parseCharEscape());
  }

  /** `\d` and its kin, `\pL` and `\p{Greek}`: undefined where the escape stands for one character. */
  function parseCharClassEscape(): CharTest | undefined {
    const letter = chars[at + 1];
    if (letter === 'p' || letter === 'P') {
      const property = parseProperty();
      return (char) => property.test(isKnown(char) ? char : unassigned) === (letter === 'p');
    }
    const test = letter === undefined ? undefined : perlClasses[letter];
    if (test) at += 2;
    return test;
  }

  /** Categories and scripts of Unicode. */
  function parseProperty(): { test(char: string): boolean } {
    let name = chars[at + 2];
    at += 3;
    if (name === '{') {
      const end = chars.indexOf('}', at);
      if (end < 0) throw badPattern();
      name = chars.slice(at, end).join('');
      at = end + 1;
    }
    const negated = name?.startsWith('^') && name.length > 1;
    if (negated) name = name!.slice(1);
    if (name === undefined || !/^\w+$/.test(name)) throw badPattern();
    for (const property of [`gc=${name}`, `Script=${name}`, name]) {
      try {
        return new RegExp(`^\\${negated ? 'P' : 'p'}{${property}}$`, 'u');
      } catch {
        // not known as that
      }
    }
    throw badPattern();
  }

  function parseCharEscape(): string {
    const char = chars[at + 1];
    at += 2;
    if (char === undefined) throw badPattern();
    if (/[0-7]/.test(char)) {
      // Octal; a single digit would be a back reference, which there is none.
      if (char !== '0' && !/[0-7]/.test(chars[at] ?? '')) throw badPattern();
      let digits = char;
      while (digits.length < 3 && /[0-7]/.test(chars[at] ?? '')) digits += chars[at++];
      return String.fromCodePoint(Number.parseInt(digits, 8));
    }
    if (char === 'x') {
      const [, braced, plain] =
        /^(?:\{([0-9a-fA-F]{1,64})\}|([0-9a-fA-F]{2}))/.exec(chars.slice(at, at + 66).join('')) ?? [];
      const code = Number.parseInt(braced ?? plain ?? '', 16);
      if (!(code <= 0x10ffff)) throw badPattern();
      at += braced === undefined ? 2 : braced.length + 2;
      return String.fromCodePoint(code);
    }
    const control = controls[char];
    if (control !== undefined) return control;
    if (char < '\x80' && !/[0-9A-Za-z]/.test(char)) return char;
    throw badPattern();
  }

  function parseClass(): CharTest {
    if (lookingAt('[^/]')) {
      at += 4;
      return notSlash;
    }
    const tests: CharTest[] = [];
    at++;
    const negated = chars[at] === '^';
    if (negated) at++;
    for (let first = true; chars[at] !== ']' || first; first = false) {
      if (at >= chars.length) throw badPattern();
      const posix = /^\[:(\^?)([a-z]+):\]/.exec(chars.slice(at, at + 12).join(''));
      if (posix) {
        const set = posixClasses[posix[2]!];
        if (!set) throw badPattern();
        const wanted = posix[1] === '';
        tests.push((char) => set.test(char) === wanted);
        at += posix[0].length;
        continue;
      }
      if (lookingAt('[:') && lastPosixEnd > at + 1) throw badPattern();
      const group = chars[at] === '\\' ? parseCharClassEscape() : undefined;
      if (group) {
        tests.push(group);
        continue;
      }
      const low = parseClassChar();
      let high = low;
      if (chars[at] === '-' && chars[at + 1] !== undefined && chars[at + 1] !== ']') {
        at++;
        high = parseClassChar();
        if (high.codePointAt(0)! < low.codePointAt(0)!) throw badPattern();
      }
      const [from, to] = [low.codePointAt(0)!, high.codePointAt(0)!];
      tests.push((char) => char.codePointAt(0)! >= from && char.codePointAt(0)! <= to);
    }
    at++;
    return (char) => tests.some((test) => test(char)) !== negated;
  }

  function parseClassChar(): string {
    if (at >= chars.length) throw badPattern();
    return chars[at] === '\\' ? parseCharEscape() : chars[at++]!;
  }
}

const perlClasses: Readonly<Record<string, CharTest>> = {
  d: (char) => /^[0-9]$/.test(char),
  D: (char) => !/^[0-9]$/.test(char),
  s: (char) => /^[\t\n\f\r ]$/.test(char),
  S: (char) => !/^[\t\n\f\r ]$/.test(char),
  w: (char) => isWord(char),
  W: (char) => !isWord(char),
};

const controls: Readonly<Record<string, string>> = { a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

const posixClasses: Readonly<Record<string, RegExp>> = {
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

/** The start of the path. */
export const atStart: Step = { kind: 'place', holds: (before) => before === undefined };
const atEnd: Step = { kind: 'place', holds: (_, after) => after === undefined };

interface Counts {
  readonly min: number;
  /** Infinity for no limit. */
  readonly max: number;
}

function repeat(atom: readonly Step[], { min, max }: Counts): Step[] {
  const [step] = atom;
  const steps = Array.from({ length: min }, () => atom).flat();
  if (max === Number.POSITIVE_INFINITY)
    return step?.kind === 'one' ? [...steps, { kind: 'many', test: step.test }] : steps;
  const maybe: Step[] = [{ kind: 'optional', count: atom.length }, ...atom];
  return [...steps, ...Array.from({ length: max - min }, () => maybe).flat()];
}

function literal(wanted: string): Step {
  return { kind: 'one', test: (char) => char === wanted, char: wanted };
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /^[0-9A-Za-z_]$/.test(char);
}

function badPattern(): Error {
  return new Error('syntax error in pattern');
}

/** Characters as Go decodes them: what is no text is U+FFFD. */
export function codePoints(text: string): string[] {
  return [...text.toWellFormed()];
}
