/** The doc comments of a program's exports. */

const exported =
  /\s*export\s+(?:(default)\b)?\s*(?:async\s+)?(?:function\b\s*\*?|const\s|let\s|var\s)?\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)?/uy;

/** The first paragraph of the comment before each export, by the name of the export. */
export function exportDescriptions(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let at = 0;
  for (;;) {
    const start = text.indexOf('/**', at);
    const end = start < 0 ? -1 : text.indexOf('*/', start + 3);
    if (end < 0) return found;
    at = end + 2;
    exported.lastIndex = at;
    const [, isDefault, name] = exported.exec(text) ?? [];
    const target = isDefault ?? name;
    if (target !== undefined && !found.has(target)) found.set(target, firstParagraph(text.slice(start + 3, end)));
  }
}

function firstParagraph(comment: string): string {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  const start = lines.findIndex((line) => line !== '');
  if (start < 0 || lines[start]!.startsWith('@')) return '';
  const end = lines.findIndex((line, at) => at > start && (line === '' || line.startsWith('@')));
  return lines
    .slice(start, end < 0 ? undefined : end)
    .join(' ')
    .trim();
}
