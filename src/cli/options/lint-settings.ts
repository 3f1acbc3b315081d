/** `--config` and `--no-config`: the configuration of the lint rules for each Dockerfile. */
import { LintConfigError } from '../../daemonless/lint-config-error.ts';
import { findLintConfig, type LintSettings, readLintConfig } from '../../daemonless/lint-config-file.ts';
import { UsageError } from '../../text/usage-error.ts';

/** Gives the settings for the Dockerfiles of a directory; undefined if it has none. */
export type SettingsOf = (dir: string) => Promise<LintSettings | undefined>;

/**
 * Makes the function that finds settings. Each file is read once.
 * @param flag the file of `--config`; false for `--no-config`; true or undefined to look for it
 * @throws what `readLintConfig` throws
 */
export function lintSettings(flag: string | boolean | undefined, signal?: AbortSignal): SettingsOf {
  if (flag === false) return async () => undefined;
  const files = new Map<string, Promise<LintSettings>>();
  const read = (file: string) => {
    const reading = files.get(file) ?? readLintConfig(file, signal);
    files.set(file, reading);
    return reading;
  };
  if (flag === '') throw new UsageError('--config: the name is empty');
  if (typeof flag === 'string')
    return () =>
      read(flag).catch((error: Error) => {
        throw error instanceof LintConfigError ? error : new UsageError(`--config: ${error.message}`, { cause: error });
      });
  const found = new Map<string, Promise<string | undefined>>();
  return async (dir) => {
    const finding = found.get(dir) ?? findLintConfig(dir);
    found.set(dir, finding);
    const file = await finding;
    return file === undefined ? undefined : read(file);
  };
}
