/**
 * Decodes JSON into types by the rules of Go's json.Unmarshal: names match in any case, unknown members are
 * ignored, null does not change a plain value, a value of the wrong type is skipped and the first one is the error.
 */
import { fromBase64 } from './base64.ts';
import { type JsonNode, parseJsonNode } from './json-parse.ts';
import { parseInteger } from './strconv.ts';
import { parseTimestamp, type Timestamp } from './time.ts';

/** A Go type that JSON is decoded into. */
export interface GoType<T> {
  /** The type's name as Go's reflection prints it, e.g. `v1.RootFS`, `[]string`. */
  readonly name: string;
  /** The value if the text does not set it. */
  zero(): T;
  /** Decodes into an existing value: equal keys of an object decode into the same value one after another. */
  decode(node: JsonNode, existing: T, context: DecodeContext): T;
}

/** The place of the decoder, for its errors. */
interface DecodeContext {
  struct: string;
  readonly path: string[];
  error: Error | undefined;
}

/**
 * Decodes a text.
 * @throws Error the syntax errors of {@link parseJsonNode}; `json: cannot unmarshal string into Go value of type
 * v1.RootFS`, `json: cannot unmarshal number into Go struct field RootFS.rootfs.type of type string`; those of a time
 */
export function decodeJson<T>(text: string, type: GoType<T>): T {
  const context: DecodeContext = { struct: '', path: [], error: undefined };
  const value = type.decode(parseJsonNode(text), type.zero(), context);
  if (context.error) throw context.error;
  return value;
}

function mismatch(context: DecodeContext, what: string, type: { readonly name: string }): void {
  if (context.error) return;
  const where = context.path.length > 0 ? `struct field ${context.struct}.${context.path.join('.')} of` : 'value of';
  context.error = new Error(`json: cannot unmarshal ${what} into Go ${where} type ${type.name}`);
}

function scalar<T>(name: string, zero: T, read: (node: JsonNode, mismatched: (what: string) => T) => T): GoType<T> {
  return {
    name,
    zero: () => zero,
    decode(node, existing, context) {
      if (node.kind === 'null') return existing;
      return read(node, (what) => {
        mismatch(context, what, this);
        return existing;
      });
    },
  };
}

/** A string type. */
export function goString(name = 'string'): GoType<string> {
  return scalar(name, '', (node, mismatched) => (node.kind === 'string' ? node.value : mismatched(node.kind)));
}

/** A boolean type. */
export const goBool: GoType<boolean> = scalar('bool', false, (node, mismatched) =>
  node.kind === 'bool' ? node.value : mismatched(node.kind),
);

/** A signed integer type of 64 bits. */
export function goInt64(name = 'int64'): GoType<bigint> {
  return scalar(name, 0n, (node, mismatched) => {
    if (node.kind !== 'number') return mismatched(node.kind);
    try {
      return parseInteger(node.text, 10, 64);
    } catch {
      return mismatched(`number ${node.text}`);
    }
  });
}

/** Go's `int` of 64 bits, for values that a JavaScript number holds exactly in practice. */
export const goInt: GoType<number> = {
  name: 'int',
  zero: () => 0,
  decode: (node, existing, context) => Number(goInt64('int').decode(node, BigInt(existing), context)),
};

/** `time.Time`; an invalid time ends the decoding at once, before any error of another kind. */
export const goTime: GoType<Timestamp> = scalar('time.Time', { seconds: -62_135_596_800n, nanos: 0 }, (node) => {
  if (node.kind !== 'string') throw new Error('Time.UnmarshalJSON: input is not a JSON string');
  return parseTimestamp(node.raw);
});

/** A pointer: undefined is nil. */
export function goPointer<T>(element: GoType<T>): GoType<T | undefined> {
  return {
    name: `*${element.name}`,
    zero: () => undefined,
    decode: (node, existing, context) =>
      node.kind === 'null' ? undefined : element.decode(node, existing ?? element.zero(), context),
  };
}

/** A slice: undefined is nil. */
export function goSlice<T>(element: GoType<T>): GoType<T[] | undefined> {
  return {
    name: `[]${element.name}`,
    zero: () => undefined,
    decode(node, existing, context) {
      if (node.kind === 'null') return undefined;
      if (node.kind === 'array')
        return node.items.map((item, at) => element.decode(item, existing?.[at] ?? element.zero(), context));
      mismatch(context, node.kind, this);
      return existing;
    },
  };
}

/** `[]byte`, which is base64 in JSON. */
export const goBytes: GoType<Uint8Array | undefined> = {
  name: '[]uint8',
  zero: () => undefined,
  decode(node, existing, context) {
    if (node.kind === 'null') return undefined;
    if (node.kind === 'string') return decodeBase64(node.value, existing, context);
    if (node.kind !== 'array') {
      mismatch(context, node.kind, this);
      return existing;
    }
    return Uint8Array.from(node.items, (item) => goByte.decode(item, 0, context));
  },
};

