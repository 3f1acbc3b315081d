/** Finds and reads `tsfront.json`, the configuration of the lint rules. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { decodeText } from '../go/text.ts';
import type { LintConfig } from '../lint/config.ts';
import { parseLintConfig, problemAt } from '../lint/parse-config.ts';
import { compileGlob } from '../program/glob.ts';
import { onDisk } from '../system/file-name.ts';
import { readNamedFile } from '../system/named-file.ts';
import { errorMessage } from '../text/error-message.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import { UsageError } from '../text/usage-error.ts';
import { LintConfigError } from './lint-config-error.ts';

/** A configuration file that was read. */
export interface LintSettings {
  /** Its path. */
  readonly file: string;
  /** The levels and options of rules. */
  readonly config: LintConfig;
  /** Whether a file (any path on this machine) is one of those that are not checked. */
  ignores(file: string): boolean;
}

/** The name of the file. */
const configName = 'tsfront.json';
/** Maximum size of the file in bytes. */
const maxBytes = 1 << 20;

/**
 * Finds the configuration file for the Dockerfiles of a directory: `tsfront.json` in it or in a directory above, up to
 * the root of the git repository, or of the file system if it is in none.
 *
 * @returns its path below or above `dir` as it was given; undefined if absent
 */
export async function findLintConfig(dir: string): Promise<string | undefined> {
  const isThere = (file: string) =>
    stat(onDisk(file)).then(
      (found) => found,
      () => undefined,
    );
  const start = path.resolve(dir);
  for (let at = start; ; at = path.dirname(at)) {
    const file = path.join(at, configName);
    if ((await isThere(file))?.isFile())
      return path.isAbsolute(dir) ? file : path.join(dir, path.relative(start, file));
    if ((await isThere(path.join(at, '.git'))) || path.dirname(at) === at) return undefined;
  }
}

/**
 * Reads a configuration file. Its patterns of ignored files begin at its directory; one without a slash stands for a
 * name in any directory, and a directory stands for all in it.
 *
 * @throws LintConfigError for mistakes in it; UsageError if it cannot be read
 */
export async function readLintConfig(file: string, signal?: AbortSignal): Promise<LintSettings> {
  const bytes = await readNamedFile(file, maxBytes, signal).catch((error: Error) => {
    throw new UsageError(
      `cannot read the configuration ${file}: ${systemErrorsInWords(error.message).replace(`${file}: `, '')}`,
      { cause: error },
    );
  });
  const { source, config, ignore, problems } = parseLintConfig(decodeText(bytes), file);
  const found = [...problems];
  const patterns = ignore.flatMap(({ pattern, range }) => {
    const trimmed = pattern.replace(/^\.?\/|\/$/g, '');
    const inside = pattern.replace(/\/$/, '').includes('/') ? trimmed : `**/${trimmed}`;
    try {
      return [compileGlob(inside)];
    } catch (error) {
      found.push(problemAt(source, errorMessage(error), range));
      return [];
    }
  });
  if (found.length > 0) throw new LintConfigError(source, found);
  const root = path.resolve(path.dirname(file));
  return {
    file,
    config,
    ignores(asked) {
      const parts = path.relative(root, path.resolve(asked)).split(path.sep);
      if (patterns.length === 0 || parts[0] === '..') return false;
      const ways = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
      return patterns.some((matches) => ways.some(matches));
    },
  };
}
