/**
 * The comments that leave parts of a file as they are: `# fmt: off` to `# fmt: on`, and `# fmt: skip` above an
 * instruction.
 */
import type { Part } from './parts.ts';

const mark = /^#\s*fmt:\s*(off|on|skip)\s*$/;

/** Joins what such comments leave alone to parts that are kept, comments included. */
export function applyOptOuts(parts: readonly Part[]): readonly Part[] {
  if (!parts.some((part) => markOf(part) !== undefined)) return parts;
  const result: Part[] = [];
  const lastInstruction = parts.findLastIndex(({ kind }) => kind === 'instruction');
  for (let at = 0; at < parts.length; at++) {
    const found = markOf(parts[at]!);
    const end =
      found === 'off' ? endOfOff(parts, at) : found === 'skip' && at < lastInstruction ? endOfSkip(parts, at) : at;
    if (end === at) {
      result.push(parts[at]!);
      continue;
    }
    const kept = parts.slice(at, end);
    result.push({ kind: 'verbatim', source: kept.map(({ source }) => source).join(''), isFrom: kept.some(isFrom) });
    at = end - 1;
  }
  return result;
}

/** Whether a stage begins with a part. */
export function isFrom(part: Part): boolean {
  return part.kind === 'verbatim' ? part.isFrom : part.kind === 'instruction' && part.head.name === 'from';
}

function markOf(part: Part): string | undefined {
  return part.kind === 'comment' ? mark.exec(part.text)?.[1] : undefined;
}

/** The place after `# fmt: on`, or after the last part. */
function endOfOff(parts: readonly Part[], at: number): number {
  for (let end = at + 1; end < parts.length; end++) if (markOf(parts[end]!) === 'on') return end + 1;
  return parts.length;
}

/** The place after the next instruction, which there is. */
function endOfSkip(parts: readonly Part[], at: number): number {
  let end = at + 1;
  while (parts[end]!.kind !== 'instruction') end++;
  return end + 1;
}
