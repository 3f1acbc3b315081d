/** The configuration of the lint rules for a Dockerfile: `tsfront.json`, and the setting that turns our own off. */
import path from 'node:path';
import { LintConfigError } from '../daemonless/lint-config-error.ts';
import { findLintConfig, readLintConfig } from '../daemonless/lint-config-file.ts';
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import type { SourceFile } from '../diagnostic/source-file.ts';
import { defaultConfig, type LintConfig } from '../lint/config.ts';
import { lintRules } from '../lint/rules.ts';
import type { Settings } from './settings.ts';

/** What counts for a Dockerfile. */
export interface LintChoice {
  readonly config: LintConfig;
  /** Whether `tsfront.json` leaves the file out, so that only its errors are shown. */
  readonly isLeftOut: boolean;
  /** The configuration file with its mistakes; undefined if there is no such file. */
  readonly file:
    | { readonly path: string; readonly source?: SourceFile; readonly problems: readonly Diagnostic[] }
    | undefined;
}

const withoutOwnRules: LintConfig = { rules: new Map(lintRules.map(({ name }) => [name, 'off'])) };

/** Finds and reads the configuration. One with mistakes counts as none. */
export async function lintChoice(
  dockerfile: string | undefined,
  { lint }: Settings,
  signal: AbortSignal,
): Promise<LintChoice> {
  const fallback = lint ? defaultConfig : withoutOwnRules;
  const none: LintChoice = { config: fallback, isLeftOut: false, file: undefined };
  const found = dockerfile === undefined ? undefined : await findLintConfig(path.dirname(dockerfile));
  if (dockerfile === undefined || found === undefined) return none;
  try {
    const { config, ignores } = await readLintConfig(found, signal);
    const file = { path: found, problems: [] };
    return { config: lint ? config : withoutOwnRules, isLeftOut: ignores(dockerfile), file };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LintConfigError)) return none;
    return { ...none, file: { path: found, source: error.source, problems: error.diagnostics } };
  }
}
