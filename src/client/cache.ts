/** The caches that a build imports and exports. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isTrue, parseBool } from '../go/strconv.ts';
import { blobPath } from '../oci/layout.ts';
import { outputPath } from '../system/file-name.ts';
import { leadsTo } from '../system/output-clashes.ts';
import type { Attributes } from './exporter-table.ts';
import { missingDirs } from './fsutil/make-dirs.ts';
import type { ContentStore } from './session/content.ts';
import { deleteUnused, findInIndex, type LayoutEntry, type NameContent } from './session/layout-index.ts';

/**
 * A cache: `registry` (`ref`), `local` (`src`, `dest`), `inline`, `gha`, `s3`, `azblob` with their attributes. With
 * `reset: 'true'` a local one loses, once the build has succeeded, all content that its index does not lead to.
 */
export interface CacheEntry {
  /** `registry`, `local`, `inline`, `gha`, `s3` or `azblob`. */
  readonly type: string;
  /** Attributes of that type. */
  readonly attrs?: Attributes | undefined;
}

/** The caches of a build as the daemon gets them, and the stores that serve local ones. */
export interface PreparedCaches {
  readonly exports: readonly WireCache[];
  readonly imports: readonly WireCache[];
  readonly stores: ReadonlyMap<string, ContentStore>;
  /** The information that frontends need. */
  readonly frontendAttrs: Attributes;
  /** Why an entry was left out. */
  readonly warnings: readonly string[];
  /**
   * Names what was stored in local directories, once the build has succeeded.
   * @throws Error if it does not exist
   */
  finish(response: Attributes, name: NameContent): Promise<void>;
  /** Deletes what a cache to be reset has no use for: the last step of a build. Where that fails it warns. */
  reset(warn?: (message: string) => void): Promise<void>;
}

/** A cache as the daemon gets it. */
interface WireCache {
  readonly Type: string;
  readonly Attrs: Record<string, string>;
}

/** A directory that a cache is written to; the path is absolute. */
interface LocalExport {
  readonly dir: string;
  readonly tag: string;
  /** Whether blobs that the cache no longer uses are deleted. */
  readonly isReset: boolean;
}

/**
 * Leaves out, with a warning, local caches that cannot be read, as a first build has none, and `gha` outside of GitHub
 * Actions.
 * @throws Error for entries without what they need
 */
