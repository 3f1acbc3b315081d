/** Validators for the arguments of the LLB library's public functions. */
import { platformArgument } from '../image/platform.ts';
import {
  anything,
  bytes,
  either,
  fields,
  flag,
  having,
  listOf,
  number,
  optional,
  recordOf,
  text,
  type Validator,
  validator,
} from '../text/arguments.ts';

/** A state. */
export const stateArgument = having("a state, such as image('alpine') (of a run: its `root`)", 'isScratch', 'marshal');
/** An array of states. */
export const statesArgument = listOf(stateArgument, 'an array of states');
/** A definition. */
export const definitionArgument = having('a definition, such as `marshal()` of a state returns', 'ops', 'encode');

const constraints = {
  platform: optional(platformArgument),
  customName: optional(text),
  ignoreCache: optional(flag),
  workerConstraints: optional(listOf(text)),
};

/** Options of an op, with those that are its own. */
const optionsWith = (own: Readonly<Record<string, Validator>> = {}): Validator => fields({ ...constraints, ...own });

/** Options of sources: lists of patterns and names. */
export const sourceOptions = optionsWith({
  sessionId: optional(text),
  includePatterns: optional(listOf(text)),
  excludePatterns: optional(listOf(text)),
  followPaths: optional(listOf(text)),
  metadataOnly: optional(listOf(text)),
  checksum: optional(text),
});

const mountTypes = ['bind', 'cache', 'tmpfs'];
const mountOptionsByType: Readonly<Record<string, Validator>> = {
  bind: fields({ target: text, source: stateArgument }),
  cache: fields({ target: text, id: text, source: optional(stateArgument) }),
  tmpfs: fields({ target: text }),
};
const mountType = validator(`one of ${mountTypes.join(', ')}`, (value) => mountTypes.includes(value as string));
const mount: Validator = (value, name) => {
  const type = (value as { readonly type?: unknown } | null | undefined)?.type ?? 'bind';
  return mountType(type, `${name}.type`) ?? mountOptionsByType[type as string]!(value, name);
};

const pair = listOf(text, 'a pair of a name and a value');
const variables: Validator = (value, name) => {
  const isIterable = typeof value === 'object' && value !== null && Symbol.iterator in value;
  return isIterable ? listOf(pair)([...(value as Iterable<unknown>)], name) : recordOf(text)(value, name);
};

/** The options of a run. */
export const runOptions = optionsWith({
  args: optional(listOf(text, 'an array of strings (`shlex` takes a command line)')),
  shlex: optional(validator('a string (`args` takes an array)', (value) => typeof value === 'string')),
  env: optional(variables),
  dir: optional(text),
  user: optional(text),
  mounts: optional(listOf(mount)),
  secrets: optional(listOf(fields({ id: text, target: optional(text), env: optional(text) }))),
  ssh: optional(listOf(fields({ id: optional(text), target: optional(text) }))),
  extraHosts: optional(listOf(fields({ host: text, ip: text }))),
  validExitCodes: optional(listOf(number)),
});

const anObject = fields({});

const copySource = either(
  "a state, such as local('context'), or file actions with a state",
  stateArgument,
  fields({ kind: anything }),
);

/** The arguments of a file action by its kind. */
export const fileSteps = {
  copy: [
    ['from', copySource],
    ['src', text],
    ['dest', text],
    ['options', anObject],
  ],
  mkdir: [
    ['path', text],
    ['mode', number],
    ['options', anObject],
  ],
  mkfile: [
    ['path', text],
    ['mode', number],
    ['data', either('a string or a Uint8Array', text, bytes)],
    ['options', anObject],
  ],
  rm: [
    ['path', text],
    ['options', anObject],
  ],
  symlink: [
    ['oldPath', text],
    ['newPath', text],
    ['options', anObject],
  ],
} satisfies Readonly<Record<string, readonly (readonly [name: string, validate: Validator])[]>>;

/** File actions. */
export const fileActionArgument = having("file actions, such as copy(…) or mkdir('/app', 0o755)", 'withState', 'steps');

/** The options of `marshal`. */
export const marshalOptions = optional(optionsWith());

/** An image config, as JSON or parsed. */
export const imageConfig = either(
  'the JSON of an image config as a Uint8Array, or the parsed config',
  bytes,
  fields({ config: fields({ env: listOf(text) }) }),
);
