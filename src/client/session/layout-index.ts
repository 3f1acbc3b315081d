/** Writes the index of an OCI image layout, which names its content, and deletes content that nothing names. */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseObject } from '../../oci/json-object.ts';
import { blobPath, imageNameKey, readLayoutIndex, refNameKey } from '../../oci/layout.ts';
import { readNamedFile } from '../../system/named-file.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { makeDirs } from '../fsutil/make-dirs.ts';

/** An OCI descriptor. */
export interface LayoutEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The names in a directory; empty if it is absent. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The index of a layout. Other fields of it, such as annotations, are kept. */
interface Index {
  readonly schemaVersion?: number;
  readonly mediaType?: string;
  readonly manifests?: readonly LayoutEntry[] | null;
}

/** The descriptors of a layout's index; [] if it has none. */
export async function readIndex(dir: string): Promise<readonly LayoutEntry[]> {
  return (await readWholeIndex(dir))?.manifests ?? [];
}

const readWholeIndex = (dir: string): Promise<Index | undefined> => readLayoutIndex(dir, maxJsonBytes);

/** The entry with a tag, or the only entry of an index that has one. */
export async function findInIndex(dir: string, tag: string): Promise<LayoutEntry | undefined> {
  const entries = await readIndex(dir);
  const tagged = entries.find(({ annotations }) => annotations?.[refNameKey] === tag);
  return tagged ?? (entries.length === 1 && !entries[0]!.annotations?.[refNameKey] ? entries[0] : undefined);
}

/** Gives names to content of a layout. */
export type NameContent = (dir: string, descriptor: LayoutEntry, names: readonly string[]) => Promise<unknown>;

/**
 * Names a stored manifest. An image name brings its tag. What had the tag before loses it.
 * @returns takes that back, for a build that fails after all: what had a tag gets it again, unless another build has
 * given it away
 * @throws Error if the manifest, or something that it names, does not exist
 */
export async function putInIndex(
  dir: string,
  descriptor: LayoutEntry,
  names: readonly string[],
): Promise<() => Promise<void>> {
  const { missing } = await referencedContent(dir, [descriptor]);
  if (missing.length > 0)
    throw new Error(
      `the daemon says that the build succeeded, but ${dir} has not got all of it: ${missing[0]} is missing`,
    );
  return lockIndex(dir, async () => {
    const before = await readWholeIndex(dir);
    const entries = [...(before?.manifests ?? [])];
    const changes: Change[] = [];
    for (const name of names) {
      const colon = name.lastIndexOf(':');
      const tag = colon > name.lastIndexOf('/') ? name.slice(colon + 1) : name.includes('/') ? 'latest' : name;
      const annotations = {
        ...descriptor.annotations,
        [refNameKey]: tag,
        ...(name !== tag ? { [imageNameKey]: name } : {}),
      };
      const same = entries.findIndex(
        ({ annotations: old }) => old?.[refNameKey] === tag && (name === tag || (old[imageNameKey] ?? name) === name),
      );
      const [replaced] = same >= 0 ? entries.splice(same, 1) : [];
      const added = { ...descriptor, annotations };
      entries.push(added);
      changes.push({ added, replaced, at: same });
    }
    await writeIndex(dir, before, entries);
    return () => undoChanges(dir, before === undefined, changes);
  });
}

interface Change {
  readonly added: LayoutEntry;
  /** The descriptor that had the name. */
  readonly replaced: LayoutEntry | undefined;
  /** Its position. */
  readonly at: number;
}

/** @param fresh whether there was no index */
async function undoChanges(dir: string, fresh: boolean, changes: readonly Change[]): Promise<void> {
  await lockIndex(dir, async () => {
    const now = await readWholeIndex(dir);
    if (!now) return;
    const entries = [...(now.manifests ?? [])];
    for (const { added, replaced, at } of [...changes].reverse()) {
      const place = entries.findIndex((entry) => JSON.stringify(entry) === JSON.stringify(added));
      if (place < 0) continue; // another build has given the name away
      entries.splice(place, 1);
      if (replaced) entries.splice(at, 0, replaced);
    }
    if (!fresh || entries.length > 0) return writeIndex(dir, now, entries);
    for (const file of ['index.json', 'oci-layout']) await rm(path.join(dir, file), { force: true });
  });
}

async function writeIndex(dir: string, before: Index | undefined, manifests: readonly LayoutEntry[]): Promise<void> {
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', ...before, manifests };
  await writeWhole({
    [path.join(dir, 'oci-layout')]: JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    [path.join(dir, 'index.json')]: JSON.stringify(index),
  });
}

