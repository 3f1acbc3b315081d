/**
 * Lowering continues after a problem as long as it can find a later one. Its result is then not used, and it gives no
 * warnings, because the reference stops at its first error.
 */
import type { Linter } from '../check/linter.ts';
import { DiagnosticError, describeError } from '../diagnostic/diagnostic.ts';
import type { SourceFile } from '../diagnostic/source-file.ts';

/** Collects the errors of a phase. */
export interface ErrorCollector {
  /** Runs a step whose failure does not stop later steps. @returns whether it succeeded */
  attempt(run: () => void): boolean;
  /** Whether the limit of problems is reached: the rest of the file is not lowered. */
  readonly isFull: boolean;
  /** Ends the collection. @throws the first error, with the diagnostics of all errors; nothing if there were none */
  finish(): void;
}

/** Maximum number of errors; then lowering stops. */
const maxErrors = 200;

/** Makes a collector. After the first error, the linter stops reporting. */
export function collectErrors(linter: Linter, source: SourceFile): ErrorCollector {
  const errors: unknown[] = [];
  return {
    attempt(run) {
      try {
        run();
        return true;
      } catch (error) {
        errors.push(error);
        linter.stop();
        return false;
      }
    },
    get isFull() {
      return errors.length >= maxErrors;
    },
    finish() {
      const [first, ...others] = errors;
      if (others.length === 0) {
        if (errors.length > 0) throw first;
        return;
      }
      const [primary, ...further] = [first, ...others].map((error) => describeError(error, 'build').diagnostics[0]);
      throw new DiagnosticError([primary!, ...further], { cause: first, source, others });
    },
  };
}
