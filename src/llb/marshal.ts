/** Turns the graph behind an output into a Definition: one visit per vertex, inputs first. */
import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { type OpMetadata, OpMetadataSchema } from '../gen/pb/ops_pb.ts';
import { defaultPlatform } from '../image/platform.ts';
import { Definition } from './definition.ts';
import { digestOf, encodeTerminal, mergeMetadata } from './encode-op.ts';
import type { MarshalOptions } from './options.ts';
import { SourceMapCollector } from './source-map.ts';
import {
  type EncodeContext,
  type EncodedOp,
  type GraphConstraints,
  type Input,
  type Output,
  resolveOutput,
  type Vertex,
} from './vertex.ts';

/** What the ops of a graph may take together: sixteen times what fits into a message to a daemon. */
const maxBytes = 256 << 20;

/** @param given the options without a state's own defaults, with which the states of source maps are marshalled */
export function marshal(
  output: Output | undefined,
  options: MarshalOptions,
  given: MarshalOptions | undefined,
): Definition {
  const result = resolveOutput(output);
  if (!result) return new Definition();
  const graph = new GraphMarshaller(complete(options));
  graph.visit(result.vertex);
  const terminal = encodeTerminal(graph.input(result)!);
  return graph.finish(terminal, given);
}

function complete(options: MarshalOptions): GraphConstraints {
  return {
    ...options,
    platform: options.platform ?? defaultPlatform(),
    localUniqueId: options.localUniqueId ?? randomId(),
    caps: options.caps,
  };
}

class GraphMarshaller implements EncodeContext {
  readonly constraints: GraphConstraints;
  /** undefined while the inputs of a vertex are visited. */
  private readonly encoded = new Map<Vertex, EncodedOp | undefined>();
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
    return { digest: this.encoded.get(resolved.vertex)!.digest, index: resolved.index };
  }

  /** Depth first on a stack of its own: a Dockerfile of 16,000 steps is a chain as long. */
  visit(root: Vertex): void {
    const stack: { readonly vertex: Vertex; readonly inputs: readonly (Output | undefined)[]; next: number }[] = [];
    const enter = (vertex: Vertex) => {
      if (this.encoded.get(vertex)) return;
      if (this.encoded.has(vertex)) throw new Error('circular dependency: a deferred state depends on itself');
      this.encoded.set(vertex, undefined);
      stack.push({ vertex, inputs: vertex.inputs(), next: 0 });
    };
    enter(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next === top.inputs.length) {
        stack.pop();
        this.add(top.vertex);
      } else {
        const input = resolveOutput(top.inputs[top.next++]);
        if (input) enter(input.vertex);
      }
    }
  }

  private add(vertex: Vertex): void {
    const op = vertex.encode(this);
    this.encoded.set(vertex, op);
    const known = this.metadata.get(op.digest);
    this.metadata.set(op.digest, mergeMetadata(known, op.metadata));
    this.sources.add(op.digest, op.locations);
    if (known) return;
    this.bytes += op.bytes.length;
    if (this.bytes > maxBytes) throw new Error('the graph is too large: its ops take more than 256 MiB');
    this.def.push(op.bytes);
  }

  finish(terminal: Uint8Array, given: MarshalOptions | undefined): Definition {
    const metadata = create(OpMetadataSchema, { caps: { constraints: true, platform: true } });
    for (const { ignoreCache, description, exportCache } of this.metadata.values()) {
      if (ignoreCache) metadata.caps['meta.ignorecache'] = true;
      if (!metadata.caps['meta.description'] && hasKeys(description)) metadata.caps['meta.description'] = true;
      if (exportCache) metadata.caps['meta.exportcache'] = true;
    }
    this.def.push(terminal);
    this.metadata.set(digestOf(terminal), metadata);
    return new Definition(this.def, this.metadata, this.sources.finish(given));
  }
}

function hasKeys(object: object): boolean {
  for (const _ in object) return true;
  return false;
}

/** 25 characters of base 36, as BuildKit's own ids: the first is dropped because its range is smaller. */
function randomId(): string {
  const bytes = randomBytes(17);
  bytes[0]! |= 0x80;
  return BigInt(`0x${bytes.toString('hex')}`)
    .toString(36)
    .slice(1, 26);
}
