/** `--build-arg` and `--build-arg-file`. */
import type { ArgWatch } from '../../daemonless/build-arg-use.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import { trimSpaceLeft } from '../../go/unicode.ts';
import { type Environment, variableOf } from '../../system/environment-variables.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { Io } from '../io.ts';

/**
 * Reads the build arguments of files and of the command line as `NAME[=VALUE]`. Those of the command line come last,
 * and the last one wins.
 * @throws UsageError that names the file and the line
 */
export async function withFileArgs(
  files: readonly string[],
  args: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  if (files.length === 0) return [...args];
  const { maxSettingsBytes, readNamedFile } = await import('../../system/named-file.ts');
  const all: string[] = [];
  for (const file of files) {
    const bytes = await readNamedFile(file, maxSettingsBytes, signal).catch((error: NodeJS.ErrnoException) => {
      if (signal.aborted) throw error;
      const words = systemErrorsInWords(error.message).replace(`${file}: `, '').replace(`${file} is `, 'it is ');
      const why = error.code === 'EISDIR' ? 'it is a directory' : words;
      throw new UsageError(`--build-arg-file: cannot read ${file}: ${why}`, { cause: error });
    });
    all.push(...parseArgFile(file, bytes));
  }
  return [...all, ...args];
}

/**
 * Parses a file by the rules of docker's --env-file: blank lines and comments are ignored, and blanks are part of
 * values but not of names.
 */
function parseArgFile(file: string, bytes: Uint8Array): string[] {
  const found: string[] = [];
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const data = Buffer.from(bytes);
  let start = 0;
  for (let number = 1; start < data.length; number++) {
    const newline = data.indexOf('\n', start);
    const end = newline < 0 ? data.length : newline;
    const wrong = (what: string) => new UsageError(`--build-arg-file: ${file}:${number}: ${what}`);
    let text: string;
    try {
      text = utf8.decode(data.subarray(start, end));
    } catch {
      throw wrong('the line is not in UTF-8');
    }
    start = end + 1;
    if (number === 1) text = text.replace(/^\ufeff/, '');
    const line = trimSpaceLeft(text.replace(/\r$/, ''));
    if (line === '' || line.startsWith('#')) continue;
    const [name = ''] = line.split('=', 1);
    if (name === '') throw wrong(`no variable name on line ${JSON.stringify(withoutValue(line))}`);
    if (/[ \t]/.test(name)) throw wrong(`variable ${JSON.stringify(name)} contains whitespaces: a line is NAME=VALUE`);
    found.push(line);
  }
  return found;
}

/** Removes the value, which may be secret. */
const withoutValue = (line: string) => line.replace(/=.+$/s, '=…');

/**
 * Reads build arguments by name. An argument without a value takes it from the environment, and is omitted if the
 * variable is not set.
 * @throws UsageError for an invalid name
 */
function readBuildArgs(args: readonly string[], env: Environment): Map<string, string> {
  const values = new Map<string, string>();
  for (const arg of args) {
    const [name, given] = splitAtFirst(arg, '=');
    if (name === '')
      throw new UsageError(
        `--build-arg: invalid key-value pair ${JSON.stringify(arg)}: empty key: it takes NAME=VALUE`,
      );
    if (given === undefined)
      refusePath('--build-arg', arg, 'NAME=VALUE, or NAME alone for the value of the environment');
    const value = given ?? variableOf(env, name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/**
 * The build arguments for the frontend, including SOURCE_DATE_EPOCH of the environment, as with docker.
 * @throws UsageError for an invalid name, and for an empty BUILDKIT_SYNTAX
 */
export function frontendArgs(args: readonly string[], env: Environment): Map<string, string> {
  const values = readBuildArgs(args, env);
  if (values.get('BUILDKIT_SYNTAX')?.trim() === '')
    throw new UsageError(
      "empty BUILDKIT_SYNTAX build-arg is invalid, use --build-arg BUILDKIT_SYNTAX without '=' for optional behavior",
    );
  const epoch = env['SOURCE_DATE_EPOCH'];
  if (epoch && !values.has('SOURCE_DATE_EPOCH')) values.set('SOURCE_DATE_EPOCH', epoch);
  return values;
}

/**
 * Refuses a path after an option that takes another value: it was probably meant as the build context.
 * @param form what the option takes
 */
export function refusePath(flag: string, value: string, form: string): void {
  if (!/^(\.{1,2}|[/~].*|\.{1,2}\/.*)$/s.test(value)) return;
  throw new UsageError(
    `invalid value ${JSON.stringify(value)} for ${flag}: it takes ${form}; the argument after ${flag} is its value and not the build context`,
  );
}

/** Warns about build arguments that no ARG uses. */
export function reportUnusedArgs(watch: ArgWatch, io: Pick<Io, 'writeStderr'>): void {
  for (const { name, similar } of watch.unused()) {
    const advice = similar === undefined ? '' : ` (did you mean ${similar}?)`;
    io.writeStderr(
      `WARNING: the build argument ${JSON.stringify(name)} was not consumed: no ARG has that name${advice}\n`,
    );
  }
}
