/** Collects which source lines the ops of a graph came from. */
import { create } from '@bufbuild/protobuf';
import { type Location, type Range as PbRange, type Source, SourceInfoSchema, SourceSchema } from '../gen/pb/ops_pb.ts';
import type { Definition } from './definition.ts';
import type { MarshalOptions, Range, SourceLocation, SourceMap } from './options.ts';

/** A source's own state is marshalled once, whichever graph asks first: the file is the same for all of them. */
const definitions = new WeakMap<SourceMap, Definition>();

/**
 * Says where an op was written, for its constraints: errors and progress of the engine then point there.
 *
 * @param sourceMap the same object for all ops of a file
 * @example
 * const file = { filename: 'build.ts', language: 'TypeScript', data: await readFile('build.ts') };
 * const range = { start: { line: 3, character: 0 }, end: { line: 3, character: 0 } };
 * image('alpine').run({ shlex: 'make', locations: [location(file, [range])] });
 */
export function location(sourceMap: SourceMap, ranges: readonly Range[]): SourceLocation {
  return { sourceMap, ranges };
}

/** Ranges that the locations of a graph may have in all, and how many of its own an op keeps beyond that. */
const maxRanges = 1_000_000;
const maxFurtherRanges = 20;

export class SourceMapCollector {
  private rangesLeft = maxRanges;
  private readonly maps: SourceMap[] = [];
  private readonly index = new Map<SourceMap, number>();
  private readonly locations = new Map<string, SourceLocation[]>();

  /**
   * Called once for every vertex; vertices of the same digest add up. An instruction of n lines may make n ops, each with
   * n ranges: when there are a million, further ops that have many of them keep the first ones.
   */
  add(digest: string, locations: readonly SourceLocation[] | undefined): void {
    const known = this.locations.get(digest);
    const list = known ?? [];
    if (!known) this.locations.set(digest, list);
    if (!locations) return;
    for (const { sourceMap } of locations) {
      if (this.index.has(sourceMap)) continue;
      const equal = this.maps.findIndex((map) => sameSource(map, sourceMap));
      this.index.set(sourceMap, equal >= 0 ? equal : this.maps.push(sourceMap) - 1);
    }
    for (const location of locations) {
      const count = location.ranges.length;
      if (count > maxFurtherRanges) this.rangesLeft -= count;
      list.push(this.rangesLeft >= 0 ? location : { ...location, ranges: location.ranges.slice(0, maxFurtherRanges) });
    }
  }

  finish(options: MarshalOptions | undefined): Source {
    const source = create(SourceSchema);
    for (const map of this.maps) {
      const definition = definitionOf(map, options)?.toPb();
      const { filename, language, data } = map;
      source.infos.push(create(SourceInfoSchema, { filename, language, data, ...(definition && { definition }) }));
    }
    for (const [digest, locations] of this.locations) {
      source.locations[digest] = { $typeName: 'pb.Locations', locations: locations.map(this.toPb, this) };
    }
    return source;
  }

  private toPb({ sourceMap, ranges }: SourceLocation): Location {
    return { $typeName: 'pb.Location', sourceIndex: this.index.get(sourceMap)!, ranges: ranges.map(rangeToPb) };
  }
}

/** Plain objects are messages too, and `create` would look at each twice: there are thousands. */
function rangeToPb({ start, end }: Range): PbRange {
  return {
    $typeName: 'pb.Range',
    start: { $typeName: 'pb.Position', line: start.line, character: start.character },
    end: { $typeName: 'pb.Position', line: end.line, character: end.character },
  };
}

function definitionOf(map: SourceMap, options: MarshalOptions | undefined): Definition | undefined {
  if (map.definition) return map.definition;
  if (!map.state) return undefined;
  let definition = definitions.get(map);
  if (!definition) definitions.set(map, (definition = map.state.marshal(options)));
  return definition;
}

function sameSource(a: SourceMap, b: SourceMap): boolean {
  if (a.filename !== b.filename || a.language !== b.language) return false;
  if (a.data.length !== b.data.length || Buffer.compare(a.data, b.data) !== 0) return false;
  const [left, right] = [a, b].map((map) => map.definition ?? definitions.get(map));
  return !left || !right || sameResult(left, right);
}

function sameResult(a: Definition, b: Definition): boolean {
  const [left, right] = [a.def.at(-1), b.def.at(-1)];
  return a.def.length === b.def.length && (!left || !right || Buffer.compare(left, right) === 0);
}
