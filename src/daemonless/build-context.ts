/** Opens the context, the Dockerfile and the named contexts of a build, as `docker build` does. */
import { isArchive } from '../archive/detect.ts';
import { defaultDockerfileName } from '../gateway/frontend-files.ts';
import { type OciLayout, openOciLayout } from '../oci/layout.ts';
import { checkArgument } from '../text/arguments.ts';
import { UsageError } from '../text/usage-error.ts';
import { contextOptions } from './daemonless-arguments.ts';
import { downloadDockerfile } from './download.ts';
import { dirTree, type FileTree, memoryTree } from './file-tree.ts';
import { locateContext, maxDockerfileBytes } from './locate-context.ts';

/** The context, Dockerfile and named contexts of a build. */
export interface ContextOptions {
  /** A directory, a git or http address, or `-`: the Dockerfile alone, from standard input. */
  readonly context: string;
  /**
   * The path of the Dockerfile; `-`, `/dev/stdin` or `/dev/fd/NUMBER` for an open descriptor, such as a shell's
   * `<(command)`. By default `Dockerfile` in the context.
   */
  readonly file?: string | undefined;
  /** Frontend options that win over those found here, such as another `filename`. */
  readonly opts?: Readonly<Record<string, string>> | undefined;
  /**
   * Named contexts by the names that a frontend looks for: directories, `docker-image://…`, `oci-layout://…`, git and
   * http addresses.
   */
  readonly buildContexts?: ReadonlyMap<string, string> | undefined;
  /** OCI layouts by the name that `oci-layout://NAME` uses. */
  readonly ociLayouts?: ReadonlyMap<string, string> | undefined;
  /** Reads standard input. @param maxBytes longer input is an error */
  readonly readStdin: (maxBytes: number) => Promise<Uint8Array>;
  /** Whether the network must not be used. false if absent. */
  readonly offline?: boolean | undefined;
  /** Ends the reading of a pipe. */
  readonly signal?: AbortSignal | undefined;
}

/** The sources and options of a build. */
export interface OpenedContext {
  /** Frontend options. */
  readonly opts: Readonly<Record<string, string>>;
  /** Local sources by name: `context`, `dockerfile`, and those of named contexts. */
  readonly locals: ReadonlyMap<string, FileTree>;
  /** Layouts by store id. */
  readonly ociLayouts: ReadonlyMap<string, OciLayout>;
  /** The path of the Dockerfile; '' if it is not a file on this machine. */
  readonly dockerfile: string;
  /** The path that the Dockerfile would have in a repository or an archive at an address; '' for other contexts. */
  readonly remoteDockerfile: string;
  /** The directories behind the local sources, as they were named. */
  readonly dirs: ReadonlyMap<string, string>;
}

/**
 * Opens what the options name.
 * @throws UsageError for a missing file and for options that contradict each other; Error if a download fails
 */
export async function openBuildContext(options: ContextOptions): Promise<OpenedContext> {
  checkArgument('openBuildContext', 'options', options, contextOptions);
  const { readStdin, signal, offline } = options;
  const located = await locateContext(options, {
    readStdin: async () => {
      const bytes = await readStdin(maxDockerfileBytes);
      if (isArchive(bytes))
        throw new UsageError('an archive on standard input cannot be read: unpack it and name the directory');
      return bytes;
    },
    download: offline ? undefined : (address) => downloadDockerfile(address, signal),
    signal,
  });
  const locals = new Map<string, FileTree>();
  for (const [name, dir] of located.dirs) locals.set(name, dirTree(dir));
  if (located.dockerfileText) {
    locals.set('dockerfile', memoryTree(new Map([[defaultDockerfileName, located.dockerfileText]])));
    if (options.context === '-') locals.set('context', { ...memoryTree(new Map()), partial: true });
  }
  const ociLayouts = new Map([...located.ociLayouts].map(([store, dir]) => [store, openOciLayout(dir)]));
  return { ...located, locals, ociLayouts };
}
