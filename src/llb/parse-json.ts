/** Reads the JSON of a definition, as `formatJson` and the reference's `frontend.convertllb` write it. */
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Op, OpMetadata } from '../gen/pb/ops_pb.ts';
import { OpMetadataSchema, OpSchema, SourceSchema } from '../gen/pb/ops_schemas.ts';
import { digestOf } from '../image/digest.ts';
import { encode } from '../protobuf/encode.ts';
import { messageFromJson } from '../protobuf/json.ts';
import type { MessageSchema } from '../protobuf/schema.ts';
import { aString, checkArgument } from '../text/arguments.ts';
import { Definition } from './definition.ts';

/**
 * Reads the JSON of a definition. Bytes and digests are those of the definition that was written.
 *
 * @example
 * const definition = parseJson(await readFile('build.json', 'utf8'));
 * @throws Error if the text is not the JSON of a definition, or the digest of an op does not match its key
 */
export function parseJson(text: string): Definition {
  checkArgument('parseJson', 'text', text, aString);
  return definitionFromJson(JSON.parse(text));
}

/** Reads a definition from a value that `JSON.parse` returned. @throws Error as `parseJson` does */
export function definitionFromJson(value: unknown): Definition {
  const { def, metadata, source } = object(value, 'the definition');
  const ops = new Map(Object.entries(object(def, 'def')).map(([digest, json]) => [digest, readOp(digest, json)]));
  const metadataByDigest = object(metadata, 'metadata');
  if (ops.size === 0) return new Definition();
  const order = inOrder(ops);
  const described = order.flatMap((digest): [string, OpMetadata][] =>
    Object.hasOwn(metadataByDigest, digest)
      ? [[digest, readMetadata(metadataByDigest[digest], `metadata of ${digest}`)]]
      : [],
  );
  const bytes = order.map((digest) => ops.get(digest)!.bytes);
  return new Definition(bytes, new Map(described), read(SourceSchema, source, 'source'));
}

interface ReadOp {
  readonly op: Op;
  readonly bytes: Uint8Array;
}

function readOp(digest: string, json: unknown): ReadOp {
  const op = read(OpSchema, json, `op ${digest}`);
  const bytes = encode(OpSchema, op);
  const actual = digestOf(bytes);
  if (actual !== digest) throw new Error(`op ${digest} was changed: its digest is ${actual}`);
  return { op, bytes };
}

/** Orders ops as they are marshalled: inputs before the ops that use them; last, the only op that no other uses. */
function inOrder(ops: ReadonlyMap<string, ReadOp>): string[] {
  const inputs = new Set([...ops.values()].flatMap(({ op }) => op.inputs.map(({ digest }) => digest)));
  const [terminal, ...others] = [...ops.keys()].filter((digest) => !inputs.has(digest));
  if (terminal === undefined || others.length > 0)
    throw new Error(`a definition has one last op, this one has ${terminal === undefined ? 0 : others.length + 1}`);
  const order: string[] = [];
  const seen = new Set<string>();
  const stack: { readonly digest: string; next: number }[] = [{ digest: terminal, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const entry = ops.get(top.digest);
    if (!entry) throw new Error(`op ${top.digest} is the input of another, and is missing`);
    const input = entry.op.inputs[top.next++];
    if (input && !seen.has(input.digest)) {
      seen.add(input.digest);
      stack.push({ digest: input.digest, next: 0 });
    } else if (!input) {
      stack.pop();
      order.push(top.digest);
    }
  }
  return order;
}

/** Names of the members of metadata in Go's JSON, for those that differ from protobuf's. */
const memberNames = new Map([
  ['ignore_cache', 'ignoreCache'],
  ['export_cache', 'exportCache'],
  ['progress_group', 'progressGroup'],
  ['linux_resources', 'linuxResources'],
]);

function readMetadata(json: unknown, what: string): OpMetadata {
  const entries = Object.entries(object(json, what)).map(([name, value]) => [memberNames.get(name) ?? name, value]);
  return read(OpMetadataSchema, Object.fromEntries(entries), what);
}

function read<Desc extends DescMessage>(schema: MessageSchema<Desc>, json: unknown, what: string): MessageShape<Desc> {
  try {
    return messageFromJson(schema, json);
  } catch (cause) {
    throw new Error(`${what} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not a JSON object`);
  return value as Readonly<Record<string, unknown>>;
}
