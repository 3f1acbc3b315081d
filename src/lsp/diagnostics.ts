/** Problems in the form of the protocol, and those of an earlier version at their places in a later one. */
import { DiagnosticSeverity, DiagnosticTag, type Diagnostic as LspDiagnostic } from 'vscode-languageserver/node';
import { withDefaultHint } from '../diagnostic/default-hint.ts';
import type { Diagnostic, Fix } from '../diagnostic/diagnostic.ts';
import { withOneGuess } from '../diagnostic/shown-message.ts';
import { linesRange, type SourceFile } from '../diagnostic/source-file.ts';
import { inBuildFlags } from '../gateway/build-flags.ts';
import { type UnitContent, unitsOf } from '../parser/reparse.ts';
import { redactCredentials } from '../text/redact.ts';
import { type OpenDocument, openDocument, unitIndexAt } from './documents.ts';

/** The most problems that are sent for a document. */
const maxProblems = 1000;

/** Problems in the form of the protocol. Those of other files are left out. */
export function toLspDiagnostics(document: OpenDocument, problems: readonly Diagnostic[]): LspDiagnostic[] {
  return problems
    .filter((it) => !it.file)
    .slice(0, maxProblems)
    .map((it) => toLspDiagnostic(document, it));
}

/** A problem in the form of the protocol. */
export function toLspDiagnostic(document: OpenDocument, problem: Diagnostic): LspDiagnostic {
  const { code, severity, message, hint, url, related } = problem;
  const text = redactCredentials(
    hint === undefined ? message : `${withOneGuess(message, problem)}\n${inBuildFlags(hint)}`,
  );
  return {
    range: document.range(rangeOf(document, problem)),
    severity: severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    source: 'tsfront',
    code,
    message: text,
    ...(url && { codeDescription: { href: url } }),
    ...(code === 'MaintainerDeprecated' && { tags: [DiagnosticTag.Deprecated] }),
    ...(related && {
      relatedInformation: related.map((it) => ({
        location: { uri: document.uri, range: document.range(it.range) },
        message: it.message,
      })),
    }),
  };
}

/** Problems of a file that need not be open. */
export function inFile(source: SourceFile, problems: readonly Diagnostic[]): LspDiagnostic[] {
  const document = openDocument('', 'jsonc', 0, source.text);
  return problems.map(({ file: _, ...it }) => toLspDiagnostic(document, withDefaultHint(it)));
}

/** The place of a problem: the first line if it has none. */
function rangeOf({ parsed }: OpenDocument, { range, lines: [lines] }: Diagnostic) {
  return range ?? linesRange(parsed.source, lines ?? { start: 1, end: 1 });
}

/** Whether the parser finds a problem, so that every version of a document has its own. */
const isOfParser = ({ phase, code }: Diagnostic) =>
  phase === 'structure' || phase === 'instructions' || code === 'no-stage';

/**
 * The problems of a document that was analysed in an earlier version: those of the parser as they are now, and the
 * others of the instructions that are still the same.
 */
export function problemsNow(
  now: OpenDocument,
  before: { readonly document: OpenDocument; readonly problems: readonly Diagnostic[] } | undefined,
): readonly Diagnostic[] {
  if (before?.document === now) return before.problems;
  if (now.isIgnoreFile) return [];
  const diagnostics = now.parsed.diagnostics.map(withDefaultHint);
  if (!before || before.problems.length === 0) return diagnostics;
  const places = new Map<UnitContent, number>();
  for (const { content, start } of unitsOf(now.parsed)) places.set(content, start);
  const unitsBefore = unitsOf(before.document.parsed);
  const kept = before.problems.flatMap((problem): Diagnostic[] => {
    const { range, related, fix, file } = problem;
    if (isOfParser(problem) || !range || file) return [];
    const unit = unitsBefore[unitIndexAt(unitsBefore, range.start)];
    const start = unit && places.get(unit.content);
    if (start === undefined) return [];
    const by = start - unit!.start;
    if (by === 0 && !related && !fix) return [problem];
    return [moveProblem(problem, by)];
  });
  return [...diagnostics, ...kept];
}

/** A problem at another place. Its fix and other places may be elsewhere, so it has none until the next analysis. */
function moveProblem(
  { fix, related, ...problem }: Diagnostic & { readonly fix?: Fix | undefined },
  by: number,
): Diagnostic {
  const { start, end } = problem.range!;
  return { ...problem, range: { start: start + by, end: end + by } };
}
