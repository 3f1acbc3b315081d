/** File actions: what a file op does, as a chain that is applied to a state. */
import { encodeText } from '../go/text.ts';
import type {
  CopyOptions,
  CreatedTime,
  MkdirOptions,
  MkfileOptions,
  Owner,
  RmOptions,
  SymlinkOptions,
} from './options.ts';
import type { State } from './state.ts';

/** One action; paths and owners are as given, they are worked out against the state when the op is written. */
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

/** Files come from a state, or from what other actions make of a state within the same op. */
export type CopySource = State | BoundFileAction;

/** A chain of actions on a state, to copy from within one op: `copy(mkdir('/a', 0o755).withState(base), '/a', '/b')`. */
export interface BoundFileAction {
  readonly kind: 'bound-file-action';
  readonly action: FileAction;
  readonly state: State;
}

/** An immutable chain of file actions; each method returns the chain with one more action at its end. */
export class FileAction {
  readonly previous: FileAction | undefined;
  readonly step: FileStep;

  constructor(step: FileStep, previous?: FileAction) {
    this.step = step;
    this.previous = previous;
  }

  copy(from: CopySource, src: string, dest: string, options: CopyOptions = {}): FileAction {
    return new FileAction({ kind: 'copy', from, src, dest, options }, this);
  }

  mkdir(path: string, mode: number, options: MkdirOptions = {}): FileAction {
    return new FileAction({ kind: 'mkdir', path, mode, options }, this);
  }

  mkfile(path: string, mode: number, data: Uint8Array | string, options: MkfileOptions = {}): FileAction {
    return new FileAction({ kind: 'mkfile', path, mode, data: toBytes(data), options }, this);
  }

  rm(path: string, options: RmOptions = {}): FileAction {
    return new FileAction({ kind: 'rm', path, options }, this);
  }

  symlink(oldPath: string, newPath: string, options: SymlinkOptions = {}): FileAction {
    return new FileAction({ kind: 'symlink', oldPath, newPath, options }, this);
  }

  /** The chain applied to a state, as a source for `copy` in the same op. */
  withState(state: State): BoundFileAction {
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
 * Copies files into the state that the action is applied to. Relative paths resolve against the working directory
 * of the respective state.
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

/** A user or group as the op names it. */
export type UserId = { readonly id: number } | { readonly name: string };

/** `user[:group]` with names or numbers; an absent group is undefined. */
export function parseOwner(owner: Owner): { readonly user: UserId; readonly group: UserId | undefined } {
  if (typeof owner !== 'string') return { user: { id: owner.uid }, group: { id: owner.gid } };
  const colon = owner.indexOf(':');
  if (colon < 0) return { user: parseUser(owner), group: undefined };
  return { user: parseUser(owner.slice(0, colon)), group: parseUser(owner.slice(colon + 1)) };
}

function parseUser(text: string): UserId {
  if (text === 'root' || text === '') return { id: 0 };
  const id = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  return id >= -(2 ** 31) && id < 2 ** 31 ? { id } : { name: text };
}

/** Nanoseconds since the epoch; -1 leaves the time to the engine. */
export function timestamp(created: CreatedTime | undefined): bigint {
  if (created === undefined) return -1n;
  return typeof created === 'bigint' ? created : BigInt(created.getTime()) * 1_000_000n;
}

function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? encodeText(data) : data;
}
