/** Texts of steps, short enough for a drawing. */

/** The text with names of images as people write them: without the default registry and without digests. */
export function familiarText(text: string): string {
  return text.replace(/\bdocker\.io\/(?:library\/)?/g, '').replace(/@sha256:[0-9a-f]{64}/g, '');
}

/** The same, cut to a number of characters. */
export function shortText(text: string, columns: number): string {
  const familiar = familiarText(text);
  if (familiar.length <= columns) return familiar; // no text has more columns than this
  const characters = [...familiar];
  return characters.length <= columns ? familiar : `${characters.slice(0, columns - 1).join('')}…`;
}
