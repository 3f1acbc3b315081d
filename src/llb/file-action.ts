/** Chains of file actions, which become one file op, and their options. */
import { encodeText } from '../go/text.ts';
import { checkArgument } from '../text/arguments.ts';
import { aState, fileSteps } from './llb-arguments.ts';
import type { Filesystem } from './vertex.ts';

/** Owner of a file: `user[:group]` by name or number, or both as numbers. */
export type Owner = string | { readonly uid: number; readonly gid: number };

/** Modification time of a file: a Date, or nanoseconds since 1970-01-01 UTC. */
export type CreatedTime = Date | bigint;

/** Options of `copy`. */
export interface CopyOptions {
  /** Permission bits, or a symbolic mode such as `u=rwX,go=rX`; those of the source if absent. */
  readonly mode?: number | string | undefined;
  /** Owner of the copies; that of the source if absent. */
  readonly owner?: Owner | undefined;
  /** Copies what a symbolic link at the source points to; copies the link if false or absent. */
  readonly followSymlinks?: boolean | undefined;
  /** Copies the content of a directory instead of the directory; false if absent. */
  readonly copyDirContentsOnly?: boolean | undefined;
  /** Patterns of paths to copy, relative to the source; all paths if absent. */
  readonly includePatterns?: readonly string[] | undefined;
  /** Patterns of paths not to copy, even if an include pattern matches; no paths if absent. */
  readonly excludePatterns?: readonly string[] | undefined;
  /**
   * Paths that must be among the copied ones, else the op fails. Checked if there are include patterns; none if absent.
   */
  readonly requiredPaths?: readonly string[] | undefined;
  /** Unpacks a source that is an archive; false if absent. */
  readonly attemptUnpack?: boolean | undefined;
  /** Makes the missing parents of the destination; the op fails without them if false or absent. */
  readonly createDestPath?: boolean | undefined;
  /** Takes the source as a pattern of Go's filepath.Match; as a path if false or absent. */
  readonly allowWildcard?: boolean | undefined;
  /** Copies nothing if the pattern does not match; the op fails if false or absent. */
  readonly allowEmptyWildcard?: boolean | undefined;
  /** Replaces a destination of another file type; the op fails if false or absent. */
  readonly alwaysReplaceExistingDestPaths?: boolean | undefined;
  /** Modification time of the copies; those of the source if absent. */
  readonly createdTime?: CreatedTime | undefined;
}

/** Options of `mkfile`. */
export interface MkfileOptions {
  /** Owner of the file; root if absent. */
  readonly owner?: Owner | undefined;
  /** Modification time of the file; the time of the build if absent. */
  readonly createdTime?: CreatedTime | undefined;
}

/** Options of `mkdir`. */
export interface MkdirOptions {
  /** Makes missing parents; the op fails without them if false or absent. */
  readonly makeParents?: boolean | undefined;
  /** Owner of the directory; root if absent. */
  readonly owner?: Owner | undefined;
  /** Modification time of the directory; the time of the build if absent. */
  readonly createdTime?: CreatedTime | undefined;
}

/** Options of `symlink`. */
export interface SymlinkOptions {
  /** Owner of the link; root if absent. */
  readonly owner?: Owner | undefined;
  /** Modification time of the link; the time of the build if absent. */
  readonly createdTime?: CreatedTime | undefined;
}

/** Options of `rm`. */
export interface RmOptions {
  /** Accepts that the path does not exist; the op fails if false or absent. */
  readonly allowNotFound?: boolean | undefined;
  /** Takes the path as a pattern of Go's filepath.Match; as a path if false or absent. */
  readonly allowWildcard?: boolean | undefined;
}

/** A single action as given. Paths and owners are resolved when the op is encoded. */
export type FileStep =
  | {
      readonly kind: 'copy';
      readonly from: CopySource;
      readonly src: string;
      readonly dest: string;
      readonly options: CopyOptions;
    }
  | {
      readonly kind: 'mkfile';
      readonly path: string;
      readonly mode: number;
      readonly data: Uint8Array;
      readonly options: MkfileOptions;
    }
  | { readonly kind: 'mkdir'; readonly path: string; readonly mode: number; readonly options: MkdirOptions }
  | { readonly kind: 'rm'; readonly path: string; readonly options: RmOptions }
  | { readonly kind: 'symlink'; readonly oldPath: string; readonly newPath: string; readonly options: SymlinkOptions };

/** The source of `copy`: a state, or the result of actions within the same op. */
export type CopySource = Filesystem | BoundFileAction;

