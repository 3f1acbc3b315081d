/**
 * The modules of a program as one text: the program's own file, then the modules that it imports, with continued line
 * numbers. Lowering knows one file; `partOf` finds the module again.
 */
import type { Place } from '../../build-program/protocol.ts';
import { type Diagnostic, DiagnosticError, findDiagnosticError } from '../../diagnostic/diagnostic.ts';
import { createSourceFile, type LineRange, lineColumn, type SourceFile } from '../../diagnostic/source-file.ts';
import { encodeText } from '../../go/text.ts';
import { sourceLocationOf, withSource } from '../error-status.ts';
import type { SourceDescription, SourcePart } from '../source-info.ts';
import type { Module } from './load-modules.ts';
import { moduleName } from './run-program.ts';

/** Where things are in the modules of a program. */
export interface ProgramText {
  /** All modules. */
  readonly file: SourceFile;
  /** The modules after the first one. */
  readonly parts: readonly SourcePart[];
  /** The lines of the innermost place that is in a module; the first line if no place is. */
  locate(places: readonly Place[]): LineRange;
  /** The diagnostic with its range in the module that it is about. */
  relocate(diagnostic: Diagnostic): Diagnostic;
}

/** @param source the program's own file, which is the first module */
export function joinModules(modules: readonly Module[], source: SourceDescription): ProgramText {
  const starts = new Map<string, { readonly linesBefore: number; readonly file: SourceFile }>();
  const parts: SourcePart[] = [];
  let linesBefore = 0;
  for (const { name, file } of modules) {
    starts.set(name, { linesBefore, file });
    if (linesBefore > 0)
      parts.push({ linesBefore, source: { ...source, filename: name, data: encodeText(file.text) } });
    linesBefore += file.lineStarts.length;
  }
  const file = createSourceFile(source.filename, modules.map((module) => module.file.text).join('\n'));
  return {
    file,
    parts,
    locate(places) {
      for (const { module, line } of places) {
        const start = starts.get(moduleName(module));
        if (!start || line < 1 || line > start.file.lineStarts.length) continue;
        return { start: start.linesBefore + line, end: start.linesBefore + line };
      }
      return { start: 1, end: 1 };
    },
    relocate(diagnostic) {
      const { range } = diagnostic;
      if (!range || diagnostic.file) return diagnostic;
      const { line } = lineColumn(file, range.start);
      const part = [...starts.values()].findLast((start) => start.linesBefore < line)!;
      if (part.linesBefore === 0) return diagnostic;
      const offset = file.lineStarts[part.linesBefore]!;
      return { ...diagnostic, file: part.file, range: { start: range.start - offset, end: range.end - offset } };
    },
  };
}

/** An error with the ranges of its diagnostics in the modules that they are about. */
export function relocateError(text: ProgramText, error: unknown): unknown {
  const known = findDiagnosticError(error);
  if (!known) return error;
  const relocated = known.diagnostics.map(text.relocate);
  // Stages may have instructions in common.
  const different = relocated.filter((it, at) => relocated.findIndex((other) => isSame(it, other)) === at);
  if (different.length === known.diagnostics.length && different.every((it, at) => it === known.diagnostics[at]))
    return error;
  const [first, ...others] = different;
  return new DiagnosticError([first!, ...others], { cause: error, others: known.others });
}

/** Whether two diagnostics say the same of the same place. */
export const isSame = (one: Diagnostic, other: Diagnostic): boolean =>
  one.code === other.code &&
  one.message === other.message &&
  one.file === other.file &&
  one.range?.start === other.range?.start;

/** The error with its place in its message, for clients that show no lines. */
export function withPlaceInMessage(error: unknown, source: SourceDescription): unknown {
  const known = findDiagnosticError(error);
  if (!known) return error;
  const [first, ...others] = known.diagnostics;
  const { file, range } = first;
  const place =
    file && range
      ? `${file.filename}:${lineColumn(file, range.start).line}`
      : sourceLocationOf(withSource(error, source));
  if (place === undefined) return error;
  const placed = { ...first, message: `${place}: ${first.message}` };
  return new DiagnosticError([placed, ...others], { cause: error, others: known.others });
}
