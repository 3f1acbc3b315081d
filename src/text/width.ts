/**
 * The width of text on a terminal. The text has passed through `printable.ts`, so it has no escape sequences.
 * Terminals differ in rare characters, so drawing must not rely on an exact width.
 */
import { eastAsianWidth } from 'get-east-asian-width';

const ascii = /^[\x20-\x7e]*$/;
/** A character with a width: not a mark on the character before, a joiner, a selector or a control. */
const visible = /[^\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}]/u;
/** Emoji sequences that terminals show in two columns: families, flags, keycaps. */
const emojiSequence =
  /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}|\p{Emoji}\ufe0f)|\u200d\p{Extended_Pictographic}|\p{Emoji_Modifier}/u;
const hangul = /^[\u1100-\u11ff\uac00-\ud7fb]/;
const tab = 8;

let graphemes: Intl.Segmenter | undefined;
/** The characters of a text as readers count them. */
const charactersOf = (text: string) => (graphemes ??= new Intl.Segmenter()).segment(text);

/** Columns that a text takes: a wide character takes two, a combining mark none. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of charactersOf(text)) width += widthOf(segment);
  return width;
}

/** Cuts a text to a number of columns, without splitting grapheme clusters. */
export function cutToWidth(text: string, columns: number): string {
  if (columns <= 0) return '';
  const start = text.slice(0, columns + 1);
  if (ascii.test(start)) return start.slice(0, columns);
  let width = 0;
  for (const { segment, index } of charactersOf(text)) {
    width += widthOf(segment);
    if (width > columns) return text.slice(0, index);
  }
  return text;
}

/** A line with spaces in place of its tabs. */
export function expandTabs(line: string): string {
  const [first = '', ...others] = line.split('\t');
  let text = first;
  for (const part of others) text += ' '.repeat(tab - (displayWidth(text) % tab)) + part;
  return text;
}

function widthOf(character: string): number {
  if (ascii.test(character)) return 1;
  if (!visible.test(character)) return 0;
  if (character.length > 1 && emojiSequence.test(character)) return 2;
  let width = 0;
  for (const part of character) {
    if (visible.test(part)) width += eastAsianWidth(part.codePointAt(0)!);
    if (width > 0 && hangul.test(character)) break; // its letters make one syllable
  }
  return width;
}
