import type { Fix } from '../../src/diagnostic/diagnostic.ts';

/** The text after the edits of some fixes; overlapping edits of later fixes are left out. */
export function applyFix(text: string, fixes: readonly (Fix | undefined)[]): string {
  const edits = fixes.flatMap((fix) => fix?.edits ?? []).sort((a, b) => a.range.start - b.range.start);
  let [result, at] = ['', 0];
  for (const { range, text: replacement } of edits) {
    if (range.start < at) continue;
    result += text.slice(at, range.start) + replacement;
    at = range.end;
  }
  return result + text.slice(at);
}
