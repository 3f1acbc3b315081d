/** Validators for the arguments of the LLB library's public functions. */
import { aPlatform } from '../image/platform.ts';
import {
  aBoolean,
  aNumber,
  anything,
  aString,
  aUint8Array,
  either,
  having,
  listOf,
  objectWith,
  optional,
  recordOf,
  type Validator,
  validator,
} from '../text/arguments.ts';

/** A state. */
export const aState = having("a state, such as image('alpine') (of a run: its `root`)", 'isScratch', 'marshal');
/** An array of states. */
export const anArrayOfStates = listOf(aState, 'an array of states');
/** A definition. */
export const aDefinition = having('a definition, such as `marshal()` of a state returns', 'ops', 'encode');

const constraints = {
  platform: optional(aPlatform),
  customName: optional(aString),
  ignoreCache: optional(aBoolean),
  workerConstraints: optional(listOf(aString)),
};

/** Options of an op, with those that are its own. */
const optionsWith = (own: Readonly<Record<string, Validator>> = {}): Validator =>
  objectWith({ ...constraints, ...own });

/** Options of sources: lists of patterns and names. */
export const sourceOptions = optionsWith({
  sessionId: optional(aString),
  includePatterns: optional(listOf(aString)),
  excludePatterns: optional(listOf(aString)),
  followPaths: optional(listOf(aString)),
  metadataOnly: optional(listOf(aString)),
  checksum: optional(aString),
});

const mountTypes = ['bind', 'cache', 'tmpfs'];
const mountOptionsByType: Readonly<Record<string, Validator>> = {
  bind: objectWith({ target: aString, source: aState }),
  cache: objectWith({ target: aString, id: aString, source: optional(aState) }),
  tmpfs: objectWith({ target: aString }),
};
const aMountType = validator(`one of ${mountTypes.join(', ')}`, (value) => mountTypes.includes(value as string));
const aMount: Validator = (value, name) => {
  const type = (value as { readonly type?: unknown } | null | undefined)?.type ?? 'bind';
  return aMountType(type, `${name}.type`) ?? mountOptionsByType[type as string]!(value, name);
};

const aPair = listOf(aString, 'a pair of a name and a value');
const someVariables: Validator = (value, name) => {
  const isIterable = typeof value === 'object' && value !== null && Symbol.iterator in value;
  return isIterable ? listOf(aPair)([...(value as Iterable<unknown>)], name) : recordOf(aString)(value, name);
};

/** The options of a run. */
export const runOptions = optionsWith({
  args: optional(listOf(aString, 'an array of strings (`shlex` takes a command line)')),
  shlex: optional(validator('a string (`args` takes an array)', (value) => typeof value === 'string')),
  env: optional(someVariables),
  dir: optional(aString),
  user: optional(aString),
  mounts: optional(listOf(aMount)),
  secrets: optional(listOf(objectWith({ id: aString, target: optional(aString), env: optional(aString) }))),
  ssh: optional(listOf(objectWith({ id: optional(aString), target: optional(aString) }))),
  extraHosts: optional(listOf(objectWith({ host: aString, ip: aString }))),
  validExitCodes: optional(listOf(aNumber)),
});

const anObject = objectWith({});

const aCopySource = either(
  "a state, such as local('context'), or file actions with a state",
  aState,
  objectWith({ kind: anything }),
);

/** The arguments of a file action by its kind. */
export const fileSteps = {
  copy: [
    ['from', aCopySource],
    ['src', aString],
    ['dest', aString],
    ['options', anObject],
  ],
  mkdir: [
    ['path', aString],
    ['mode', aNumber],
    ['options', anObject],
  ],
  mkfile: [
    ['path', aString],
    ['mode', aNumber],
    ['data', either('a string or a Uint8Array', aString, aUint8Array)],
    ['options', anObject],
  ],
  rm: [
    ['path', aString],
    ['options', anObject],
  ],
  symlink: [
    ['oldPath', aString],
    ['newPath', aString],
    ['options', anObject],
  ],
} satisfies Readonly<Record<string, readonly (readonly [name: string, validate: Validator])[]>>;

/** File actions. */
export const aFileAction = having("file actions, such as copy(…) or mkdir('/app', 0o755)", 'withState', 'steps');

/** The options of `marshal`. */
export const marshalOptions = optional(optionsWith());

/** An image config, as JSON or parsed. */
export const anImageConfig = either(
  'the JSON of an image config as a Uint8Array, or the parsed config',
  aUint8Array,
  objectWith({ config: objectWith({ env: listOf(aString) }) }),
);
