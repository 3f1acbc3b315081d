/** The form of a cause: what differs between two states of a step. */

/** Why a step runs again. */
export interface Cause {
  /** What differs. */
  readonly kind:
    | 'new'
    | 'instruction'
    | 'variable'
    | 'variables'
    | 'base image'
    | 'source'
    | 'platform'
    | 'mount'
    | 'settings'
    | 'file'
    | 'files'
    | 'inputs'
    | 'no cache';
  /**
   * Name of the variable, the file or the mount; of `instruction` the flag (`--network`) if only that differs. '' for
   * others.
   */
  readonly name: string;
  /**
   * Of a file `content`, `kind`, `link` (its target), `mode`, `attributes`, `new`, `gone`, `ignored` or
   * `no longer ignored`; of a variable where its value comes from (`Dockerfile:3`, `build-arg:NAME`); of `files` and
   * `variables` how many there are besides; of `no cache` the frontend option: `no-cache`, or `no-cache=STAGE,…`. For
   * people: programs go by `kind` and `name`.
   */
  readonly detail: string;
  /** For a file that is `ignored` or `no longer ignored`: the pattern of the ignore file. */
  readonly rule?: string;
  /** Where that pattern stands: `.dockerignore:4`, of the older build if it is `no longer ignored`. */
  readonly place?: string;
  /** For `content`: how many lines are changed, new or gone, if the file is a short text. */
  readonly lines?: number;
  /** For `kind`, `link` and `mode`, and for a flag as written (`--network=none`): what it was; '' for no flag. */
  readonly before?: string;
  /** What it is. */
  readonly now?: string;
  /** For `content`: the size in bytes before and now, if it differs. */
  readonly bytes?: readonly [before: number, now: number];
}
