/**
 * Finds what a source is at this moment: the digest of an image, the checksum of a file, the commit of a branch or tag.
 */
import { createHash } from 'node:crypto';
import { parseImageConfig } from '../../image/config.ts';
import { formatReference } from '../../image/reference.ts';
import type { DaemonlessOptions } from '../daemonless-bridge.ts';
import { download } from '../download.ts';
import { findCommit } from '../git-commit.ts';
import type { WantedSource } from './collect-sources.ts';

/** What a source is pinned to, and when that was made. */
export interface Pin {
  /** A digest, or the hash of a commit. */
  readonly pin: string;
  /** RFC 3339 in UTC, to the second; undefined if nobody says it. */
  readonly date: string | undefined;
}

/** Where sources are asked for. */
export interface SourceResolvers {
  /** Resolves images. */
  readonly images: DaemonlessOptions['images'];
  /** Whether files and repositories must not be asked for. */
  readonly offline?: boolean | undefined;
  /** The environment of the `git` command, by default that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Ends the requests. */
  readonly signal?: AbortSignal | undefined;
}

/** Maximum size of a file, in bytes. */
const maxFileBytes = 8 * 1024 ** 3;

/** @throws Error that names the source and says why */
export async function resolveSource(source: WantedSource, resolvers: SourceResolvers): Promise<Pin> {
  const { signal, env } = resolvers;
  if (source.kind !== 'image' && resolvers.offline)
    throw new Error(`${source.name}: it can only be pinned with the network, and this is offline`);
  switch (source.kind) {
    case 'image':
      for (const resolver of resolvers.images) {
        const found = await resolver.resolve(source.reference, source.platform);
        if (found && !found.unknown) return { pin: found.digest, date: createdDate(found.config) };
      }
      throw new Error(`${formatReference(source.reference)}: not found`);
    case 'http': {
      let hash = createHash('sha256');
      const { headers } = await download(source.url, maxFileBytes, signal, () => {
        const begun = createHash('sha256');
        hash = begun;
        return (piece) => void begun.update(piece);
      });
      return { pin: `sha256:${hash.digest('hex')}`, date: toDate(Date.parse(headers.get('last-modified') ?? '')) };
    }
    case 'git': {
      const { hash, time } = await findCommit(source.remote, source.ref, { signal, env });
      return { pin: hash, date: time === undefined ? undefined : toDate(time * 1000) };
    }
  }
}

function createdDate(config: Uint8Array): string | undefined {
  try {
    const { created } = parseImageConfig(config);
    return created && toDate(Number(created.seconds) * 1000);
  } catch {
    return undefined;
  }
}

/** undefined for no time, and for the zero times that stand for none. */
function toDate(ms: number): string | undefined {
  if (Number.isNaN(ms) || ms <= 0 || ms > maxDate) return undefined;
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

const maxDate = Date.UTC(9999, 11, 31);
