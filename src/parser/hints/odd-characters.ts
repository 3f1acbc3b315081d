/**
 * Finds characters that look like others, or that cannot be seen: a web page, a word processor or a chat puts them into
 * commands. They are reported by their Unicode names.
 */
import { instructionNames } from '../keywords.ts';
import {
  blanks,
  controlName,
  dashes,
  invisibles,
  lookalikes,
  plainName,
  quotes,
  reorderings,
} from './character-names.ts';

/** A character whose meaning differs from its look. */
export interface OddCharacter {
  /** Offset in the text. */
  readonly at: number;
  /** Code point; of a byte that is not UTF-8, the byte. */
  readonly code: number;
  /** `U+00A0 NO-BREAK SPACE`, or `byte 0x93`. */
  readonly name: string;
  /** The hint, after `name at LINE:COLUMN: `. */
  readonly advice: string;
  /** What certainly was meant, '' if nothing; undefined if that is not clear. */
  readonly plain: string | undefined;
  /** Whether the character cannot be seen. */
  readonly hidden: boolean;
}

/** The reader of a text, which decides what quotes and `#` mean in it. */
export type Meaning =
  /** An instruction: quotes may reach over several lines. */
  | 'instruction'
  /** A script, in which each line stands for itself and may be a comment. */
  | 'script'
  /** Any other text, in which only characters that reorder it mislead. */
  | 'text';

/** A character that needs a closer look: most files have none, and one pass shows that. */
const suspect = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\uffff]|\r(?!\n|$)/;

/**
 * The odd characters of `text[start, end)`, in order.
 *
 * It skips characters that the author most likely meant: visible ones in quotes, and those that belong to an emoji or
 * to a script other than Latin.
 */
export function findOddCharacters(text: string, start: number, end: number, meaning: Meaning): OddCharacter[] {
  if (!suspect.test(text.slice(start, end))) return [];
  const found: OddCharacter[] = [];
  let quote = '';
  // JSON has only double quotes.
  const single = !/^[ \t]*\w+[ \t]+(?:CMD[ \t]+)?\[/i.test(text.slice(start, Math.min(end, start + 100)));
  let isComment = false;
  for (let at = start; at < end; ) {
    const code = text.codePointAt(at)!;
    const length = code > 0xffff ? 2 : 1;
    const character = text[at]!;
    if (character === '\n' && meaning === 'script') {
      quote = '';
      isComment = false;
    } else if (
      character === '#' &&
      meaning === 'script' &&
      /(?:^|\n)[ \t]*$/.test(text.slice(Math.max(start, at - 200), at))
    )
      isComment = true;
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || (character === "'" && single))) quote = character;
    else if (character === '\\' && quote !== "'" && (text[at + 1] === '"' || text[at + 1] === '\\')) at++;
    else if (code < 0x20 || code > 0x7e) {
      const kind = oddKindOf(code);
      const counts = kind?.always || (meaning !== 'text' && !isComment && (kind?.hidden || quote === ''));
      if (kind && counts && !(at === 0 && code === 0xfeff) && kind.misleads(text, at, length))
        found.push({
          at,
          code: kind.code,
          name: kind.name,
          advice: kind.advice,
          plain: kind.plain,
          hidden: kind.hidden,
        });
    }
    at += length;
  }
  return found;
}

/** A character by its code point, apart from its place; the members are those of {@link OddCharacter}. */
interface OddKind extends Omit<OddCharacter, 'at'> {
  /** Whether it also counts in quotes, in comments and in texts of any kind. */
  readonly always: boolean;
  /** Whether it misleads at this place; `length` is its number of UTF-16 units. */
  misleads(text: string, at: number, length: number): boolean;
}

/** The kind of a character that may mislead; undefined for all others. */
function oddKindOf(code: number): OddKind | undefined {
  if (code >= 0xdc80 && code <= 0xdcff) return strayByte(code - 0xdc00);
  for (const recognize of recognizers) {
    const found = recognize(code);
    if (!found) continue;
    const [name, advice, more] = found;
    const point = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    const kind = { hidden: false, always: false, plain: undefined, misleads: () => true };
    return { code, name: `${point} ${name}`, advice, ...kind, ...more };
  }
  return undefined;
}

