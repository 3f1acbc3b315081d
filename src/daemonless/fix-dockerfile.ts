/** Applies the fixes of what a check finds, and checks again until nothing changes. */
import type { Phase } from '../diagnostic/codes.ts';
import { countErrors, type Diagnostic, type Edit, hasErrors } from '../diagnostic/diagnostic.ts';
import { lineColumn } from '../diagnostic/source-file.ts';
import { encodeText } from '../go/text.ts';
import { applyFixes, type FixedText } from '../lint/apply-fixes.ts';
import { type Checked, type CheckOptions, checkDockerfile } from './check.ts';
import { type Frontend, ownFrontend } from './compile.ts';
import type { FileTree } from './file-tree.ts';

/** A Dockerfile after its fixes. */
export interface FixedDockerfile {
  /**
   * What a check finds afterwards. A problem whose fix would have made an error has no fix any more; its hint says so.
   */
  readonly checked: Checked;
  /** The text before. */
  readonly before: string;
  /** The text afterwards; equal to `before` if nothing was fixed. */
  readonly text: string;
  /** The problems that were fixed, in the order in which they were. */
  readonly fixed: readonly Diagnostic[];
}

/** A fix may make room for others, but not for ever. */
const maxRounds = 20;
/** Maximum number of checks that look for the fixes that make errors. */
const maxTrials = 60;

/**
 * Checks a Dockerfile and applies the fixes in memory; nothing is written. Further rounds apply the fixes that
 * overlapped, and those of what only a check of the fixed text finds. Errors are fixed before warnings. A fix that
 * makes an error is left out; one that only brings an error to light is not.
 *
 * @param fixes.unsafe whether fixes count that may change what is built; false by default
 * @param frontend as of `checkDockerfile`
 * @throws Error if the Dockerfile cannot be read
 */
export async function fixDockerfile(
  options: CheckOptions,
  fixes: { readonly unsafe?: boolean } = {},
  frontend: Frontend = ownFrontend,
): Promise<FixedDockerfile> {
  const check = (text: string) => checkDockerfile(withText(options, checked.source.filename, text), frontend);
  let checked = await checkDockerfile(options, frontend);
  const before = checked.source.text;
  const fixed: Diagnostic[] = [];
  let refused: readonly Diagnostic[] = [];
  let trials = maxTrials;
  for (let round = 0; round < maxRounds; round++) {
    const { text } = checked.source;
    const candidates = checked.problems.filter((it) => !refused.some((other) => isSame(it, other)));
    let next = applyFixes(text, candidates.filter(isError), fixes);
    if (next.fixed.length === 0) next = applyFixes(text, candidates, fixes);
    if (next.fixed.length === 0 || next.text === text) break;

    let after = await check(next.text);
    const all = next;
    const isHarmful = () => makesErrors(checked, after, next);
    while (isHarmful() && next.fixed.length > 1 && trials-- > 0) {
      // The first half is tried; what is left over comes in a later round.
      next = applyFixes(text, next.fixed.slice(0, next.fixed.length >> 1), fixes);
      after = await check(next.text);
    }
    if (isHarmful()) {
      refused = [...refused, ...next.fixed];
      round--;
      continue;
    }
    refused = refused.map((it) => moved(it, editsOf(next, text)));
    fixed.push(...next.fixed);
    checked = after;
    if (next !== all) round--; // the trials end it
  }
  const problems = checked.problems.map((it) => (refused.some((other) => isSame(it, other)) ? withoutFix(it) : it));
  return { checked: { ...checked, problems }, before, text: checked.source.text, fixed };
}

const isError = ({ severity }: Diagnostic) => severity === 'error';

/** Whether two problems are the same one, of texts whose places are the same. */
const isSame = (a: Diagnostic, b: Diagnostic) =>
  a.code === b.code && a.message === b.message && a.range?.start === b.range?.start;

function withoutFix({ fix, ...problem }: Diagnostic): Diagnostic {
  const refusal = fix && `The fix (${fix.title}) was not applied: it makes another error.`;
  const hint = [refusal, problem.hint].filter((it) => it !== undefined).join(' ');
  return { ...problem, hint };
}

/** The phases in which errors are found, in their order. Errors of one may hide those of the next. */
const phases: readonly Phase[] = [
  'structure',
  'instructions',
  'check',
  'arguments',
  'stages',
  'target',
  'dependencies',
  'base-images',
  'triggers',
  'dispatch',
  'sources',
  'build',
];

/** Whether fixes make errors, apart from those that the fixed ones may have hidden. */
function makesErrors(before: Checked, after: Checked, next: FixedText): boolean {
  if (!hasErrors(after.problems)) return false;
  const edits = editsOf(next, before.source.text);
  const solved = next.fixed.filter(isError);
  const firstSolved = solved.reduce((least, { phase }) => Math.min(least, phases.indexOf(phase)), Infinity);
  const placesSolved = new Set(solved.map((it) => lineOf(after, moved(it, edits))));
  const isNoMore = countErrors(after.problems) <= countErrors(before.problems);
  const kept = before.problems.filter((it) => isError(it) && !next.fixed.includes(it)).map((it) => moved(it, edits));
  return after.problems.filter(isError).some((it) => {
    const isHidden = phases.indexOf(it.phase) > firstSolved || (isNoMore && placesSolved.has(lineOf(after, it)));
    return !isHidden && it.code !== 'unresolved-image' && !kept.some((other) => isSame(it, other));
  });
}

/** The number of the line that a problem is in; -1 if it has no place. */
const lineOf = ({ source }: Checked, { range }: Diagnostic) => (range ? lineColumn(source, range.start).line : -1);

/** The edits that led to a text, in the order of the file and each once. */
function editsOf({ fixed }: FixedText, text: string): readonly Edit[] {
  const lineBreak = text.includes('\r\n') && !/[^\r]\n/.test(text) ? '\r\n' : '\n';
  const edits = new Map<string, Edit>();
  for (const { fix } of fixed)
    for (const { range, text: added } of fix!.edits) {
      const written = added.replace(/\r?\n/g, lineBreak);
      edits.set(`${range.start} ${range.end} ${written}`, { range, text: written });
    }
  return [...edits.values()];
}

/** A problem at the place that its own has after edits. */
function moved(problem: Diagnostic, edits: readonly Edit[]): Diagnostic {
  const { range } = problem;
  if (!range) return problem;
  let by = 0;
  for (const { range: edited, text } of edits)
    if (edited.end <= range.start) by += text.length - (edited.end - edited.start);
  return { ...problem, range: { start: range.start + by, end: range.end + by } };
}

/** The options with another text of the Dockerfile. */
function withText(options: CheckOptions, filename: string, text: string): CheckOptions {
  const tree = options.locals.get('dockerfile');
  if (!tree) return options;
  const content = encodeText(text);
  const isDockerfile = (asked: string) => asked.replace(/^\/+/, '') === filename;
  const changed: FileTree = {
    ...tree,
    readFile: async (asked) => (isDockerfile(asked) ? content : tree.readFile(asked)),
    stat: async (asked) => {
      const found = await tree.stat(asked);
      return isDockerfile(asked) ? { ...found, size: BigInt(content.length) } : found;
    },
  };
  return { ...options, locals: new Map(options.locals).set('dockerfile', changed) };
}
