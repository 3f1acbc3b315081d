/** Corrects what looks like an array or a here-document, but is not one. */
import type { Diagnostic } from '../../diagnostic/diagnostic.ts';
import type { Dockerfile } from '../../parser/ast.ts';
import { instructionOf } from '../instruction-at.ts';
import { headOf, type Solution } from './edits.ts';

/** Writes the array, or the words, that the hint names. */
export function repairArray(dockerfile: Dockerfile, problem: Diagnostic): Solution | undefined {
  const instruction = instructionOf(dockerfile, problem);
  const meant = problem.facts?.meant;
  if (!instruction || meant === undefined) return undefined;
  const { at, text } = headOf(dockerfile, instruction);
  const start = text.search(/[[({"]/);
  const written = text.slice(start).trimEnd();
  // A backslash escapes in one kind of quotes and not in the other: which words are meant is not certain.
  if (start < 0 || /[\n\\]/.test(written)) return undefined;
  const isArray = meant.startsWith('[');
  // A bare word in brackets may be a pattern of a shell.
  const isCertain = isArray ? /^[[({]\s*["'“”‘’]/.test(written) : !/\s/.test(meant);
  return {
    title: `Write ${meant}`,
    edits: [{ range: { start: at + start, end: at + start + written.length }, text: meant }],
    safety: isCertain ? 'safe' : 'unsafe',
    changes: isArray
      ? 'the words of the array count, and no longer its text'
      : 'brackets and quotes are no longer part of the text',
  };
}

/** Joins `<< EOF`. */
export function joinHeredoc(dockerfile: Dockerfile, { range }: Diagnostic): Solution | undefined {
  if (!range) return undefined;
  const [gap = ''] = /^[ \t]+(?=[\w"'])/.exec(dockerfile.source.text.slice(range.end)) ?? [];
  if (gap === '') return undefined;
  return {
    title: 'Remove the blank',
    edits: [{ range: { start: range.end, end: range.end + gap.length }, text: '' }],
    safety: 'unsafe',
    changes: 'the lines below are the text of a file',
  };
}
