/**
 * The part of Go's regular expressions that path patterns can be rewritten to, as steps for an automaton. The
 * only group is that of `**`; a star follows classes and the dot only.
 */
import { type CharTest, controls, isWord, perlClasses, posixClasses, unicodeProperty } from './character-classes.ts';

/** A part of an expression, as the automaton follows it. */
export type PatternStep =
  /** One character. If only one character passes the test, `char` is that character. */
  | { readonly kind: 'one'; readonly test: CharTest; readonly char?: string }
  /** Any number of characters. */
  | { readonly kind: 'many'; readonly test: CharTest }
  /** The next `count` steps may be left out. */
  | { readonly kind: 'optional'; readonly count: number }
  /** A condition on the characters around this place: `^`, `$`, `\b` and the like. */
  | { readonly kind: 'place'; readonly holds: (before: string | undefined, after: string | undefined) => boolean };

const notSlash: CharTest = (char) => char !== '/';
const notNewline: CharTest = (char) => char !== '\n';

/** The largest count in braces that Go allows. */
const maxRepeat = 1000;

/**
 * Reads an expression; gives the alternatives between `|`.
 *
 * @throws Error `syntax error in pattern`
 */
export function parseExpression(expression: string): PatternStep[][] {
  return new ExpressionParser(expression).parse();
}

class ExpressionParser {
  private readonly chars: readonly string[];
  /** Index of the last `:]`; -1 if absent. */
  private readonly lastPosixEnd: number;
  private at = 0;
  /** The steps of the current alternative. */
  private steps: PatternStep[] = [];
  private readonly alternatives = [this.steps];
  /** Index of the first step of the last atom; undefined if nothing can be repeated yet. */
  private atom: number | undefined;
  /** Whether the last atom has its count already: Go refuses a second one. */
  private isRepeated = false;

  constructor(expression: string) {
    this.chars = characters(expression);
    this.lastPosixEnd = this.chars.findLastIndex((char, i) => char === ':' && this.chars[i + 1] === ']');
  }

  parse(): PatternStep[][] {
    while (this.at < this.chars.length) {
      const counts = this.readCounts();
      if (counts) this.repeatAtom(counts);
      else this.readAtom();
    }
    return this.alternatives;
  }

