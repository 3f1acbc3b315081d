/** The options that say what to build, shared by the commands that run the frontend. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OfflineOptions } from '../offline/offline-bridge.ts';
import { UsageError } from '../offline/usage-error.ts';
import { BUILD_ARG_FILE, readBuildArgs, refusePath, withFileArgs } from './build-args.ts';
import type { Io } from './io.ts';
import { nameValue } from './list-option.ts';
import { writeOutput } from './output.ts';

/** The options as commander gives them: those that were not given are absent. */
export interface BuildFlags {
  readonly file?: string;
  readonly target?: string;
  readonly buildArg?: readonly string[];
  readonly buildArgFile?: readonly string[];
  readonly label?: ReadonlyMap<string, string>;
  readonly platform?: readonly string[];
  readonly buildContext?: ReadonlyMap<string, string>;
  readonly opt?: ReadonlyMap<string, string>;
  /** false for `--no-cache`. */
  readonly cache: boolean;
  /** Of `--no-cache=STAGES`. */
  readonly uncached?: readonly string[];
  readonly images?: readonly string[];
  readonly ociLayout?: ReadonlyMap<string, string>;
  readonly mirror?: ReadonlyMap<string, readonly string[]>;
  readonly writeImages?: string;
  readonly offline?: boolean;
  readonly cacheDir?: string;
  readonly sessionId?: string;
}

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Several names, separated by commas. */
const collectList = (value: string, before: readonly string[] = []): string[] => [...before, ...value.split(',')];

