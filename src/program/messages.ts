/** Reads the messages of a build program, which may send anything. */
import type { ProgramMessage } from '../build/protocol.ts';
import { readers } from '../parser/instructions/readers.ts';

type Shape = (value: unknown) => boolean;

// A lone surrogate stands for a byte elsewhere in the frontend.
const text: Shape = (value) => typeof value === 'string' && value.isWellFormed();
const number: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Shape = (value) => typeof value === 'boolean';
const anything: Shape = () => true;
const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
const list =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
const pair: Shape = (value) =>
  list(text)(value) && ((value as string[]).length === 1 || (value as string[]).length === 2);
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const table =
  (shape: Shape): Shape =>
  (value) =>
    isObject(value) && Object.values(value).every(shape);
const fields =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value) =>
    isObject(value) &&
    Object.entries(shapes).every(([key, shape]) => shape(Object.hasOwn(value, key) ? value[key as never] : undefined));
/** One of several kinds, told apart by a field. */
const kinds =
  (key: string, shapes: Readonly<Record<string, Shape>>): Shape =>
  (value) => {
    if (!isObject(value) || !Object.hasOwn(value, key)) return false;
    const kind: unknown = value[key as never];
    return typeof kind === 'string' && Object.hasOwn(shapes, kind) && shapes[kind]!(value);
  };

const places = list(fields({ module: text, line: number, column: number }));
const inStage: Shape = (value) => value !== 'from' && readers.has(value as string);
const instruction = fields({
  name: inStage,
  code: text,
  flags: list(pair),
  words: list(text),
  isJson: optional(flag),
  pairs: optional(list(pair)),
  heredocs: optional(list(fields({ name: text, content: text, expand: flag }))),
  places,
});
const source = kinds('kind', {
  merge: fields({ stages: list(text) }),
  diff: fields({ lower: text, upper: text }),
  definition: fields({ definition: text, config: anything }),
  dockerfile: fields({ path: text, target: text, args: table(text), places }),
});
const graph = fields({
  stages: list(fields({ name: text, base: text, platform: text, places, instructions: list(instruction) })),
  target: text,
  sources: table(source),
});
const message = kinds('type', {
  question: fields({
    id: number,
    question: kinds('ask', {
      read: fields({ context: text, path: text }),
      glob: fields({ context: text, patterns: list(text) }),
      config: fields({ graph }),
      definition: fields({ graph }),
    }),
  }),
  log: fields({ text, places }),
  result: fields({
    graph,
    targets: list(fields({ name: text, exported: text, isDefault: flag, stage: optional(text) })),
    arguments: list(fields({ name: text, value: text, description: text, places })),
  }),
  failed: fields({ message: text, hint: optional(text), places }),
});

/** Parses a message. @throws Error if it does not have the shape of one */
export function readMessage(json: string): ProgramMessage {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // has no shape either
  }
  if (!message(value))
    throw new Error('the build program has changed how tsfront/build works, and sends what it should not');
  return value as ProgramMessage;
}
