/** The graph behind a state: vertices, which become ops, and the edges between them. */
import type { OpMetadata } from '../gen/pb/ops_pb.ts';
import type { Platform } from '../image/platform.ts';
import type { Capabilities, Constraints, SourceLocation } from './constraints.ts';

/**
 * A filesystem that an op builds on or takes files from. Every `State` is one. Ops depend on this interface, and
 * `State` depends on the ops, so that imports go one way.
 */
export interface Filesystem {
  /** Output of a vertex; undefined for scratch, the empty filesystem. */
  readonly output: Output | undefined;
  /** Working directory, against which relative paths are resolved. */
  getDir(): string;
}

/** An output of a vertex. A missing output (`undefined`) stands for scratch, the empty filesystem. */
export type Output = VertexOutput | DeferredOutput;

/** An output that is known. */
export interface VertexOutput {
  /** The vertex. */
  readonly vertex: OpVertex;
  /** Index among the outputs of the vertex. */
  readonly index: number;
  /** Platform for the states that are made of this output; they have none of their own if absent. */
  readonly platform?: Platform | undefined;
  /** Why the output cannot be used; thrown when an op uses it. The output is usable if absent. */
  readonly error?: string | undefined;
}

/** An output that is known only when the graph is marshalled. */
export interface DeferredOutput {
  /** Called while the graph is marshalled, possibly several times; returns the same output each time. */
  resolve(): Output | undefined;
}

/** A node of the graph. It becomes an op. */
export interface OpVertex {
  /** Outputs that this vertex builds on, in the order in which they are visited. */
  inputs(): readonly (Output | undefined)[];
  /**
   * Encodes the op. Called after all inputs were encoded.
   * @throws Error if the op is invalid
   */
  encode(context: EncodeContext): EncodedOp;
}

/** Information about the graph while a vertex is encoded. */
export interface EncodeContext {
  /** Constraints of the graph. */
  readonly constraints: GraphConstraints;
  /**
   * Returns the edge to an output; undefined for scratch.
   * @throws Error if the output cannot be used
   */
  input(output: Output | undefined): Input | undefined;
}

/** Constraints of a graph after defaults were applied. */
export interface GraphConstraints extends Constraints {
  /** Platform of ops that have none of their own. */
  readonly platform: Platform;
  /** Distinguishes the local sources of this graph from those of another. */
  readonly localUniqueId: string;
  /** Capabilities of the daemon; undefined if they are not checked. */
  readonly capabilities: Capabilities | undefined;
}

/** An edge of the graph: an output of an op that was encoded. */
export interface Input {
  /** Digest of the op. */
  readonly digest: string;
  /** Index among the outputs of the op. */
  readonly index: number;
}

/** An op as a definition contains it. */
export interface EncodedOp {
  /** Digest of `bytes`. */
  readonly digest: string;
  /** The message `pb.Op`. */
  readonly bytes: Uint8Array;
  /** Metadata, which is not part of the digest. */
  readonly metadata: OpMetadata;
  /** Places in source files; none if undefined. */
  readonly locations: readonly SourceLocation[] | undefined;
}

/** Returns the output that a deferred output stands for. */
export function resolveOutput(output: Output | undefined): VertexOutput | undefined {
  let current = output;
  while (current && 'resolve' in current) current = current.resolve();
  return current;
}

/** Index that means scratch (`pb.Empty`). */
export const emptyInput = -1;

/** Index of an output that an op does not make (`pb.SkipOutput`). */
export const skipOutput = -1;

/** The inputs of an op in order, each edge once. */
export class InputList {
  /** The edges. */
  readonly list: Input[] = [];
  private readonly positions = new Map<string, number>();

  /** Adds an edge if it is new. Returns its index; -1 for scratch. */
  add(input: Input | undefined): number {
    if (!input) return emptyInput;
    const key = `${input.index} ${input.digest}`;
    const position = this.positions.get(key);
    if (position !== undefined) return position;
    this.positions.set(key, this.list.length);
    return this.list.push(input) - 1;
  }
}

/** Returns the edges to outputs, without those that turn out to be scratch. */
export function inputsOf(context: EncodeContext, outputs: readonly Output[]): Input[] {
  return outputs.flatMap((output) => context.input(output) ?? []);
}
