/** Mounts of a run: filesystems, caches, memory, secrets and SSH agents. */
import * as pb from '../gen/pb/ops_fields.ts';
import type { ProtoWriter } from '../protobuf/writer.ts';
import { emptyInput, type Filesystem } from './vertex.ts';

/**
 * Whether the cache key of a run uses the content of a mount (`on`) or the op that makes it (`off`). With `default`,
 * the daemon uses the content of every mount but the root and writable parts of a source.
 */
export type ContentCache = 'default' | 'on' | 'off';

/**
 * How concurrent runs use the same cache: `shared` runs write to it concurrently, `private` runs each get a cache of
 * their own, `locked` runs wait for each other.
 */
export type CacheSharing = 'shared' | 'private' | 'locked';

/** A mount of a run: a filesystem (`bind`, the default type), a cache or a filesystem in memory. */
export type Mount =
  | ({
      readonly type?: 'bind';
      /** Path in the container. */
      readonly target: string;
      /** A mount. */
      readonly source: Filesystem;
      /** Path in the source; its root if absent. */
      readonly sourcePath?: string | undefined;
      /** Whether the cache key uses the content; `default` if absent. */
      readonly contentCache?: ContentCache | undefined;
    } & (
      | {
          /** Mounts the source read-only; false if absent. */
          readonly readonly?: boolean | undefined;
          readonly forceNoOutput?: undefined;
        }
      | {
          readonly readonly?: undefined;
          /** Discards what the run changes in the mount, so that no op can use it; false if absent. */
          readonly forceNoOutput: boolean;
        }
    ))
  | {
      /** A directory that the daemon keeps between builds. */
      readonly type: 'cache';
      /** Path in the container. */
      readonly target: string;
      /** Runs that name the same id use the same cache. */
      readonly id: string;
      /** How concurrent runs use the cache; `shared` if absent. */
      readonly sharing?: CacheSharing | undefined;
      /** Initial content of the cache; empty if absent. */
      readonly source?: Filesystem | undefined;
      /** Path in the source; its root if absent. */
      readonly sourcePath?: string | undefined;
      /** Mounts the cache read-only; false if absent. */
      readonly readonly?: boolean | undefined;
      /** Whether the cache key uses the content of the source; `default` if absent. */
      readonly contentCache?: ContentCache | undefined;
    }
  | {
      /** An empty filesystem in memory, which ends with the run. */
      readonly type: 'tmpfs';
      /** Path in the container. */
      readonly target: string;
      /** Part of the op, but without effect: the filesystem is empty. */
      readonly sourcePath?: string | undefined;
      /** Size in bytes; unlimited if 0 or absent. */
      readonly size?: bigint | undefined;
      /** Mounts the filesystem read-only; false if absent. */
      readonly readonly?: boolean | undefined;
    };

/** A secret of the session, as a file, an environment variable, or both. */
export type Secret = SecretSettings &
  (
    | {
        /** Path of the file in the container. */
        readonly target: string;
        /** Name of the environment variable; the secret is only a file if absent. */
        readonly env?: string | undefined;
      }
    | {
        /** Path of the file in the container; the secret is only a variable if absent. */
        readonly target?: string | undefined;
        /** Name of the environment variable. */
        readonly env: string;
      }
  );

/** Settings of a secret as a file and as a variable. */
export interface SecretSettings {
  /** Name of the secret in the session. */
  readonly id: string;
  /** Runs without the secret if the session does not have it; the run fails if false or absent. */
  readonly optional?: boolean | undefined;
  /** Owner of the file; 0 if absent. */
  readonly uid?: number | undefined;
  /** Group of the file; 0 if absent. */
  readonly gid?: number | undefined;
  /** Permission bits of the file; 0400 if absent. */
  readonly mode?: number | undefined;
}

