/** Reads an exported image: its config and the files its layers leave, from an OCI or `docker save` archive. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** One file of an image, printed as a line so that a difference reads well. */
export type Listing = readonly string[];

export interface ExportedImage {
  readonly platform: string;
  /** The image config without the times of its making. */
  // biome-ignore lint/suspicious/noExplicitAny: compared as a whole, read here and there
  readonly config: any;
  readonly files: Listing;
}

interface TarEntry {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly link: string;
  readonly mtime: number;
  readonly data: Buffer;
}

function readTar(tar: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  const text = (at: number, length: number) => {
    const field = tar.subarray(at, at + length);
    const end = field.indexOf(0);
    return field.toString('utf8', 0, end < 0 ? length : end);
  };
  const octal = (at: number, length: number) => Number.parseInt(text(at, length).trim() || '0', 8);
  let pax = new Map<string, string>();
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number(pax.get('size') ?? octal(at + 124, 12));
    const type = text(at + 156, 1) || '0';
    const data = tar.subarray(at + 512, at + 512 + size);
    if (type === 'x') {
      pax = readPax(data);
    } else if (type !== 'g') {
      const prefix = text(at + 345, 155);
      entries.push({
        path: pax.get('path') ?? (prefix ? `${prefix}/` : '') + text(at, 100),
        link: pax.get('linkpath') ?? text(at + 157, 100),
        type,
        mode: octal(at + 100, 8) & 0o7777, // Docker 20.10 writes the type into it as well
        uid: Number(pax.get('uid') ?? octal(at + 108, 8)),
        gid: Number(pax.get('gid') ?? octal(at + 116, 8)),
        mtime: Math.floor(Number(pax.get('mtime') ?? octal(at + 136, 12))),
        data,
      });
      pax = new Map();
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

function readPax(data: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const length = Number.parseInt(data.toString('latin1', at, data.indexOf(' ', at)), 10);
    const record = data.toString('utf8', at, at + length - 1);
    const [key, value] = [
      record.slice(record.indexOf(' ') + 1, record.indexOf('=')),
      record.slice(record.indexOf('=') + 1),
    ];
    records.set(key, value);
    at += length;
  }
  return records;
}

function decompress(blob: Buffer): Buffer {
  if (blob[0] === 0x1f && blob[1] === 0x8b) return gunzipSync(blob);
  if (blob.readUInt32LE(0) === 0xfd2fb528) return zstdDecompressSync(blob);
  return blob;
}

/** Applies layers one upon the other. `times` keeps modification times, which differ from build to build. */
function flatten(layers: readonly Buffer[], times: boolean): Listing {
  const files = new Map<string, string>();
  const remove = (path: string) => {
    for (const name of files.keys()) if (name === path || name.startsWith(`${path}/`)) files.delete(name);
  };
  for (const layer of layers) {
    for (const entry of readTar(decompress(layer))) {
      const name = `/${entry.path.replace(/^\.?\/+/, '').replace(/\/$/, '')}`;
      const whiteout = /^(.*\/)\.wh\.([^/]+)$/.exec(name);
      if (whiteout) {
        const [, dir = '', file = ''] = whiteout;
        if (file === '.wh..opq') {
          for (const other of files.keys()) if (other.startsWith(dir)) files.delete(other);
        } else remove(dir + file);
        continue;
      }
      if (entry.type !== '5') remove(name);
      const content =
        entry.type === '0'
          ? `${entry.data.length} ${createHash('sha256').update(entry.data).digest('hex').slice(0, 12)}`
          : entry.link && `-> ${entry.link}`;
      const time = times ? ` @${entry.mtime}` : '';
      files.set(
        name,
        `${name} type ${entry.type} mode ${entry.mode.toString(8)} owner ${entry.uid}:${entry.gid} ${content}${time}`,
      );
    }
  }
  files.delete('/');
  return [...files.values()].sort();
}

/**
 * The images of an archive, by platform. The statements of an attestation manifest are the config of `attestations`.
 */
export function readImages(archive: Buffer, options: ReadOptions = {}): ExportedImage[] {
  return imagesOf(new Map(readTar(archive).map((entry) => [entry.path, entry.data])), options);
}

/** The images of an OCI layout in a directory. */
export function readLayout(dir: string, options: ReadOptions = {}): ExportedImage[] {
  const blobs = readdirSync(path.join(dir, 'blobs/sha256')).map((name) => `blobs/sha256/${name}`);
  return imagesOf(new Map(['index.json', ...blobs].map((name) => [name, readFileSync(path.join(dir, name))])), options);
}

interface ReadOptions {
  /** Keeps the times of the images and of their files. */
  readonly times?: boolean;
  /** Brings the texts of the history that have changed since older frontends to one form. */
  readonly oldHistory?: boolean;
}

function imagesOf(members: ReadonlyMap<string, Buffer>, options: ReadOptions): ExportedImage[] {
  const json = (path: string) => JSON.parse(members.get(path)!.toString());
  const blob = (digest: string) => members.get(`blobs/${digest.replace(':', '/')}`)!;
  const images: ExportedImage[] = [];
  const add = (config: Buffer, layers: Buffer[]) => {
    const parsed = JSON.parse(config.toString());
    const platform = [parsed.os, parsed.architecture, parsed.variant].filter(Boolean).join('/');
    const isAttestation = platform === 'unknown/unknown';
    images.push({
      platform,
      config: comparable(parsed, options),
      files: isAttestation ? [] : flatten(layers, options.times === true),
    });
  };
  const visit = (descriptor: { digest: string }) => {
    const content = JSON.parse(blob(descriptor.digest).toString());
    if (content.manifests) content.manifests.forEach(visit);
    else if (content.layers?.[0]?.mediaType === 'application/vnd.in-toto+json')
      images.push({
        platform: 'attestations',
        config: content.layers.map((layer: { digest: string }) => JSON.parse(blob(layer.digest).toString())),
        files: [],
      });
    else
      add(
        blob(content.config.digest),
        content.layers.map((layer: { digest: string }) => blob(layer.digest)),
      );
  };
  if (members.has('index.json')) json('index.json').manifests.forEach(visit);
  else
    for (const { Config, Layers } of json('manifest.json'))
      add(
        members.get(Config)!,
        Layers.map((layer: string) => members.get(layer)!),
      );
  return images;
}

interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
}

