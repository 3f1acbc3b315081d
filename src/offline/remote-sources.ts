/** Git and http sources read without a daemon: with the `git` command and with fetch. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SourceMetadata, SourceOp } from '../gateway/bridge.ts';
import { defaultLimits, request } from '../image/http-request.ts';
import { sha256 } from '../image/manifest.ts';
import { redactCredentials } from '../text/redact.ts';
import { type FileTree, folderTree, memoryTree } from './file-tree.ts';
import type { RemoteSources } from './offline-bridge.ts';

/** Downloads beyond this size are refused. */
const maxDownload = 64 << 20;
const gitTimeoutMs = 120_000;

const run = promisify(execFile);

interface Checkout {
  readonly folder: string;
  /** Full commit hash. */
  readonly commit: string;
  readonly object: Uint8Array;
}

/** Opens remote sources; `close` removes what was checked out. */
export function openRemoteSources(): RemoteSources & { close(): Promise<void> } {
  const checkouts = new Map<string, Promise<Checkout>>();
  const downloads = new Map<string, ReturnType<typeof download>>();

  function checkout({ identifier, attrs }: SourceOp): Promise<Checkout> {
    const { ref } = splitIdentifier(identifier);
    const url = attrs['git.fullurl'] || identifier.replace(/#.*$/, '');
    const key = `${url}#${ref}`;
    let known = checkouts.get(key);
    if (!known) checkouts.set(key, (known = fetchCommit(url, ref)));
    return known;
  }

  function fetchOnce(url: string): ReturnType<typeof download> {
    let known = downloads.get(url);
    if (!known) downloads.set(url, (known = download(url)));
    return known;
  }

  return {
    async files(source): Promise<FileTree> {
      if (source.identifier.startsWith('git://')) {
        const { folder } = await checkout(source);
        return folderTree(path.join(folder, splitIdentifier(source.identifier).subDir));
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
      return { source, http: { checksum: sha256(body), filename: '', lastModified } };
    },

    async close() {
      for (const pending of checkouts.values()) {
        const checkout = await pending.catch(() => undefined);
        if (checkout) await rm(checkout.folder, { recursive: true, force: true });
      }
    },
  };
}

/** `git://host/path#ref:folder`. */
function splitIdentifier(identifier: string): { ref: string; subDir: string } {
  const hash = identifier.indexOf('#');
  const fragment = hash < 0 ? '' : identifier.slice(hash + 1);
  const colon = fragment.indexOf(':');
  return colon < 0
    ? { ref: fragment, subDir: '' }
    : { ref: fragment.slice(0, colon), subDir: fragment.slice(colon + 1) };
}

async function fetchCommit(url: string, ref: string): Promise<Checkout> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tsfront-git-'));
  const git = (...args: string[]) =>
    run('git', ['-c', 'core.hooksPath=/dev/null', ...args], {
      cwd: folder,
      timeout: gitTimeoutMs,
      maxBuffer: maxDownload,
      // less than a byte a second, for that many seconds, is a server that stalls
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_HTTP_LOW_SPEED_LIMIT: '1', GIT_HTTP_LOW_SPEED_TIME: '8' },
    });
  try {
    await git('init', '--quiet');
    await git('fetch', '--quiet', '--depth=1', '--', url, ref || 'HEAD');
    await git('checkout', '--quiet', '--force', 'FETCH_HEAD');
    const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
    const object = Buffer.from((await git('cat-file', 'commit', 'HEAD')).stdout);
    return { folder, commit, object };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    const reason = code === 'ENOENT' ? 'the command git is not installed' : stderr?.trim() || message;
    throw new Error(`failed to fetch ${url}${ref && `#${ref}`}: ${reason}`, { cause: error });
  }
}

async function download(url: string) {
  const address = URL.parse(url);
  if (!address) throw new Error(`${redactCredentials(url)} is no http address`);
  const answer = await request(address, {}, maxDownload, defaultLimits);
  if (answer.status !== 200) throw new Error(`${redactCredentials(url)}: HTTP status ${answer.status}`);
  return answer;
}
