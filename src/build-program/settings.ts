/** What a build is started with: arguments and platforms. */
import { callers } from './place.ts';
import type { ArgumentJson, PlatformParts, RunMessage } from './protocol.ts';
import { describe, literalOf, refuseUnknown, requireOptions, wordOf } from './text.ts';

let current: Pick<RunMessage, 'args' | 'platforms'> | undefined;
let declared = new Map<string, ArgumentJson>();
let missing = new Map<string, Error>();
let ofStages = new Set<string>();
let contexts = new Set<string>();

/** Begins a run of a program. */
export function begin(run: Pick<RunMessage, 'args' | 'platforms'>): void {
  current = run;
  declared = new Map();
  missing = new Map();
  ofStages = new Set();
  contexts = new Set();
}

/** Remembers that the program uses a context of the build. */
export const noteContext = (name: string): void => void contexts.add(name);

/** The names of the contexts that the program uses. */
export const usedContexts = (): ReadonlySet<string> => contexts;

/** Remembers that a stage declares an argument. */
export const noteStageArgument = (name: string): void => void ofStages.add(name);

/** The names of the arguments that the program or one of its stages declares. */
export const knownArguments = (): ReadonlySet<string> => new Set([...declared.keys(), ...ofStages]);

/** The arguments that the program has declared, in order. */
export const declaredArguments = (): ArgumentJson[] => [...declared.values()];

/** The names of the required arguments that the build does not give. */
export const missingArguments = (): string[] => [...missing.keys()];

/** The error about all of them, at the place of the first one; undefined if no argument is missing. */
export function missingArgumentsError(): Error | undefined {
  const [first] = missing.values();
  if (!first) return undefined;
  const names = missingArguments();
  first.message =
    names.length === 1
      ? `the build argument ${names[0]} is required`
      : `the build arguments ${names.join(', ')} are required`;
  return first;
}

/** The frontend options that give build arguments. */
export const argumentOptions = (names: readonly string[]): string =>
  names.map((name) => `\`build-arg:${name}\``).join(' and ');

/** What all arguments have. */
interface ArgOptions<Value> {
  /** The value if the build does not give one. Without it the argument is required. */
  readonly default?: Value;
  /** What it is for; `docker build --call outline` lists it. */
  readonly description?: string;
}

/**
 * An argument that is a text.
 *
 * @example
 * const mode = arg('MODE', { values: ['debug', 'release'], default: 'release' });
 * const flags = { debug: '-O0', release: '-O2' }[mode];
 */
export interface StringArg<Value extends string = string> extends ArgOptions<NoInfer<Value>> {
  /** May be left out. */
  readonly type?: 'string';
  /** The values that are allowed; all if absent. */
  readonly values?: readonly Value[];
}

/**
 * An argument that is a number.
 *
 * @example
 * const jobs = arg('JOBS', { type: 'number', default: 4 });
 * stage.run(`make -j${jobs}`)
 */
export interface NumberArg extends ArgOptions<number> {
  /** Tells the kinds of arguments apart. */
  readonly type: 'number';
}

/**
 * An argument that is `true` or `false` (also `1`, `0`, `yes`, `no`, `on`, `off`).
 *
 * @example
 * const isDebug = arg('DEBUG', { type: 'boolean', default: false, description: 'Keeps symbols' });
 * stage.run(isDebug ? 'make debug' : 'make')
 */
export interface BooleanArg extends ArgOptions<boolean> {
  /** Tells the kinds of arguments apart. */
  readonly type: 'boolean';
}

/**
 * That an argument need not be given: its value is then undefined.
 *
 * @example
 * const commit = arg('COMMIT', { optional: true });
 * const labeled = commit === undefined ? stage : stage.label('commit', commit);
 */
export interface OptionalArg {
  /** Always true. */
  readonly optional: true;
}

/**
 * A build argument (`--build-arg NAME=VALUE`). Declare arguments at the top of the program, so that an unknown one is
 * noticed whatever target is built.
 *
 * @throws Error if the build gives a value that is not allowed, TypeError if the options contradict each other, such as
 *   a default that is not among the values. A build that does not give all required arguments fails when the program
 *   has declared them
 * @example
 * const version = arg('GO_VERSION', { default: '1.25', description: 'Go toolchain' });
 * const mode = arg('MODE', { values: ['debug', 'release'], default: 'release' });
 * const jobs = arg('JOBS', { type: 'number', default: 4 });
 */
