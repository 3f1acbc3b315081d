/** The value of a `RUN --mount`. */
import { parseCsvFields } from '../go/csv.ts';
import { quote } from '../go/quote.ts';
import { parseRamInBytes } from '../go/size.ts';
import { splitAtFirst } from '../go/split-at-first.ts';
import { parseBool, parseUnsigned } from '../go/strconv.ts';
import { toLower } from '../go/unicode.ts';
import { aString, checkArgument } from '../text/arguments.ts';
import { errorMessage } from '../text/error-message.ts';
import type { MountType, Word } from './ast.ts';
import { unknownName } from './unknown-name.ts';

/** A parsed `--mount`. */
export interface MountFlag {
  /** The type; `bind` if absent. */
  readonly type: MountType;
  /** The stage, image or context to mount; '' if absent. */
  readonly from: string;
  /** A path within `from`; '' if absent. */
  readonly source: string;
  /** Its path for the command; '' if absent. */
  readonly target: string;
  /** Whether the command cannot write to it. */
  readonly readOnly: boolean;
  /** Size of a tmpfs in bytes; 0 means unlimited. */
  readonly sizeLimit: bigint;
  /** The id of a cache, a secret or an agent; '' if absent. */
  readonly id: string;
  /** How runs share a cache; '' if absent, which means `shared`. */
  readonly sharing: 'shared' | 'private' | 'locked' | '';
  /** Whether the build fails without the secret or agent; false if absent. */
  readonly required: boolean;
  /** Name of a secret's environment variable; '' for the secret's own name. */
  readonly env: string | undefined;
  /** Permission bits; undefined if absent. */
  readonly mode: number | undefined;
  /** Owner; undefined if absent. */
  readonly uid: number | undefined;
  /** Group; undefined if absent. */
  readonly gid: number | undefined;
}

/** The types of mounts. */
export const mountTypes: readonly MountType[] = ['bind', 'cache', 'secret', 'ssh', 'tmpfs'];
/** The values of `sharing`. */
export const sharingModes: readonly MountFlag['sharing'][] = ['locked', 'private', 'shared'];
/** The names of all options. */
export const mountOptions: readonly string[] =
  'type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env'.split(
    ' ',
  );

/** An error in one option of a mount. */
export class MountOptionError extends Error {
  /** The option as written, without the quotes of CSV. */
  readonly option: string;

  constructor(option: string, cause: unknown) {
    super(errorMessage(cause), { cause });
    this.option = option;
  }
}

