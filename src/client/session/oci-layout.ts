/** OCI image layouts on disk: blobs by digest, and the index that names them. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirs } from '../fsutil/make-dirs.ts';

/** An OCI descriptor. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Index {
  schemaVersion: number;
  mediaType?: string;
  manifests?: Descriptor[];
}

const REF_NAME = 'org.opencontainers.image.ref.name';
const IMAGE_NAME = 'io.containerd.image.name';

/**
 * The file of a blob.
 * @throws Error for what is no digest: it comes from the daemon and must not lead out of the layout
 */
export function blobPath(dir: string, digest: string): string {
  const [, algorithm, hex] = /^(sha256|sha384|sha512):([0-9a-f]{64,128})$/.exec(digest) ?? [];
  if (!algorithm || !hex) throw new Error(`invalid digest ${JSON.stringify(digest)}`);
  return path.join(dir, 'blobs', algorithm, hex);
}

/** The descriptors of a layout's index; [] when there is none. */
export async function readIndex(dir: string): Promise<readonly Descriptor[]> {
  try {
    return (JSON.parse(await readFile(path.join(dir, 'index.json'), 'utf8')) as Index).manifests ?? [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`${path.join(dir, 'index.json')}: ${(error as Error).message}`);
  }
}

/** The entry with a tag, or the only entry of an index that has one. */
export async function findInIndex(dir: string, tag: string): Promise<Descriptor | undefined> {
  const entries = await readIndex(dir);
  const tagged = entries.find(({ annotations }) => annotations?.[REF_NAME] === tag);
  return tagged ?? (entries.length === 1 && !entries[0]!.annotations?.[REF_NAME] ? entries[0] : undefined);
}

/** Names a stored manifest. An image name brings its tag. What had the tag before loses it. */
export async function putInIndex(dir: string, descriptor: Descriptor, names: readonly string[]): Promise<void> {
  const entries = [...(await readIndex(dir))];
  for (const name of names) {
    const colon = name.lastIndexOf(':');
    const tag = colon > name.lastIndexOf('/') ? name.slice(colon + 1) : name.includes('/') ? 'latest' : name;
    const annotations = { ...descriptor.annotations, [REF_NAME]: tag, ...(name !== tag ? { [IMAGE_NAME]: name } : {}) };
    const same = entries.findIndex(
      ({ annotations: old }) => old?.[REF_NAME] === tag && (name === tag || (old[IMAGE_NAME] ?? name) === name),
    );
    if (same >= 0) entries.splice(same, 1);
    entries.push({ ...descriptor, annotations });
  }
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: entries };
  await makeDirs(dir);
  await writeWhole({
    [path.join(dir, 'oci-layout')]: JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    [path.join(dir, 'index.json')]: JSON.stringify(index),
  });
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