/** Actions on a state. `copy` takes files from their result: `copy(mkdir('/a', 0o755).withState(base), '/a', '/b')`. */
export interface BoundFileAction {
  /** Distinguishes this from a state. */
  readonly kind: 'bound-file-action';
  /** The actions. */
  readonly action: FileAction;
  /** The state that they are applied to. */
  readonly state: Filesystem;
}

/** An immutable chain of file actions. Each method returns a chain with one more action at its end. */
export class FileAction {
  /** The chain without its last action; undefined for a single action. */
  readonly previous: FileAction | undefined;
  /** The last action. */
  readonly step: FileStep;

  constructor(step: FileStep, previous?: FileAction) {
    for (const [name, kind] of fileSteps[step.kind])
      checkArgument(step.kind, name, (step as Readonly<Record<string, unknown>>)[name], kind);
    this.step = step;
    this.previous = previous;
  }

  /** Adds a copy. */
  copy(from: CopySource, src: string, dest: string, options: CopyOptions = {}): FileAction {
    return new FileAction({ kind: 'copy', from, src, dest, options }, this);
  }

  /** Adds a directory. `mode` are its permission bits. */
  mkdir(path: string, mode: number, options: MkdirOptions = {}): FileAction {
    return new FileAction({ kind: 'mkdir', path, mode, options }, this);
  }

  /** Adds a file. `mode` are its permission bits; a string is written as UTF-8. */
  mkfile(path: string, mode: number, data: Uint8Array | string, options: MkfileOptions = {}): FileAction {
    return new FileAction({ kind: 'mkfile', path, mode, data: toBytes(data), options }, this);
  }

  /** Adds a removal of a file or directory. */
  rm(path: string, options: RmOptions = {}): FileAction {
    return new FileAction({ kind: 'rm', path, options }, this);
  }

  /** Adds a symbolic link at `newPath` that points to `oldPath`. */
  symlink(oldPath: string, newPath: string, options: SymlinkOptions = {}): FileAction {
    return new FileAction({ kind: 'symlink', oldPath, newPath, options }, this);
  }

  /** Applies the chain to a state, as a source for `copy` within the same op. */
  withState(state: Filesystem): BoundFileAction {
    checkArgument('withState', 'state', state, aState);
    return { kind: 'bound-file-action', action: this, state };
  }

  /** The actions in the order in which they run. */
  steps(): FileStep[] {
    const steps: FileStep[] = [];
    for (let action: FileAction | undefined = this; action; action = action.previous) steps.push(action.step);
    return steps.reverse();
  }
}

/**
 * Copies files into the state that the action is applied to. A relative `src` is resolved against the working directory
 * of `from`, a relative `dest` against that of the state.
 *
 * @example
 * scratch().file(copy(local('src'), '/dist', '/app', { copyDirContentsOnly: true, createDestPath: true }));
 */
export function copy(from: CopySource, src: string, dest: string, options: CopyOptions = {}): FileAction {
  return new FileAction({ kind: 'copy', from, src, dest, options });
}

/**
 * Makes a directory.
 *
 * @param mode permission bits
 * @example
 * image('alpine').file(mkdir('/srv/data', 0o755, { makeParents: true, owner: 'nobody:nogroup' }));
 */
export function mkdir(path: string, mode: number, options: MkdirOptions = {}): FileAction {
  return new FileAction({ kind: 'mkdir', path, mode, options });
}

/**
 * Makes a file. A string is written as UTF-8.
 *
 * @param mode permission bits
 * @example
 * scratch().file(mkdir('/etc', 0o755).mkfile('/etc/motd', 0o644, 'hello\n'));
 */
export function mkfile(path: string, mode: number, data: Uint8Array | string, options: MkfileOptions = {}): FileAction {
  return new FileAction({ kind: 'mkfile', path, mode, data: toBytes(data), options });
}

/**
 * Removes a file or directory.
 *
 * @example
 * image('alpine').file(rm('/var/cache/*', { allowWildcard: true, allowNotFound: true }));
 */
export function rm(path: string, options: RmOptions = {}): FileAction {
  return new FileAction({ kind: 'rm', path, options });
}

/**
 * Makes a symbolic link at `newPath` that points to `oldPath`.
 *
 * @example
 * image('alpine').file(symlink('/usr/bin/env', '/bin/env'));
 */
export function symlink(oldPath: string, newPath: string, options: SymlinkOptions = {}): FileAction {
  return new FileAction({ kind: 'symlink', oldPath, newPath, options });
}

function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? encodeText(data) : data;
}
