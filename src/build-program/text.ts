/** Texts of instructions: literal, or with variables that are expanded when the instruction is applied. */

/**
 * A text with variables, made by {@link expand}.
 *
 * @example
 * import { type Expansion, expand, image } from 'tsfront/build';
 *
 * const inFront = (dir: string): Expansion => expand(`${dir}:$PATH`);
 * export default () => image('debian').env('PATH', inFront('/opt/bin'));
 */
export class Expansion {
  /** The text as a Dockerfile has it. */
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  /** @throws TypeError always: an expansion is not a string yet */
  toString(): never {
    throw new TypeError('the value of expand(…) is known only when the instruction is applied: pass it as a whole');
  }
}

/**
 * A text of an instruction. A string is taken literally: `$` has no meaning.
 *
 * @example
 * import { expand, type Stage, type Text } from 'tsfront/build';
 *
 * const installed = (stage: Stage, dir: Text) => stage.copy('bin', dir);
 * export const both = (stage: Stage) => installed(installed(stage, '/opt/$literal'), expand('$HOME/bin'));
 */
export type Text = string | Expansion;

/**
 * A text in which `$NAME`, `${NAME}`, `${NAME:-default}` and so on stand for the variables of the stage, as in a
 * Dockerfile. Backslash and quotes have their meaning there, too.
 *
 * @example
 * image('debian').env('PATH', expand('/opt/tool/bin:$PATH'))
 */
export function expand(text: string): Expansion {
  if (typeof text !== 'string') throw new TypeError(`expand: the text must be a string, not ${describe(text)}`);
  refusePromise(text, 'expand: the text');
  return new Expansion(text.toWellFormed());
}

/** What a promise becomes where it is joined to a text. */
const joinedPromise = '[object Promise]';

/** @throws TypeError for a text that a promise was joined to */
function refusePromise(text: string, what: string): void {
  if (text.includes(joinedPromise))
    throw new TypeError(`${what} contains "${joinedPromise}": await the promise before it is joined to a text`);
}

/** The word of a Dockerfile that stands for a text. */
export function wordOf(text: Text, what: string): string {
  if (text instanceof Expansion) return text.text;
  if (typeof text === 'string') refusePromise(text, what);
  // `<<` would begin a here-document, and a byte order mark at the beginning is skipped.
  if (typeof text === 'string') return text.toWellFormed().replace(/[\\$'"]|<(?=<)|^\ufeff/g, '\\$&');
  throw new TypeError(`${what} must be a string or expand('…'), not ${describe(text)}`);
}

/** A text that a Dockerfile does not expand. */
export function literalOf(text: unknown, what: string): string {
  if (typeof text === 'string') {
    refusePromise(text, what);
    return text.toWellFormed();
  }
  throw new TypeError(`${what} must be a string, not ${describe(text)}`);
}

/** A word as it is shown in the name of a step. */
export function shown(word: string): string {
  return word === '' || /[\s\0-\x1f]/.test(word) ? JSON.stringify(word) : word;
}

/** A value as errors name it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (value instanceof Promise) return 'a promise (await it first)';
  if (Array.isArray(value)) return 'an array';
  const name = (value as object).constructor?.name;
  return name && name !== 'Object' ? `a ${name}` : 'an object';
}

/** Refuses what are no options: programs run without a check of their types. */
export function requireOptions(what: string, options: unknown, advice = ''): void {
  const isPlain =
    typeof options === 'object' && options !== null && !Array.isArray(options) && !(options instanceof Promise);
  if (!isPlain) throw new TypeError(`${what}: the options must be an object, not ${describe(options)}${advice}`);
}

/** @throws TypeError for anything but an array */
export function requireList(what: string, list: unknown): void {
  if (!Array.isArray(list)) throw new TypeError(`${what} takes a list, not ${describe(list)}`);
}

/** @throws TypeError if an unknown option is set */
export function refuseUnknown(what: string, unknown: object): void {
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new TypeError(`${what} has no option ${describe(name)}`);
}
