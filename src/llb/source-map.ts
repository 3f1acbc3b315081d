/** Collects the places in source files that the ops of a graph were made of. */
import * as pb from '../gen/pb/ops_fields.ts';
import type { Source, SourceInfo } from '../gen/pb/ops_pb.ts';
import { LocationsSchema, SourceInfoSchema, SourceSchema } from '../gen/pb/ops_schemas.ts';
import { compareByteArrays } from '../go/bytes.ts';
import { create } from '../protobuf/create.ts';
import { writeMessage } from '../protobuf/encode.ts';
import { mapEntry, type ProtoWriter } from '../protobuf/writer.ts';
import type { MarshalOptions, Range, SourceLocation, SourceMap } from './constraints.ts';
import type { Definition, SourceLocations } from './definition.ts';

/**
 * Definitions of the states of source maps. Each state is marshalled once, since the file is the same for all graphs.
 */
const definitions = new WeakMap<SourceMap, Definition>();

/**
 * Makes a location for the constraints of an op. Errors and progress output of the daemon then refer to it.
 *
 * @param sourceMap the same object for all locations in a file
 * @example
 * const file = { filename: 'build.ts', language: 'TypeScript', data: await readFile('build.ts') };
 * const range = { start: { line: 3, character: 0 }, end: { line: 3, character: 0 } };
 * image('alpine').run({ shlex: 'make', locations: [location(file, [range])] });
 */
export function location(sourceMap: SourceMap, ranges: readonly Range[]): SourceLocation {
  return { sourceMap, ranges };
}

/** Number of ranges that the locations of a graph may have. */
const maxRanges = 1_000_000;

/** Number of ranges that an op keeps after `maxRanges` was reached. */
const maxFurtherRanges = 20;

/** Collects the locations of a graph while it is marshalled. */
export class SourceMapCollector {
  private rangesLeft = maxRanges;
  private readonly maps: SourceMap[] = [];
  private readonly index = new Map<SourceMap, number>();
  private readonly locations = new Map<string, readonly SourceLocation[]>();

  /**
   * Adds the locations of a vertex to those of other vertices with the same digest. An instruction of n lines may make
   * n ops with n ranges each, so after a million ranges an op with many ranges keeps only the first ones.
   */
  add(digest: string, locations: readonly SourceLocation[] = []): void {
    for (const { sourceMap } of locations) {
      if (this.index.has(sourceMap)) continue;
      const equal = this.maps.findIndex((map) => isSameSource(map, sourceMap));
      this.index.set(sourceMap, equal >= 0 ? equal : this.maps.push(sourceMap) - 1);
    }
    const limited = locations.some(({ ranges }) => ranges.length > maxFurtherRanges)
      ? this.limit(locations)
      : locations;
    const earlier = this.locations.get(digest);
    this.locations.set(digest, earlier ? [...earlier, ...limited] : limited);
  }

  private limit(locations: readonly SourceLocation[]): SourceLocation[] {
    return locations.map((location) => {
      const { sourceMap, ranges } = location;
      if (ranges.length > maxFurtherRanges) this.rangesLeft -= ranges.length;
      return this.rangesLeft >= 0 ? location : { sourceMap, ranges: ranges.slice(0, maxFurtherRanges) };
    });
  }

  /**
   * Returns what was collected.
   *
   * @param options options with which the states of source maps are marshalled
   */
  finish(options: MarshalOptions | undefined): SourceLocations {
    const infos = this.maps.map((map) => {
      const definition = definitionOf(map, options)?.toPb();
      const { filename, language, data } = map;
      return create(SourceInfoSchema, { filename, language, data, ...(definition && { definition }) });
    });
    return new CollectedLocations(infos, this.index, this.locations);
  }
}

/** The source files of a graph, and the places in them that its ops were made of. */
class CollectedLocations implements SourceLocations {
  private readonly infos: SourceInfo[];
  private readonly index: ReadonlyMap<SourceMap, number>;
  private readonly locations: ReadonlyMap<string, readonly SourceLocation[]>;

  constructor(
    infos: SourceInfo[],
    index: ReadonlyMap<SourceMap, number>,
    locations: ReadonlyMap<string, readonly SourceLocation[]>,
  ) {
    this.infos = infos;
    this.index = index;
    this.locations = locations;
  }

  toPb(): Source {
    const source = create(SourceSchema, { infos: this.infos });
    for (const [digest, locations] of this.locations)
      source.locations[digest] = create(LocationsSchema, {
        locations: locations.map(({ sourceMap, ranges }) => ({
          sourceIndex: this.index.get(sourceMap)!,
          ranges: [...ranges],
        })),
      });
    return source;
  }

  write(to: ProtoWriter): void {
    for (const digest of [...this.locations.keys()].sort()) {
      const entry = to.open(pb.Source.locations);
      to.element(mapEntry.key, digest);
      const value = to.open(mapEntry.value);
      for (const location of this.locations.get(digest)!) this.writeLocation(to, location);
      to.close(value);
      to.close(entry);
    }
    writeMessage(to, SourceSchema, { infos: this.infos });
  }

  private writeLocation(to: ProtoWriter, { sourceMap, ranges }: SourceLocation): void {
    const start = to.open(pb.Locations.locations);
    to.int(pb.Location.sourceIndex, this.index.get(sourceMap)!);
    for (const range of ranges) {
      const message = to.open(pb.Location.ranges);
      writePosition(to, pb.Range.start, range.start);
      writePosition(to, pb.Range.end, range.end);
      to.close(message);
    }
    to.close(start);
  }
}

function writePosition(to: ProtoWriter, field: number, { line, character }: Range['start']): void {
  const start = to.open(field);
  to.int(pb.Position.line, line);
  to.int(pb.Position.character, character);
  to.close(start);
}

function definitionOf(map: SourceMap, options: MarshalOptions | undefined): Definition | undefined {
  if (map.definition) return map.definition;
  if (!map.state) return undefined;
  let definition = definitions.get(map);
  if (!definition) definitions.set(map, (definition = map.state.marshal(options)));
  return definition;
}

function isSameSource(a: SourceMap, b: SourceMap): boolean {
  if (a.filename !== b.filename || a.language !== b.language) return false;
  if (a.data.length !== b.data.length || compareByteArrays(a.data, b.data) !== 0) return false;
  const [left, right] = [a, b].map((map) => map.definition ?? definitions.get(map));
  return !left || !right || isSameResult(left, right);
}

function isSameResult(a: Definition, b: Definition): boolean {
  const [left, right] = [a.def.at(-1), b.def.at(-1)];
  return a.def.length === b.def.length && (!left || !right || compareByteArrays(left, right) === 0);
}
