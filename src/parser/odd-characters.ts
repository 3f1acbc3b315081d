/**
 * Characters that look like others, or like nothing: what a web page, a word processor or a chat makes of commands. They
 * are named as Unicode names them, since they cannot be seen.
 */

import { instructionNames } from './keywords.ts';

/** A character that means something else than it looks like. */
export interface OddCharacter {
  /** Offset in the text. */
  readonly at: number;
  /** Code point; of a byte that is no UTF-8, the byte. */
  readonly code: number;
  /** `U+00A0 NO-BREAK SPACE`, or `byte 0x93`. */
  readonly name: string;
  /** What to do about it, after `name at LINE:COLUMN: `. */
  readonly advice: string;
  /** False for one that can be seen. */
  readonly hidden: boolean;
}

/** How much of a text the shell or the Dockerfile gives a meaning to. */
export type Meaning =
  /** An instruction: quotes may reach over several lines. */
  | 'instruction'
  /** A script, in which each line stands for itself and may be a comment. */
  | 'script'
  /** A text of any kind, in which only order and invisibility mislead. */
  | 'text';

/** Any character that is looked at more closely: one pass over most files finds none. */
const suspect = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\uffff]|\r(?!\n|$)/;

/**
 * The odd characters of `text[start, end)`, in order.
 *
 * Those are left out that are most likely meant: in quotes what can be seen, and what belongs to a script other than
 * Latin or to an emoji.
 */
export function findOddCharacters(text: string, start: number, end: number, meaning: Meaning): OddCharacter[] {
  if (!suspect.test(text.slice(start, end))) return [];
  const found: OddCharacter[] = [];
  let quote = '';
  // JSON knows one kind of quotes
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
      const kind = kindOf(code);
      const counts = kind?.always || (meaning !== 'text' && !isComment && (kind?.hidden || quote === ''));
      if (kind && counts && !(at === 0 && code === 0xfeff) && kind.misleads(text, at, length))
        found.push({ at, code: kind.code, name: kind.name, advice: kind.advice, hidden: kind.hidden });
    }
    at += length;
  }
  return found;
}

interface Kind {
  readonly code: number;
  readonly name: string;
  readonly advice: string;
  readonly hidden: boolean;
  /** Also in comments and in texts of any kind. */
  readonly always: boolean;
  misleads(text: string, at: number, length: number): boolean;
}

function kindOf(code: number): Kind | undefined {
  if (code >= 0xdc80 && code <= 0xdcff) return strayByte(code - 0xdc00);
  const name = (given: string) => `U+${code.toString(16).toUpperCase().padStart(4, '0')} ${given}`;
  const kind = (given: string, advice: string, more: Partial<Kind>): Kind => ({
    code,
    name: name(given),
    advice,
    hidden: false,
    always: false,
    misleads: () => true,
    ...more,
  });
  const known = (table: Readonly<Record<number, string>>) => (Object.hasOwn(table, code) ? table[code] : undefined);

  const control = code < 0x20 || (code >= 0x7f && code < 0xa0) ? controlName(code) : undefined;
  if (control !== undefined && code !== 0x09 && code !== 0x0a)
    return code === 0x0d
      ? kind(control, 'a line ends with a line feed; convert the file, for instance with dos2unix or mac2unix', {
          hidden: true,
          misleads: (text, at) => at + 1 < text.length && text[at + 1] !== '\n' && text[at + 1] !== '\r',
        })
      : kind(control, 'take it out', { hidden: true, misleads: () => code !== 0x1b });
  const reordering = known(reorderings);
  if (reordering !== undefined)
    return kind(reordering, 'it reorders what is shown, so that the text is not what it looks like: take it out', {
      hidden: true,
      always: true,
    });
  const invisible = known(invisibles);
  if (invisible !== undefined)
    return kind(invisible, 'nobody sees it: take it out', { hidden: true, misleads: isAlone });
  if ((code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0000 && code <= 0xe01ef)) {
    const given =
      code <= 0xfe0f ? `VARIATION SELECTOR-${code - 0xfdff}` : code <= 0xe007f ? 'TAG CHARACTER' : 'VARIATION SELECTOR';
    const misleads = (text: string, at: number, length: number) =>
      isPlain(before(text, at)) && text.charCodeAt(at + length) !== 0x20e3;
    return kind(given, 'nobody sees it: take it out', { hidden: true, misleads });
  }
  const blank = known(blanks);
  if (blank !== undefined)
    return code === 0x2028 || code === 0x2029
      ? kind(blank, 'it ends no line: write a line break', { hidden: true })
      : kind(blank, 'it only looks like a space: write a space', {
          misleads: code === 0x3000 ? isForeign : () => true,
        });
  const quote = known(quotes);
  if (quote !== undefined) {
    const plain = /DOUBLE/.test(quote) || code === 0x201f ? '"' : "'";
    return kind(quote, `it quotes nothing: write ${plain}`, { misleads: plain === '"' ? () => true : isNoApostrophe });
  }
  const dash = known(dashes);
  if (dash !== undefined) {
    const advice =
      code === 0x2014 || code === 0x2015 ? 'write --, or - where one is meant' : 'write -, or -- where two are meant';
    return kind(dash, `it begins no option: ${advice}`, { misleads: isHyphen });
  }
  if (code >= 0xff01 && code <= 0xff5e) {
    const plain = String.fromCharCode(code - 0xfee0);
    return kind(`FULLWIDTH ${plainName(plain)}`, `write ${plain}`, { misleads: isForeign });
  }
  const likeness = known(lookalikes);
  if (likeness !== undefined) {
    const [plain, ...words] = likeness.split(' ');
    return kind(words.join(' '), `it only looks like ${plain}: write ${plain}`, { misleads: isInLatinWord });
  }
  return undefined;
}

