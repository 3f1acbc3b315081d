/**
 * Checks the arguments of public functions: a program in plain JavaScript has no compiler that reports a mistake, which
 * would otherwise cause an error deep inside the library.
 */
import { redactCredentials } from './redact.ts';

/**
 * Checks a value; `name` is its name in the message. Returns the problem, undefined if the value is valid.
 *
 * A member of a value is checked without a name, which is made only if there is a problem.
 *
 * Validators are named with an article (`aString`), so that a check reads as a sentence.
 */
export type Validator = (value: unknown, name: string) => string | undefined;

/**
 * Checks an argument of a function.
 * @param called the function's public name
 * @throws TypeError with the code ERR_INVALID_ARG_TYPE, as of Node's own functions, that names the argument or option,
 *   what it has to be, and what it is
 */
export function checkArgument(called: string, name: string, value: unknown, validate: Validator): void {
  const problem = validate(value, name);
  if (problem !== undefined)
    throw Object.assign(new TypeError(`${called}: ${problem}`), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** Makes a validator of a test. @param expected what follows "must be" in the message */
export function validator(expected: string, isValid: (value: unknown) => boolean): Validator {
  return (value, name) => (isValid(value) ? undefined : `${name} must be ${expected}, but is ${describeValue(value)}`);
}

/** Any value. */
export const anything: Validator = () => undefined;
/** A string. */
export const aString = validator('a string', (value) => typeof value === 'string');
/** A boolean. */
export const aBoolean = validator('true or false', (value) => typeof value === 'boolean');
/** A number. */
export const aNumber = validator('a number', (value) => typeof value === 'number');
/** A function. */
export const aFunction = validator('a function', (value) => typeof value === 'function');
/** Bytes. */
export const aUint8Array = validator('a Uint8Array', (value) => value instanceof Uint8Array);
/** An AbortSignal. */
export const anAbortSignal = validator('an AbortSignal', (value) =>
  hasMethods(value, 'addEventListener', 'throwIfAborted'),
);

/** An object with these methods. @param expected as in {@link validator} */
export function having(expected: string, ...methods: readonly string[]): Validator {
  return validator(expected, (value) => hasMethods(value, ...methods));
}

/** A value that may also be undefined. */
export function optional(member: Validator): Validator {
  return (value, name) => (value === undefined ? undefined : member(value, name));
}

/** A value that one of several validators accepts. @param expected as in {@link validator} */
export function either(expected: string, ...validators: readonly Validator[]): Validator {
  return validator(expected, (value) => validators.some((validate) => validate(value, '') === undefined));
}

/** An array whose members the validator accepts. */
export function listOf(member: Validator, expected = 'an array'): Validator {
  const isList = validator(expected, Array.isArray);
  return (value, name) =>
    isList(value, name) ?? firstProblem((value as unknown[]).entries(), member, (index) => `${name}[${index}]`);
}

/** An object with any field names whose values the validator accepts. */
export function recordOf(member: Validator, expected = 'an object'): Validator {
  const isRecord = validator(expected, isPlain);
  return (value, name) =>
    isRecord(value, name) ?? firstProblem(Object.entries(value as object), member, (key) => fieldPath(name, key));
}

/** A Map whose values the validator accepts. */
export function mapOf(member: Validator, expected = 'a Map'): Validator {
  const isMap = having(expected, 'get', 'entries');
  return (value, name) =>
    isMap(value, name) ??
    firstProblem(
      (value as ReadonlyMap<unknown, unknown>).entries(),
      member,
      (key) => `${name}.get(${JSON.stringify(key)})`,
    );
}

/** An object with these fields. It may have others, which the message names if one of these is missing. */
export function objectWith(validators: Readonly<Record<string, Validator>>, expected = 'an object'): Validator {
  const entries = Object.entries(validators);
  const isObject = validator(expected, (value) => typeof value === 'object' && value !== null && !Array.isArray(value));
  return (value, name) => {
    const given = value as Readonly<Record<string, unknown>>;
    const wrong = isObject(value, name);
    if (wrong !== undefined) return wrong;
    for (const [key, member] of entries) {
      if (member(given[key], '') === undefined) continue;
      const problem = member(given[key], name === optionsName ? key : fieldPath(name, key))!;
      const unknown = name === optionsName ? Object.keys(given).filter((other) => !(other in validators)) : [];
      return given[key] !== undefined || unknown.length === 0
        ? problem
        : `${problem}; ${unknown.join(', ')} ${unknown.length === 1 ? 'is not an option' : 'are not options'} of it`;
    }
    return undefined;
  };
}

/** A validator for each member of a type: a missing one is a type error. */
export type ValidatorsOf<Type> = { readonly [Name in keyof Type]-?: Validator };

/** An object with these fields and no others: an unknown field has no effect, so it is a mistake. */
export function objectWithOnly<Type = Readonly<Record<string, unknown>>>(validators: ValidatorsOf<Type>): Validator {
  const known = objectWith(validators as Readonly<Record<string, Validator>>);
  return (value, name) => {
    const problem = known(value, name);
    const unknown = problem ?? Object.keys(value as object).find((key) => !(key in validators));
    if (problem !== undefined || unknown === undefined) return problem;
    const others = Object.keys(validators).join(', ');
    return `${name === optionsName ? unknown : fieldPath(name, unknown)} is not known; there are ${others}`;
  };
}

/** Messages name the fields of the argument with this name without its name in front. */
const optionsName = 'options';

function firstProblem<Key>(
  entries: Iterable<readonly [Key, unknown]>,
  member: Validator,
  nameOf: (key: Key) => string,
): string | undefined {
  for (const [key, value] of entries) if (member(value, '') !== undefined) return member(value, nameOf(key));
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
