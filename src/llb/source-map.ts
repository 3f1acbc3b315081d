/** Collects the places in source files that the ops of a graph were made of. */

import type { Location, Range as PbRange, Source } from '../gen/pb/ops_pb.ts';
import { SourceInfoSchema, SourceSchema } from '../gen/pb/ops_schemas.ts';
import { compareByteArrays } from '../go/bytes.ts';
import { create } from '../protobuf/create.ts';
import type { MarshalOptions, Range, SourceLocation, SourceMap } from './constraints.ts';
import type { Definition } from './definition.ts';

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
  private readonly locations = new Map<string, SourceLocation[]>();

  /**
   * Adds the locations of a vertex to those of other vertices with the same digest. An instruction of n lines may make
   * n ops with n ranges each, so after a million ranges an op with many ranges keeps only the first ones.
   */
  add(digest: string, locations: readonly SourceLocation[] | undefined): void {
    const known = this.locations.get(digest);
    const list = known ?? [];
    if (!known) this.locations.set(digest, list);
    if (!locations) return;
    for (const { sourceMap } of locations) {
      if (this.index.has(sourceMap)) continue;
      const equal = this.maps.findIndex((map) => isSameSource(map, sourceMap));
      this.index.set(sourceMap, equal >= 0 ? equal : this.maps.push(sourceMap) - 1);
    }
    for (const location of locations) {
      const count = location.ranges.length;
      if (count > maxFurtherRanges) this.rangesLeft -= count;
      list.push(this.rangesLeft >= 0 ? location : { ...location, ranges: location.ranges.slice(0, maxFurtherRanges) });
    }
  }

  /**
   * Returns the message for the definition.
   *
   * @param options options with which the states of source maps are marshalled
   */
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

/** Makes messages as plain objects, because `create` is slower and there are thousands of ranges. */
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