/** Bytes that are no UTF-8: most likely of Windows-1252, where 80 to 9F are quotes and dashes. */
function strayByte(byte: number): Kind {
  const meant = windows1252[byte - 0x80] ?? '';
  return {
    code: byte,
    name: `byte 0x${byte.toString(16).toUpperCase()}`,
    advice: `it is no UTF-8${meant && ` (in Windows-1252 it is ${meant})`}: save the file as UTF-8`,
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

/** So many characters that nobody sees are looked over. */
const maxRun = 20;

/** The neighbours beyond further characters that nobody sees. */
function neighbours(text: string, at: number, length: number): [number, number] {
  let left = at - 1;
  while (left >= 0 && at - left < maxRun && Object.hasOwn(invisibles, text.charCodeAt(left))) left--;
  let right = at + length;
  while (right < text.length && right - at < maxRun && Object.hasOwn(invisibles, text.charCodeAt(right))) right++;
  return [text.charCodeAt(left), text.charCodeAt(right)];
}

/** Scripts and emoji are joined and divided by such characters. */
function isAlone(text: string, at: number, length: number): boolean {
  return neighbours(text, at, length).some(isPlain);
}

const isOdd = (code: number) =>
  (code >= 0xff01 && code <= 0xff5e) || Object.hasOwn(quotes, code) || Object.hasOwn(dashes, code);

/** Text in a script with wide characters has wide punctuation. */
function isForeign(text: string, at: number, length: number): boolean {
  return neighbours(text, at, length).every((code) => isPlain(code) || isOdd(code));
}

function isNoApostrophe(text: string, at: number): boolean {
  return !(/[\p{L}\p{N}]/u.test(text[at - 1] ?? '') && /[\p{L}]/u.test(text[at + 1] ?? ''));
}

/** At the beginning or in the middle of a word, not between words. */
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

function controlName(code: number): string {
  const c0 =
    'NULL,START OF HEADING,START OF TEXT,END OF TEXT,END OF TRANSMISSION,ENQUIRY,ACKNOWLEDGE,BELL,BACKSPACE,CHARACTER TABULATION,LINE FEED,LINE TABULATION,FORM FEED,CARRIAGE RETURN,SHIFT OUT,SHIFT IN,DATA LINK ESCAPE,DEVICE CONTROL ONE,DEVICE CONTROL TWO,DEVICE CONTROL THREE,DEVICE CONTROL FOUR,NEGATIVE ACKNOWLEDGE,SYNCHRONOUS IDLE,END OF TRANSMISSION BLOCK,CANCEL,END OF MEDIUM,SUBSTITUTE,ESCAPE,INFORMATION SEPARATOR FOUR,INFORMATION SEPARATOR THREE,INFORMATION SEPARATOR TWO,INFORMATION SEPARATOR ONE';
  if (code < 0x20) return c0.split(',')[code]!;
  return code === 0x7f ? 'DELETE' : code === 0x85 ? 'NEXT LINE' : 'CONTROL CHARACTER';
}

/** The Unicode name of an ASCII character, for its fullwidth form. */
function plainName(character: string): string {
  if (/[A-Z]/.test(character)) return `LATIN CAPITAL LETTER ${character}`;
  if (/[a-z]/.test(character)) return `LATIN SMALL LETTER ${character.toUpperCase()}`;
  if (/\d/.test(character))
    return `DIGIT ${'ZERO,ONE,TWO,THREE,FOUR,FIVE,SIX,SEVEN,EIGHT,NINE'.split(',')[Number(character)]}`;
  return punctuation[character]!;
}

const punctuation: Readonly<Record<string, string>> = {
  '!': 'EXCLAMATION MARK',
  '"': 'QUOTATION MARK',
  '#': 'NUMBER SIGN',
  $: 'DOLLAR SIGN',
  '%': 'PERCENT SIGN',
  '&': 'AMPERSAND',
  "'": 'APOSTROPHE',
  '(': 'LEFT PARENTHESIS',
  ')': 'RIGHT PARENTHESIS',
  '*': 'ASTERISK',
  '+': 'PLUS SIGN',
  ',': 'COMMA',
  '-': 'HYPHEN-MINUS',
  '.': 'FULL STOP',
  '/': 'SOLIDUS',
  ':': 'COLON',
  ';': 'SEMICOLON',
  '<': 'LESS-THAN SIGN',
  '=': 'EQUALS SIGN',
  '>': 'GREATER-THAN SIGN',
  '?': 'QUESTION MARK',
  '@': 'COMMERCIAL AT',
  '[': 'LEFT SQUARE BRACKET',
  '\\': 'REVERSE SOLIDUS',
  ']': 'RIGHT SQUARE BRACKET',
  '^': 'CIRCUMFLEX ACCENT',
  _: 'LOW LINE',
  '`': 'GRAVE ACCENT',
  '{': 'LEFT CURLY BRACKET',
  '|': 'VERTICAL LINE',
  '}': 'RIGHT CURLY BRACKET',
  '~': 'TILDE',
};

const reorderings: Readonly<Record<number, string>> = {
  8234: 'LEFT-TO-RIGHT EMBEDDING',
  8235: 'RIGHT-TO-LEFT EMBEDDING',
  8236: 'POP DIRECTIONAL FORMATTING',
  8237: 'LEFT-TO-RIGHT OVERRIDE',
  8238: 'RIGHT-TO-LEFT OVERRIDE',
  8294: 'LEFT-TO-RIGHT ISOLATE',
  8295: 'RIGHT-TO-LEFT ISOLATE',
  8296: 'FIRST STRONG ISOLATE',
  8297: 'POP DIRECTIONAL ISOLATE',
};

const invisibles: Readonly<Record<number, string>> = {
  173: 'SOFT HYPHEN',
  847: 'COMBINING GRAPHEME JOINER',
  1564: 'ARABIC LETTER MARK',
  4447: 'HANGUL CHOSEONG FILLER',
  4448: 'HANGUL JUNGSEONG FILLER',
  6158: 'MONGOLIAN VOWEL SEPARATOR',
  8203: 'ZERO WIDTH SPACE',
  8204: 'ZERO WIDTH NON-JOINER',
  8205: 'ZERO WIDTH JOINER',
  8206: 'LEFT-TO-RIGHT MARK',
  8207: 'RIGHT-TO-LEFT MARK',
  8288: 'WORD JOINER',
  8289: 'FUNCTION APPLICATION',
  8290: 'INVISIBLE TIMES',
  8291: 'INVISIBLE SEPARATOR',
  8292: 'INVISIBLE PLUS',
  12644: 'HANGUL FILLER',
  65279: 'ZERO WIDTH NO-BREAK SPACE (a byte order mark, as at the beginning of a file)',
  65440: 'HALFWIDTH HANGUL FILLER',
  65529: 'INTERLINEAR ANNOTATION ANCHOR',
  65530: 'INTERLINEAR ANNOTATION SEPARATOR',
  65531: 'INTERLINEAR ANNOTATION TERMINATOR',
  65532: 'OBJECT REPLACEMENT CHARACTER',
  65533: 'REPLACEMENT CHARACTER (something was lost when the file was converted)',
};

const blanks: Readonly<Record<number, string>> = {
  160: 'NO-BREAK SPACE',
  5760: 'OGHAM SPACE MARK',
  8192: 'EN QUAD',
  8193: 'EM QUAD',
  8194: 'EN SPACE',
  8195: 'EM SPACE',
  8196: 'THREE-PER-EM SPACE',
  8197: 'FOUR-PER-EM SPACE',
  8198: 'SIX-PER-EM SPACE',
  8199: 'FIGURE SPACE',
  8200: 'PUNCTUATION SPACE',
  8201: 'THIN SPACE',
  8202: 'HAIR SPACE',
  8232: 'LINE SEPARATOR',
  8233: 'PARAGRAPH SEPARATOR',
  8239: 'NARROW NO-BREAK SPACE',
  8287: 'MEDIUM MATHEMATICAL SPACE',
  10240: 'BRAILLE PATTERN BLANK',
  12288: 'IDEOGRAPHIC SPACE',
};

const quotes: Readonly<Record<number, string>> = {
  180: 'ACUTE ACCENT',
  8216: 'LEFT SINGLE QUOTATION MARK',
  8217: 'RIGHT SINGLE QUOTATION MARK',
  8218: 'SINGLE LOW-9 QUOTATION MARK',
  8219: 'SINGLE HIGH-REVERSED-9 QUOTATION MARK',
  8220: 'LEFT DOUBLE QUOTATION MARK',
  8221: 'RIGHT DOUBLE QUOTATION MARK',
  8222: 'DOUBLE LOW-9 QUOTATION MARK',
  8223: 'DOUBLE HIGH-REVERSED-9 QUOTATION MARK',
  8242: 'PRIME',
  8243: 'DOUBLE PRIME',
  12317: 'REVERSED DOUBLE PRIME QUOTATION MARK',
  12318: 'DOUBLE PRIME QUOTATION MARK',
};

const dashes: Readonly<Record<number, string>> = {
  8208: 'HYPHEN',
  8209: 'NON-BREAKING HYPHEN',
  8210: 'FIGURE DASH',
  8211: 'EN DASH',
  8212: 'EM DASH',
  8213: 'HORIZONTAL BAR',
  8722: 'MINUS SIGN',
  65112: 'SMALL EM DASH',
  65123: 'SMALL HYPHEN-MINUS',
};

/** Letters of other scripts, each after the one that it looks like. */
const lookalikes: Readonly<Record<number, string>> = Object.fromEntries(
  [
    ['A', 0x391, 'GREEK CAPITAL LETTER ALPHA'],
    ['B', 0x392, 'GREEK CAPITAL LETTER BETA'],
    ['E', 0x395, 'GREEK CAPITAL LETTER EPSILON'],
    ['H', 0x397, 'GREEK CAPITAL LETTER ETA'],
    ['I', 0x399, 'GREEK CAPITAL LETTER IOTA'],
    ['K', 0x39a, 'GREEK CAPITAL LETTER KAPPA'],
    ['M', 0x39c, 'GREEK CAPITAL LETTER MU'],
    ['N', 0x39d, 'GREEK CAPITAL LETTER NU'],
    ['O', 0x39f, 'GREEK CAPITAL LETTER OMICRON'],
    ['P', 0x3a1, 'GREEK CAPITAL LETTER RHO'],
    ['T', 0x3a4, 'GREEK CAPITAL LETTER TAU'],
    ['X', 0x3a7, 'GREEK CAPITAL LETTER CHI'],
    ['Y', 0x3a5, 'GREEK CAPITAL LETTER UPSILON'],
    ['Z', 0x396, 'GREEK CAPITAL LETTER ZETA'],
    ['o', 0x3bf, 'GREEK SMALL LETTER OMICRON'],
    [';', 0x37e, 'GREEK QUESTION MARK'],
    ['A', 0x410, 'CYRILLIC CAPITAL LETTER A'],
    ['B', 0x412, 'CYRILLIC CAPITAL LETTER VE'],
    ['C', 0x421, 'CYRILLIC CAPITAL LETTER ES'],
    ['E', 0x415, 'CYRILLIC CAPITAL LETTER IE'],
    ['H', 0x41d, 'CYRILLIC CAPITAL LETTER EN'],
    ['I', 0x406, 'CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I'],
    ['J', 0x408, 'CYRILLIC CAPITAL LETTER JE'],
    ['K', 0x41a, 'CYRILLIC CAPITAL LETTER KA'],
    ['M', 0x41c, 'CYRILLIC CAPITAL LETTER EM'],
    ['O', 0x41e, 'CYRILLIC CAPITAL LETTER O'],
    ['P', 0x420, 'CYRILLIC CAPITAL LETTER ER'],
    ['S', 0x405, 'CYRILLIC CAPITAL LETTER DZE'],
    ['T', 0x422, 'CYRILLIC CAPITAL LETTER TE'],
    ['X', 0x425, 'CYRILLIC CAPITAL LETTER HA'],
    ['Y', 0x423, 'CYRILLIC CAPITAL LETTER U'],
    ['a', 0x430, 'CYRILLIC SMALL LETTER A'],
    ['c', 0x441, 'CYRILLIC SMALL LETTER ES'],
    ['e', 0x435, 'CYRILLIC SMALL LETTER IE'],
    ['i', 0x456, 'CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I'],
    ['j', 0x458, 'CYRILLIC SMALL LETTER JE'],
    ['o', 0x43e, 'CYRILLIC SMALL LETTER O'],
    ['p', 0x440, 'CYRILLIC SMALL LETTER ER'],
    ['s', 0x455, 'CYRILLIC SMALL LETTER DZE'],
    ['x', 0x445, 'CYRILLIC SMALL LETTER HA'],
    ['y', 0x443, 'CYRILLIC SMALL LETTER U'],
  ].map(([plain, code, name]) => [code, `${plain} ${name}`]),
);
