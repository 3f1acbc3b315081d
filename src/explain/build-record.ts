/**
 * The record of a build: the build as far as its cache depends on it. It has digests in place of values, so that no
 * secret can be read from it. `make-record.ts` makes one.
 */
import {
  aNumber,
  aString,
  checkArgument,
  listOf,
  objectWith,
  optional,
  recordOf,
  type Validator,
  validator,
} from '../text/arguments.ts';
import { areEnvironments, type RecordedEnvironment } from './environments.ts';
import { isOpPart, type OpPart } from './op-part.ts';

/** The version of the form that this module reads and writes. */
export const recordVersion = 4;

/** A build, for a comparison with another. `tsfront explain --record` writes it as JSON. */
export interface BuildRecord {
  /** Version of this form. */
  readonly version: 4;
  /** What tells apart the keys that digests of values are made with: values are compared only between equal ones. */
  readonly key: string;
  /** The steps of each platform, in the order of the graph. */
  readonly platforms: Readonly<Record<string, readonly BuildStep[]>>;
  /** The variables of steps. */
  readonly environments: readonly RecordedEnvironment[];
  /** The contexts by their names. */
  readonly contexts: Readonly<Record<string, RecordedContext>>;
  /** Digests of the build arguments by their names, made with the key. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Lines of ARG and ENV by the name of the variable. */
  readonly variables: Readonly<Record<string, readonly number[]>>;
  /** Digests of what ARG and ENV set a variable to, as written, by its name: made with the key. Absent if not known. */
  readonly settings?: Readonly<Record<string, readonly string[]>>;
}

/** A step of a build: an op that an instruction makes. */
export interface BuildStep {
  /** The Dockerfile. */
  readonly file: string;
  /** The first line of the instruction, from 1; 0 if it is not known. */
  readonly line: number;
  /** The last line of the instruction. */
  readonly endLine: number;
  /** The instruction as people know it; shortened, and without values of secrets. */
  readonly text: string;
  /** The keyword of the instruction, in lower case; absent if it is not known. */
  readonly keyword?: string;
  /** Digest of the op, by which a daemon names the step. In a file, '' for one that has secrets. */
  readonly op: string;
  /** Whether it has values of secrets, which its op makes it possible to guess; absent if not. */
  readonly hasSecrets?: true;
  /** The frontend option that keeps the step from the cache: `no-cache`, `no-cache=STAGE,…`; absent if none does. */
  readonly uncached?: string;
  /** Digest of the text of the instruction in the Dockerfile, by which it is found in another. */
  readonly instruction: string;
  /** Flags of the instruction, sorted by their texts; absent without flags. */
  readonly flags?: readonly RecordedFlag[];
  /** Digest of the text of the instruction without its flags; absent if its text is not known. */
  readonly rest?: string;
  /** Names of variables in the instruction, without those of a command; absent without variables. */
  readonly uses?: readonly string[];
  /** Whether it has a destination that is relative to the working directory; absent if not. */
  readonly isRelative?: true;
  /** The line of the SHELL of a RUN, and the digest of its text; absent without a SHELL. */
  readonly shell?: readonly [line: number, text: string];
  /** The line of the last WORKDIR before a RUN or a relative destination; absent if it is not known. */
  readonly workdir?: number;
  /** The line of the last USER before a RUN; absent if it is not known. */
  readonly user?: number;
  /** The base image, with its digest if that is known; absent for other steps. */
  readonly image?: string;
  /**
   * What the op is made of. The digest of a text with secrets is that of the text without them, and after a `~` that of
   * the text, made with the key.
   */
  readonly parts: readonly OpPart[];
  /** The place of its variables in {@link BuildRecord.environments}; absent for ops without variables. */
  readonly environment?: number;
  /** Steps that it continues, and steps that it takes files from; places in the list. */
  readonly inputs: readonly StepInput[];
  /** What it takes from contexts. */
  readonly takes: readonly RecordedTake[];
}

/** A flag of an instruction. */
export interface RecordedFlag {
  /** Without the leading `--`. */
  readonly name: string;
  /** The flag as written, without values of secrets. */
  readonly text: string;
}

/** A step that another step needs. */
export interface StepInput {
  /** Its place in the list of steps. */
  readonly step: number;
  /** Whether only the content of the files that are taken counts. */
  readonly content: boolean;
}

/** What a step takes from a context. */
export interface RecordedTake {
  /** The name of the context. */
  readonly context: string;
  /** Digest of what is taken. */
  readonly digest: string;
  /** Files; directories with a slash at the end; `DIR/.` for a directory without what is in it. */
  readonly paths: readonly string[];
}

