/** The console of programs: what is written to it becomes warnings of the build. */

/** Set by the module that talks to the frontend. */
let write: (text: string) => void = () => {};

/** Says where the console writes to. */
export function logTo(writer: (text: string) => void): void {
  write = writer;
}

const log = (...values: unknown[]) =>
  write(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));

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
