/**
 * Checks the arguments of public functions: a program in plain JavaScript has no compiler that reports a mistake, which would
 * otherwise cause an error deep inside the library.
 */
import { redactCredentials } from './redact.ts';

/** Checks a value; `name` is its name in the message. Gives the problem; undefined if the value is valid. */
export type Kind = (value: unknown, name: string) => string | undefined;

/**
 * Checks an argument of a function.
 * @param called the function's public name
 * @throws TypeError with the code ERR_INVALID_ARG_TYPE, as of Node's own functions, that names the argument or option,
 *   what it has to be, and what it is
 */
export function checkArgument(called: string, name: string, value: unknown, kind: Kind): void {
  const problem = kind(value, name);
  if (problem !== undefined)
    throw Object.assign(new TypeError(`${called}: ${problem}`), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** A kind with its own test. @param wanted what follows "must be" in the message */
export function kind(wanted: string, fits: (value: unknown) => boolean): Kind {
  return (value, name) => (fits(value) ? undefined : `${name} must be ${wanted}, but is ${describeValue(value)}`);
}

/** Any value. */
export const anything: Kind = () => undefined;
/** A string. */
export const text = kind('a string', (value) => typeof value === 'string');
/** A boolean. */
export const flag = kind('true or false', (value) => typeof value === 'boolean');
/** A number. */
export const number = kind('a number', (value) => typeof value === 'number');
/** A function. */
export const callback = kind('a function', (value) => typeof value === 'function');
/** Bytes. */
export const bytes = kind('a Uint8Array', (value) => value instanceof Uint8Array);
/** An AbortSignal. */
export const signal = kind('an AbortSignal', (value) => hasMethods(value, 'addEventListener', 'throwIfAborted'));

/** An object with these methods. @param wanted as in {@link kind} */
export function having(wanted: string, ...methods: readonly string[]): Kind {
  return kind(wanted, (value) => hasMethods(value, ...methods));
}

/** A kind that also accepts undefined. */
export function optional(of: Kind): Kind {
  return (value, name) => (value === undefined ? undefined : of(value, name));
}

/** One of several kinds. @param wanted as in {@link kind} */
export function either(wanted: string, ...kinds: readonly Kind[]): Kind {
  return kind(wanted, (value) => kinds.some((it) => it(value, '') === undefined));
}

/** A list whose members are all of one kind. */
export function listOf(of: Kind, wanted = 'an array'): Kind {
  const isList = kind(wanted, Array.isArray);
  return (value, name) =>
    isList(value, name) ??
    firstProblem(
      (value as unknown[]).map((it, index) => [`${name}[${index}]`, it]),
      of,
    );
}

/** An object whose fields are all of one kind, by any names. */
export function recordOf(of: Kind, wanted = 'an object'): Kind {
  const isRecord = kind(wanted, isPlain);
  return (value, name) =>
    isRecord(value, name) ??
    firstProblem(
      Object.entries(value as object).map(([key, it]) => [fieldPath(name, key), it]),
      of,
    );
}

/** A Map whose values are all of one kind. */
export function mapOf(of: Kind, wanted = 'a Map'): Kind {
  const isMap = having(wanted, 'get', 'entries');
  return (value, name) =>
    isMap(value, name) ??
    firstProblem(
      [...(value as ReadonlyMap<unknown, unknown>).entries()].map(([key, it]) => [
        `${name}.get(${JSON.stringify(key)})`,
        it,
      ]),
      of,
    );
}

/** An object with these fields. It may have others, which the message names if one of these is missing. */
export function fields(kinds: Readonly<Record<string, Kind>>, wanted = 'an object'): Kind {
  const entries = Object.entries(kinds);
  const isObject = kind(wanted, (value) => typeof value === 'object' && value !== null && !Array.isArray(value));
  return (value, name) => {
    const given = value as Readonly<Record<string, unknown>>;
    const wrong = isObject(value, name);
    if (wrong !== undefined) return wrong;
    for (const [key, of] of entries) {
      const problem = of(given[key], name === optionsName ? key : fieldPath(name, key));
      if (problem === undefined) continue;
      const unknown = name === optionsName ? Object.keys(given).filter((other) => !(other in kinds)) : [];
      return given[key] !== undefined || unknown.length === 0
        ? problem
        : `${problem}; ${unknown.join(', ')} ${unknown.length === 1 ? 'is not an option' : 'are not options'} of it`;
    }
    return undefined;
  };
}

/** A kind for each member of a type: a missing one is a type error. */
export type KindsOf<Type> = { readonly [Name in keyof Type]-?: Kind };

/** An object with these fields and no others: a fieldPath that has no effect is a mistake. */
export function exactFields<Type = Readonly<Record<string, unknown>>>(kinds: KindsOf<Type>): Kind {
  const known = fields(kinds as Readonly<Record<string, Kind>>);
  return (value, name) => {
    const problem = known(value, name);
    const unknown = problem ?? Object.keys(value as object).find((key) => !(key in kinds));
    if (problem !== undefined || unknown === undefined) return problem;
    const others = Object.keys(kinds).join(', ');
    return `${name === optionsName ? unknown : fieldPath(name, unknown)} is not known; there are ${others}`;
  };
}

/** The name of the argument whose fields messages name without it: they are the options. */
const optionsName = 'options';

function firstProblem(entries: readonly (readonly [string, unknown])[], of: Kind): string | undefined {
  for (const [name, value] of entries) {
    const problem = of(value, name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const fieldPath = (name: string, key: string) =>
  /^[A-Za-z_]\w*$/.test(key) ? `${name}.${key}` : `${name}[${JSON.stringify(key)}]`;

function hasMethods(value: unknown, ...methods: readonly string[]): boolean {
  const object = Object(value) as Readonly<Record<string, unknown>>;
  return typeof value === 'object' && value !== null && methods.every((method) => typeof object[method] === 'function');
}

/** Whether a value is neither a list nor an instance of a class: a Map has its values under other names. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Map) && !(value instanceof Uint8Array);
}

const maxShown = 60;

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') {
    const shown = redactCredentials(value);
    return JSON.stringify(shown.length > maxShown ? `${shown.slice(0, maxShown)}…` : shown);
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object') return `${String(value)} (a ${typeof value})`;
  if (value instanceof Promise) return 'a promise: is an `await` missing?';
  if (Array.isArray(value)) return 'an array';
  const name = (Object.getPrototypeOf(value) as object | null)?.constructor?.name ?? 'Object';
  return name === 'Object' ? 'an object' : `an instance of ${name}`;
}
