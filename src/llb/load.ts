/** Makes states of definitions: inputs of a frontend, results of other builds, files. */
import type { Op, OpMetadata, Definition as PbDefinition } from '../gen/pb/ops_pb.ts';
import { digestOf } from '../image/digest.ts';
import { anything, checkArgument, listOf, objectWith } from '../text/arguments.ts';
import type { SourceLocation, SourceMap } from './constraints.ts';
import { Definition, decodeOp } from './definition.ts';
import { State, scratch } from './state.ts';
import type { EncodedOp, OpVertex, VertexOutput } from './vertex.ts';

const aLoadableDefinition = objectWith(
  { def: listOf(anything), metadata: objectWith({}) },
  'a definition, as Definition.decode() gives',
);

/**
 * Makes a state whose filesystem is the result of a definition. It keeps the bytes, metadata and source locations of
 * all ops.
 *
 * @throws Error if the definition has no metadata, its last op has no input, or a location refers to a missing file.
 * Missing ops are an error when the state is marshalled
 * @example
 * const base = loadDefinition(Definition.decode(await readFile('base.llb')));
 * base.run({ shlex: 'make test' }).root.marshal();
 */
export function loadDefinition(definition: Definition | PbDefinition): State {
  checkArgument('loadDefinition', 'definition', definition, aLoadableDefinition);
  const { def, metadata, source } = definition instanceof Definition ? definition : Definition.fromPb(definition);
  if (metadata.size === 0) throw new Error('invalid nil input definition to definition op');
  const graph = new LoadedGraph(metadata);
  let terminal: Op | undefined;
  for (const bytes of def) terminal = graph.add(bytes);
  if (!terminal) return scratch();
  const [result] = terminal.inputs;
  if (!result) throw new Error('invalid definition: its last op has no input');
  if (source) loadLocations(graph, source);
  return State.fromOutput({
    vertex: new LoadedVertex(graph, result.digest, Number(result.index)),
    index: Number(result.index),
  });
}

/** The ops of a definition, which its vertices share. */
class LoadedGraph {
  readonly ops = new Map<string, Op>();
  readonly bytes = new Map<string, Uint8Array>();
  readonly metadata: ReadonlyMap<string, OpMetadata>;
  readonly locations = new Map<string, SourceLocation[]>();
  /** Vertices by op and output. As in the reference, each output of an op that is used is a vertex of its own. */
  private readonly vertices = new Map<string, LoadedVertex>();

  constructor(metadata: ReadonlyMap<string, OpMetadata>) {
    this.metadata = metadata;
  }

  add(bytes: Uint8Array): Op {
    const op = decodeOp(bytes);
    const digest = digestOf(bytes);
    this.ops.set(digest, op);
    this.bytes.set(digest, bytes);
    return op;
  }

  output(digest: string, index: number): VertexOutput {
    const key = `${digest} ${index}`;
    let vertex = this.vertices.get(key);
    if (!vertex) this.vertices.set(key, (vertex = new LoadedVertex(this, digest, index)));
    return { vertex, index };
  }
}

class LoadedVertex implements OpVertex {
  private readonly graph: LoadedGraph;
  private readonly digest: string;
  private readonly index: number;

  constructor(graph: LoadedGraph, digest: string, index: number) {
    this.graph = graph;
    this.digest = digest;
    this.index = index;
  }

  inputs(): readonly VertexOutput[] {
    const inputs = this.graph.ops.get(this.digest)?.inputs ?? [];
    return inputs.map(({ digest, index }) => this.graph.output(digest, Number(index)));
  }

  encode(): EncodedOp {
    const { digest, graph } = this;
    const bytes = graph.bytes.get(digest);
    if (!bytes) throw new Error(`invalid definition op with unknown op ${JSON.stringify(digest)}`);
    const metadata = graph.metadata.get(digest);
    if (!metadata) throw new Error(`invalid definition op with unknown metas ${JSON.stringify(digest)}`);
    if (this.index < 0) throw new Error('invalid definition op with invalid index');
    return { digest, bytes, metadata, locations: graph.locations.get(digest) };
  }
}

function loadLocations(graph: LoadedGraph, source: NonNullable<Definition['source']>): void {
  const maps = source.infos.map(({ filename, language, data, definition }): SourceMap => {
    const state = definition && loadDefinition(definition);
    return { filename, language, data, ...(state && { state }) };
  });
  for (const [digest, { locations }] of Object.entries(source.locations))
    graph.locations.set(
      digest,
      locations.map(({ sourceIndex, ranges }) => {
        const sourceMap = maps[sourceIndex];
        if (!sourceMap) throw new Error(`failed to find source map with index ${sourceIndex}`);
        return { sourceMap, ranges: ranges.map(({ start, end }) => ({ start: position(start), end: position(end) })) };
      }),
    );
}

function position(at: { readonly line: number; readonly character: number } | undefined) {
  return { line: at?.line ?? 0, character: at?.character ?? 0 };
}
