/** Compiles two builds of which one is often the same as the other one. */
import { errorMessage } from '../text/error-message.ts';
import { type Compiled, compile } from './compile.ts';
import type { DaemonlessOptions } from './daemonless-bridge.ts';
import type { FileTree } from './file-tree.ts';

/** What a compilation has read of local sources. */
interface Reads {
  /** The bytes of each file, or why it could not be read. */
  readonly files: { readonly local: string; readonly path: string; readonly answer: Uint8Array | string }[];
  /** Whether it has read directories and the like, too. */
  hasOthers: boolean;
}

/**
 * Makes a function that compiles. It gives its last result again if the options are the same, and the files that were
 * read then. All calls must have the same images and remote sources.
 */
export function compilingOnce(): (options: DaemonlessOptions) => Promise<Compiled> {
  let last: { readonly asked: string; readonly reads: Reads; readonly compiled: Compiled } | undefined;
  return async (options) => {
    const { opts, sessionId, platform, locals } = options;
    const asked = JSON.stringify([opts, sessionId, platform, [...locals.keys()]]);
    if (last?.asked === asked && (await areSame(last.reads, locals))) return last.compiled;
    const reads: Reads = { files: [], hasOthers: false };
    const recorded = new Map([...locals].map(([local, tree]) => [local, recordingReads(local, tree, reads)]));
    const compiled = await compile({ ...options, locals: recorded });
    last = { asked, reads, compiled };
    return compiled;
  };
}

async function areSame({ files, hasOthers }: Reads, locals: DaemonlessOptions['locals']): Promise<boolean> {
  if (hasOthers) return false;
  for (const { local, path, answer } of files) {
    const now = await locals.get(local)!.readFile(path).catch(errorMessage);
    if (typeof now === 'string' || typeof answer === 'string' ? now !== answer : Buffer.compare(now, answer) !== 0)
      return false;
  }
  return true;
}

function recordingReads(local: string, tree: FileTree, reads: Reads): FileTree {
  const other = <Read extends (...args: never[]) => unknown>(read: Read) =>
    ((...args) => {
      reads.hasOthers = true;
      return read(...args);
    }) as Read;
  return {
    ...tree,
    async readFile(path) {
      const reading = tree.readFile(path);
      reads.files.push({ local, path, answer: await reading.catch(errorMessage) });
      return reading;
    },
    ...(tree.readStart && { readStart: other(tree.readStart) }),
    stat: other(tree.stat),
    readDir: other(tree.readDir),
  };
}
