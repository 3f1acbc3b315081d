/** The graph behind a State: vertices, which become ops, and the edges between them. */
import type { OpMetadata } from '../gen/pb/ops_pb.ts';
import type { Platform } from '../image/platform.ts';
import type { Capabilities, Constraints, SourceLocation } from './options.ts';

/** What a vertex makes: one of its results, by index. */
export interface VertexOutput {
  readonly vertex: Vertex;
  readonly index: number;
  /** The platform that a state on this output takes over. */
  readonly platform?: Platform | undefined;
  /** Why this output cannot be used; thrown when it is. */
  readonly error?: string | undefined;
}

/** An output that is known only when the graph is marshalled. */
export interface DeferredOutput {
  resolve(): Output | undefined;
}

/** undefined, where an output may be missing, is scratch: the empty filesystem. */
export type Output = VertexOutput | DeferredOutput;

export interface Vertex {
  /** The outputs this vertex builds on, in the order in which they are visited. */
  inputs(): readonly (Output | undefined)[];
  /** @throws where the op cannot be written; the inputs were encoded before. */
  encode(context: EncodeContext): EncodedOp;
}

/** Constraints of a whole graph, complete with their defaults. */
export interface GraphConstraints extends Constraints {
  readonly platform: Platform;
  readonly localUniqueId: string;
  readonly caps: Capabilities | undefined;
}

export interface EncodeContext {
  readonly constraints: GraphConstraints;
  /** The edge to an output; undefined for scratch. */
  input(output: Output | undefined): Input | undefined;
}

/** A reference to a result of an op that is encoded already. */
export interface Input {
  readonly digest: string;
  readonly index: number;
}

export interface EncodedOp {
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly metadata: OpMetadata;
  readonly locations: readonly SourceLocation[] | undefined;
}

/** Follows deferred outputs to the real one. */
export function resolveOutput(output: Output | undefined): VertexOutput | undefined {
  let current = output;
  while (current && 'resolve' in current) current = current.resolve();
  return current;
}

/** The ordered inputs of one op, every edge once. */
export class InputList {
  readonly list: Input[] = [];
  private readonly positions = new Map<string, number>();

  /** The position of an edge, which is added if it is new; -1 (`pb.Empty`) for scratch. */
  add(input: Input | undefined): number {
    if (!input) return -1;
    const key = `${input.index} ${input.digest}`;
    const known = this.positions.get(key);
    if (known !== undefined) return known;
    this.positions.set(key, this.list.length);
    return this.list.push(input) - 1;
  }
}