type Recognized = readonly [name: string, advice: string, more?: Partial<OddKind>];

/** Ways to recognize a character, in the order in which they are tried. */
const recognizers: readonly ((code: number) => Recognized | undefined)[] = [
  control,
  reordering,
  invisible,
  variation,
  blank,
  quoteLike,
  dash,
  fullwidth,
  lookalike,
];

function nameIn(table: Readonly<Record<number, string>>, code: number): string | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}

function control(code: number): Recognized | undefined {
  if (code === 0x09 || code === 0x0a || (code >= 0x20 && code < 0x7f) || code >= 0xa0) return undefined;
  // An escape (0x1B) is most likely meant: it starts a terminal's control sequence.
  if (code !== 0x0d)
    return [controlName(code), 'take it out', { hidden: true, plain: '', misleads: () => code !== 0x1b }];
  return [
    controlName(code),
    'a line ends with a line feed; convert the file, for instance with dos2unix or mac2unix',
    {
      hidden: true,
      misleads: (text, at) => at + 1 < text.length && text[at + 1] !== '\n' && text[at + 1] !== '\r',
    },
  ];
}

function reordering(code: number): Recognized | undefined {
  const name = nameIn(reorderings, code);
  const advice = 'it reorders what is shown, so that the text is not what it looks like: remove it';
  return name === undefined ? undefined : [name, advice, { hidden: true, always: true, plain: '' }];
}

const invisibleAdvice = 'it is invisible: remove it';

function invisible(code: number): Recognized | undefined {
  const name = nameIn(invisibles, code);
  return name === undefined ? undefined : [name, invisibleAdvice, { hidden: true, plain: '', misleads: isAlone }];
}

/** Selectors of a variant of the character before them. */
function variation(code: number): Recognized | undefined {
  if (!(code >= 0xfe00 && code <= 0xfe0f) && !(code >= 0xe0000 && code <= 0xe01ef)) return undefined;
  const name =
    code <= 0xfe0f ? `VARIATION SELECTOR-${code - 0xfdff}` : code <= 0xe007f ? 'TAG CHARACTER' : 'VARIATION SELECTOR';
  // After a symbol one is part of an emoji, and U+20E3 makes a keycap of a digit.
  const misleads = (text: string, at: number, length: number) =>
    isPlain(before(text, at)) && text.charCodeAt(at + length) !== 0x20e3;
  return [name, invisibleAdvice, { hidden: true, plain: '', misleads }];
}

function blank(code: number): Recognized | undefined {
  const name = nameIn(blanks, code);
  if (name === undefined) return undefined;
  if (code === 0x2028 || code === 0x2029) return [name, 'it does not end a line: write a line break', { hidden: true }];
  return [
    name,
    'it only looks like a space: write a space',
    { plain: ' ', ...(code === 0x3000 && { misleads: isForeign }) },
  ];
}

function quoteLike(code: number): Recognized | undefined {
  const name = nameIn(quotes, code);
  if (name === undefined) return undefined;
  const plain = /DOUBLE/.test(name) || code === 0x201f ? '"' : "'";
  return [name, `it does not quote: write ${plain}`, { plain, ...(plain === "'" && { misleads: isNoApostrophe }) }];
}

function dash(code: number): Recognized | undefined {
  const name = nameIn(dashes, code);
  if (name === undefined) return undefined;
  const advice =
    code === 0x2014 || code === 0x2015 ? 'write --, or - if one is meant' : 'write -, or -- if two are meant';
  return [name, `it does not begin an option: ${advice}`, { misleads: isHyphen }];
}

function fullwidth(code: number): Recognized | undefined {
  if (code < 0xff01 || code > 0xff5e) return undefined;
  const plain = String.fromCharCode(code - 0xfee0);
  return [`FULLWIDTH ${plainName(plain)}`, `write ${plain}`, { plain, misleads: isForeign }];
}