const collectPairs = (value: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> => {
  const equals = value.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must have the form NAME=VALUE.');
  return new Map([...before, [value.slice(0, equals), value.slice(equals + 1)]]);
};

/** As pairs, but a name may have several values. */
const collectLists = (
  value: string,
  before: ReadonlyMap<string, readonly string[]> = new Map(),
): Map<string, readonly string[]> => {
  const [[name, last] = ['', '']] = collectPairs(value);
  return new Map([...before, [name, [...(before.get(name) ?? []), last]]]);
};

/** Declares the options on a command, with the build context as its argument. */
export function addBuildOptions(command: Command): Command {
  const context = 'build context: a folder, a git or http address, or - for a Dockerfile on stdin';
  return addBuildFlags(command.argument('[context]', context, '.'));
}

/** Declares the options alone. */
export function addBuildFlags(command: Command): Command {
  return command
    .option('-f, --file <file>', 'Dockerfile, - for stdin (default: Dockerfile in the context)')
    .option('--target <stage>', 'stage to build (default: the last one)')
    .option('--build-arg <name=value>', 'set an ARG; without =value from the environment', collect)
    .option(...BUILD_ARG_FILE, collect)
    .option('--label <name=value>', 'add a label to the image', collectPairs)
    .option('--platform <platforms>', 'target platforms, separated by commas', collectList)
    .option(
      '--build-context <name=value>',
      'named context: folder, docker-image://, oci-layout://, git, http',
      collectPairs,
    )
    .option('--no-cache', 'mark every RUN, COPY and ADD as not to be cached; --no-cache=STAGES only in those')
    .addOption(
      nameValue(
        new Option('--no-cache-filter <stages>', 'the same as --no-cache=STAGES').argParser(collectList),
        'uncached',
      ),
    )
    .option('--opt <name=value>', 'any other frontend option', collectPairs)
    .option('--images <file>', 'table of images: reference to digest and config per platform', collect)
    .option('--oci-layout <name=folder>', 'take the image NAME, or oci-layout://NAME, from an OCI layout', collectPairs)
    .option('--write-images <file>', 'write the images that were used as such a table, to use the same again')
    .option('--mirror <host=url>', 'registry to ask before HOST', collectLists)
    .option('--offline', 'never use the network')
    .option('--cache-dir <folder>', 'where registry content is kept (default: ~/.cache/tsfront)')
    .addOption(new Option('--session-id <id>', 'session that local sources name').hideHelp());
}

/** An opened build; `close` removes temporary files. */
export interface OpenedBuild {
  readonly options: OfflineOptions;
  /** The path of the Dockerfile; '' where it is no file of its own here. */
  readonly dockerfile: string;
  /** The path that the Dockerfile would have in a repository or an archive at an address; '' for other contexts. */
  readonly remoteDockerfile: string;
  /** The path of a file as the user knows it: a frontend knows the Dockerfile and ignore files without their folders. */
  shown(filename: string): string;
  /** Writes down the images that were used, if that was asked for: once it is known that these are all. */
  keepImages(): Promise<void>;
  close(): Promise<void>;
}

/** Opens everything that the options name. */
export async function openBuild(context: string, flags: BuildFlags, io: Io): Promise<OpenedBuild> {
  const platform = flags.platform?.join(',') ?? io.env['DOCKER_DEFAULT_PLATFORM'];
  if (flags.target !== undefined) refusePath('--target', flags.target, 'the name of a stage');
  for (const stage of flags.uncached ?? []) refusePath('--no-cache-filter', stage, 'names of stages');
  for (const [host, urls] of flags.mirror ?? [])
    for (const url of urls)
      if (!/^https?:\/\/[^/]/.test(url))
        throw new UsageError(`--mirror ${host}=${url}: ${url} is no http address, as https://mirror.example.com`);
  if (flags.cacheDir !== undefined && statSync(flags.cacheDir, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new UsageError(`--cache-dir: ${flags.cacheDir} is not a folder`);
  const buildArgs = readBuildArgs(
    await withFileArgs(flags.buildArgFile ?? [], flags.buildArg ?? [], io.signal),
    io.env,
  );
  const epoch = io.env['SOURCE_DATE_EPOCH']; // of `tsfront build` and `docker build`, too
  if (epoch && !buildArgs.has('SOURCE_DATE_EPOCH')) buildArgs.set('SOURCE_DATE_EPOCH', epoch);
  if (platform) {
    const { requirePlatforms } = await import('./platforms.ts');
    requirePlatforms(flags.platform ? '--platform' : 'DOCKER_DEFAULT_PLATFORM', platform.split(','));
  }
  const { openBuildContext } = await import('../offline/build-context.ts');
  const opened = await openBuildContext({
    context,
    file: flags.file,
    otherFilename: flags.opt?.has('filename'),
    buildContexts: flags.buildContext,
    ociLayouts: flags.ociLayout,
    readStdin: io.readStdin,
    signal: io.signal,
  });
  const remote = flags.offline
    ? undefined
    : (await import('../offline/remote-sources.ts')).openRemoteSources({ signal: io.signal });
  const opts = {
    ...opened.opts,
    ...(flags.target !== undefined && { target: flags.target }),
    ...(platform && { platform }),
    ...prefixed('build-arg:', buildArgs),
    ...prefixed('label:', flags.label ?? new Map()),
    ...noCache(flags),
    ...Object.fromEntries(flags.opt ?? []),
  };
  const { recordImages } = await import('../image/record.ts');
  const resolvers = await openImages(flags, io).catch((error: Error) => {
    throw new UsageError(error.message, { cause: error });
  });
  const images = recordImages(resolvers);
  return {
    dockerfile: opened.dockerfile,
    remoteDockerfile: opened.remoteDockerfile,
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
      const folder = opened.folders.get(filename === '.dockerignore' ? 'context' : 'dockerfile');
      return folder === undefined || path.isAbsolute(filename) ? filename : path.join(folder, filename);
    },
    async keepImages() {
      if (flags.writeImages !== undefined) await writeOutput(flags.writeImages, images.table(), io);
    },
    async close() {
      await remote?.close();
    },
  };
}

const MAX_IMAGES_BYTES = 64 << 20;

async function openImages(flags: BuildFlags, io: Io): Promise<OfflineOptions['images']> {
  const images: OfflineOptions['images'][number][] = [];
  if (flags.images) {
    const { readNamedFile } = await import('../system/named-file.ts');
    const { parseImageTable } = await import('../image/table.ts');
    for (const file of flags.images) {
      const bytes = await readNamedFile(file, MAX_IMAGES_BYTES, io.signal).catch((error: Error) => {
        throw new Error(`cannot read ${file}: --images takes a file as --write-images writes it (${error.message})`);
      });
      images.push(parseImageTable(new TextDecoder().decode(bytes), file));
    }
  }
  if (flags.ociLayout) images.push((await import('../image/oci-layout.ts')).ociLayoutResolver(flags.ociLayout));
  if (!flags.offline) {
    const { registryResolver } = await import('../image/registry.ts');
    const { dockerConfigDir, dockerCredentials } = await import('../image/docker-config.ts');
    const { createBlobCache, defaultCacheFolder } = await import('../image/blob-cache.ts');
    const cacheDir = flags.cacheDir ?? defaultCacheFolder(io.env);
    images.push(
      registryResolver({
        credentials: dockerCredentials(dockerConfigDir(io.env)),
        mirrors: flags.mirror,
        cache: cacheDir === undefined ? undefined : createBlobCache(cacheDir),
        onWarning: (message) => io.writeStderr(`WARNING: ${message}\n`),
        limits: { signal: io.signal },
      }),
    );
  }
  return images;
}

function prefixed(prefix: string, values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...values].map(([name, value]) => [prefix + name, value]));
}

function noCache({ cache, uncached }: BuildFlags): Record<string, string> {
  if (!cache) return { 'no-cache': '' };
  return uncached ? { 'no-cache': uncached.join(',') } : {};
}
