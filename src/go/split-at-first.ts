/** Splits a text in two, as `strings.Cut` does. */

/** The text before the first separator, and the text after it; all of the text and undefined without a separator. */
export function splitAtFirst(text: string, separator: string): [before: string, after: string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