interface Draft extends Mutable<MountFlag> {
  /** false after an error in the type: then it is not known which options the mount may have. */
  isTypeKnown?: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function textOf(value: Word | string): string {
  const given = typeof value === 'string' ? value : value?.text;
  checkArgument('parseMount', 'value', given, aString);
  return given;
}

/**
 * Parses the value of a `--mount` flag. Throws with the reference's text; an error in an option, a
 * {@link MountOptionError}.
 *
 * `expand` replaces variables. Without it only `from` is read (and must not contain variables), because it decides
 * which stages a build needs; everything else keeps its default.
 */
export function parseMount(value: Word | string, expand?: (word: string) => string): MountFlag {
  const throwFirst = (error: unknown) => {
    throw error;
  };
  return readMount(textOf(value), expand, throwFirst)!;
}

/**
 * Like {@link parseMount}.
 *
 * @param report takes all errors, in the reference's order
 * @returns undefined if there are any
 */
export function readMount(
  value: string,
  expand: ((word: string) => string) | undefined,
  report: (error: unknown) => void,
): MountFlag | undefined {
  const draft: Draft = {
    type: 'bind',
    from: '',
    source: '',
    target: '',
    readOnly: true,
    sizeLimit: 0n,
    id: '',
    sharing: '',
    required: false,
    env: undefined,
    mode: undefined,
    uid: undefined,
    gid: undefined,
  };
  let isGood = true;
  const attempt = (run: () => void): boolean => {
    try {
      run();
      return true;
    } catch (error) {
      isGood = false;
      report(error);
      return false;
    }
  };
  let fields: string[] = [];
  attempt(() => (fields = mountFields(value)));
  if (!expand) {
    attempt(() => {
      for (const field of fields) readFromField(field, draft);
    });
    return isGood ? draft : undefined;
  }
  let isAccessGiven = false;
  for (const field of fields) {
    const [key, text] = cutField(field);
    if (key === 'readonly' || key === 'ro' || key === 'readwrite' || key === 'rw') isAccessGiven = true;
    const isFieldGood = attempt(() => setField(draft, key, text === undefined ? undefined : expand(text), field));
    if (!isFieldGood && key === 'type') draft.isTypeKnown = false;
  }
  if (!isGood) return undefined;
  if (!isAccessGiven) draft.readOnly = draft.type !== 'cache' && draft.type !== 'tmpfs';
  attempt(() => checkOptions(draft));
  return isGood ? draft : undefined;
}

function setField(draft: Draft, key: string, value: string | undefined, field: string): void {
  try {
    if (value === undefined) setFlag(draft, key, field);
    else setOption(draft, key, value, field);
  } catch (error) {
    throw new MountOptionError(field, error);
  }
}

function mountFields(value: string): string[] {
  try {
    return parseCsvFields(value);
  } catch (error) {
    throw new Error(`failed to parse csv mounts: ${(error as Error).message}`);
  }
}

function cutField(field: string): [key: string, value: string | undefined] {
  const [key, value] = splitAtFirst(field, '=');
  return [toLower(key), value];
}

function readFromField(field: string, draft: Draft): void {
  const [key, value] = cutField(field);
  if (key !== 'from' || value === undefined) return;
  const dollar = value.indexOf('$');
  if (dollar >= 0 && dollar !== value.length - 1)
    throw new Error(`'${key}' doesn't support variable expansion, define alias stage instead`);
  draft.from = value;
}

/** Sets an option without a value. */
function setFlag(draft: Draft, key: string, field: string): void {
  switch (key) {
    case 'readonly':
    case 'ro':
      draft.readOnly = true;
      break;
    case 'readwrite':
    case 'rw':
      draft.readOnly = false;
      break;
    case 'required':
      requireType(draft, key, 'secret', 'ssh');
      draft.required = true;
      break;
    default:
      throw new Error(`invalid field '${field}' must be a key=value pair`);
  }
}

function setOption(draft: Draft, key: string, value: string, field: string): void {
  switch (key) {
    case 'type':
      draft.type = oneOf(mountTypes, value, 'mount type');
      break;
    case 'from':
      draft.from = value;
      break;
    case 'source':
    case 'src':
      draft.source = value;
      break;
    case 'target':
    case 'dst':
    case 'destination':
      draft.target = value;
      break;
    case 'readonly':
    case 'ro':
      draft.readOnly = readValue(key, value, parseBool);
      break;
    case 'readwrite':
    case 'rw':
      draft.readOnly = !readValue(key, value, parseBool);
      break;
    case 'required':
      requireType(draft, key, 'secret', 'ssh');
      draft.required = readValue(key, value, parseBool);
      break;
    case 'size':
      requireType(draft, key, 'tmpfs');
      draft.sizeLimit = readValue(key, value, parseRamInBytes);
      break;
    case 'id':
      draft.id = value;
      break;
    case 'sharing':
      draft.sharing = oneOf(sharingModes, value, 'sharing value');
      break;
    case 'mode':
      draft.mode = readNumber(key, value, 8);
      break;
    case 'uid':
      draft.uid = readNumber(key, value, 10);
      break;
    case 'gid':
      draft.gid = readNumber(key, value, 10);
      break;
    case 'env':
      draft.env = value;
      break;
    default:
      throw unknownName(`unexpected key '${key}' in '${field}'`, key, mountOptions);
  }
}

function oneOf<T extends string>(options: readonly T[], value: string, what: string): T {
  const lower = toLower(value);
  const option = options.find((candidate) => candidate === lower);
  if (option) return option;
  throw unknownName(`unsupported ${what} ${quote(value)}`, value, options);
}

function requireType(draft: Draft, key: string, ...types: readonly MountType[]): void {
  if (draft.isTypeKnown !== false && !types.includes(draft.type))
    throw new Error(`unexpected key '${key}' for mount type '${draft.type}'`);
}

function readValue<T>(key: string, value: string, parse: (text: string) => T): T {
  try {
    return parse(value);
  } catch {
    throw new Error(`invalid value for ${key}: ${value}`);
  }
}

function readNumber(key: string, value: string, base: number): number {
  try {
    return Number(parseUnsigned(value, base, 32));
  } catch {
    throw new Error(`invalid value ${value} for ${key}`);
  }
}

/** Refuses options that contradict each other. */
function checkOptions(mount: MountFlag): void {
  const { type } = mount;
  if (type === 'bind' || type === 'tmpfs') {
    for (const key of ['mode', 'uid', 'gid'] as const)
      if (mount[key] !== undefined) throw new Error(`${key} not allowed for ${quote(type)} type mounts`);
  }
  if (type === 'secret') {
    if (mount.from !== '') throw new Error('secret mount should not have a from');
    if (mount.sharing !== '') throw new Error('secret mount should not define sharing');
    if (mount.source === '' && mount.target === '' && mount.id === '')
      throw new Error('invalid secret mount. one of source, target required');
    if (mount.source !== '' && mount.id !== '') throw new Error("both source and id can't be set");
  }
  if (mount.sharing !== '' && type !== 'cache') throw new Error(`invalid cache sharing set for ${type} mount`);
}
