/** Applies the fixes of problems to the text of a Dockerfile. */
import type { Diagnostic, Edit } from '../diagnostic/diagnostic.ts';

/** The text of a file after its fixes. */
export interface FixedText {
  /** The text. */
  readonly text: string;
  /** The problems whose fixes were applied, in the order of the file. */
  readonly fixed: readonly Diagnostic[];
}

/**
 * Applies the fixes of problems, each as a whole or not at all: of fixes that overlap, the first in the file is
 * applied. So what is left has to be checked again. Line breaks in a fix become those of the file.
 *
 * @param problems those of this text
 * @param options.unsafe whether fixes count that may change what is built; false by default
 */
export function applyFixes(
  text: string,
  problems: readonly Diagnostic[],
  { unsafe = false }: { readonly unsafe?: boolean } = {},
): FixedText {
  const candidates = problems
    .filter(({ fix, file }) => fix && !file && fix.edits.length > 0 && (unsafe || fix.safety === 'safe'))
    .sort((a, b) => a.fix!.edits[0]!.range.start - b.fix!.edits[0]!.range.start);
  const taken: Edit[] = []; // in the order of the file
  const fixed: Diagnostic[] = [];
  for (const problem of candidates) {
    const added: Edit[] = [];
    let clashes = false;
    for (const edit of problem.fix!.edits) {
      const near = neighboursOf(edit, taken);
      if (near.some((other) => isSame(edit, other))) continue;
      clashes ||= near.some((other) => overlaps(edit, other));
      added.push(edit);
    }
    if (clashes) continue;
    for (const edit of added) taken.splice(placeOf(edit, taken), 0, edit);
    fixed.push(problem);
  }
  if (fixed.length === 0) return { text, fixed };
  const lineBreak = text.includes('\r\n') && !/[^\r]\n/.test(text) ? '\r\n' : '\n';
  const parts: string[] = [];
  let at = 0;
  for (const { range, text: added } of taken) {
    parts.push(text.slice(at, range.start), added.replace(/\r?\n/g, lineBreak));
    at = range.end;
  }
  return { text: parts.join('') + text.slice(at), fixed };
}

/** The index at which an edit keeps the order. */
function placeOf({ range }: Edit, sorted: readonly Edit[]): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.range.start < range.start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of edits that do not overlap each other, those that another one may overlap. */
function neighboursOf(edit: Edit, sorted: readonly Edit[]): readonly Edit[] {
  const at = placeOf(edit, sorted);
  return sorted.slice(Math.max(0, at - 1), at + 2);
}

const isSame = (a: Edit, b: Edit) =>
  a.range.start === b.range.start && a.range.end === b.range.end && a.text === b.text;

/** Whether two edits touch the same text; two insertions at one place have no order. */
function overlaps({ range: a }: Edit, { range: b }: Edit): boolean {
  const isInsertion = a.start === a.end || b.start === b.end;
  return isInsertion ? a.start <= b.end && b.start <= a.end : a.start < b.end && b.start < a.end;
}
