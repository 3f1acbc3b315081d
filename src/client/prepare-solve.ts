/** Prepares a build before the request is sent: outputs, caches, and the services of its session. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { defaultDockerfileName, filesReadFrom } from '../gateway/frontend-files.ts';
import { refuseEndlessFiles } from '../system/endless-files.ts';
import { refuseClashes } from '../system/output-clashes.ts';
import { type PreparedCaches, prepareCaches } from './cache.ts';
import type { Connection } from './connection.ts';
import { outputPaths, type PreparedExports, prepareExports } from './exporters.ts';
import { type ChosenExports, createChosenExports } from './session/chosen-exports.ts';
import { type ContentStore, type ContentStores, createContentStores } from './session/content.ts';
import { ExportReceiver } from './session/file-send.ts';
import { type ServiceParts, sessionServices } from './session/services.ts';
import type { Attachable } from './session/session.ts';
import type { MemoryFiles, SolveOptions } from './solve-options.ts';

/** A build that is ready for the request. */
export interface Prepared {
  readonly attachables: readonly Attachable[];
  readonly exports: PreparedExports;
  readonly sharedKey: string;
  readonly chosen: ChosenExports | undefined;
  readonly caches: PreparedCaches;
  /** The OCI layouts that the build reads and writes: of images, caches and exports. */
  readonly contentStores: ContentStores;
  /** Outputs that are received as files and archives. */
  readonly received: ExportReceiver | undefined;
}

/** The options of the frontend: its own, and those of the caller. */
export function attrsOf({ frontend, frontendAttrs }: SolveOptions): Readonly<Record<string, string>> {
  return { ...(typeof frontend === 'function' ? frontend.attrs : undefined), ...frontendAttrs };
}

/**
 * Prepares everything that can go wrong before the daemon is asked.
 * @param temporary takes the directories that the caller has to remove
 * @throws Error for options that make no sense, and for what does not exist
 */
export async function prepareSolve(
  options: SolveOptions,
  kind: Connection['kind'],
  temporary: string[],
): Promise<Prepared> {
  if (options.definition && options.frontend) throw new Error('a build has either a definition or a frontend');
  if (!options.definition && !options.frontend) throw new Error('a build needs a definition or a frontend');
  const dirs = new Map<string, string>();
  for (const [name, given] of Object.entries(options.localDirs ?? {})) {
    const dir = typeof given === 'string' ? given : await writeMemoryFiles(given, temporary);
    const stats = await stat(dir).catch(() => undefined);
    if (!stats?.isDirectory()) throw new Error(`local directory ${name}: ${dir} is not a directory`);
    dirs.set(name, dir);
  }
  // As in `docker build`, the Dockerfile is in the context unless another place is named.
  const context = dirs.get('context');
  if (options.frontend && context !== undefined && !dirs.has('dockerfile')) dirs.set('dockerfile', context);
  if (options.frontend) {
    const filename = attrsOf(options)['filename'] ?? defaultDockerfileName;
    await refuseEndlessFiles(dirs, (localName) => filesReadFrom(localName, filename));
  }
  const exports = await prepareExports(options.exports ?? [], kind);
  const caches = await prepareCaches(options.cacheFrom, options.cacheTo);
  const stores = new Map<string, ContentStore>([...exports.stores, ...caches.stores]);
  for (const [name, dir] of Object.entries(options.ociLayouts ?? {}))
    stores.set(`oci:${name}`, { dir: path.resolve(dir), writable: false });
  const contentStores = createContentStores(stores);
  if (options.onWarning) for (const warning of caches.warnings) options.onWarning(warning);
  const targets = new Map(exports.targets);
  refuseClashes(outputPaths(targets, stores));
  const chosen =
    options.chooseExports &&
    createChosenExports(options.chooseExports, kind, exports.exporters.length, targets, stores);
  const received = chosen || targets.size > 0 ? new ExportReceiver(targets, options.onWarning) : undefined;
  const parts: ServiceParts = {
    options,
    attachables: options.attachables,
    dirs,
    chosen,
    received,
    contentStores: chosen || stores.size > 0 ? contentStores : undefined,
  };
  const attachables: Attachable[] = [];
  for (const service of sessionServices) {
    const offered = await service(parts);
    if (offered) attachables.push(...(Array.isArray(offered) ? offered : [offered]));
  }
  const sharedKey = options.sharedKey ?? sharedKeyOf(dirs);
  return { attachables, exports, sharedKey, chosen, caches, contentStores, received };
}

/** Without a key, the daemon would treat different directories of this machine as versions of one. */
function sharedKeyOf(dirs: ReadonlyMap<string, string>): string {
  const all = [...dirs].map(([name, dir]) => [name, path.resolve(dir)]).sort();
  return createHash('sha256')
    .update(JSON.stringify([hostname(), all]))
    .digest('hex');
}

/** Files in memory are sent from a temporary directory, as all others are from theirs. */
async function writeMemoryFiles(files: MemoryFiles, temporary: string[]): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tsfront-'));
  temporary.push(dir);
  for (const [name, contents] of Object.entries(files)) {
    const file = path.join(dir, name);
    if (!file.startsWith(dir + path.sep)) throw new Error(`file name leads out of its directory: ${name}`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  return dir;
}