/** A socket through which a run reaches an SSH agent of the session. */
export interface Ssh {
  /** Name of the agent in the session; the session's default agent if absent. */
  readonly id?: string | undefined;
  /** Path of the socket in the container; `/run/buildkit/ssh_agent.0`, `.1` and so on if absent. */
  readonly target?: string | undefined;
  /** Runs without the socket if the session does not have the agent; the run fails if false or absent. */
  readonly optional?: boolean | undefined;
  /** Owner of the socket; 0 if absent. */
  readonly uid?: number | undefined;
  /** Group of the socket; 0 if absent. */
  readonly gid?: number | undefined;
  /** Permission bits of the socket; 0600 if absent. */
  readonly mode?: number | undefined;
}

const mountTypes = {
  bind: pb.MountType.BIND,
  cache: pb.MountType.CACHE,
  tmpfs: pb.MountType.TMPFS,
} as const;

const contentCaches: Record<ContentCache, number> = {
  default: pb.MountContentCache.DEFAULT,
  on: pb.MountContentCache.ON,
  off: pb.MountContentCache.OFF,
};

/** Values of the enum `pb.CacheSharingOpt`. */
export const cacheSharings = {
  shared: pb.CacheSharingOpt.SHARED,
  private: pb.CacheSharingOpt.PRIVATE,
  locked: pb.CacheSharingOpt.LOCKED,
} as const satisfies Record<CacheSharing, number>;

/** Whether the run makes an output of what it leaves in the mount. */
export function hasOutput(mount: Mount): boolean {
  return (mount.type === undefined || mount.type === 'bind') && !mount.readonly && !mount.forceNoOutput;
}

/** Path of the socket of the agent at a position in the list of a run's agents. */
export function sshTarget({ target }: Ssh, at: number): string {
  return target || `/run/buildkit/ssh_agent.${at}`;
}

/** Writes the fields of a mount with the indexes of its input and output. */
export function writeMount(to: ProtoWriter, mount: Mount, input: number, output: number): void {
  to.int(pb.Mount.input, input);
  to.string(pb.Mount.selector, mount.sourcePath ?? '');
  to.string(pb.Mount.dest, mount.target);
  to.int(pb.Mount.output, output);
  to.bool(pb.Mount.readonly, mount.readonly);
  to.int(pb.Mount.mountType, mountTypes[mount.type ?? 'bind']);
  if (mount.type === 'tmpfs') to.message(pb.Mount.TmpfsOpt, () => to.int(pb.TmpfsOpt.size, mount.size));
  if (mount.type === 'cache')
    to.message(pb.Mount.cacheOpt, () => {
      to.string(pb.CacheOpt.ID, mount.id);
      to.int(pb.CacheOpt.sharing, cacheSharings[mount.sharing ?? 'shared']);
    });
  if (mount.type !== 'tmpfs') to.int(pb.Mount.contentCache, contentCaches[mount.contentCache ?? 'default']);
}

/** Writes the fields of the mount of a secret's file. */
export function writeSecretMount(to: ProtoWriter, target: string, secret: Secret): void {
  to.int(pb.Mount.input, emptyInput);
  to.string(pb.Mount.dest, target);
  to.int(pb.Mount.mountType, pb.MountType.SECRET);
  to.message(pb.Mount.secretOpt, () => writeSessionFile(to, pb.SecretOpt, secret, 0o400));
}

/** Writes the fields of the mount of an agent's socket. */
export function writeSshMount(to: ProtoWriter, target: string, ssh: Ssh): void {
  to.int(pb.Mount.input, emptyInput);
  to.string(pb.Mount.dest, target);
  to.int(pb.Mount.mountType, pb.MountType.SSH);
  to.message(pb.Mount.SSHOpt, () => writeSessionFile(to, pb.SSHOpt, ssh, 0o600));
}

function writeSessionFile(
  to: ProtoWriter,
  fields: typeof pb.SecretOpt | typeof pb.SSHOpt,
  { id, uid, gid, mode, optional }: SecretSettings | Ssh,
  defaultMode: number,
): void {
  to.string(fields.ID, id ?? '');
  to.int(fields.uid, (uid ?? 0) >>> 0);
  to.int(fields.gid, (gid ?? 0) >>> 0);
  to.int(fields.mode, (mode ?? defaultMode) >>> 0);
  to.bool(fields.optional, optional);
}
