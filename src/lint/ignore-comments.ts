/**
 * Comments that hide findings: `# tsfront-ignore UntaggedBase: rebuilt every night` above an instruction, and
 * `# tsfront-ignore-file UntaggedBase: …` above the first instruction. Each names rules and gives a reason.
 */
import type { WarningCode } from '../diagnostic/codes.ts';
import { type Diagnostic, type Fix, warningDiagnostic } from '../diagnostic/diagnostic.ts';
import { lineColumn, rangeLines, type SourceFile, type SourceRange } from '../diagnostic/source-file.ts';
import type { Dockerfile, Instruction } from '../parser/ast.ts';
import { instructionRange } from '../parser/hints/explain-error.ts';
import { suggest } from '../text/suggest.ts';
import { instructionAt, instructionBelow, instructionOf } from './instruction-at.ts';
import { isWarningCode, warningCodes } from './warnings.ts';

/** A finding, and the instruction that it is about if that does not follow from its place. */
export interface LocatedFinding {
  readonly finding: Diagnostic;
  readonly instruction?: Instruction | undefined;
}

/** A comment that hides findings. */
interface IgnoreComment {
  /** From the `#` to the end of the line. */
  readonly range: SourceRange;
  /** Whether it is for the whole file. */
  readonly isForFile: boolean;
  /** What it is for; undefined if it stands where it is for nothing. */
  readonly scope: 'file' | Instruction | undefined;
  /** The names of rules, as written. */
  readonly names: readonly { readonly text: string; readonly range: SourceRange }[];
  /** '' if absent. */
  readonly reason: string;
}

/**
 * Removes the findings that comments hide, and adds findings about the comments: a reason that is missing, a name that
 * no rule has, and, if `isJudged` says that all findings of a rule are known, a name that hides nothing.
 */
export function applyIgnoreComments(
  dockerfile: Dockerfile,
  findings: readonly LocatedFinding[],
  isJudged: (code: WarningCode) => boolean,
): Diagnostic[] {
  const comments = readComments(dockerfile);
  if (comments.length === 0) return findings.map(({ finding }) => finding);
  const { source } = dockerfile;
  const used = new Set<object>();
  const byScope = new Map<unknown, Map<string, object[]>>();
  for (const { scope, names } of comments) {
    if (!scope) continue;
    const byName = byScope.get(scope) ?? new Map<string, object[]>();
    byScope.set(scope, byName);
    for (const name of names) byName.set(name.text, [...(byName.get(name.text) ?? []), name]);
  }
  const hides = ({ finding, instruction }: LocatedFinding) => {
    const scopes = ['file', instruction ?? instructionOf(dockerfile, finding)];
    const hiding = scopes.flatMap((scope) => byScope.get(scope)?.get(finding.code) ?? []);
    for (const name of hiding) used.add(name);
    return hiding.length > 0;
  };
  const left = findings.filter((it) => !hides(it)).map(({ finding }) => finding);
  const about = comments.flatMap((comment) => problemsOf(source, comment, used, isJudged));
  return [...left, ...about.filter((finding) => !hides({ finding }))];
}

const mark = 'tsfront-ignore';

