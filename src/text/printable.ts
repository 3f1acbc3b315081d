/**
 * Text for people's eyes. Whatever comes from a Dockerfile, a daemon or a registry passes through here on its way to a
 * terminal: control characters would act on it, and stray bytes cannot be shown.
 */

/** C0 and C1 controls; tab and line feed are kept. */
const controls = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
/** Characters that reorder or hide the text around them: bidirectional controls, line separators. */
const invisible = /[\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;

/** The text with U+FFFD in place of what would act on a terminal, and of stray bytes. Line breaks and tabs stay. */
export function printable(text: string): string {
  return text.toWellFormed().replace(controls, '\ufffd').replace(invisible, '\ufffd');
}

/** The same for what has to stay on one line, such as a cell of a table: line breaks and tabs become spaces. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\t\n]/g, ' ');
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Columns a text takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += /\p{Mn}/u.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}
