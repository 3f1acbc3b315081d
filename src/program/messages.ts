/** Reads the messages of a build program, which may send anything. */
import type {
  FailureJson,
  GraphJson,
  InstructionJson,
  Place,
  ProgramMessage,
  Question,
  SourceJson,
  TargetJson,
} from '../build-program/protocol.ts';
import { readers } from '../parser/instructions/readers.ts';

/** A test whether a value has the type; `of` is for the type checker alone. */
type Shape<T> = ((value: unknown) => boolean) & { readonly of?: T };
/** A shape for each member of a type, so that the protocol and its tests cannot differ. */
type Shapes<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Shape<T[K] | undefined> : Shape<T[K]>;
};

// A lone surrogate stands for a byte elsewhere in the frontend.
const text: Shape<string> = (value) => typeof value === 'string' && value.isWellFormed();
const number: Shape<number> = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Shape<boolean> = (value) => typeof value === 'boolean';
const anything: Shape<unknown> = () => true;
const optional =
  <T>(shape: Shape<T>): Shape<T | undefined> =>
  (value) =>
    value === undefined || shape(value);
const list =
  <T>(shape: Shape<T>): Shape<readonly T[]> =>
  (value) =>
    Array.isArray(value) && value.every((item) => shape(item));
const pair: Shape<readonly [string, string?]> = (value) =>
  list(text)(value) && ((value as string[]).length === 1 || (value as string[]).length === 2);
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const table =
  <T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  (value) =>
    isObject(value) && Object.values(value).every((item) => shape(item));
const fields =
  <T extends object>(shapes: Shapes<T>): Shape<T> =>
  (value) =>
    isObject(value) &&
    Object.entries<Shape<unknown>>(shapes).every(([key, shape]) =>
      shape(Object.hasOwn(value, key) ? value[key as never] : undefined),
    );
/** One of several kinds, told apart by a member. */
const kinds =
  <T extends object, Key extends keyof T>(
    key: Key,
    shapes: { readonly [Kind in T[Key] & string]: Shape<Omit<Extract<T, Readonly<Record<Key, Kind>>>, Key>> },
  ): Shape<T> =>
  (value) => {
    if (!isObject(value) || !Object.hasOwn(value, key)) return false;
    const kind: unknown = value[key as never];
    return (
      typeof kind === 'string' &&
      Object.hasOwn(shapes, kind) &&
      (shapes as Record<string, Shape<unknown>>)[kind]!(value)
    );
  };

const places = list(fields<Place>({ module: text, line: number, column: number }));
const inStage: Shape<string> = (value) => value !== 'from' && readers.has(value as string);
const instruction = fields<InstructionJson>({
  name: inStage,
  code: text,
  flags: list(pair),
  words: list(text),
  isJson: optional(flag),
  pairs: optional(list(pair)),
  heredocs: optional(list(fields({ name: text, content: text, expand: flag }))),
  places,
});
const source = kinds<SourceJson, 'kind'>('kind', {
  merge: fields({ stages: list(text) }),
  diff: fields({ lower: text, upper: text }),
  definition: fields({ definition: text, config: anything }),
  dockerfile: fields({ path: text, target: text, args: table(text), places }),
});
const graph = fields<GraphJson>({
  stages: list(fields({ name: text, base: text, platform: text, places, instructions: list(instruction) })),
  target: text,
  sources: table(source),
});
const failure = fields<FailureJson>({
  message: text,
  hint: optional(text),
  places,
  exported: optional(text),
  methods: optional(list(text)),
});
const message = kinds<ProgramMessage, 'type'>('type', {
  question: fields({
    id: number,
    question: kinds<Question, 'ask'>('ask', {
      read: fields({ context: text, path: text }),
      glob: fields({ context: text, patterns: list(text) }),
      config: fields({ graph }),
      definition: fields({ graph }),
    }),
  }),
  log: fields({ text, places }),
  result: fields<Omit<Extract<ProgramMessage, { readonly type: 'result' }>, 'type'>>({
    graph,
    targets: list(fields<TargetJson>({ name: text, exported: text, isDefault: flag, stage: optional(text) })),
    arguments: list(fields({ name: text, value: text, description: text, places })),
    failures: list(failure),
    hint: optional(text),
  }),
  failed: failure,
});

/** Parses a message. @throws Error if it does not have the shape of one */
export function readMessage(json: string): ProgramMessage {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Has no shape either.
  }
  if (!message(value))
    throw new Error('the build program has changed how tsfront/build works, and sends what it should not');
  return value as ProgramMessage; // which `message` has tested
}
