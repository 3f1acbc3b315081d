/** Opens the inputs of a command without a daemon. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { DaemonlessOptions } from '../daemonless/daemonless-bridge.ts';
import { buildArgsOf } from '../gateway/options.ts';
import { defaultCacheDir } from '../system/cache-dir.ts';
import { UsageError } from '../text/usage-error.ts';
import type { Io } from './io.ts';
import { withFileArgs } from './options/build-args.ts';
import type { SourceFlags } from './options/daemonless-command.ts';
import { readBuildContexts } from './options/named-values.ts';
import { writeOutput } from './output.ts';
import { warnOnce } from './warn.ts';

/** An opened build; `close` removes temporary files. */
export interface OpenedBuild {
  readonly options: DaemonlessOptions;
  /** The directories behind the local sources, by their names. */
  readonly dirs: ReadonlyMap<string, string>;
  /** The path of the Dockerfile; '' if it is not a file on this machine. */
  readonly dockerfile: string;
  /** The path of the Dockerfile in a repository or an archive at an address; '' for other contexts. */
  readonly remoteDockerfile: string;
  /** The path of a file for people. A frontend knows the Dockerfile and ignore files without their directories. */
  shown(filename: string): string;
  /** Writes the table of used images, if requested. Called when all images are known. */
  keepImages(): Promise<void>;
  close(): Promise<void>;
}

/** Opens everything that the options name. */
export async function openBuild(context: string, flags: SourceFlags, io: Io): Promise<OpenedBuild> {
  for (const [host, urls] of flags.mirror ?? [])
    for (const url of urls)
      if (!/^https?:\/\/[^/]/.test(url))
        throw new UsageError(
          `--mirror ${host}=${url}: ${url} is not an http address such as https://mirror.example.com`,
        );
  if (flags.cacheDir === '') throw new UsageError('--cache-dir: the name is empty');
  if (flags.cacheDir !== undefined && statSync(flags.cacheDir, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new UsageError(`--cache-dir: ${flags.cacheDir} is not a directory`);
  const buildArg = await withFileArgs(flags.buildArgFile, flags.buildArg, io.signal);
  const { dockerfileAttrs } = await import('./options/dockerfile-attrs.ts');
  const attrs = dockerfileAttrs({ ...flags, buildArg }, io.env);
  const given = Object.fromEntries(flags.opt ?? []);
  const { openBuildContext } = await import('../daemonless/build-context.ts');
  const opened = await openBuildContext({
    context,
    file: flags.file,
    opts: given,
    buildContexts: readBuildContexts(flags.buildContext),
    ociLayouts: flags.ociLayout,
    readStdin: io.readStdin,
    offline: flags.offline,
    signal: io.signal,
  });
  const remote = flags.offline
    ? undefined
    : (await import('../daemonless/open-remote-sources.ts')).openRemoteSources({ signal: io.signal });
  const opts = {
    ...opened.opts,
    ...attrs,
    ...given,
  };
  io.addSecrets(buildArgsOf(opts));
  const { recordImages } = await import('../resolve/record-images.ts');
  const resolvers = await openImages(flags, io).catch((error: Error) => {
    throw new UsageError(error.message, { cause: error });
  });
  const images = recordImages(resolvers);
  return {
    dockerfile: opened.dockerfile,
    remoteDockerfile: opened.remoteDockerfile,
    dirs: opened.dirs,
    options: {
      opts,
      locals: opened.locals,
      ociLayouts: opened.ociLayouts,
      images: [images],
      remote,
      signal: io.signal,
      ...(flags.sessionId !== undefined && { sessionId: flags.sessionId }),
    },
    shown(filename) {
      const dir = opened.dirs.get(filename === '.dockerignore' ? 'context' : 'dockerfile');
      return dir === undefined || path.isAbsolute(filename) ? filename : path.join(dir, filename);
    },
    async keepImages() {
      if (flags.writeImages !== undefined) await writeOutput(flags.writeImages, images.table(), io);
    },
    async close() {
      await remote?.close();
    },
  };
}

const maxImagesBytes = 64 << 20;

async function openImages(flags: SourceFlags, io: Io): Promise<DaemonlessOptions['images']> {
  const images: DaemonlessOptions['images'][number][] = [];
  if (flags.images.length > 0) {
    const { readNamedFile } = await import('../system/named-file.ts');
    const { parseImageTable } = await import('../resolve/image-table.ts');
    for (const file of flags.images) {
      const bytes = await readNamedFile(file, maxImagesBytes, io.signal).catch((error: Error) => {
        throw new Error(`cannot read ${file}: --images takes a file as --write-images writes it (${error.message})`);
      });
      try {
        images.push(parseImageTable(new TextDecoder().decode(bytes), file));
      } catch (error) {
        throw new Error(`--images: ${(error as Error).message}`, { cause: error });
      }
    }
  }
  if (flags.ociLayout)
    images.push((await import('../resolve/oci-layout-resolver.ts')).ociLayoutResolver(flags.ociLayout));
  const cacheDir = flags.cacheDir ?? defaultCacheDir(io.env);
  const { createBlobCache } = await import('../resolve/blob-cache.ts');
  const cache = cacheDir === undefined ? undefined : createBlobCache(cacheDir);
  if (flags.offline) {
    if (cache) images.push((await import('../resolve/cached-images.ts')).cachedImages(cache));
  } else {
    const { registryResolver } = await import('../resolve/registry-resolver.ts');
    const { dockerConfigDir, dockerCredentials } = await import('../registry/docker-config.ts');
    const onWarning = warnOnce(io);
    images.push(
      registryResolver({
        credentials: dockerCredentials(dockerConfigDir(io.env), onWarning),
        mirrors: flags.mirror,
        cache,
        onWarning,
        limits: { signal: io.signal },
      }),
    );
  }
  return images;
}
