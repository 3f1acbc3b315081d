/** Explains that a module does not export what another one imports: the engine says so without a place. */
import type { FailureJson } from '../../build-program/protocol.ts';
import { type DiagnosticError, diagnosticError } from '../../diagnostic/diagnostic.ts';
import { linesRange } from '../../diagnostic/source-file.ts';
import { exportsOf, importedNameLine } from '../../program/imports.ts';
import { suggest } from '../../text/suggest.ts';
import type { Module } from './load-modules.ts';
import { moduleName } from './run-program.ts';

/** The failure at the import that is wrong; undefined if it is about something else. */
export function missingExport(modules: readonly Module[], { message, hint }: FailureJson): DiagnosticError | undefined {
  const [, what, name, instance] = /^SyntaxError: (.*)\bexport '(.*)' in module '(.*?)'/i.exec(message) ?? [];
  if (name === undefined || instance === undefined) return undefined;
  const exporter = moduleName(instance);
  for (const { code, file, imports } of modules) {
    const line = importedNameLine(code, (specifier) => (imports.get(specifier) ?? specifier) === exporter, name);
    if (line === undefined) continue;
    const lines = { start: line, end: line };
    const isMissing = what === 'Could not find ';
    return diagnosticError('program-import', isMissing ? `${exporter} has no export ${name}` : message.slice(13), {
      range: linesRange(file, lines),
      file,
      hint: isMissing
        ? (hint ??
          adviceFor(
            name,
            modules.find((module) => module.name === exporter),
          ))
        : undefined,
    });
  }
  return undefined;
}

function adviceFor(name: string, exporter: Module | undefined): string | undefined {
  if (!exporter) return undefined;
  if (new RegExp(`\\b(?:type|interface)\\s+${name.replaceAll('$', '\\$')}\\b`).test(exporter.file.text))
    return `${name} is a type, and types are erased: say import type or export type.`;
  const names = exportsOf(exporter.code);
  const close = suggest(name, names, false);
  if (close !== undefined) return `Did you mean ${close}?`;
  return names.length > 0 ? `It exports ${names.join(', ')}.` : 'It exports nothing.';
}
