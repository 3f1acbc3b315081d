/**
 * The exporters of BuildKit 0.32 and buildx: what each makes, where the result goes, and its attributes. The client and
 * the command line read this table. A new exporter is a line in it; one whose result is sent to the client is also a
 * member of `Export`.
 */
import type { Writable } from 'node:stream';

/**
 * An output. Attributes are those of BuildKit's exporters: `name` (comma-separated), `push`, `compression`,
 * `oci-mediatypes`, `rewrite-timestamp`, `annotation.KEY`, …
 */
export type Export =
  /**
   * An image in the daemon's own store; with `push: 'true'` it is pushed to its registry. For a Docker engine, names
   * are completed (`app` becomes `docker.io/library/app:latest`), because the engine finds images only by full names.
   */
  | { readonly type: 'image'; readonly attrs?: Attributes }
  /** An archive of an OCI layout in a file or stream; with `tar: 'false'` the layout itself in a directory. */
  | { readonly type: 'oci'; readonly attrs?: Attributes; readonly dest: Destination }
  /** An archive for `docker load`. */
  | { readonly type: 'docker'; readonly attrs?: Attributes; readonly dest: Destination }
  /** The files of the result as an archive. */
  | { readonly type: 'tar'; readonly attrs?: Attributes; readonly dest: Destination }
  /**
   * The files of the result in a directory. With `mode: 'delete'` all else that is in it is deleted once the build has
   * succeeded and all outputs are in their places.
   */
  | { readonly type: 'local'; readonly attrs?: Attributes; readonly dest: string }
  /** An exporter this client does not know, that keeps its output on the daemon's side. */
  | { readonly type: 'custom'; readonly name: string; readonly attrs?: Attributes };

/** Attributes by name, such as `{ name: "app", push: "true" }`. */
export type Attributes = Readonly<Record<string, string>>;

/** A path, or a function that opens a stream. */
export type Destination = string | ((metadata: Attributes) => Writable | Promise<Writable>);

/**
 * The form of a value. `flag` is a boolean that may be empty, which means true; `epoch` is a time in seconds, or empty;
 * an array lists the allowed values.
 */
export type AttributeForm = 'text' | 'boolean' | 'flag' | 'integer' | 'epoch' | 'duration' | readonly string[];

/** The attributes of an output, a cache or an attestation. */
export interface AttributeTable {
  /** The form of each attribute, by name. */
  readonly attributes: Readonly<Record<string, AttributeForm>>;
  /** A required attribute, and a placeholder for its value. */
  readonly needs?: readonly [name: string, value: string];
  /** Prefixes of further attribute names, whose values are any text. */
  readonly prefixes?: RegExp;
  /** Hints for attributes that are set in another way, by name. */
  readonly instead?: Readonly<Record<string, string>>;
}

/** What an exporter makes, where the result goes, and its attributes. */
export interface ExporterSpecification extends AttributeTable {
  /** Whether the result stays in the daemon, or is sent to the client as an archive or as files. */
  readonly destination: 'daemon' | 'archive' | 'dir';
  /** Whether the result is an image, with names and annotations. */
  readonly makesImage: boolean;
  /** Whether `tar=false` makes an OCI layout in a directory instead of an archive. */
  readonly canBeLayout: boolean;
}

/** The attributes for the compression of layers, which image exporters and caches share. */
export const compressionAttributes = {
  compression: ['uncompressed', 'gzip', 'estargz', 'zstd'],
  'compression-level': 'integer',
  'force-compression': 'flag',
} as const;

const imageAttributes = {
  ...compressionAttributes,
  name: 'text',
  'oci-mediatypes': 'boolean',
  'oci-artifact': 'boolean',
  'attestation-inline': 'boolean',
  'prefer-nondist-layers': 'boolean',
  'rewrite-timestamp': 'boolean',
  'source-date-epoch': 'epoch',
  'prefer-image-digest': 'boolean',
} as const;

const annotationAttributes = /^annotation(-(index|index-descriptor|manifest|manifest-descriptor))?(\[[^\]]*\])?\./;

const removedImageAttributes = {
  buildinfo: 'BuildKit writes no build info any more: `attest:provenance` says what was built',
  'buildinfo-attrs': 'BuildKit writes no build info any more: `attest:provenance` says what was built',
};

const imageExporter: ExporterSpecification = {
  destination: 'daemon',
  makesImage: true,
  canBeLayout: false,
  attributes: {
    ...imageAttributes,
    push: 'flag',
    'push-by-digest': 'flag',
    'registry.insecure': 'flag',
    unpack: 'flag',
    store: 'flag',
    'name-canonical': 'flag',
    'dangling-name-prefix': 'text',
    'danging-name-empty-only': 'flag', // BuildKit's spelling
  },
  prefixes: annotationAttributes,
  instead: {
    ...removedImageAttributes,
    dest: 'it goes to the daemon and its registry; type=oci or type=docker make a file',
  },
};

const imageArchive = {
  destination: 'archive',
  makesImage: true,
  canBeLayout: true,
  attributes: { ...imageAttributes, dest: 'text', tar: 'flag' },
  prefixes: annotationAttributes,
  instead: removedImageAttributes,
} as const;

const fileAttributes = {
  dest: 'text',
  'attestation-prefix': 'text',
  'platform-split': 'boolean',
  'source-date-epoch': 'epoch',
} as const;

/**
 * The exporters by type. `registry` is an image that is pushed, `moby` is an image in a Docker engine, and `cacheonly`
 * has no output.
 */
export const exporterTable = {
  image: imageExporter,
  registry: imageExporter,
  moby: imageExporter,
  oci: imageArchive,
  docker: { ...imageArchive, attributes: { ...imageArchive.attributes, context: 'text' } },
  tar: { destination: 'archive', makesImage: false, canBeLayout: false, attributes: fileAttributes },
  local: {
    destination: 'dir',
    makesImage: false,
    canBeLayout: false,
    attributes: { ...fileAttributes, mode: ['copy', 'delete'] },
  },
  cacheonly: { destination: 'daemon', makesImage: false, canBeLayout: false, attributes: {} },
} as const satisfies Readonly<Record<string, ExporterSpecification>> &
  Readonly<Record<Exclude<Export['type'], 'custom'>, ExporterSpecification>>;

/** The types of exporters with this destination. */
export type ExportersTo<Place> = {
  [Type in keyof typeof exporterTable]: (typeof exporterTable)[Type] extends { readonly destination: Place }
    ? Type
    : never;
}[keyof typeof exporterTable];

/** Whether an exporter sends its result to this destination. */
export function goesTo<Place extends Exclude<ExporterSpecification['destination'], 'daemon'>>(
  type: string,
  place: Place,
): type is ExportersTo<Place> {
  return exporterOf(type)?.destination === place;
}

/** The specification of an exporter; undefined if it is not in the table. */
export function exporterOf(type: string): ExporterSpecification | undefined {
  return Object.hasOwn(exporterTable, type) ? exporterTable[type as keyof typeof exporterTable] : undefined;
}
