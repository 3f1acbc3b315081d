/**
 * The cache types of BuildKit 0.32 and buildx, and their attributes. The client and the command line read this table.
 */
import { type AttributeTable, compressionAttributes } from './exporter-table.ts';

const manifestAttributes = {
  ...compressionAttributes,
  'image-manifest': 'boolean',
  'oci-mediatypes': 'boolean',
} as const;
const exportAttributes = { mode: ['min', 'max'], 'ignore-error': 'boolean' } as const;
const registry = { ref: 'text', 'registry.insecure': 'boolean' } as const;
const gha = {
  scope: 'text',
  timeout: 'duration',
  token: 'text',
  url: 'text',
  url_v2: 'text',
  version: ['1', '2'],
  repository: 'text',
  ghtoken: 'text',
} as const;
const bucketAttributes = { prefix: 'text', manifests_prefix: 'text', blobs_prefix: 'text', name: 'text' } as const;
const s3 = {
  ...bucketAttributes,
  bucket: 'text',
  region: 'text',
  endpoint_url: 'text',
  access_key_id: 'text',
  secret_access_key: 'text',
  session_token: 'text',
  use_path_style: 'boolean',
  touch_refresh: 'duration',
  upload_parallelism: 'integer',
  disable_accept_encoding: 'boolean',
  retry_mode: ['standard', 'adaptive'],
  retry_max_attempts: 'integer',
} as const;
const azblob = {
  ...bucketAttributes,
  account_url: 'text',
  account_name: 'text',
  container: 'text',
  secret_access_key: 'text',
} as const;

const inlineModeHint =
  'an inline cache has the layers of the result and no others (mode=min): type=registry has mode=max';

/** Types of `--cache-to`. */
export const cacheExportTable: Readonly<Record<string, AttributeTable>> = {
  registry: { attributes: { ...exportAttributes, ...registry, ...manifestAttributes }, needs: ['ref', 'IMAGE'] },
  local: {
    attributes: { ...exportAttributes, ...manifestAttributes, dest: 'text', tag: 'text', reset: 'boolean' },
    needs: ['dest', 'DIRECTORY'],
    instead: { src: 'a cache is written to dest=DIRECTORY' },
  },
  inline: {
    attributes: { mode: ['min'], 'ignore-error': 'boolean' },
    instead: { 'mode=max': inlineModeHint, ref: 'an inline cache goes with the image that is pushed' },
  },
  gha: { attributes: { ...exportAttributes, ...gha } },
  s3: { attributes: { ...exportAttributes, ...s3 } },
  azblob: { attributes: { ...exportAttributes, ...azblob } },
};

/** Types of `--cache-from`. */
export const cacheImportTable: Readonly<Record<string, AttributeTable>> = {
  registry: { attributes: registry, needs: ['ref', 'IMAGE'] },
  local: {
    attributes: { src: 'text', digest: 'text', tag: 'text' },
    needs: ['src', 'DIRECTORY'],
    instead: { dest: 'a cache is read from src=DIRECTORY' },
  },
  gha: { attributes: gha },
  s3: { attributes: s3 },
  azblob: { attributes: azblob },
};
