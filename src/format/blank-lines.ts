/** Places the empty lines: one between stages, at most one elsewhere, none at the ends of the file. */
import { isFrom } from './opt-out.ts';
import { looksLikeDirective, type Part } from './parts.ts';

const blank: Part = { kind: 'blank', source: '' };

/** Adds and removes empty lines. */
export function layOut(parts: readonly Part[]): readonly Part[] {
  const result: Part[] = [];
  let hasStage = false;
  let isBelowBlank = false;
  for (const part of parts) {
    if (part.kind === 'blank') {
      isBelowBlank = true;
      continue;
    }
    // Without the empty line at the beginning, a directive would have an effect.
    if (isBelowBlank && (result.length > 0 || looksLikeDirective(part))) result.push(blank);
    isBelowBlank = false;
    if (isFrom(part)) {
      if (hasStage) separate(result);
      hasStage = true;
    }
    result.push(part);
  }
  return result;
}

/** Puts an empty line before a stage, above the comments on it. Stages of one line may stand together. */
function separate(above: Part[]): void {
  let at = above.length;
  if (isFrom(above[at - 1]!)) return;
  while (above[at - 1]?.kind === 'comment') at--;
  if (above[at - 1]?.kind !== 'blank') above.splice(at, 0, blank);
}
