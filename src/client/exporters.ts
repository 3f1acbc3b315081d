/** What becomes of a build's result. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { formatReference, parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { outputPath } from '../system/file-name.ts';
import type { Connection } from './connect.ts';
import { missingDirs } from './fsutil/make-dirs.ts';
import type { ContentStore } from './session/content.ts';
import type { ExportTarget } from './session/file-send.ts';
import type { Descriptor, NameContent } from './session/oci-layout.ts';

/**
 * An output. Attributes are those of BuildKit's exporters: `name` (comma-separated), `push`, `compression`,
 * `oci-mediatypes`, `rewrite-timestamp`, `annotation.KEY`, …
 */
export type Export =
  /**
   * An image in the daemon's own store; with `push: 'true'` it goes to its registry. To a Docker engine names are completed
   * (`app` is `docker.io/library/app:latest`), since it finds images by nothing else.
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

export type Attributes = Readonly<Record<string, string>>;

/** A path, or a function that opens a stream. */
export type Destination = string | ((metadata: Attributes) => Writable | Promise<Writable>);

/** Exports as the request and the session need them. */
export interface PreparedExports {
  readonly exporters: readonly { readonly Type: string; readonly Attrs: Record<string, string> }[];
  readonly targets: ReadonlyMap<number, ExportTarget>;
  /** Layouts to be written, by store id. */
  readonly stores: ReadonlyMap<string, ContentStore>;
  /** Names what was stored in layouts, once the build has succeeded. */
  finish(response: Attributes, name: NameContent): Promise<void>;
}

/**
 * Creates nothing yet.
 *
 * @param kind what the build runs in
 * @param first the position of the first exporter in the request
 * @throws Error for combinations that make no sense
 */
export async function prepareExports(
  exports: readonly Export[],
  kind: Connection['kind'],
  first = 0,
): Promise<PreparedExports> {
  const targets = new Map<number, ExportTarget>();
  const stores = new Map<string, ContentStore>();
  const exporters: { Type: string; Attrs: Record<string, string> }[] = [];
  for (const [i, entry] of exports.entries()) {
    const position = first + i;
    const attrs = { ...entry.attrs };
    if (entry.type === 'image' && kind === 'dockerd' && attrs['name'] && attrs['push-by-digest'] === undefined)
      attrs['name'] = attrs['name'].split(',').map(completeName).join(',');
    exporters.push({ Type: entry.type === 'custom' ? entry.name : entry.type, Attrs: attrs });
    if (entry.type === 'image' || entry.type === 'custom') continue;
    const { type, dest } = entry;
    if (!dest) {
      const engine = type === 'docker' ? ', or that of `dockerLoader()` to load the image into a Docker engine' : '';
      throw new Error(`the ${type} exporter needs a destination: give \`dest\`, a path${engine}`);
    }
    if (typeof dest === 'string') outputPath(dest);
    const asLayout = (type === 'oci' || type === 'docker') && attrs['tar'] === 'false';
    if (type === 'local' || asLayout) {
      if (typeof dest !== 'string') throw new Error(`the ${type} exporter needs a directory as its destination`);
      await missingDirs(dest);
      if (!asLayout) {
        targets.set(position, { kind: 'directory', path: dest, mirror: parseLocalMode(attrs['mode']) === 'delete' });
        continue;
      }
      if (stores.has('export')) throw new Error('only one layout can be exported by a build');
      stores.set('export', { dir: path.resolve(dest), writable: true });
    } else {
      if (typeof dest === 'string') await missingDirs(path.dirname(dest));
      targets.set(
        position,
        typeof dest === 'string' ? { kind: 'file', path: dest } : { kind: 'stream', open: async (md) => dest(md) },
      );
    }
  }
  return {
    exporters,
    targets,
    stores,
    async finish(response, name) {
      const dir = stores.get('export')?.dir;
      if (!dir) return;
      const encoded = response['containerimage.descriptor'];
      if (!encoded)
        throw new Error(`the daemon says that the build succeeded, but it has not named an image for ${dir}`);
      const descriptor = parseDescriptor(Buffer.from(encoded, 'base64').toString(), dir);
      const names = response['image.name'] ? response['image.name'].split(',') : ['latest'];
      await name(dir, descriptor, names);
    },
  };
}

/** The name by which a Docker engine knows an image; what is no name is left for the daemon to refuse. */
function completeName(name: string): string {
  try {
    return formatReference(tagNameOnly(parseNormalizedNamed(name)));
  } catch {
    return name;
  }
}

/** As BuildKit reads the attribute `mode` of the local exporter. */
function parseLocalMode(mode = ''): 'copy' | 'delete' {
  const known = mode.trim().toLowerCase() || 'copy';
  if (known !== 'copy' && known !== 'delete')
    throw new Error(`invalid local exporter mode ${JSON.stringify(mode)}: known are copy and delete`);
  return known;
}

/** What lies in a mirrored directory is deleted unless it was sent for it, other outputs too. @throws Error for those */
export function refuseMirrored(
  targets: ReadonlyMap<number, ExportTarget>,
  stores: ReadonlyMap<string, ContentStore>,
): void {
  const places = [...targets.values()].flatMap((target) => (target.kind === 'stream' ? [] : [target]));
  const written = [...stores.values()].filter(({ writable }) => writable);
  const others = [...places.map((target) => target.path), ...written.map(({ dir }) => dir)];
  for (const mirror of places) {
    if (mirror.kind !== 'directory' || !mirror.mirror) continue;
    const inside = others.find((other) => other !== mirror.path && isBelow(other, mirror.path));
    if (inside === undefined) continue;
    throw new Error(
      `the output ${inside} is in ${mirror.path}, where mode=delete would delete it: give it another place`,
    );
  }
}

function isBelow(file: string, dir: string): boolean {
  return withLinks(file).startsWith(`${withLinks(dir)}${path.sep}`);
}

/** The place that a path leads to, as far as it is there. */
function withLinks(file: string): string {
  const full = path.resolve(file);
  try {
    return realpathSync(full);
  } catch {
    const parent = path.dirname(full);
    return parent === full ? full : path.join(withLinks(parent), path.basename(full));
  }
}

function parseDescriptor(json: string, dir: string): Descriptor {
  try {
    return JSON.parse(json) as Descriptor;
  } catch (error) {
    throw new Error(`what the daemon says of the image for ${dir} cannot be read: ${(error as Error).message}`);
  }
}