/** The files of a context that a build takes. */
export interface RecordedContext {
  /** The files by path; undefined if there are too many. */
  readonly files: Readonly<Record<string, RecordedFile>> | undefined;
  /** Patterns of the ignore file. */
  readonly ignore: readonly string[];
  /** Where the patterns stand; absent if it is not known. */
  readonly ignoreFile?: RecordedIgnoreFile | undefined;
}

/**
 * Kind, permissions and target (`file 644`, `link 777 -> a`); digest of the content; bytes of the content; digests of
 * the lines of a short text.
 */
export type RecordedFile = readonly [header: string, content: string, size?: number, lines?: string];

/** An ignore file. */
export interface RecordedIgnoreFile {
  /** `.dockerignore`, or that of the Dockerfile. */
  readonly name: string;
  /** The line of each pattern, from 1. */
  readonly lines: readonly number[];
}

const aPair = validator('a pair of digests', (value) => Array.isArray(value) && value.length >= 2 && value.length <= 4);
const anIgnoreFile = objectWith({ name: aString, lines: listOf(aNumber) });
const aStep = objectWith({
  file: aString,
  line: aNumber,
  endLine: aNumber,
  text: aString,
  op: aString,
  uncached: optional(aString),
  keyword: optional(aString),
  flags: optional(listOf(objectWith({ name: aString, text: aString }))),
  rest: optional(aString),
  uses: optional(listOf(aString)),
  environment: optional(aNumber),
  instruction: aString,
  parts: listOf(validator('a part of an op', isOpPart)),
  inputs: listOf(objectWith({ step: aNumber })),
  takes: listOf(objectWith({ context: aString, digest: aString, paths: listOf(aString) })),
});
const contents = {
  platforms: recordOf(listOf(aStep)),
  key: aString,
  environments: listOf(
    objectWith({ like: optional(aNumber), starts: aNumber, ends: aNumber, sets: listOf(aPair), digest: aString }),
  ),
  contexts: recordOf(
    objectWith({ files: optional(recordOf(aPair)), ignore: listOf(aString), ignoreFile: optional(anIgnoreFile) }),
  ),
  buildArgs: recordOf(aString),
  variables: recordOf(listOf(aNumber)),
  settings: optional(recordOf(listOf(aString))),
};

const anUncheckedRecord = objectWith(contents, 'what recordBuild() gives');

/** Records that were made or checked here: a large one is not checked for each function that takes it. */
const known = new WeakSet<BuildRecord>();

/** Remembers that a record has the right form. @returns the record */
export function asKnown(record: BuildRecord): BuildRecord {
  known.add(record);
  return record;
}

/** What `recordBuild` and {@link parseRecord} give. */
export const aRecord: Validator = (value, name) =>
  known.has(Object(value) as BuildRecord) ? undefined : anUncheckedRecord(value, name);

/** Whether each step needs only steps before it: then no walk over them goes in circles. */
const isInOrder = (steps: readonly BuildStep[]) =>
  steps.every(({ inputs }, index) =>
    inputs.every((it) => Number.isInteger(it.step) && it.step >= 0 && it.step < index),
  );

/** The JSON of a record, for a file: without the digests of ops by which secrets in them could be guessed. */
export function formatRecord(record: BuildRecord): string {
  checkArgument('formatRecord', 'record', record, aRecord);
  return withoutGuessable(JSON.stringify(record));
}

/** The same, for a record that is JSON already. */
export function withoutGuessable(json: string): string {
  return json.replace(/"op":"sha256:[0-9a-f]{64}","hasSecrets":true/g, '"op":"","hasSecrets":true');
}

/**
 * Reads a record.
 *
 * @returns undefined if the text is something else
 * @throws Error if it is not JSON, of a later version, or damaged
 */
export function parseRecord(text: string): BuildRecord | undefined {
  checkArgument('parseRecord', 'text', text, aString);
  const value = JSON.parse(text) as BuildRecord | null;
  if (typeof value !== 'object' || value === null) return undefined;
  if (typeof value.version === 'number' && value.version > recordVersion)
    throw new Error(
      `it has version ${value.version}, so a newer tsfront wrote it: this one reads version ${recordVersion}`,
    );
  if (!('platforms' in value && 'buildArgs' in value)) return undefined;
  if (value.version !== recordVersion)
    throw new Error(
      `it is a record of version ${value.version}, and this tsfront reads version ${recordVersion}: make it again`,
    );
  const problem = aRecord(value, 'the record');
  if (problem !== undefined) throw new Error(problem);
  const count = value.environments.length;
  const hasEnvironment = ({ environment }: BuildStep) =>
    environment === undefined || (Number.isInteger(environment) && environment >= 0 && environment < count);
  if (!areEnvironments(value.environments) || !Object.values(value.platforms).flat().every(hasEnvironment))
    throw new Error('an environment of the record is made of what is not there');
  if (!Object.values(value.platforms).every(isInOrder)) throw new Error('a step of the record needs a step after it');
  return asKnown(value);
}