/** Leaves out what differs from build to build, and by version of the frontend. */
function comparable(image: Record<string, unknown>, { times = false, oldHistory = false }: ReadOptions): object {
  const { created, rootfs, history = [], ...rest } = image;
  const entries = (history as HistoryEntry[]).map(({ created: made, created_by = '', ...entry }) => ({
    ...entry,
    created_by: (oldHistory ? withoutNews(created_by) : created_by)
      // Go's print of a struct, which has got names since BuildKit 0.25.
      .replace(/^HEALTHCHECK .*/, 'HEALTHCHECK'),
    ...(times && { created: made }),
  }));
  // Docker 20.10 writes an absent OnBuild as null.
  const config = Object.fromEntries(
    Object.entries(rest['config'] ?? {}).filter(([, value]) => !oldHistory || value !== null),
  );
  return { ...rest, config, history: entries, ...(times && { created, rootfs }) };
}

/** The text of a history entry without what older frontends have not told, or have told in other words. */
function withoutNews(text: string): string {
  // Docker 20.10 leaves out the modes and owners of COPY and ADD.
  const withoutOwners = text.replace(/^((?:COPY|ADD)(?: --\S+)*) .*(?=# buildkit)/, (all) =>
    all.replace(/ --(chown|chmod)=\S+/g, ''),
  );
  return withoutOwners.replace(/^EXPOSE map\[(.*)\]$/, (_, ports: string) => `EXPOSE [${ports.replaceAll(':{}', '')}]`);
}
