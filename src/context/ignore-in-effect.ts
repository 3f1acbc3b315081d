/** The ignore file that a context of a build has. */
import path from 'node:path';
import type { OpenedContext } from '../daemonless/build-context.ts';
import { dirTree } from '../daemonless/file-tree.ts';
import { findIgnoreFile } from '../daemonless/missing-source-hint.ts';
import type { LocalSource } from '../daemonless/taken-paths.ts';
import type { IgnoreFile } from '../parser/hints/explain-missing-source.ts';

/** The ignore file of a context. */
export interface IgnoreInEffect {
  /** undefined if absent. */
  readonly file: IgnoreFile | undefined;
  /** Its path; that of a directory if the file is absent. */
  readonly path: string;
  /** Its rules by their numbers in the graph; none if the graph was made with others. */
  readonly rules: IgnoreFile['rules'];
}

/** Finds the ignore file of the context in a directory. */
export async function ignoreInEffect(
  dir: string,
  { local, exclude }: LocalSource,
  { dirs, opts }: Pick<OpenedContext, 'opts' | 'dirs'>,
): Promise<IgnoreInEffect> {
  const dockerfileDir = dockerfileDirOf({ dirs, opts });
  const beside = local === 'context' && dockerfileDir !== undefined ? dirTree(dockerfileDir) : undefined;
  const file = await findIgnoreFile(dirTree(dir), beside, opts['filename'] ?? 'Dockerfile');
  const rules = file?.rules ?? [];
  return {
    file,
    path: path.join(file?.name === '.dockerignore' ? dir : (dockerfileDir ?? dir), file?.name ?? ''),
    rules:
      rules.length === exclude.length && rules.every(({ pattern }, index) => pattern === exclude[index]) ? rules : [],
  };
}

/** The directory of the Dockerfile; undefined if it is not on this machine. */
export function dockerfileDirOf({ dirs, opts }: Pick<OpenedContext, 'opts' | 'dirs'>): string | undefined {
  return dirs.get(opts['dockerfilekey'] ?? 'dockerfile');
}
