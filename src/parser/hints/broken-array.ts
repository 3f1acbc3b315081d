/** Explains arrays that are not valid JSON: the reference treats them as text and reports nothing. */

/** Why a text is not a JSON array, and the array that was probably meant. */
export interface BrokenArray {
  /** Offset in the text of the first mistake. */
  readonly at: number;
  /** The mistake, as a clause that can follow a colon. */
  readonly what: string;
  /** The array that was probably meant, as JSON; undefined if that is not clear. */
  readonly repaired: string | undefined;
}

const openingQuotes = /^["'“”„‟‘’‚‛«]/;

/**
 * Explains why a text that looks like an array of strings is not valid JSON.
 *
 * @param text the arguments, without blanks around them; not a valid array
 * @param ofWords whether a word in brackets is meant as an array; else it may be a pattern
 * @returns undefined for a text that is not meant as an array, such as a test in a shell
 */
export function explainBrokenArray(text: string, ofWords: boolean): BrokenArray | undefined {
  const bare = text.length < 500 && /^[({]?\s*("[^"\\]*"(?:\s*,\s*"[^"\\]*")+)\s*[)}]?$/.exec(text)?.[1];
  if (bare) return { at: 0, what: 'it has no square brackets', repaired: `[${bare}]` };
  if (!text.startsWith('[') || text.startsWith('[[')) return undefined;
  const inside = text.slice(1).trimStart();
  const isTest = /^\[\s/.test(text); // a test of a shell: [ "$a" = b ]
  const isQuoted = openingQuotes.test(inside);
  if (!isQuoted && !(ofWords && !isTest && /^\[\w[^[\]]*\]?$/.test(text)) && inside !== ']' && inside !== '')
    return undefined;
  const scanned = scan(text);
  if (isTest && !scanned.hasComma && !/^\[\s*["'][^"']*["']?\s*\]?$/.test(text)) return undefined;
  return scanned.first && { ...scanned.first, repaired: scanned.meant };
}

function scan(text: string) {
  const elements: string[] = [];
  let first: { at: number; what: string } | undefined;
  const wrong = (at: number, what: string) => {
    first ??= { at, what };
  };
  let hasComma = false;
  let comma = -1;
  let isDue = false; // a comma before the next element
  let meant = true;
  let at = 1;
  for (;;) {
    while (at < text.length && /\s/.test(text[at]!)) {
      if (!/[ \t\r\n]/.test(text[at]!)) wrong(at, 'a character in it only looks like a space');
      at++;
    }
    const character = text[at];
    if (character === undefined) {
      wrong(text.length, 'the ] at its end is missing');
      break;
    }
    if (character === ']') {
      if (comma >= 0) wrong(comma, 'a comma must not come before the ]');
      const rest = text.slice(at + 1).trim();
      if (rest !== '') {
        wrong(at + 1, `nothing may follow the ], but ${JSON.stringify(shorten(rest))} does`);
        meant = false;
      }
      break;
    }
    if (character === ',') {
      if (!isDue) wrong(at, comma >= 0 ? 'two commas follow each other' : 'a comma comes before the first string');
      hasComma = true;
      comma = at;
      isDue = false;
      at++;
      continue;
    }
    if (isDue) wrong(at, 'a comma is missing between its strings');
    const element = readElement(text, at, wrong);
    elements.push(element.text);
    at = element.end;
    comma = -1;
    isDue = true;
  }
  const array = elements.map((element) => JSON.stringify(element.toWellFormed())).join(', ');
  return { first, hasComma, meant: meant && elements.length > 0 && array.length < 500 ? `[${array}]` : undefined };
}

function readElement(
  text: string,
  start: number,
  wrong: (at: number, what: string) => void,
): { text: string; end: number } {
  const open = text[start]!;
  if (open === '"') return readString(text, start, wrong);
  if (openingQuotes.test(open)) {
    const isPlain = open === "'";
    wrong(
      start,
      isPlain
        ? 'its strings need double quotes'
        : 'its strings need plain double quotes, not typographic quotation marks',
    );
    const closing = isPlain ? /'/ : /["'“”„‟‘’‚‛»]/;
    const length = text.slice(start + 1).search(closing);
    if (length >= 0) return { text: text.slice(start + 1, start + 1 + length), end: start + length + 2 };
    return withoutBracket(text, start + 1);
  }
  wrong(start, 'each string needs double quotes');
  const length = text.slice(start).search(/[,\]]|$/);
  return { text: text.slice(start, start + length).trim(), end: start + length };
}

function readString(
  text: string,
  start: number,
  wrong: (at: number, what: string) => void,
): { text: string; end: number } {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') return { text: value, end: at + 1 };
    if (character !== '\\') {
      if (character < ' ') wrong(at, 'a string cannot contain an unescaped tab or other control character');
      value += character;
      continue;
    }
    const escaped = /^\\(?:u[\da-fA-F]{4}|["\\/bfnrt])/.exec(text.slice(at, at + 6))?.[0];
    if (escaped === undefined) {
      const shown = text.slice(at, at + 2);
      wrong(at, `${shown} means nothing in JSON: a backslash is written \\\\`);
      value += '\\';
      continue;
    }
    value += JSON.parse(`"${escaped}"`) as string;
    at += escaped.length - 1;
  }
  wrong(start, 'a quote is not closed');
  return withoutBracket(text, start + 1);
}

/** The rest of a text whose last string is not closed, without the bracket that ends the array. */
function withoutBracket(text: string, start: number): { text: string; end: number } {
  const rest = text.slice(start).trimEnd();
  const isClosed = rest.endsWith(']');
  return { text: isClosed ? rest.slice(0, -1) : rest, end: isClosed ? start + rest.length - 1 : text.length };
}

function shorten(text: string): string {
  return text.length <= 20 ? text : `${text.slice(0, 20)}…`;
}
