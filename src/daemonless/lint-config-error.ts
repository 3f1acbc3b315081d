import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { SourceFile } from '../diagnostic/source-file.ts';
import { hideFields } from '../text/short-error.ts';
import { UsageError } from '../text/usage-error.ts';

/** The error for a configuration file with mistakes. */
export class LintConfigError extends UsageError {
  /** The configuration file. */
  readonly source: SourceFile;
  /** What is wrong in it, in the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
  constructor(source: SourceFile, diagnostics: readonly Diagnostic[]) {
    super(`${source.filename}: ${diagnostics.map(({ message }) => message).join('; ')}`);
    this.source = source;
    this.diagnostics = diagnostics;
    hideFields(this, 'source', 'diagnostics');
  }
}
