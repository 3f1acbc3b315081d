/** What rules see of a Dockerfile. */
import type { Dockerfile } from '../parser/ast.ts';

/** A Dockerfile without syntax errors. */
export interface LintFile {
  /** Its syntax tree. */
  readonly dockerfile: Dockerfile;
}

/** Makes a {@link LintFile}. */
export function createLintFile(dockerfile: Dockerfile): LintFile {
  return { dockerfile };
}
