/** The file that says what is built, as builds and subrequests use it. */
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { LineRange } from '../diagnostic/source-file.ts';
import type { Platform } from '../image/platform.ts';
import type { Lowered } from '../lower/lower.ts';
import type { ReadPastErrors } from '../parser/past-errors.ts';
import type { SourceDescription } from './source-info.ts';

/** How a build file is lowered. */
export interface LowerRequest {
  readonly platform?: Platform | undefined;
  /** Takes the findings of lint rules. */
  readonly warn?: ((finding: Diagnostic) => void) | undefined;
  /** Takes what a program writes to the console. */
  readonly log?: ((written: Diagnostic) => void) | undefined;
  readonly allStages?: boolean | undefined;
  /**
   * Whether nothing is built of it: it is listed or checked, so a program need not be given all that a build of it
   * needs.
   */
  readonly inspects?: boolean | undefined;
}

/** What is lowered in spite of errors. */
export interface LoweredPastErrors {
  /** undefined if nothing could be lowered. */
  readonly lowered: Lowered | undefined;
  /** The Dockerfile as it was read in spite of its errors. */
  readonly read: ReadPastErrors;
}

/** A stage that can be built by name. */
export interface Target {
  /** '' for a stage without a name. */
  readonly name: string;
  readonly isDefault: boolean;
  readonly description: string;
  readonly base: string;
  /** '' if absent. */
  readonly platform: string;
  readonly lines: LineRange;
}

/** What is built: a Dockerfile, or a program that stands for one. */
export interface BuildFile {
  readonly source: SourceDescription;
  /** What can be built, in order. Throws the first error of the file. */
  targets(): Promise<readonly Target[]>;
  /** Lowers for a platform; throws the first error of the file. */
  lower(request: LowerRequest): Promise<Lowered>;
  /**
   * Lowers what can be lowered in spite of errors. It asks for images that a build that fails does not ask for, so it
   * is for checks alone. Absent if the first error hides nothing.
   *
   * @param onError takes the errors
   * @returns the result if there is one; undefined if nothing is known but the first error
   */
  lowerPastErrors?(request: LowerRequest, onError: (error: unknown) => void): Promise<LoweredPastErrors | undefined>;
  /** Frees what it holds; absent if it holds nothing. */
  close?(): void;
}
