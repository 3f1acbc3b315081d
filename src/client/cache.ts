/** Where a build's cache comes from and goes to. */
import path from 'node:path';
import type { Attributes } from './exporters.ts';
import { missingDirs } from './fsutil/make-dirs.ts';
import type { ContentStore } from './session/content.ts';
import { type Descriptor, findInIndex, putInIndex } from './session/oci-layout.ts';

/** A cache: `registry` (`ref`), `local` (`src`, `dest`), `inline`, `gha`, `s3`, `azblob` with their attributes. */
export interface CacheEntry {
  readonly type: string;
  readonly attrs?: Attributes | undefined;
}

export interface PreparedCaches {
  readonly exports: readonly { readonly Type: string; readonly Attrs: Record<string, string> }[];
  readonly imports: readonly { readonly Type: string; readonly Attrs: Record<string, string> }[];
  readonly stores: ReadonlyMap<string, ContentStore>;
  /** What a frontend needs to know. */
  readonly frontendAttrs: Attributes;
  /** Names what was stored in local directories, once the build has succeeded. */
  finish(response: Attributes): Promise<void>;
}

/**
 * Local caches that are not there yet are left out, as a first build has none.
 * @throws Error for entries without what they need
 */
export async function prepareCaches(
  from: readonly CacheEntry[] = [],
  to: readonly CacheEntry[] = [],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<PreparedCaches> {
  const stores = new Map<string, ContentStore>();
  const tags = new Map<string, string>();
  const exports = [];
  const imports = [];
  for (const entry of to) {
    const attrs = withEnvironment(entry, env);
    if (entry.type === 'registry' && !attrs['ref']) throw new Error('registry cache exporter requires ref');
    if (entry.type === 'local') {
      const dir = attrs['dest'];
      if (!dir) throw new Error('local cache exporter requires dest');
      await missingDirs(dir);
      stores.set(`local:${dir}`, { dir: path.resolve(dir), writable: true });
      tags.set(path.resolve(dir), attrs['tag'] || 'latest');
    }
    exports.push({ Type: entry.type, Attrs: attrs });
  }
  for (const entry of from) {
    const attrs = withEnvironment(entry, env);
    if (entry.type === 'registry' && !attrs['ref']) throw new Error('registry cache importer requires ref');
    if (entry.type === 'local') {
      const dir = attrs['src'];
      if (!dir) throw new Error('local cache importer requires src');
      const digest = attrs['digest'] || (await findInIndex(dir, attrs['tag'] || 'latest'))?.digest;
      if (!digest) continue;
      attrs['digest'] = digest;
      const store = `local:${dir}`;
      if (!stores.has(store)) stores.set(store, { dir: path.resolve(dir), writable: false });
    }
    imports.push({ Type: entry.type, Attrs: attrs });
  }
  return {
    exports,
    imports,
    stores,
    frontendAttrs: imports.length > 0 ? { 'cache-imports': JSON.stringify(imports) } : {},
    async finish(response) {
      const manifest = response['cache.manifest'];
      if (!manifest) return;
      for (const [dir, tag] of tags) await putInIndex(dir, JSON.parse(manifest) as Descriptor, [tag]);
    },
  };
}

/** The attributes with what the environment of a CI job adds to them. */
function withEnvironment(entry: CacheEntry, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const attrs: Record<string, string> = { ...entry.attrs };
  const add = (name: string, variable: string) => {
    const value = env[variable];
    if (!attrs[name] && value) attrs[name] = value;
  };
  if (entry.type === 'gha') {
    add('token', 'ACTIONS_RUNTIME_TOKEN');
    add('url', 'ACTIONS_CACHE_URL');
    add('url_v2', 'ACTIONS_RESULTS_URL');
  } else if (entry.type === 's3') {
    add('access_key_id', 'AWS_ACCESS_KEY_ID');
    add('secret_access_key', 'AWS_SECRET_ACCESS_KEY');
    add('session_token', 'AWS_SESSION_TOKEN');
  }
  return attrs;
}
