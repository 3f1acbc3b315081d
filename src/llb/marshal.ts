/** Turns the graph behind an output into a definition. Each vertex is visited once, after its inputs. */
import { host } from '#host';
import type { OpMetadata } from '../gen/pb/ops_pb.ts';
import { OpMetadataSchema } from '../gen/pb/ops_schemas.ts';
import type { Turns } from '../host/turns.ts';
import { digestOf } from '../image/digest.ts';
import { defaultPlatform } from '../image/platform.ts';
import { create } from '../protobuf/create.ts';
import type { MarshalOptions } from './constraints.ts';
import { Definition } from './definition.ts';
import { encodeTerminal, mergeMetadata } from './encode-op.ts';
import { SourceMapCollector } from './source-map.ts';
import {
  type EncodeContext,
  type GraphConstraints,
  type Input,
  type OpVertex,
  type Output,
  resolveOutput,
} from './vertex.ts';

/** Size of all ops of a graph, in bytes: sixteen times the size of a message to a daemon. */
const maxBytes = 256 << 20;

/**
 * Marshals the graph that ends in an output. The definition of scratch is empty.
 *
 * @param options options with the defaults of the state
 * @param sourceMapOptions options without those defaults, with which the states of source maps are marshalled
 * @throws Error if a vertex is invalid, a deferred output depends on itself, or the ops take more than 256 MiB
 */
export function marshal(
  output: Output | undefined,
  options: MarshalOptions,
  sourceMapOptions: MarshalOptions | undefined,
): Definition {
  const result = resolveOutput(output);
  if (!result) return new Definition();
  const graph = new GraphMarshaller(complete(options));
  for (const _ of graph.visit(result.vertex));
  return graph.finish(result, sourceMapOptions);
}

/** Like {@link marshal}, but other work gets a turn between the vertices. */
export async function marshalInTurns(
  output: Output | undefined,
  options: MarshalOptions,
  sourceMapOptions: MarshalOptions | undefined,
  turns: Turns,
): Promise<Definition> {
  const result = resolveOutput(output);
  if (!result) return new Definition();
  const graph = new GraphMarshaller(complete(options));
  for (const _ of graph.visit(result.vertex)) if (turns.isDue()) await turns.pass();
  return graph.finish(result, sourceMapOptions);
}

function complete(options: MarshalOptions): GraphConstraints {
  return {
    ...options,
    platform: options.platform ?? defaultPlatform(),
    localUniqueId: options.localUniqueId ?? randomId(),
    capabilities: options.capabilities,
  };
}

class GraphMarshaller implements EncodeContext {
  readonly constraints: GraphConstraints;
  /** Digests of the ops; undefined while the inputs of a vertex are visited. */
  private readonly digests = new Map<OpVertex, string | undefined>();
  private readonly def: Uint8Array[] = [];
  private bytes = 0;
  private readonly metadata = new Map<string, OpMetadata>();
  private readonly sources = new SourceMapCollector();

  constructor(constraints: GraphConstraints) {
    this.constraints = constraints;
  }

  input(output: Output | undefined): Input | undefined {
    const resolved = resolveOutput(output);
    if (!resolved) return undefined;
    if (resolved.error !== undefined) throw new Error(resolved.error);
    return { digest: this.digests.get(resolved.vertex)!, index: resolved.index };
  }

  /**
   * Visits depth first and yields after each vertex. The stack is an array, since a Dockerfile of 16,000 steps is a
   * chain of 16,000 vertices.
   */
  *visit(root: OpVertex): Generator<void> {
    const stack: { readonly vertex: OpVertex; readonly inputs: readonly (Output | undefined)[]; next: number }[] = [];
    const enter = (vertex: OpVertex) => {
      if (this.digests.get(vertex) !== undefined) return;
      if (this.digests.has(vertex)) throw new Error('circular dependency: a deferred state depends on itself');
      this.digests.set(vertex, undefined);
      stack.push({ vertex, inputs: vertex.inputs(), next: 0 });
    };
    enter(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next === top.inputs.length) {
        stack.pop();
        this.add(top.vertex);
        yield;
      } else {
        const input = resolveOutput(top.inputs[top.next++]);
        if (input) enter(input.vertex);
      }
    }
  }

  private add(vertex: OpVertex): void {
    const op = vertex.encode(this);
    this.digests.set(vertex, op.digest);
    const previous = this.metadata.get(op.digest);
    this.metadata.set(op.digest, mergeMetadata(previous, op.metadata));
    this.sources.add(op.digest, op.locations);
    if (previous) return;
    this.bytes += op.bytes.length;
    if (this.bytes > maxBytes) throw new Error('the graph is too large: its ops take more than 256 MiB');
    this.def.push(op.bytes);
  }

  finish(result: Output, sourceMapOptions: MarshalOptions | undefined): Definition {
    const terminal = encodeTerminal(this.input(result)!);
    const metadata = create(OpMetadataSchema, { caps: { constraints: true, platform: true } });
    for (const { ignoreCache, description, exportCache } of this.metadata.values()) {
      if (ignoreCache) metadata.caps['meta.ignorecache'] = true;
      if (!metadata.caps['meta.description'] && hasKeys(description)) metadata.caps['meta.description'] = true;
      if (exportCache) metadata.caps['meta.exportcache'] = true;
    }
    this.def.push(terminal);
    this.metadata.set(digestOf(terminal), metadata);
    return new Definition(this.def, this.metadata, this.sources.finish(sourceMapOptions));
  }
}

function hasKeys(object: object): boolean {
  for (const _ in object) return true;
  return false;
}

/**
 * Returns 25 characters of base 36, like the ids of BuildKit. The first digit is dropped because not all values are
 * possible.
 */
function randomId(): string {
  const bytes = host.randomBytes(17);
  bytes[0]! |= 0x80;
  const number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return number.toString(36).slice(1, 26);
}