  /** `{2}`, `{2,}`, `{2,3}`; any other brace stands for itself. */
  private readCounts(): Counts | undefined {
    if (this.chars[this.at] !== '{') return undefined;
    const end = this.chars.indexOf('}', this.at);
    const written = end < 0 ? '' : this.chars.slice(this.at + 1, end).join('');
    const match = /^(0|[1-9]\d*)(,(0|[1-9]\d*)?)?$/.exec(written);
    if (!match) return undefined;
    this.at = end + 1;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY) || min > max) throw badPattern();
    return { min, max };
  }

  private repeatAtom(counts: Counts): void {
    if (this.atom === undefined || this.isRepeated) throw badPattern();
    for (const step of repeat(this.steps.splice(this.atom), counts)) this.steps.push(step);
    this.isRepeated = true;
  }

  /** Reads what a count may follow, or the `|` between alternatives. */
  private readAtom(): void {
    this.isRepeated = false;
    if (this.skip('(.*/)?')) {
      this.add([{ kind: 'optional', count: 2 }, { kind: 'many', test: notNewline }, literal('/')], true);
    } else if (this.skip('.*')) {
      this.add([{ kind: 'many', test: notNewline }], true);
    } else if (this.skip('\\Q')) {
      this.readQuoted();
    } else if (this.skip('|')) {
      this.steps = [];
      this.alternatives.push(this.steps);
      this.atom = undefined;
    } else if (this.skip('^')) {
      this.add([atStart]);
    } else if (this.skip('$')) {
      this.add([atEnd]);
    } else if (this.chars[this.at] === '[') {
      const test = this.readClass();
      const isStarred = this.skip('*');
      this.add([{ kind: isStarred ? 'many' : 'one', test }], isStarred);
    } else if (this.chars[this.at] === '\\') {
      this.add([this.readEscape()]);
    } else {
      this.add([literal(this.chars[this.at++]!)]);
    }
  }

  private add(atom: readonly PatternStep[], isRepeated = false): void {
    this.atom = this.steps.length;
    this.steps.push(...atom);
    this.isRepeated = isRepeated;
  }

  /** `\Q` quotes up to `\E`, or to the end: then the expression's closing `$` is part of the text. */
  private readQuoted(): void {
    const start = this.at;
    let end = start;
    while (end < this.chars.length && !(this.chars[end] === '\\' && this.chars[end + 1] === 'E')) end++;
    this.at = end + 2;
    if (end === start) return;
    for (const char of this.chars.slice(start, end)) this.steps.push(literal(char));
    this.atom = this.steps.length - 1;
  }

  private readEscape(): PatternStep {
    if (this.skip('\\A')) return atStart;
    if (this.skip('\\z')) return atEnd;
    if (this.skip('\\b')) return { kind: 'place', holds: (before, after) => isWord(before) !== isWord(after) };
    if (this.skip('\\B')) return { kind: 'place', holds: (before, after) => isWord(before) === isWord(after) };
    const test = this.readClassEscape();
    return test ? { kind: 'one', test } : literal(this.readCharEscape());
  }

  /** `\d` and its kin, `\pL` and `\p{Greek}`; undefined if the escape stands for one character. */
  private readClassEscape(): CharTest | undefined {
    const letter = this.chars[this.at + 1];
    if (letter === 'p' || letter === 'P') {
      const property = this.readProperty();
      return letter === 'p' ? property : (char) => !property(char);
    }
    const test = letter === undefined ? undefined : perlClasses[letter];
    if (test) this.at += 2;
    return test;
  }

  /** A category or script of Unicode: one letter, or a name in braces. */
  private readProperty(): CharTest {
    let name = this.chars[this.at + 2];
    this.at += 3;
    if (name === '{') {
      const end = this.chars.indexOf('}', this.at);
      if (end < 0) throw badPattern();
      name = this.chars.slice(this.at, end).join('');
      this.at = end + 1;
    }
    const property = name === undefined ? undefined : unicodeProperty(name);
    if (!property) throw badPattern();
    return property;
  }

  private readCharEscape(): string {
    const char = this.chars[this.at + 1];
    this.at += 2;
    if (char === undefined) throw badPattern();
    if (isOctal(char)) return this.readOctal(char);
    if (char === 'x') return this.readHex();
    const control = controls[char];
    if (control !== undefined) return control;
    if (char < '\x80' && !/[0-9A-Za-z]/.test(char)) return char;
    throw badPattern();
  }

  /** Up to three octal digits. A single one other than 0 would be a back reference, which Go does not have. */
  private readOctal(first: string): string {
    if (first !== '0' && !isOctal(this.chars[this.at])) throw badPattern();
    let digits = first;
    while (digits.length < 3 && isOctal(this.chars[this.at])) digits += this.chars[this.at++];
    return String.fromCodePoint(Number.parseInt(digits, 8));
  }

  /** Two hexadecimal digits, or any number of them in braces. */
  private readHex(): string {
    const ahead = this.chars.slice(this.at, this.at + 66).join('');
    const [, braced, plain] = /^(?:\{([0-9a-fA-F]{1,64})\}|([0-9a-fA-F]{2}))/.exec(ahead) ?? [];
    const code = Number.parseInt(braced ?? plain ?? '', 16);
    if (!(code <= 0x10ffff)) throw badPattern();
    this.at += braced === undefined ? 2 : braced.length + 2;
    return String.fromCodePoint(code);
  }

  /** `[a-z]`, `[^[:space:]\d]` */
  private readClass(): CharTest {
    if (this.skip('[^/]')) return notSlash;
    const tests: CharTest[] = [];
    this.at++;
    const negated = this.skip('^');
    // A bracket that comes first is a member.
    for (let first = true; this.chars[this.at] !== ']' || first; first = false) tests.push(this.readMember());
    this.at++;
    return (char) => tests.some((test) => test(char)) !== negated;
  }

  /** A member of a class: a named class, a range or a character. */
  private readMember(): CharTest {
    if (this.at >= this.chars.length) throw badPattern();
    const named = this.readPosixClass() ?? (this.chars[this.at] === '\\' ? this.readClassEscape() : undefined);
    if (named) return named;
    const low = this.readMemberChar();
    let high = low;
    const afterDash = this.chars[this.at + 1];
    if (this.chars[this.at] === '-' && afterDash !== undefined && afterDash !== ']') {
      this.at++;
      high = this.readMemberChar();
      if (high < low) throw badPattern();
    }
    return (char) => char.codePointAt(0)! >= low && char.codePointAt(0)! <= high;
  }

  /** `[:alpha:]`, `[:^alpha:]`; undefined if `[` is a character here. */
  private readPosixClass(): CharTest | undefined {
    if (!this.isAt('[:')) return undefined;
    const match = /^\[:(\^?)([a-z]+):\]/.exec(this.chars.slice(this.at, this.at + 12).join(''));
    if (!match) {
      // Go looks for the end of the name in the whole expression.
      if (this.lastPosixEnd > this.at + 1) throw badPattern();
      return undefined;
    }
    const set = posixClasses[match[2]!];
    if (!set) throw badPattern();
    this.at += match[0].length;
    const wanted = match[1] === '';
    return (char) => set.test(char) === wanted;
  }

  /** The code point of a character in a class. */
  private readMemberChar(): number {
    if (this.at >= this.chars.length) throw badPattern();
    const char = this.chars[this.at] === '\\' ? this.readCharEscape() : this.chars[this.at++]!;
    return char.codePointAt(0)!;
  }

  private isAt(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.chars[this.at + i] !== text[i]) return false;
    return true;
  }

  /** Takes `text` if it comes next. */
  private skip(text: string): boolean {
    const found = this.isAt(text);
    if (found) this.at += text.length;
    return found;
  }
}

/** The start of the path. */
export const atStart: PatternStep = { kind: 'place', holds: (before) => before === undefined };
const atEnd: PatternStep = { kind: 'place', holds: (_, after) => after === undefined };

interface Counts {
  readonly min: number;
  /** Infinity for no limit. */
  readonly max: number;
}

function repeat(atom: readonly PatternStep[], { min, max }: Counts): PatternStep[] {
  const [step] = atom;
  const steps = Array.from({ length: min }, () => atom).flat();
  if (max === Number.POSITIVE_INFINITY)
    return step?.kind === 'one' ? [...steps, { kind: 'many', test: step.test }] : steps;
  const maybe: PatternStep[] = [{ kind: 'optional', count: atom.length }, ...atom];
  return [...steps, ...Array.from({ length: max - min }, () => maybe).flat()];
}

function literal(wanted: string): PatternStep {
  return { kind: 'one', test: (char) => char === wanted, char: wanted };
}

function isOctal(char: string | undefined): boolean {
  return char !== undefined && /[0-7]/.test(char);
}

function badPattern(): Error {
  return new Error('syntax error in pattern');
}

/** Characters as Go decodes them: what is not text is U+FFFD. */
export function characters(text: string): string[] {
  return [...text.toWellFormed()];
}
