/** A source file as it travels in errors and lint results: Go's JSON of pb.SourceInfo. */
import { createSourceFile, type LineRange, type SourceFile } from '../diagnostic/source-file.ts';
import type { SourceInfo } from '../gen/pb/ops_pb.ts';
import { toBase64 } from '../go/base64.ts';
import type { JsonEncodable } from '../go/json-encode.ts';
import { decodeText } from '../go/text.ts';
import type { Definition } from '../llb/definition.ts';
import { metadataToJson } from '../llb/format-json.ts';

/** A file that errors and warnings quote. */
export interface SourceDescription {
  readonly filename: string;
  readonly language: string;
  readonly data: Uint8Array;
  /** The definition of the source that has the file. */
  readonly definition: Definition;
  /** Further files, the modules of a build program. Their lines are numbered after those of this file, in order. */
  readonly parts?: readonly SourcePart[];
}

/** A file among several. */
export interface SourcePart {
  /** The number of lines before its first one. */
  readonly linesBefore: number;
  readonly source: SourceDescription;
}

/** The file that lines are in, and the lines in this file. */
export function partOf(source: SourceDescription, lines: LineRange | undefined) {
  const part = lines && source.parts?.findLast(({ linesBefore }) => linesBefore < lines.start);
  if (!part) return { source, lines };
  const { linesBefore } = part;
  return { source: part.source, lines: { start: lines.start - linesBefore, end: lines.end - linesBefore } };
}

/** Describes a Dockerfile that was read. */
export function describeSource({ filename, data, definition }: Omit<SourceDescription, 'language'>): SourceDescription {
  return { filename, language: 'Dockerfile', data, definition };
}

const sourceFiles = new WeakMap<object, SourceFile>();

/** Decodes a file. The result is cached, because many problems may be shown in the same file. */
export function sourceFile(description: Pick<SourceDescription, 'filename' | 'data'>): SourceFile {
  let file = sourceFiles.get(description);
  if (!file)
    sourceFiles.set(description, (file = createSourceFile(description.filename, decodeText(description.data))));
  return file;
}

/** In the order of Go's struct fields; undefined marks what `omitempty` leaves out. */
export function sourceInfoJson({
  filename,
  language,
  data,
  definition,
}: Partial<SourceDescription> & Pick<SourceDescription, 'filename' | 'data'>): JsonEncodable {
  return {
    filename: filename || undefined,
    data: base64(data),
    definition: definition && definitionJson(definition.def, definition.metadata, definition.source),
    language: language || undefined,
  };
}

const base64 = (data: Uint8Array) => (data.length > 0 ? toBase64(data) : undefined);

const list = <T>(items: readonly T[]) => (items.length > 0 ? items : undefined);

const map = (entries: readonly (readonly [string, JsonEncodable])[]) =>
  entries.length > 0 ? new Map(entries) : undefined;

function definitionJson(
  def: readonly Uint8Array[],
  metadata: Definition['metadata'],
  source: Definition['source'],
): JsonEncodable {
  return {
    def: list(def.map((op) => base64(op) ?? '')),
    metadata: map([...metadata].map(([digest, op]) => [digest, metadataToJson(op)])),
    Source: source && {
      locations: map(
        Object.entries(source.locations).map(([digest, { locations }]) => [
          digest,
          {
            locations: list(
              locations.map(({ sourceIndex, ranges }) => ({
                sourceIndex: sourceIndex || undefined,
                ranges: list(ranges.map(rangeJson)),
              })),
            ),
          },
        ]),
      ),
      infos: list(source.infos.map(protoSourceInfoJson)),
    },
  };
}

function protoSourceInfoJson({ filename, language, data, definition }: SourceInfo): JsonEncodable {
  return {
    filename: filename || undefined,
    data: base64(data),
    definition:
      definition && definitionJson(definition.def, new Map(Object.entries(definition.metadata)), definition.Source),
    language: language || undefined,
  };
}

interface Point {
  readonly line: number;
  readonly character: number;
}

interface OpenRange {
  readonly start?: Point | undefined;
  readonly end?: Point | undefined;
}

/** Go's JSON of a pb.Range. */
export function rangeJson({ start, end }: OpenRange) {
  return { start: start && pointJson(start), end: end && pointJson(end) };
}

const pointJson = ({ line, character }: Point) => ({ line: line || undefined, character: character || undefined });