function readComments(dockerfile: Dockerfile): IgnoreComment[] {
  const { source, instructions } = dockerfile;
  if (!source.text.includes(mark)) return [];
  const found: IgnoreComment[] = [];
  for (const match of source.text.matchAll(/^([\t ]*)#[\t ]*tsfront-ignore(-file)?(?![\w-])([^\r\n]*)/gm)) {
    const [whole, indent = '', ofFile, rest = ''] = match;
    const start = match.index + indent.length;
    const end = match.index + whole.length;
    const { line } = lineColumn(source, start);
    const around = instructionAt(dockerfile, line);
    if (around && start >= instructionRange(source, around).end) continue; // the text of a here-document
    const isAtTop = line < (instructions[0]?.lines.start ?? Number.POSITIVE_INFINITY);
    const next = around ?? instructionBelow(dockerfile, line);
    found.push({
      range: { start, end: end - (whole.length - whole.trimEnd().length) },
      isForFile: ofFile !== undefined,
      scope: ofFile === undefined ? next : isAtTop ? 'file' : undefined,
      ...namesAndReason(rest, end - rest.length),
    });
  }
  return found;
}

function namesAndReason(text: string, offset: number): Pick<IgnoreComment, 'names' | 'reason'> {
  const colon = text.indexOf(':');
  const list = colon < 0 ? (/^\s*[\w-]+(?:\s*,\s*[\w-]+)*/.exec(text)?.[0] ?? '') : text.slice(0, colon);
  const names = [...list.matchAll(/[^\s,]+/g)].map(({ 0: name, index }) => ({
    text: name,
    range: { start: offset + index, end: offset + index + name.length },
  }));
  return { names, reason: colon < 0 ? '' : text.slice(colon + 1).trim() };
}

function problemsOf(
  source: SourceFile,
  { range, isForFile, scope, names, reason }: IgnoreComment,
  used: ReadonlySet<object>,
  isJudged: (code: WarningCode) => boolean,
): Diagnostic[] {
  const at = (place: SourceRange) => ({ range: place, lines: [rangeLines(source, place)] });
  if (names.length === 0) {
    const hint = `Name the rules before the colon, as in # ${mark} UntaggedBase: the reason.`;
    return [warningDiagnostic('UnknownIgnore', 'this comment names no rule', { hint, ...at(range) })];
  }
  const found: Diagnostic[] = [];
  if (reason === '') {
    const hint = `Write a colon and the reason, as in # ${mark} ${names[0]!.text}: the reason.`;
    found.push(warningDiagnostic('IgnoreWithoutReason', 'this comment gives no reason', { hint, ...at(range) }));
  }
  if (!scope) {
    const [message, hint] = isForFile
      ? [
          `${mark}-file has no effect here`,
          `Move it above the first instruction, or write ${mark} to hide findings of one instruction.`,
        ]
      : ['no instruction follows, so the comment hides nothing', 'Remove the comment.'];
    found.push(warningDiagnostic('UnusedIgnore', message, { hint, ...at(range) }));
    return found;
  }
  for (const name of names) {
    if (!isWarningCode(name.text)) found.push(unknownName(name, at(name.range)));
    else if (!used.has(name) && isJudged(name.text)) {
      const where = scope === 'file' ? 'this file' : 'the instruction below';
      found.push(
        warningDiagnostic('UnusedIgnore', `${name.text} finds nothing in ${where}, so the comment hides nothing`, {
          hint: names.length === 1 ? 'Remove the comment.' : `Remove ${name.text} from the comment.`,
          fix: { title: 'Remove what hides nothing', edits: [removal(source, range, names, name)], safety: 'safe' },
          ...at(name.range),
        }),
      );
    }
  }
  return found;
}

function unknownName({ text, range }: IgnoreComment['names'][number], place: Pick<Diagnostic, 'range' | 'lines'>) {
  const isSame = (a: string) => (b: string) => a.toLowerCase() === b.toLowerCase();
  const meant = warningCodes.some(isSame(text)) ? text : (suggest(text, warningCodes, false) ?? '');
  const other = warningCodes.find(isSame(meant));
  const fix: Fix | undefined = other && {
    title: `Write ${other}`,
    edits: [{ range, text: other }],
    safety: 'safe',
  };
  return warningDiagnostic('UnknownIgnore', `no rule has the name ${text}`, {
    hint: other
      ? `Did you mean ${other}?`
      : 'The rules are in docs/errors.md. Errors cannot be hidden, only warnings and findings of rules.',
    ...(fix && { fix }),
    ...place,
  });
}

/** The edit that removes a name, or the comment if it has no other. */
function removal(
  { text, lineStarts }: SourceFile,
  comment: SourceRange,
  names: IgnoreComment['names'],
  name: IgnoreComment['names'][number],
): Fix['edits'][number] {
  if (names.length > 1) {
    const index = names.indexOf(name);
    const [start, end] =
      index === 0 ? [name.range.start, names[1]!.range.start] : [names[index - 1]!.range.end, name.range.end];
    return { range: { start, end }, text: '' };
  }
  const { line } = lineColumn({ text, lineStarts, filename: '' }, comment.start);
  return { range: { start: lineStarts[line - 1]!, end: lineStarts[line] ?? text.length }, text: '' };
}
