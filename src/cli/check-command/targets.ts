/** What `tsfront check` checks: the Dockerfiles that its paths stand for, each with the context that is known of it. */
import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';
import { actualSpelling } from '../../daemonless/dockerfile-name.ts';
import { findDockerfiles, isDockerfileName } from '../../daemonless/find-dockerfiles.ts';
import { onDisk } from '../../system/file-name.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { SettingsOf } from '../options/lint-settings.ts';

/** One Dockerfile to check. */
export interface TargetToCheck {
  /** The context: a directory, an address, or `-`. */
  readonly context: string;
  /** The path of the Dockerfile; undefined for the one that the context has. */
  readonly file: string | undefined;
  /** Whether the Dockerfile may be built with any other context too. */
  readonly isPartial: boolean;
}

/** The targets, and what is wrong with paths that stand for none. */
export interface Targets {
  /** In the order of the paths, each file once. */
  readonly targets: readonly TargetToCheck[];
  /** Whether the paths stand for one Dockerfile, whatever files there are: a file, an address, or standard input. */
  readonly isSingle: boolean;
  /** Messages about paths, and about directories that could not be read. */
  readonly failures: readonly string[];
}

/**
 * Finds the targets. A directory stands for all Dockerfiles under it, and is the context of its own one. A file, a
 * build program too, is checked whatever its name is. Addresses and `-` are contexts.
 */
export async function findTargets(
  paths: readonly string[],
  settingsOf: SettingsOf,
  signal: AbortSignal,
): Promise<Targets> {
  const targets = new Map<string, TargetToCheck>();
  const failures: string[] = [];
  let isSingle = paths.length === 1;
  for (const named of paths) {
    const found = await stat(onDisk(named)).catch(() => undefined);
    const isPattern = !found && /[*?[{]/.test(named) && !/^[a-z]+:\/\/|^git@/i.test(named);
    if (!isPattern && !found?.isDirectory() && !found?.isFile()) {
      targets.set(named, { context: named, file: undefined, isPartial: false });
      continue;
    }
    if (!found?.isFile()) isSingle = false;
    const own = found?.isDirectory() ? await ownDockerfile(named) : undefined;
    // The search follows no links. The Dockerfile of a context may be one: the context decides where it may lead.
    if (own !== undefined) targets.set(path.resolve(own), { context: named, file: undefined, isPartial: false });
    const search = await findDockerfiles([named], { signal }).catch((error: unknown) => {
      if (!(error instanceof UsageError)) throw error;
      if (own === undefined) failures.push(error.message);
      return { files: [], unreadable: [] };
    });
    for (const { path: dir, reason } of search.unreadable) failures.push(`cannot read ${dir}: ${reason}`);
    for (const { path: file, isNamed } of search.files) {
      const settings = isNamed ? undefined : await settingsOf(path.dirname(file));
      const place = path.resolve(file);
      if (settings?.ignores(file)) {
        if (file === own) targets.delete(place);
      } else if (!targets.has(place)) targets.set(place, { context: path.dirname(file), file, isPartial: true });
    }
  }
  return { targets: [...targets.values()], isSingle, failures };
}

/** The path of the Dockerfile that `docker build` takes from a directory, a link too; undefined if absent. */
async function ownDockerfile(dir: string): Promise<string | undefined> {
  const name = await actualSpelling(dir, 'Dockerfile');
  const file = path.join(dir, name);
  const found = await lstat(onDisk(file)).catch(() => undefined);
  return found && !found.isDirectory() && isDockerfileName(name) ? file : undefined;
}
