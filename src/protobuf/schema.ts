/**
 * Schemas of messages: what `create`, `encode`, `decode` and the JSON of LLB need to know of their fields. They are
 * generated (`src/gen/**_schemas.ts`) and cost nothing until they are used, while descriptors are parsed when a module
 * is loaded, which takes longer than a small build. Messages have the shape of those of protobuf-es, whose generated
 * types they share, so each may be given where the other is expected.
 */
import type { DescMessage } from '@bufbuild/protobuf';

/** Types of scalar fields that BuildKit's messages have. */
type Scalar = 'string' | 'bytes' | 'bool' | 'int32' | 'uint32' | 'int64' | 'uint64';

/** An enum. Values are numbers, also those that it does not name. */
export interface EnumSchema<Values extends Readonly<Record<string, number>> = Readonly<Record<string, number>>> {
  readonly kind: 'enum';
  /** Values by their names in the .proto file. */
  readonly values: Values;
  /** Names in the .proto file by number. */
  readonly names: ReadonlyMap<number, string>;
}

/** A message type; `Desc` is the type of its descriptor in protobuf-es. */
export interface MessageSchema<Desc extends DescMessage = DescMessage> {
  readonly kind: 'message';
  /** Full name, e.g. `pb.Op`. */
  readonly typeName: string;
  /** In the order of the .proto file. */
  readonly fields: readonly Field[];
  /** The same fields as readers and writers need them. */
  readonly layout: Layout;
  /** Never set: carries the type. */
  readonly desc?: Desc;
}

/** The type of a field: a scalar, an enum, or a message. */
export type FieldType = Scalar | EnumSchema | MessageSchema;

/** A field of a message. */
export interface Field {
  readonly number: number;
  /** Name of the property. In protobuf's JSON it has the same name. */
  readonly name: string;
  /** Type of the value, of each element of a list, or of each value of a map. */
  readonly type: FieldType;
  /** `map` has strings as keys. */
  readonly kind: 'single' | 'list' | 'map';
  /** Property that holds this field as `{ case, value }`; undefined if it is not a member of a oneof. */
  readonly oneof: string | undefined;
  /** The value of a single field that is absent; undefined for messages. */
  readonly zero: unknown;
}

/** The fields of a message as readers and writers look for them. */
interface Layout {
  /** By number; undefined for numbers that no field has. */
  readonly byNumber: readonly (Field | undefined)[];
  /** In the order in which they are written: by number, members of oneofs after all others. */
  readonly inOrder: readonly Field[];
}

function layOut(fields: readonly Field[]): Layout {
  const sorted = fields.toSorted((a, b) => a.number - b.number);
  const byNumber = Array.from<Field | undefined>({ length: (sorted.at(-1)?.number ?? 0) + 1 }).fill(undefined);
  for (const field of fields) byNumber[field.number] = field;
  const others = sorted.filter(({ oneof }) => oneof === undefined);
  return { byNumber, inOrder: [...others, ...sorted.filter(({ oneof }) => oneof !== undefined)] };
}

/** Makes the schema of a message. `define` runs when the fields are first needed, so it may name any other schema. */
export function messageSchema<Desc extends DescMessage>(
  typeName: string,
  define: () => readonly Field[],
): MessageSchema<Desc> {
  let fields: readonly Field[] | undefined;
  let layout: Layout | undefined;
  return {
    kind: 'message',
    typeName,
    get fields() {
      return (fields ??= define());
    },
    get layout() {
      return (layout ??= layOut(this.fields));
    },
  };
}

/** Makes the schema of an enum of its values by name. */
export function enumSchema<const Values extends Readonly<Record<string, number>>>(values: Values): EnumSchema<Values> {
  let names: ReadonlyMap<number, string> | undefined;
  return {
    kind: 'enum',
    values,
    get names() {
      return (names ??= new Map(Object.entries(values).map(([name, number]) => [number, name])));
    },
  };
}

/** Describes a field with one value. */
export function single(number: number, name: string, type: FieldType): Field {
  return { number, name, type, kind: 'single', oneof: undefined, zero: zeroOf(type) };
}

/** Describes a repeated field. */
export function list(number: number, name: string, type: FieldType): Field {
  return { number, name, type, kind: 'list', oneof: undefined, zero: undefined };
}

/** Describes a map with string keys. */
export function map(number: number, name: string, type: FieldType): Field {
  return { number, name, type, kind: 'map', oneof: undefined, zero: undefined };
}

/** A member of the oneof with this name. */
export function member(oneof: string, number: number, name: string, type: FieldType): Field {
  return { number, name, type, kind: 'single', oneof, zero: undefined };
}

const noBytes = new Uint8Array(0);

/** Returns the value of a type that stands for an absent one; undefined for messages. */
export function zeroOf(type: FieldType): unknown {
  switch (type) {
    case 'string':
      return '';
    case 'bytes':
      return noBytes;
    case 'bool':
      return false;
    case 'int64':
    case 'uint64':
      return 0n;
    default:
      return isMessageSchema(type) ? undefined : 0;
  }
}

/** Whether a type is encoded with its length in front. */
export function isDelimited(type: FieldType): boolean {
  return type === 'string' || type === 'bytes' || isMessageSchema(type);
}

/** Whether a type is a message. */
export function isMessageSchema(type: FieldType): type is MessageSchema {
  return typeof type === 'object' && type.kind === 'message';
}
