/**
 * Makes text safe to show. All text from a Dockerfile, a daemon or a registry passes through here on its way to a
 * terminal: control characters would act on it (move the cursor, set the title or the clipboard, overwrite other
 * text), and invalid bytes cannot be shown.
 */

/** C0 and C1 controls; tab and line feed are kept. */
const controls = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
/** Characters that reorder or hide the text around them: bidirectional controls, line separators. */
const invisible = /[\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;

/** The text with U+FFFD in place of control characters and invalid bytes. Line breaks and tabs stay. */
export function printable(text: string): string {
  return text.toWellFormed().replaceAll('\r\n', '\n').replace(controls, '\ufffd').replace(invisible, '\ufffd');
}

/** The same for text on one line, such as a cell of a table: line breaks and tabs become spaces. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\t\n]/g, ' ');
}

/** Sequences for colours, bold and the like, which only change the look of text. */
const style = /(\x1b\[[\d;:]{0,64}m)/;

/** Like {@link printable}, but keeps colours: for text that we have coloured. */
export function printableWithColors(text: string): string {
  return text
    .split(style)
    .map((part, i) => (i % 2 === 1 ? part : printable(part)))
    .join('');
}

/**
 * Escape sequences as terminals read them (ECMA-48): CSI, strings such as OSC and DCS with their ends, others. A string
 * holds no other control characters, so that looking for its end stops at the next one.
 */
const sequence =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\0-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-Z\\`-~]/g;

/**
 * Output of a program without its escape sequences, for lines of progress, in which
 * U+FFFD for each colour would distract. Other control characters are replaced as by {@link printable}.
 */
export function withoutSequences(text: string): string {
  return printable(text.replace(sequence, ''));
}

/** Output of a program for a terminal: keeps its colours and removes its other escape sequences. */
export function withColorsOnly(text: string): string {
  return printableWithColors(text.replace(sequence, (it) => (style.test(it) ? it : '')));
}

/**
 * JSON with the control characters escaped that JSON does not escape: the values are the same, and no character acts on
 * a terminal.
 */
export function escapeControls(text: string): string {
  const escaped = (it: string) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.toWellFormed().replace(controls, escaped).replace(invisible, escaped);
}
