/** Edits that solve problems: the fixes of findings, all safe ones at once, and comments that hide a finding. */
import { type CodeAction, CodeActionKind, type CodeActionParams, type TextEdit } from 'vscode-languageserver/node';
import type { Diagnostic, Edit } from '../../diagnostic/diagnostic.ts';
import { applyFixes } from '../../lint/apply-fixes.ts';
import { isWarningCode } from '../../lint/warnings.ts';
import { toLspDiagnostic } from '../diagnostics.ts';
import type { OpenDocument } from '../documents.ts';
import { type DocumentSession, offsetOf } from '../session.ts';
import { wholeEdit } from '../whole-edit.ts';

/** The kind of the action that applies all safe fixes. */
export const fixAllKind = `${CodeActionKind.SourceFixAll}.tsfront`;

/** The actions for a range. */
export async function codeActions(
  session: DocumentSession,
  { range, context }: CodeActionParams,
): Promise<CodeAction[]> {
  const { document } = session;
  const problems = (await session.currentAnalysis())?.problems.filter(({ file }) => !file) ?? [];
  const isWanted = (kind: string) =>
    !context.only || context.only.some((only) => kind === only || kind.startsWith(`${only}.`));
  const actions: CodeAction[] = [];
  if (isWanted(CodeActionKind.QuickFix)) {
    const start = offsetOf(document, range.start);
    const end = offsetOf(document, range.end);
    for (const problem of problems) {
      if (!problem.range || problem.range.start > end || problem.range.end < start) continue;
      actions.push(...quickFixes(document, problem));
    }
  }
  if (isWanted(fixAllKind)) {
    const edits = wholeEdit(document, applyFixes(document.text, problems).text);
    if (edits.length > 0)
      actions.push({
        title: 'Apply all safe fixes of tsfront',
        kind: fixAllKind,
        edit: { changes: { [document.uri]: edits } },
      });
  }
  return actions;
}

function quickFixes(document: OpenDocument, problem: Diagnostic): CodeAction[] {
  const diagnostics = [toLspDiagnostic(document, problem)];
  const actions: CodeAction[] = [];
  const { fix } = problem;
  if (fix)
    actions.push({
      title: fix.safety === 'safe' ? fix.title : `${fix.title} (may change what is built)`,
      kind: CodeActionKind.QuickFix,
      diagnostics,
      isPreferred: fix.safety === 'safe',
      edit: { changes: { [document.uri]: fix.edits.map((edit) => toTextEdit(document, edit)) } },
    });
  const comment = isWarningCode(problem.code) && problem.range ? ignoreComment(document, problem) : undefined;
  if (comment)
    actions.push({
      title: `Ignore ${problem.code} for this instruction`,
      kind: CodeActionKind.QuickFix,
      diagnostics,
      edit: { changes: { [document.uri]: [comment] } },
    });
  return actions;
}

/** A comment above the instruction of a problem. */
function ignoreComment(document: OpenDocument, { code, range }: Diagnostic): TextEdit | undefined {
  const unit = document.units[document.unitIndexAt(range!.start)];
  if (!unit) return undefined;
  const { start } = document.instruction(unit).range;
  const lineStart = document.text.lastIndexOf('\n', start - 1) + 1;
  const indentation = document.text.slice(lineStart, start);
  const text = `${indentation}# tsfront-ignore ${code}: reason\n`;
  return toTextEdit(document, { range: { start: lineStart, end: lineStart }, text });
}

/** Line breaks in an edit become those of the document. */
function toTextEdit(document: OpenDocument, { range, text }: Edit): TextEdit {
  const hasCrLf = document.text.includes('\r\n');
  return { range: document.range(range), newText: hasCrLf ? text.replace(/\r?\n/g, '\r\n') : text };
}