export function arg(name: string, options: NumberArg & OptionalArg): number | undefined;
export function arg(name: string, options: BooleanArg & OptionalArg): boolean | undefined;
export function arg<const Value extends string = string>(
  name: string,
  options: StringArg<Value> & OptionalArg,
): Value | undefined;
export function arg(name: string, options: NumberArg): number;
export function arg(name: string, options: BooleanArg): boolean;
export function arg<const Value extends string = string>(name: string, options?: StringArg<Value>): Value;
export function arg(name: string, options: (StringArg | NumberArg | BooleanArg) & Partial<OptionalArg> = {}): unknown {
  const key = literalOf(name, 'arg: the name');
  const argument = requireRun().args[key];
  requireOptions('arg', options);
  const {
    default: fallback,
    description = '',
    optional = false,
    type = 'string',
    values,
    ...unknown
  } = options as Partial<
    Omit<StringArg, 'type' | 'default'> & OptionalArg & Pick<StringArg | NumberArg | BooleanArg, 'type' | 'default'>
  >;
  refuseUnknown('arg', unknown);
  refuseBadOptions(key, { type, fallback, values });
  literalOf(description, `arg ${key}: the description`);
  const isRequired = fallback === undefined && !optional;
  declared.set(key, {
    name: key,
    value: argument ?? (fallback === undefined ? '' : String(fallback)),
    description: described(description, { isRequired, optional, type, values }),
    places: callers(),
  });
  if (isRequired && argument === undefined) {
    missing.set(key, new Error()); // made here because it has the line that declares
    return type === 'number' ? 1 : type === 'boolean' ? false : (values?.[0] ?? placeholder);
  }
  if (argument === undefined) return fallback;
  switch (type) {
    case 'number':
      if (argument.trim() === '' || !Number.isFinite(Number(argument)))
        throw new Error(`the build argument ${key} must be a number, not ${describe(argument)}`);
      return Number(argument);
    case 'boolean':
      if (/^(?:true|1|yes|on)$/i.test(argument)) return true;
      if (/^(?:false|0|no|off|)$/i.test(argument)) return false;
      throw new Error(`the build argument ${key} must be true or false, not ${describe(argument)}`);
    default:
      if (values && !values.includes(argument))
        throw new Error(
          `the build argument ${key} must be one of ${values.map(describe).join(', ')}, not ${describe(argument)}`,
        );
      return argument;
  }
}

/** Programs run without a check of their types. @throws TypeError for options that contradict each other */
function refuseBadOptions(
  name: string,
  { type, fallback, values }: { readonly type: unknown; readonly fallback: unknown; readonly values: unknown },
): void {
  const wrong = (message: string) => new TypeError(`arg ${name}: ${message}`);
  if (!/^[\w.-]+$/.test(name))
    throw new TypeError(`arg: ${describe(name)} is not a name: names have letters, digits, _, . and - alone`);
  if (type !== 'string' && type !== 'number' && type !== 'boolean')
    throw wrong(`the type must be 'string', 'number' or 'boolean', not ${describe(type)}`);
  if (fallback !== undefined && (typeof fallback !== type || Number.isNaN(fallback)))
    throw wrong(`the default must be a ${type}, not ${describe(fallback)}`);
  if (values === undefined) return;
  if (type !== 'string') throw wrong(`only an argument that is a string has values, not a ${type}`);
  if (!Array.isArray(values) || values.length === 0 || values.some((it) => typeof it !== 'string'))
    throw wrong('the values must be an array of strings');
  if (fallback !== undefined && !values.includes(fallback))
    throw wrong(`the default must be one of ${values.map(describe).join(', ')}, not ${describe(fallback)}`);
}

/** Stands for the text of an argument that the build does not give: it is a tag, a port, a mode and a number. */
export const placeholder = '1';

function described(
  description: string,
  {
    isRequired,
    optional,
    type,
    values,
  }: {
    readonly isRequired: boolean;
    readonly optional: boolean;
    readonly type: string;
    readonly values: readonly string[] | undefined;
  },
): string {
  const details = [
    ...(isRequired ? ['required'] : optional ? ['optional'] : []),
    ...(type === 'string' ? [] : [type]),
    ...(values ? [`one of ${values.join(', ')}`] : []),
  ].join(', ');
  return details === '' ? description : `${description} (${details})`.trimStart();
}

/**
 * A platform, such as `linux/arm64`; `String(platform)` has this form.
 *
 * @example
 * const { os, architecture, variant } = platform.target;
 * stage.run(`make OS=${os} ARCH=${architecture}${variant}`).label('platform', String(platform.target))
 */
export interface BuildPlatform extends PlatformParts {
  /** The platform as `linux/arm64` or `linux/arm/v7`. */
  toString(): string;
}

/** What a Dockerfile says for the platforms that {@link platform} gives. */
const variables = new WeakMap<object, string>();

function withText(parts: PlatformParts, variable: string): BuildPlatform {
  const result = {
    ...parts,
    toString: () => [parts.os, parts.architecture, parts.variant].filter((part) => part !== '').join('/'),
  };
  variables.set(result, variable);
  return result;
}

/** The value of `FROM --platform`. */
export function platformWord(value: string | BuildPlatform, what: string): string {
  if (typeof value !== 'object' || value === null) return wordOf(value, what);
  return variables.get(value) ?? wordOf(String(value), what);
}

/**
 * The platforms of the build. The program runs once for each target platform.
 *
 * @example
 * image('golang', { platform: platform.build }).env('GOARCH', platform.target.architecture)
 */
export const platform = {
  /** The platform that is built for. */
  get target(): BuildPlatform {
    return withText(requireRun().platforms.target, '$TARGETPLATFORM');
  },
  /** The platform of the builder, on which commands run without emulation. */
  get build(): BuildPlatform {
    return withText(requireRun().platforms.build, '$BUILDPLATFORM');
  },
} as const;

function requireRun() {
  if (!current)
    throw new Error(
      'arguments and platforms are known in a build: use `docker build -f build.ts .` or `tsfront build -f build.ts .`',
    );
  return current;
}