const manifestType =
  /^application\/vnd\.(oci\.image\.(index|manifest)\.v1|docker\.distribution\.manifest(\.list)?\.v2)\+json$/;
/** Layers that are not copied: they may be absent from a layout. */
const foreign = /foreign|nondistributable/;
/** The largest manifest that is read. */
const manifestBytes = 16 << 20;

/** The digests of all that descriptors lead to, and of those the ones that do not exist or have another size. */
export async function referencedContent(
  dir: string,
  descriptors: readonly LayoutEntry[],
): Promise<{ readonly digests: ReadonlySet<string>; readonly missing: readonly string[] }> {
  const digests = new Set<string>();
  const missing: string[] = [];
  const pending = [...descriptors];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { digest, size, mediaType } = next;
    if (digests.has(digest)) continue;
    digests.add(digest);
    const file = blobPath(dir, digest);
    if ((await stat(file).catch(() => undefined))?.size !== size) {
      if (!foreign.test(mediaType)) missing.push(digest);
    } else if (manifestType.test(mediaType) && size <= manifestBytes) {
      const { manifests, config, layers } = await readManifest(file);
      pending.push(...(manifests ?? []), ...(layers ?? []), ...(config ? [config] : []));
    }
  }
  return { digests, missing };
}

/**
 * Deletes the content that the index of a layout does not lead to. What came after `before` (milliseconds) stays:
 * another build may be about to name it.
 * @throws Error, with nothing deleted, when the index or something that it leads to does not exist
 */
export async function deleteUnused(dir: string, before: number): Promise<void> {
  await lockIndex(dir, async () => {
    const entries = await readIndex(dir);
    if (entries.length === 0) throw new Error('its index.json names nothing');
    if (!(await lstat(path.join(dir, 'blobs'))).isDirectory()) throw new Error('blobs is not a directory');
    const { digests, missing } = await referencedContent(dir, entries);
    if (missing.length > 0) throw new Error(`${missing[0]} is missing`);
    for (const algorithm of await namesIn(path.join(dir, 'blobs'))) {
      if (!(await lstat(path.join(dir, 'blobs', algorithm))).isDirectory()) continue; // a link may lead elsewhere
      for (const hex of await namesIn(path.join(dir, 'blobs', algorithm))) {
        if (digests.has(`${algorithm}:${hex}`) || !/^[0-9a-f]{64,128}$/.test(hex)) continue;
        const file = path.join(dir, 'blobs', algorithm, hex);
        const stats = await lstat(file);
        if (stats.isFile() && stats.mtimeMs < before) await rm(file, { force: true });
      }
    }
  });
}

interface Manifest {
  readonly manifests?: readonly LayoutEntry[] | null;
  readonly config?: LayoutEntry | null;
  readonly layers?: readonly LayoutEntry[] | null;
}

/** Bytes of an index or a manifest of a layout on this machine: an index names each image that was ever put there. */
const maxJsonBytes = 64 << 20;

const readManifest = async (file: string): Promise<Manifest> =>
  parseObject(await readNamedFile(file, maxJsonBytes), file);

/** The lock of one that was killed is taken over then. */
const staleMs = 10_000;

/**
 * Lets one build at a time change what a layout's index names. @throws Error if something else is in the lock's place
 */
export async function lockIndex<T>(dir: string, act: () => Promise<T>): Promise<T> {
  await makeDirs(dir);
  const lock = path.join(dir, '.tsfront-index-lock');
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const held = await stat(lock).catch(() => undefined);
    // A clock that was set back makes no lock last.
    if (held && Math.abs(Date.now() - held.mtimeMs) > staleMs)
      await rmdir(lock).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT')
          throw new Error(systemErrorsInWords(`${lock} is in the way, remove it: ${error.message}`), { cause: error });
      });
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  try {
    return await act();
  } finally {
    await rmdir(lock).catch(() => {}); // another process may have taken it over
  }
}

async function writeWhole(files: Readonly<Record<string, string>>): Promise<void> {
  const suffix = `.${randomBytes(4).toString('hex')}`;
  try {
    for (const [file, text] of Object.entries(files)) await writeFile(file + suffix, text);
    for (const file of Object.keys(files)) await rename(file + suffix, file);
  } catch (error) {
    for (const file of Object.keys(files)) await rm(file + suffix, { force: true });
    throw error;
  }
}