function lookalike(code: number): Recognized | undefined {
  const likeness = nameIn(lookalikes, code);
  if (likeness === undefined) return undefined;
  const [plain, ...words] = likeness.split(' ');
  return [words.join(' '), `it only looks like ${plain}: write ${plain}`, { plain: plain!, misleads: isInLatinWord }];
}

/** Bytes that are not UTF-8: most likely of Windows-1252, where 80 to 9F are quotes and dashes. */
function strayByte(byte: number): OddKind {
  const character = windows1252[byte - 0x80] ?? '';
  return {
    code: byte,
    name: `byte 0x${byte.toString(16).toUpperCase()}`,
    advice: `it is not UTF-8${character && ` (in Windows-1252 it is ${character})`}: save the file as UTF-8`,
    plain: undefined,
    hidden: true,
    always: false,
    misleads: () => true,
  };
}

const windows1252: readonly string[] = Array.from({ length: 128 }, (_, at) => {
  const named: Readonly<Record<number, string>> = {
    17: 'a left single quotation mark',
    18: 'a right single quotation mark',
    19: 'a left double quotation mark',
    20: 'a right double quotation mark',
    22: 'an en dash',
    23: 'an em dash',
    32: 'a no-break space',
  };
  return named[at] ?? (at >= 0x21 ? String.fromCharCode(0x80 + at) : '');
});

const before = (text: string, at: number) => text.charCodeAt(at - 1);

/** ASCII, or the edge of the text. */
const isPlain = (code: number) => Number.isNaN(code) || code < 0x80;

/** Maximum number of invisible characters that are skipped. */
const maxRun = 20;

/** The characters on both sides, beyond further invisible ones; NaN at the edge of the text. */
function neighbours(text: string, at: number, length: number): [number, number] {
  let left = at - 1;
  while (left >= 0 && at - left < maxRun && Object.hasOwn(invisibles, text.charCodeAt(left))) left--;
  let right = at + length;
  while (right < text.length && right - at < maxRun && Object.hasOwn(invisibles, text.charCodeAt(right))) right++;
  return [text.charCodeAt(left), text.charCodeAt(right)];
}

/** Whether a neighbour is ASCII: between characters of a script or an emoji, invisible characters join or divide. */
function isAlone(text: string, at: number, length: number): boolean {
  return neighbours(text, at, length).some(isPlain);
}

const isOdd = (code: number) =>
  (code >= 0xff01 && code <= 0xff5e) || Object.hasOwn(quotes, code) || Object.hasOwn(dashes, code);

/** Whether no neighbour belongs to another script: text in wide characters has wide punctuation. */
function isForeign(text: string, at: number, length: number): boolean {
  return neighbours(text, at, length).every((code) => isPlain(code) || isOdd(code));
}

function isNoApostrophe(text: string, at: number): boolean {
  return !(/[\p{L}\p{N}]/u.test(text[at - 1] ?? '') && /[\p{L}]/u.test(text[at + 1] ?? ''));
}

/** Whether it stands before or inside a word, not between words. */
function isHyphen(text: string, at: number): boolean {
  const next = text[at + 1] ?? '';
  if (!/[\w=-]/.test(next) && !isOdd(next.charCodeAt(0))) return false;
  const last = text[at - 1] ?? '';
  return !/\d/.test(last) || !/\d/.test(next); // 1–9 is a range
}

/** In a word with Latin letters, or in one that looks like the name of an instruction. */
function isInLatinWord(text: string, at: number): boolean {
  if (/[A-Za-z]/.test(text[at - 1] ?? '') || /[A-Za-z]/.test(text[at + 1] ?? '')) return true;
  let start = at;
  while (at - start < longestName && Object.hasOwn(lookalikes, text.charCodeAt(start - 1))) start--;
  const word = /^\S{1,20}/.exec(text.slice(start, start + 20))?.[0] ?? '';
  const plain = Array.from(word, (it) => lookalikes[it.charCodeAt(0)]?.[0] ?? it).join('');
  return instructionNames.includes(plain.toUpperCase());
}

const longestName = 11;
