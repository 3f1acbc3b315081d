/** The console of programs: what is written to it becomes warnings of the build. */

/** Maximum number of lines of a run that are shown: each becomes a warning. */
const maxLines = 1000;

/** A run that writes more lines is in a loop that does not end. */
const maxWritten = 100_000;

/** Maximum number of characters of a line. */
const maxLength = 10_000;

/** Set by the module that talks to the frontend. */
let write: (text: string) => void = () => {};

let lines = 0;

/** Says where the console of a run writes to. */
export function logTo(writer: (text: string) => void): void {
  write = writer;
  lines = 0;
}

function log(...values: unknown[]): void {
  if (lines++ >= maxWritten)
    throw new Error(`the build program writes ${maxWritten} lines to the console: look for a loop that does not end`);
  if (lines > maxLines) return;
  const text = values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ');
  const left = text.length - maxLength;
  write(left > 0 ? `${text.slice(0, maxLength)}… (${left} more characters)` : text);
}

/** What programs have as `console`. */
export const programConsole = { log, info: log, warn: log, error: log, debug: log };

function inspect(value: unknown): string {
  try {
    return textOf(value, []);
  } catch {
    return Object.prototype.toString.call(value); // a getter that throws, or a value that is nested too deep
  }
}

/** JSON where there is any for the value. @param above objects that the value is a part of */
function textOf(value: unknown, above: readonly object[]): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `[function ${value.name || '(anonymous)'}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value);
  if (value instanceof Error) return String(value);
  if (above.includes(value)) return '[circular]';
  const text = (part: unknown) => textOf(part, [...above, value]);
  if (Array.isArray(value)) return `[${Array.from(value, text).join(',')}]`;
  if (value instanceof Map) return `Map {${Array.from(value, ([key, it]) => `${text(key)} => ${text(it)}`).join(',')}}`;
  if (value instanceof Set) return `Set {${Array.from(value, text).join(',')}}`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return text(value.toJSON());
  if (value instanceof RegExp) return String(value);
  const name = value.constructor?.name ?? 'Object';
  const members = Object.entries(value).map(([key, it]) => `${JSON.stringify(key)}:${text(it)}`);
  return `${name === 'Object' ? '' : `${name} `}{${members.join(',')}}`;
}
