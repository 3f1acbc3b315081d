/** Places the empty lines: one between stages, at most one elsewhere, none at the ends of the file. */
import { isFrom } from './opt-out.ts';
import { looksLikeDirective, type Part } from './parts.ts';

const blank: Part = { kind: 'blank', source: '' };

/** Adds and removes empty lines. */
export function layOut(parts: readonly Part[]): readonly Part[] {
  const result: Part[] = [];
  let hasStage = false;
  for (const [at, part] of parts.entries()) {
    if (part.kind === 'blank') {
      if (isWanted(result.at(-1), parts, at)) result.push(blank);
      continue;
    }
    if (isFrom(part)) {
      if (hasStage) separate(result);
      hasStage = true;
    }
    result.push(part);
  }
  return result;
}

/** Whether the empty line at a place stays. */
function isWanted(above: Part | undefined, parts: readonly Part[], at: number): boolean {
  let below = at + 1;
  while (parts[below]?.kind === 'blank') below++;
  const next = parts[below];
  if (!next || above?.kind === 'blank') return false;
  // Without the empty line at the beginning, the directive would have an effect.
  return above !== undefined || looksLikeDirective(next);
}

/** Puts an empty line before a stage, above the comments on it. */
function separate(above: Part[]): void {
  let at = above.length;
  while (above[at - 1]?.kind === 'comment') at--;
  if (above[at - 1]?.kind !== 'blank') above.splice(at, 0, blank);
}
