/** Prepares the exporters of a build: their attributes, and where their files go. */
import path from 'node:path';
import { formatReference, parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { outputPath } from '../system/file-name.ts';
import type { OutputPath } from '../system/output-clashes.ts';
import type { Connection } from './connection.ts';
import { type Attributes, type Export, exporterTable } from './exporter-table.ts';
import { missingDirs } from './fsutil/make-dirs.ts';
import type { ContentStore } from './session/content.ts';
import type { ExportTarget } from './session/file-send.ts';
import type { LayoutEntry, NameContent } from './session/layout-index.ts';

/** Exports as the request and the session need them. */
export interface PreparedExports {
  /** The exporters of the request, in the order of the exports. */
  readonly exporters: readonly { readonly Type: string; readonly Attrs: Record<string, string> }[];
  /** The destination of a result that is sent to the client, by the position of its exporter in the request. */
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
    if (!('dest' in entry)) continue;
    const { type, dest } = entry;
    const { destination, canBeLayout } = exporterTable[type];
    if (!dest) {
      const engine = type === 'docker' ? ', or that of `dockerLoader()` to load the image into a Docker engine' : '';
      throw new Error(`the ${type} exporter needs a destination: give \`dest\`, a path${engine}`);
    }
    if (typeof dest === 'string') outputPath(dest);
    const asLayout = canBeLayout && attrs['tar'] === 'false';
    if (destination === 'dir' || asLayout) {
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
      const descriptor = parseLayoutEntry(Buffer.from(encoded, 'base64').toString(), dir);
      const names = response['image.name'] ? response['image.name'].split(',') : ['latest'];
      await name(dir, descriptor, names);
    },
  };
}

/** The name by which a Docker engine knows an image; what is not a name is left for the daemon to refuse. */
function completeName(name: string): string {
  try {
    return formatReference(tagNameOnly(parseNormalizedNamed(name)));
  } catch {
    return name;
  }
}

/** Parses the attribute `mode` of the local exporter as BuildKit does. */
function parseLocalMode(mode = ''): 'copy' | 'delete' {
  const chosen = mode.trim().toLowerCase() || 'copy';
  if (chosen !== 'copy' && chosen !== 'delete')
    throw new Error(`invalid local exporter mode ${JSON.stringify(mode)}: known are copy and delete`);
  return chosen;
}

/** The local paths that the outputs of a build write. */
export function outputPaths(
  targets: ReadonlyMap<number, ExportTarget>,
  stores: ReadonlyMap<string, ContentStore>,
): OutputPath[] {
  const written = [...stores.values()].filter(({ writable }) => writable);
  return [
    ...[...targets.values()].flatMap((target): OutputPath[] => {
      if (target.kind === 'stream') return [];
      if (target.kind === 'file') return [{ path: target.path, kind: 'file' }];
      return [{ path: target.path, kind: target.mirror ? 'mirror' : 'dir' }];
    }),
    ...written.map(({ dir }): OutputPath => ({ path: dir, kind: 'store' })),
  ];
}

function parseLayoutEntry(json: string, dir: string): LayoutEntry {
  try {
    return JSON.parse(json) as LayoutEntry;
  } catch (error) {
    throw new Error(`what the daemon says of the image for ${dir} cannot be read: ${(error as Error).message}`);
  }
}
