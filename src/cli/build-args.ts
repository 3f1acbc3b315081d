/** `--build-arg` and `--build-arg-file`. */
import { trimSpaceLeft } from '../go/unicode.ts';
import type { ArgWatch } from '../offline/build-arg-use.ts';
import { UsageError } from '../offline/usage-error.ts';
import { variableOf } from '../system/environment.ts';
import { systemErrorsInWords } from '../text/system-error.ts';
import type { Io } from './io.ts';

type Env = Io['env'];

/** The option of all commands that build. */
export const BUILD_ARG_FILE = [
  '--build-arg-file <file>',
  'build arguments, a line NAME=VALUE each, as in a file for `docker run --env-file`',
] as const;

/**
 * The build arguments of files and of the command line as `NAME[=VALUE]`, those of the command line last, since the last wins.
 * @throws UsageError that names the file and the line
 */
export async function withFileArgs(
  files: readonly string[],
  args: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  if (files.length === 0) return [...args];
  const { maxSettingsBytes, readNamedFile } = await import('../system/named-file.ts');
  const all: string[] = [];
  for (const file of files) {
    const bytes = await readNamedFile(file, maxSettingsBytes, signal).catch((error: NodeJS.ErrnoException) => {
      if (signal.aborted) throw error;
      const why = error.code === 'EISDIR' ? 'it is a folder' : systemErrorsInWords(error.message);
      throw new UsageError(`--build-arg-file: cannot read ${file}: ${why}`, { cause: error });
    });
    all.push(...parseArgFile(file, bytes));
  }
  return [...all, ...args];
}

/** The rules of docker's --env-file: blank lines and comments are left out, blanks belong to values and not to names. */
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

/** Values may be nobody's business. */
const withoutValue = (line: string) => line.replace(/=.+$/s, '=…');

/**
 * Build arguments by name. One without a value has that of the environment, and is left out where there is none.
 * @throws UsageError for what is no name
 */
export function readBuildArgs(args: readonly string[], env: Env): Map<string, string> {
  const values = new Map<string, string>();
  for (const arg of args) {
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg : arg.slice(0, equals);
    if (name === '') throw new UsageError(`invalid key-value pair ${JSON.stringify(arg)}: empty key`);
    if (equals < 0) refusePath('--build-arg', arg, 'NAME=VALUE, or NAME alone for the value of the environment');
    const value = equals < 0 ? variableOf(env, name) : arg.slice(equals + 1);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/**
 * Refuses what was meant as the build context and was taken as the value of the option before it.
 * @param form what the option takes
 */
export function refusePath(flag: string, value: string, form: string): void {
  if (!/^(\.{1,2}|[/~].*|\.{1,2}\/.*)$/s.test(value)) return;
  throw new UsageError(
    `invalid value ${JSON.stringify(value)} for ${flag}: it takes ${form}; the argument after ${flag} is its value and not the build context`,
  );
}

/** Tells of build arguments that nothing took. */
export function tellUnusedArgs(watch: ArgWatch, io: Pick<Io, 'writeStderr'>): void {
  for (const { name, similar } of watch.unused()) {
    const advice = similar === undefined ? '' : ` (did you mean ${similar}?)`;
    io.writeStderr(
      `WARNING: the build argument ${JSON.stringify(name)} was not consumed: no ARG has that name${advice}\n`,
    );
  }
}
