/** OCI image layouts, written blob by blob. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const compressors = {
  gzip: {
    suffix: 'gzip',
    compress: (/** @type {Buffer} */ data) => promisify(zlib.gzip)(data, { level: 9 }),
  },
  zstd: {
    suffix: 'zstd',
    compress: (/** @type {Buffer} */ data) =>
      promisify(zlib.zstdCompress)(data, {
        pledgedSrcSize: data.length,
        params: {
          [zlib.constants.ZSTD_c_compressionLevel]: 19,
          [zlib.constants.ZSTD_c_checksumFlag]: 1,
        },
      }),
  },
};

/** @typedef {keyof typeof compressors} Compression */

export const compressions = Object.keys(compressors);

/** @param {Buffer} data */
export function sha256(data) {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/**
 * Creates an empty layout in `directory`; one that is there is replaced, other files are refused.
 *
 * @param {string} directory
 */
export function createLayout(directory) {
  const blobs = openDirectory(directory);
  /**
   * @param {string} mediaType
   * @param {Buffer} data
   */
  const add = (mediaType, data) => addBlob(blobs, mediaType, data);
  /**
   * @param {string} mediaType
   * @param {unknown} value
   */
  const addJson = (mediaType, value) => add(mediaType, Buffer.from(JSON.stringify(value)));

  return {
    /**
     * Adds an uncompressed tar archive as a layer.
     *
     * @param {Buffer} tar
     * @param {Compression} compression
     */
    async addLayer(tar, compression) {
      const { suffix, compress } = compressors[compression];
      const descriptor = add(`application/vnd.oci.image.layer.v1.tar+${suffix}`, await compress(tar));
      return { descriptor, diffId: sha256(tar) };
    },
    /**
     * Adds the image of one platform.
     *
     * @param {{ os: string, architecture: string }} platform
     * @param {object} config
     * @param {readonly { descriptor: object, diffId: string, comment: string }[]} layers
     * @param {string} created
     */
    addImage(platform, config, layers, created) {
      const image = {
        created,
        ...platform,
        config,
        rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
        history: layers.map(({ comment }) => ({ created, created_by: comment })),
      };
      const manifest = {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: addJson('application/vnd.oci.image.config.v1+json', image),
        layers: layers.map(({ descriptor }) => descriptor),
      };
      return { ...addJson(manifest.mediaType, manifest), platform };
    },
    /**
     * Joins the images of several platforms under a name, and ends the layout.
     *
     * @param {readonly object[]} manifests
     * @param {string} name
     */
    finish(manifests, name) {
      const mediaType = 'application/vnd.oci.image.index.v1+json';
      const index = addJson(mediaType, { schemaVersion: 2, mediaType, manifests });
      const annotations = { 'org.opencontainers.image.ref.name': name };
      writeFileSync(
        path.join(directory, 'index.json'),
        JSON.stringify({ schemaVersion: 2, mediaType, manifests: [{ ...index, annotations }] }),
      );
      return index;
    },
  };
}

/**
 * Empties the directory of a layout and begins it anew.
 *
 * @param {string} directory
 * @returns {string} the directory of its blobs
 */
function openDirectory(directory) {
  const blobs = path.join(directory, 'blobs/sha256');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  if (names.length > 0 && !names.includes('oci-layout'))
    throw new Error(`${directory} holds something else than an image layout: empty it, or name another directory`);
  for (const name of ['blobs', 'index.json', 'oci-layout'])
    rmSync(path.join(directory, name), { recursive: true, force: true });
  mkdirSync(blobs, { recursive: true });
  writeFileSync(path.join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return blobs;
}

/**
 * Writes a blob.
 *
 * @param {string} blobs the directory of the blobs
 * @param {string} mediaType
 * @param {Buffer} data
 */
function addBlob(blobs, mediaType, data) {
  const digest = sha256(data);
  writeFileSync(path.join(blobs, digest.slice('sha256:'.length)), data);
  return { mediaType, digest, size: data.length };
}
