/**
 * Lowering continues after a problem as long as it can find a later one. A build then fails, and it gives no further
 * warnings, because the reference stops at its first error. A check takes the errors and continues: see `PastErrors`.
 */
import { DiagnosticError, describeError } from '../diagnostic/diagnostic.ts';
import type { Lowering } from './lowering.ts';

/** Collects the errors of a phase. */
export interface ErrorCollector {
  /** Runs a step whose failure does not stop later steps. @returns whether it succeeded */
  attempt(run: () => void): boolean;
  /** Takes an error. */
  add(error: unknown): void;
  /** Whether the limit of problems is reached: the rest of the file is not lowered. */
  readonly isFull: boolean;
  /** Ends the collection. @throws the first error, with the diagnostics of all errors; nothing if there were none */
  finish(): void;
}

/** What errors depend on. */
type ErrorContext = Pick<Lowering, 'linter' | 'source' | 'options'>;

/** Maximum number of errors; then lowering stops. */
const maxErrors = 200;

/** Makes a collector. After the first error of a build, the linter stops reporting. */
export function createErrorCollector({ linter, source, options: { pastErrors } }: ErrorContext): ErrorCollector {
  const errors: unknown[] = [];
  const add = (error: unknown) => {
    if (!pastErrors) linter.stop();
    if (errors.length === maxErrors) return;
    errors.push(error);
    pastErrors?.onError(error);
  };
  return {
    attempt(run) {
      try {
        run();
        return true;
      } catch (error) {
        add(error);
        return false;
      }
    },
    add,
    get isFull() {
      return !pastErrors && errors.length >= maxErrors;
    },
    finish() {
      const [first, ...others] = pastErrors ? [] : errors;
      if (others.length === 0) {
        if (first !== undefined) throw first;
        return;
      }
      const [primary, ...further] = [first, ...others].map((error) => describeError(error, 'build').diagnostics[0]);
      throw new DiagnosticError([primary!, ...further], { cause: first, source, others });
    },
  };
}

/** Throws an error in a build. A check takes it, and continues. */
export function failOrReport({ options: { pastErrors } }: Pick<Lowering, 'options'>, error: unknown): void {
  if (!pastErrors) throw error;
  pastErrors.onError(error);
}

/** Runs a step. If it fails, so does a build; a check continues without its result. @returns undefined if it failed */
export function tryOrReport<T>(lowering: Pick<Lowering, 'options'>, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    failOrReport(lowering, error);
    return undefined;
  }
}

/** Like {@link tryOrReport}, for a step that waits. @param fallback the result if it failed and a check continues */
export async function tryOrReportAsync<T>(
  lowering: Pick<Lowering, 'options'>,
  run: () => Promise<T>,
  fallback: T,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    failOrReport(lowering, error);
    return fallback;
  }
}