export async function prepareCaches(
  from: readonly CacheEntry[] = [],
  to: readonly CacheEntry[] = [],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<PreparedCaches> {
  const stores = new Map<string, ContentStore>();
  const warnings: string[] = [];
  const startedAt = Date.now();
  const exported = withEnvironment(to, 'export', env, warnings);
  const locals = await openExports(exported, stores);
  const imports = await openImports(withEnvironment(from, 'import', env, warnings), stores, warnings);
  return {
    exports: exported.map(onWire),
    imports: imports.map(onWire),
    stores,
    warnings,
    frontendAttrs: imports.length > 0 ? { 'cache-imports': JSON.stringify(imports.map(onWire)) } : {},
    finish: (response, name) => nameExports(locals, response, name),
    async reset(warn) {
      for (const { dir, isReset } of locals)
        if (isReset)
          await deleteUnused(dir, startedAt).catch((error: Error) =>
            warn?.(`the local cache in ${dir} keeps what it no longer needs: ${error.message}`),
          );
    },
  };
}

const onWire = ({ type, attrs }: OpenedEntry): WireCache => ({ Type: type, Attrs: attrs });

/** Checks the caches that are written, and adds the stores of local ones. @returns the local ones */
async function openExports(
  entries: readonly OpenedEntry[],
  stores: Map<string, ContentStore>,
): Promise<readonly LocalExport[]> {
  const locals: LocalExport[] = [];
  for (const { type, attrs } of entries) {
    if (type === 'registry' && !attrs['ref']) throw new Error('registry cache exporter requires ref');
    if (type !== 'local') continue;
    const dest = attrs['dest'];
    if (!dest) throw new Error('local cache exporter requires dest');
    outputPath(dest);
    // Each would take the other's name in its index.
    if (locals.some((other) => leadsTo(other.dir) === leadsTo(dest)))
      throw new Error(`two local caches would be written to ${dest}: give each a directory of its own`);
    await missingDirs(dest);
    const dir = path.resolve(dest);
    stores.set(`local:${dest}`, { dir, writable: true });
    locals.push({ dir, tag: attrs['tag'] || 'latest', isReset: booleanAttribute('reset', attrs['reset']) });
  }
  return locals;
}

/** Finds the caches that are read, and adds the stores of local ones. @returns those that are there */
async function openImports(
  entries: readonly OpenedEntry[],
  stores: Map<string, ContentStore>,
  warnings: string[],
): Promise<readonly OpenedEntry[]> {
  const imports: OpenedEntry[] = [];
  for (const entry of entries) {
    const { type, attrs } = entry;
    if (type === 'registry' && !attrs['ref']) throw new Error('registry cache importer requires ref');
    if (type === 'local') {
      const dir = attrs['src'];
      if (!dir) throw new Error('local cache importer requires src');
      try {
        attrs['digest'] = await findCache(dir, attrs);
      } catch (error) {
        warnings.push(`local cache import at ${dir} skipped: ${(error as Error).message}`);
        continue;
      }
      const store = `local:${dir}`;
      if (!stores.has(store)) stores.set(store, { dir: path.resolve(dir), writable: false });
    }
    imports.push(entry);
  }
  return imports;
}

/** Names the cache that the daemon has written, in each directory. @throws Error if it does not exist there */
async function nameExports(locals: readonly LocalExport[], response: Attributes, name: NameContent): Promise<void> {
  const manifest = response['cache.manifest'];
  if (!manifest) return;
  const descriptor = JSON.parse(manifest) as LayoutEntry;
  for (const { dir, tag } of locals) {
    const other = locals.length > 1 && !(await stat(blobPath(dir, descriptor.digest)).catch(() => undefined));
    if (other) throw new Error(`the daemon has not named the cache in ${dir}: ${ambiguousCacheHint}`);
    await name(dir, descriptor, [tag]);
  }
}

/** A boolean as Go reads it. @throws Error that names the attribute */
function booleanAttribute(name: string, value = 'false'): boolean {
  try {
    return parseBool(value);
  } catch (cause) {
    const problem = `${JSON.stringify(value)} is neither true nor false`;
    throw new Error(`failed to parse ${name} attribute of the local cache: ${problem}`, { cause });
  }
}

/** The digest of a cache in a layout. @throws Error if it does not exist */
async function findCache(dir: string, { digest, tag: given }: Attributes): Promise<string> {
  const tag = given || 'latest';
  if (!(await stat(dir).catch(() => undefined))?.isDirectory()) throw new Error('there is no such directory');
  const cacheDigest = digest || (await findInIndex(dir, tag))?.digest;
  if (!cacheDigest) throw new Error(`nothing in its index.json has the tag ${tag}`);
  if (!(await stat(blobPath(dir, cacheDigest)).catch(() => undefined)))
    throw new Error(`it has no content ${cacheDigest}`);
  return cacheDigest;
}

const ambiguousCacheHint = 'of several local caches that differ it names one, so export them one at a time';

const inactiveHint = 'outside of a GitHub Actions job it needs the attributes token and url';

/** An entry with what the environment of a CI job adds to its attributes. */
interface OpenedEntry {
  readonly type: string;
  readonly attrs: Record<string, string>;
}

/** The entries with what the environment adds to them, without `gha` outside of a job. */
function withEnvironment(
  entries: readonly CacheEntry[],
  what: 'export' | 'import',
  env: Readonly<Record<string, string | undefined>>,
  warnings: string[],
): readonly OpenedEntry[] {
  return entries.flatMap((entry) => {
    const attrs = attributesInJob(entry, env);
    if (entry.type !== 'gha' || (attrs['token'] && (attrs['url'] || attrs['url_v2'])))
      return { type: entry.type, attrs };
    warnings.push(`gha cache ${what} skipped: ${inactiveHint}`);
    return [];
  });
}

/** The attributes with what the environment of a CI job adds to them. */
function attributesInJob(entry: CacheEntry, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const attrs: Record<string, string> = { ...entry.attrs };
  const add = (name: string, variable: string) => {
    const value = env[variable];
    if (!attrs[name] && value) attrs[name] = value;
  };
  if (entry.type === 'gha') {
    const version = attrs['version'] ?? (isTrue(env['ACTIONS_CACHE_SERVICE_V2']) ? '2' : '1');
    add('token', 'ACTIONS_RUNTIME_TOKEN');
    if (version === '2') add('url_v2', 'ACTIONS_RESULTS_URL');
    add('url', 'ACTIONS_CACHE_URL');
    add('url', 'ACTIONS_RESULTS_URL');
  } else if (entry.type === 's3' && !(attrs['access_key_id'] && attrs['secret_access_key'])) {
    add('access_key_id', 'AWS_ACCESS_KEY_ID');
    add('secret_access_key', 'AWS_SECRET_ACCESS_KEY');
    add('session_token', 'AWS_SESSION_TOKEN');
  }
  return attrs;
}
