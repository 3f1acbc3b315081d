/** Git and http sources read without a daemon: with the `git` command and with fetch. */
import type { SourceMetadata, SourceOp } from '../gateway/bridge.ts';
import { digestOf } from '../image/digest.ts';
import { download } from './download.ts';
import { dirTree, type FileTree, memoryTree } from './file-tree.ts';
import { type Checkout, checkOut, dirInCheckout } from './git-checkout.ts';
import type { RemoteSources } from './source-files.ts';

/** Downloads beyond this size are refused. */
const maxDownload = 64 << 20;

/** Options of {@link openRemoteSources}. */
export interface RemoteSourcesOptions {
  /** Aborts the fetches. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The environment of the `git` command, by default that of this process. Variables about a repository are removed.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Opens remote sources; `close` removes what was checked out. A git source fails after two minutes, a download
 * beyond 64 MiB is refused.
 */
export function openRemoteSources(options: RemoteSourcesOptions = {}): RemoteSources & { close(): Promise<void> } {
  const checkouts = new Map<string, Promise<Checkout>>();
  const downloads = new Map<string, ReturnType<typeof download>>();

  function checkout({ identifier, attrs }: SourceOp): Promise<Checkout> {
    const source = {
      url: attrs['git.fullurl'] || identifier.replace(/#.*$/s, ''),
      ref: splitIdentifier(identifier).ref,
      checksum: attrs['git.checksum'] ?? '',
      fetchByCommit: attrs['git.fetchbycommit'] === 'true',
      keepGitDir: attrs['git.keepgitdir'] === 'true',
    };
    const key = JSON.stringify(source);
    let known = checkouts.get(key);
    if (!known) checkouts.set(key, (known = checkOut(source, options)));
    return known;
  }

  function fetchOnce(url: string): ReturnType<typeof download> {
    let known = downloads.get(url);
    if (!known) downloads.set(url, (known = download(url, maxDownload, options.signal)));
    return known;
  }

  return {
    async files(source): Promise<FileTree> {
      if (source.identifier.startsWith('git://')) {
        return dirTree(await dirInCheckout(await checkout(source), splitIdentifier(source.identifier).subDir));
      }
      const { body } = await fetchOnce(source.identifier);
      return memoryTree(new Map([[source.attrs['http.filename'] || 'index', body]]));
    },

    async metadata(source): Promise<SourceMetadata> {
      if (source.identifier.startsWith('git://')) {
        const { commit, object } = await checkout(source);
        const ref = splitIdentifier(source.identifier).ref;
        const git = { checksum: commit, ref, commitChecksum: '', commitObject: object, tagObject: new Uint8Array() };
        return { source, git };
      }
      const { body, headers } = await fetchOnce(source.identifier);
      const modified = Date.parse(headers.get('last-modified') ?? '');
      const lastModified = Number.isNaN(modified)
        ? undefined
        : { seconds: BigInt(Math.floor(modified / 1000)), nanos: 0 };
      return { source, http: { checksum: digestOf(body), filename: '', lastModified } };
    },

    async close() {
      for (const pending of checkouts.values()) {
        const checkout = await pending.catch(() => undefined);
        await checkout?.remove();
      }
    },
  };
}

/** `git://host/path#ref:directory`. */
function splitIdentifier(identifier: string): { ref: string; subDir: string } {
  const hash = identifier.indexOf('#');
  const fragment = hash < 0 ? '' : identifier.slice(hash + 1);
  const colon = fragment.indexOf(':');
  return colon < 0
    ? { ref: fragment, subDir: '' }
    : { ref: fragment.slice(0, colon), subDir: fragment.slice(colon + 1) };
}