const goByte: GoType<number> = scalar('uint8', 0, (node, mismatched) => {
  if (node.kind !== 'number') return mismatched(node.kind);
  const value = Number(node.text);
  return /^\d+$/.test(node.text) && value < 256 ? value : mismatched(`number ${node.text}`);
});

function decodeBase64(text: string, existing: Uint8Array | undefined, context: DecodeContext) {
  const plain = text.replace(/[\r\n]/g, '');
  const bytes = fromBase64(plain);
  if (bytes) return bytes;
  context.error ??= new Error(`illegal base64 data at input byte ${base64Problem(text)}`);
  return existing;
}

/** The offset at which Go's decoder fails. */
function base64Problem(text: string): number {
  const skipNewlines = (from: number) => from + /^[\r\n]*/.exec(text.slice(from))![0].length;
  let digits = 0;
  for (let at = skipNewlines(0); at < text.length; at = skipNewlines(at + 1)) {
    if (/[A-Za-z\d+/]/.test(text[at]!)) {
      digits++;
      continue;
    }
    if (text[at] !== '=' || digits % 4 < 2) return at;
    const second = skipNewlines(at + 1);
    if (digits % 4 === 3 || second === text.length) return second;
    return text[second] === '=' ? skipNewlines(second + 1) : second - 1;
  }
  return text.length - (digits % 4);
}

/** A map with string keys: undefined is nil. */
export function goMap<T>(element: GoType<T>): GoType<Map<string, T> | undefined> {
  return {
    name: `map[string]${element.name}`,
    zero: () => undefined,
    decode(node, existing, context) {
      if (node.kind === 'null') return undefined;
      if (node.kind !== 'object') {
        mismatch(context, node.kind, this);
        return existing;
      }
      const map = existing ?? new Map<string, T>();
      for (const [key, value] of node.members) map.set(key, element.decode(value, element.zero(), context));
      return map;
    },
  };
}

const goEmptyStruct: GoType<null> = {
  name: 'struct {}',
  zero: () => null,
  decode(node, existing, context) {
    if (node.kind !== 'object' && node.kind !== 'null') mismatch(context, node.kind, this);
    return existing;
  },
};

/** `map[string]struct{}`, a set. */
export const goSet: GoType<Set<string> | undefined> = {
  name: 'map[string]struct {}',
  zero: () => undefined,
  decode(node, existing, context) {
    const map = existing && new Map([...existing].map((key) => [key, null] as const));
    const decoded = goMap(goEmptyStruct).decode(node, map, context);
    return decoded && new Set(decoded.keys());
  },
};

/** A slice in which nil becomes an empty list, because our code does not distinguish them. */
export function goList<T>(element: GoType<T>): GoType<T[]> {
  const slice = goSlice(element);
  return {
    name: slice.name,
    zero: () => [],
    decode: (node, existing, context) => slice.decode(node, existing, context) ?? [],
  };
}

/** A member of a struct. */
export interface GoField<T> {
  /** The name in JSON. */
  readonly name: string;
  /** The type of its value. */
  readonly type: GoType<T>;
  /** The embedded structs around it, the outermost first; errors name them. */
  readonly embedded: readonly string[];
}

/** Describes a member of a struct, with the embedded structs around it, the outermost first. */
export function field<T>(name: string, type: GoType<T>, ...embedded: readonly string[]): GoField<T> {
  return { name, type, embedded };
}

/** A struct; `name` includes its package, as in `v1.RootFS`. */
export function goStruct<T extends object>(
  name: string,
  fields: { readonly [K in keyof T]-?: GoField<T[K]> },
): GoType<T> {
  const entries = Object.entries(fields) as [keyof T, GoField<unknown>][];
  const exact = new Map(entries.map((entry) => [entry[1].name, entry]));
  const folded = new Map(entries.toReversed().map((entry) => [foldName(entry[1].name), entry]));
  const shortName = name.slice(name.lastIndexOf('.') + 1);
  return {
    name,
    zero: () => Object.fromEntries(entries.map(([key, { type }]) => [key, type.zero()])) as T,
    decode(node, existing, context) {
      if (node.kind === 'null') return existing;
      if (node.kind !== 'object') {
        mismatch(context, node.kind, this);
        return existing;
      }
      const outer = { struct: context.struct, depth: context.path.length };
      const result = { ...existing };
      for (const [name, value] of node.members) {
        const found = exact.get(name) ?? folded.get(foldName(name));
        if (!found) continue;
        const [key, { name: fieldName, type, embedded }] = found;
        context.struct = shortName;
        context.path.push(...embedded, fieldName);
        result[key] = type.decode(value, result[key], context) as T[keyof T];
        context.struct = outer.struct;
        context.path.length = outer.depth;
      }
      return result;
    },
  };
}

/** Folds the case of ASCII names; two other letters fold to ASCII. */
function foldName(name: string): string {
  return name.toLowerCase().replaceAll('\u017f', 's').replaceAll('\u212a', 'k');
}
