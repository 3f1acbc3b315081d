/** The value of a `RUN --mount`. */
import { parseCsvFields } from '../go/csv.ts';
import { quote } from '../go/quote.ts';
import { parseRamInBytes } from '../go/size.ts';
import { parseBool, parseUnsigned } from '../go/strconv.ts';
import { toLower } from '../go/unicode.ts';
import type { MountType, Word } from './ast.ts';
import { didYouMean } from './suggest.ts';

export type CacheSharing = 'shared' | 'private' | 'locked';

export interface Mount {
  readonly type: MountType;
  /** '' where an option is not given, as for the other texts. */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Bytes of a tmpfs; 0 for no limit. */
  readonly sizeLimit: bigint;
  readonly id: string;
  readonly sharing: CacheSharing | '';
  readonly required: boolean;
  /** Name of a secret's environment variable; '' for the secret's own name. */
  readonly env: string | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

const mountTypes: readonly MountType[] = ['bind', 'cache', 'secret', 'ssh', 'tmpfs'];
const sharingModes: readonly CacheSharing[] = ['locked', 'private', 'shared'];
const keys: readonly string[] =
  'type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env'.split(
    ' ',
  );

type Draft = { -readonly [K in keyof Mount]: Mount[K] };

/**
 * Reads the value of a `--mount` flag; throws with the reference's text.
 *
 * `expand` replaces variables. Without it only `from` is read (and may hold no variables), for that is what decides
 * which stages a build needs; everything else keeps its default.
 */
export function parseMount(value: Word | string, expand?: (word: string) => string): Mount {
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
  const fields = mountFields(typeof value === 'string' ? value : value.text);
  if (!expand) {
    for (const field of fields) readFrom(field, draft);
    return draft;
  }
  let isAccessGiven = false;
  for (const field of fields) {
    const [key, text] = cutField(field);
    if (key === 'readonly' || key === 'ro' || key === 'readwrite' || key === 'rw') isAccessGiven = true;
    if (text === undefined) setFlag(draft, key, field);
    else setOption(draft, key, expand(text), field);
  }
  if (!isAccessGiven) draft.readOnly = draft.type !== 'cache' && draft.type !== 'tmpfs';
  checkOptions(draft);
  return draft;
}

function mountFields(value: string): string[] {
  try {
    return parseCsvFields(value);
  } catch (error) {
    throw new Error(`failed to parse csv mounts: ${(error as Error).message}`);
  }
}

function cutField(field: string): [key: string, value: string | undefined] {
  const equals = field.indexOf('=');
  if (equals < 0) return [toLower(field), undefined];
  return [toLower(field.slice(0, equals)), field.slice(equals + 1)];
}

function readFrom(field: string, draft: Draft): void {
  const [key, value] = cutField(field);
  if (key !== 'from' || value === undefined) return;
  const dollar = value.indexOf('$');
  if (dollar >= 0 && dollar !== value.length - 1)
    throw new Error(`'${key}' doesn't support variable expansion, define alias stage instead`);
  draft.from = value;
}

/** An option without a value. */
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
      throw new Error(`unexpected key '${key}' in '${field}'${didYouMean(key, keys, true)}`);
  }
}

function oneOf<T extends string>(options: readonly T[], value: string, what: string): T {
  const lower = toLower(value);
  const option = options.find((candidate) => candidate === lower);
  if (option) return option;
  throw new Error(`unsupported ${what} ${quote(value)}${didYouMean(value, options, true)}`);
}

function requireType(draft: Draft, key: string, ...types: readonly MountType[]): void {
  if (!types.includes(draft.type)) throw new Error(`unexpected key '${key}' for mount type '${draft.type}'`);
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

/** What does not go together. */
function checkOptions(mount: Mount): void {
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
