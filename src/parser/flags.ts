/**
 * Cuts `--name=value` flags off the front of an instruction's arguments.
 *
 * The reference reads bytes here and treats each as a character, so that everything beyond ASCII becomes Latin-1
 * and a character with a byte A0 or 85 is cut in the middle. Builds depend on the result, so this does the same.
 */
import { decodeText, encodeText } from '../go/text.ts';
import { utf8Length } from '../go/unicode.ts';
import type { EscapeToken } from './ast.ts';
import type { Cut } from './cut-words.ts';
import type { Span } from './logical-line.ts';
import { countWord, type WordBudget } from './word-limit.ts';

/** Flags that were cut off. */
export interface CutFlags {
  /** The flags, with quotes and escapes resolved. */
  readonly flags: readonly Cut[];
  /** The text after the flags, not trimmed. */
  readonly rest: Span;
}

/** Cuts the flags off; offsets in the result are in the same terms as `span.at`. @throws TooManyWords */
export function cutFlags(span: Span, escapeToken: EscapeToken, budget: WordBudget): CutFlags {
  const { text, at } = span;
  const first = text.charCodeAt(0);
  if (!(first === hyphen && text.charCodeAt(1) === hyphen) && !isAsciiSpace(first) && !isStraySpace(first))
    return { flags: noFlags, rest: span };

  if (!/[^\0-\x7f]/.test(text)) {
    const { words, rest } = scanFlags(text.length, (i) => text.charCodeAt(i), escapeToken, budget);
    return {
      flags: words.map((word) => ({ text: word.text, start: at + word.start, end: at + word.end })),
      rest: { text: text.slice(rest), at: at + rest },
    };
  }

  const bytes = encodeText(text);
  const { words, rest } = scanFlags(bytes.length, (i) => bytes[i]!, escapeToken, budget);
  // From positions in bytes to offsets in the text; a cut inside a character counts as a cut after it.
  let byte = 0;
  let unit = 0;
  const unitAt = (position: number) => {
    while (byte < position) {
      const next = unit + (text.codePointAt(unit)! > 0xffff ? 2 : 1);
      byte += utf8Length(text.slice(unit, next));
      unit = next;
    }
    return at + unit;
  };
  const flags = words.map((word) => ({ text: word.text, start: unitAt(word.start), end: unitAt(word.end) }));
  const tail = decodeText(bytes.subarray(rest));
  return { flags, rest: { text: tail, at: at + text.length - tail.length } };
}

/** Splits at the first space, between bytes as for flags: for the type of a HEALTHCHECK. */
export function cutFirstWord({ text, at }: Span): { word: Span; rest: Span } {
  const simple = /^[\0-\x7f]*?(?=[\t\n\v\f\r ]|$)/.exec(text)?.[0];
  if (simple !== undefined && simple !== '') {
    let next = simple.length;
    while (next < text.length && isAsciiSpace(text.charCodeAt(next))) next++;
    if (!isStraySpace(text.charCodeAt(next)))
      return { word: { text: simple, at }, rest: { text: text.slice(next), at: at + next } };
  }
  const bytes = encodeText(text);
  let end = 0;
  while (end < bytes.length && !isLatinSpace(bytes[end]!)) end++;
  let next = end;
  while (next < bytes.length && isLatinSpace(bytes[next]!)) next++;
  const tail = decodeText(bytes.subarray(next));
  return {
    word: { text: decodeText(bytes.subarray(0, end)), at },
    rest: { text: tail, at: at + text.length - tail.length },
  };
}

const noFlags: readonly Cut[] = [];
const hyphen = 0x2d;

function isAsciiSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Unicode spaces up to U+00FF. */
function isLatinSpace(code: number): boolean {
  return isAsciiSpace(code) || code === 0x85 || code === 0xa0;
}

/** Whether a byte that is not UTF-8 would be a space in Latin-1. */
function isStraySpace(code: number): boolean {
  return code === 0xdc85 || code === 0xdca0;
}

function scanFlags(length: number, codeAt: (at: number) => number, escapeToken: EscapeToken, budget: WordBudget) {
  const words: Cut[] = [];
  const escapeCode = escapeToken.charCodeAt(0);
  for (let at = 0; at < length; ) {
    if (isLatinSpace(codeAt(at))) {
      at++;
      continue;
    }
    if (codeAt(at) !== hyphen || at + 1 === length || codeAt(at + 1) !== hyphen) return { words, rest: at };
    const start = at;
    let text = '';
    let quote = 0;
    for (; at < length; at++) {
      let code = codeAt(at);
      if (quote === 0) {
        if (isLatinSpace(code)) break;
        if (code === 0x27 || code === 0x22) {
          quote = code;
          continue;
        }
      } else if (code === quote) {
        quote = 0;
        continue;
      }
      if (code === escapeCode) {
        if (++at === length) break; // an escape at the end is removed
        code = codeAt(at);
      }
      text += String.fromCharCode(code);
    }
    if (text !== '--') {
      countWord(budget, 'flags');
      words.push({ text, start, end: at });
    } else if (at < length) return { words, rest: at };
  }
  return { words, rest: length };
}
