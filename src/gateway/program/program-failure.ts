/** Failures of a program's own code as diagnostics. */
import type { FailureJson } from '../../build-program/protocol.ts';
import { type Diagnostic, DiagnosticError, errorDiagnostic } from '../../diagnostic/diagnostic.ts';
import { linesRange } from '../../diagnostic/source-file.ts';
import { exportLine } from '../../program/imports.ts';
import type { Module } from './load-modules.ts';
import { missingExport } from './missing-export.ts';
import { type ProgramText, relocateError } from './program-text.ts';
import { explainCall } from './wrong-call.ts';

/** The error of a program that has failed: at its line, or at the import of what a module does not export. */
export function explainFailure(modules: readonly Module[], text: ProgramText, failure: FailureJson): unknown {
  const missing = missingExport(modules, failure);
  return missing ?? relocateError(text, new DiagnosticError([failureDiagnostic(modules, text, failure)]));
}

/** A failure at its place in the text of the program. */
export function failureDiagnostic(modules: readonly Module[], text: ProgramText, failure: FailureJson): Diagnostic {
  const { message, hint, places } = explainCall(modules, withExport(modules, failure));
  if (places.length === 0) return errorDiagnostic('program-failed', message, { hint });
  const lines = text.locate(places);
  const range = linesRange(text.file, lines);
  const isDecorator =
    message.startsWith('SyntaxError: ') && /^\s*(?:export\s+)?@/.test(text.file.text.slice(range.start));
  return errorDiagnostic('program-failed', message, {
    range,
    lines: [lines],
    hint: hint ?? (isDecorator ? 'Build programs have no decorators.' : undefined),
  });
}

/** The failure of an export at the line of the export. */
function withExport([main]: readonly Module[], failure: FailureJson): FailureJson {
  const { exported, places } = failure;
  const line = exported === undefined || places.length > 0 ? undefined : exportLine(main!.code, exported);
  return line === undefined ? failure : { ...failure, places: [{ module: main!.name, line, column: 1 }] };
}
