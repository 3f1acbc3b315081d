/**
 * Opens one of the two builds that `tsfront explain` compares: a directory, a git revision, a record, a compiled file
 * or another Dockerfile.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { compilingOnce } from '../../daemonless/compile-once.ts';
import { withUnknownImages } from '../../daemonless/unknown-images.ts';
import type { BuildRecord } from '../../explain/build-record.ts';
import type { RecordedBuild } from '../../explain/make-record.ts';
import type { TreeOptions } from '../../explain/taken-trees.ts';
import type { UnchangedFiles } from '../../explain/unchanged-files.ts';
import { splitAtFirst } from '../../go/split-at-first.ts';
import type { Definition } from '../../llb/definition.ts';
import { UsageError } from '../../text/usage-error.ts';
import { Exit } from '../exit.ts';
import { reportFailure } from '../failure.ts';
import { untilAborted } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { type OpenedBuild, openBuild } from '../open-build.ts';
import type { SourceFlags } from '../options/daemonless-command.ts';
import { digestDir, type RecordedPlace, recordKey } from './build-records.ts';

/** What names a build. */
export interface NamedSide {
  /** The option that names it, for errors. */
  readonly option: string;
  /** The directory that revisions are those of, and that records have their files from. */
  readonly context: string;
  /** What is named; undefined for the directory itself. */
  readonly side: string | undefined;
  /** The options of the build. */
  readonly flags: SourceFlags;
  /** Whether it is compared with a revision, which has no `.git`. */
  readonly withoutGit: boolean;
}

/** What the two builds of a comparison share. */
export interface SharedWork {
  /** Gets the images that are not known offline. */
  readonly unknown: Set<string>;
  readonly compile: ReturnType<typeof compilingOnce>;
}

/** The kinds of what may be named. */
const kinds = 'a git revision, a directory, a record, a compiled file or a Dockerfile';

/**
 * Opens a build, and reads its files; an error of its Dockerfile is reported here.
 *
 * @throws UsageError if there is nothing of that name
 */
export async function openSide(
  { option, context, side, flags, withoutGit }: NamedSide,
  shared: SharedWork,
  io: Io,
): Promise<BuildRecord> {
  if (side === undefined) return recordDirectory(context, flags, shared, io, { withoutGit });
  const found = await stat(side).catch(() => undefined);
  if (found?.isDirectory())
    return recordDirectory(side, await relocated(flags, [[await realpath(context), side]]), shared, io, {
      withoutGit,
    });
  if (found) return openFile({ option, side, context, flags, withoutGit }, found.size, shared, io);
  const { checkOutRevision } = await import('../../explain/git-revision.ts');
  const revision = await untilAborted(checkOutRevision(context, side, io.signal), io.signal).catch((error: unknown) => {
    io.signal.throwIfAborted();
    throw error instanceof UsageError
      ? new UsageError(`${option} ${side}: ${error.message}: it takes ${kinds}`, { cause: error })
      : error;
  });
  try {
    for (const name of revision.uncompared)
      io.writeStderr(`note: the submodule ${name} is not compared: its commit in ${side} is not on this machine\n`);
    const moved = await relocated(flags, [[await realpath(revision.repository), revision.root]]);
    const shown = (file: string) => file.replaceAll(`${revision.root}/`, `${side}:`);
    const { unchanged } = revision;
    return await recordDirectory(revision.dir, moved, shared, io, { shown, unchanged, withoutGit: true });
  } finally {
    await revision.remove();
  }
}

/** The build of a directory, before it is compiled. */
export interface OpenedDirectory {
  readonly place: RecordedPlace;
  readonly build: OpenedBuild;
  readonly flags: SourceFlags;
}

interface RecordOptions {
  /** Whether it is recorded as if it had no `.git`. */
  readonly withoutGit: boolean;
  /** What a path in a message is for people. */
  readonly shown?: (text: string) => string;
  /** The files that the directory is without, if it is the checkout of a revision. */
  readonly unchanged?: UnchangedFiles;
}

/** Opens the build of a directory; close its `build`. @throws UsageError if the context is not a directory here */
export async function openDirectory(context: string, flags: SourceFlags, io: Io): Promise<OpenedDirectory> {
  const build = await openBuild(context, flags, io);
  const directory = build.dirs.get('context');
  if (directory !== undefined)
    return { place: { context: directory, dockerfile: build.dockerfile, target: flags.target }, build, flags };
  await build.close();
  throw new UsageError(`the context ${context} is not a directory on this machine: name a directory`);
}

/** Compiles an opened build and reads its files. */
export async function recordOpened(
  { build, flags }: OpenedDirectory,
  shared: SharedWork,
  io: Io,
  { withoutGit, shown = (text) => text, unchanged }: RecordOptions,
): Promise<BuildRecord> {
  const options = unchanged ? withFilling(build, unchanged) : build.options;
  const opened = flags.offline ? withUnknownImages(options) : options;
  const { compile, CompileError } = await import('../../daemonless/compile.ts');
  // The images of a build are known when it is compiled.
  const compiling = flags.writeImages === undefined ? shared.compile(opened) : compile(opened);
  const compiled = await untilAborted(compiling, io.signal).catch(async (error) => {
    if (!(error instanceof CompileError)) throw error;
    throw new Exit(await reportFailure(error, io, { shown: (file) => shown(build.shown(file)) }));
  });
  await build.keepImages();
  for (const image of compiled.unknownImages) shared.unknown.add(image);
  const source = { compiled, opened: { opts: opened.opts, dirs: build.dirs } };
  const elsewhere = unchanged && ((root: string) => unchanged.below(root));
  return makeRecordOf(source, { withoutGit, elsewhere }, io);
}

async function recordDirectory(
  context: string,
  flags: SourceFlags,
  shared: SharedWork,
  io: Io,
  options: RecordOptions,
): Promise<BuildRecord> {
  // What is read before there are trees of files: the names of the Dockerfile's directory, and the ignore files.
  const dirs = [context, path.dirname(flags.file ?? '.'), ...flags.buildContext.map((it) => it.replace(/^[^=]*=/, ''))];
  for (const dir of dirs) await options.unchanged?.fill(dir);
  const opened = await openDirectory(context, flags, io).catch((error: Error) => {
    const message = options.shown?.(error.message) ?? error.message;
    throw message === error.message ? error : new UsageError(message, { cause: error });
  });
  try {
    return await recordOpened(opened, shared, io, options);
  } finally {
    await opened.build.close();
  }
}

/** The options of a build whose files are copied when they are read. */
function withFilling({ options, dirs }: OpenedBuild, unchanged: UnchangedFiles): OpenedBuild['options'] {
  const filling = [...options.locals].map(([name, tree]) => {
    const dir = dirs.get(name);
    return [name, dir === undefined ? tree : unchanged.fillingTree(dir, tree)] as const;
  });
  return { ...options, locals: new Map(filling) };
}

async function makeRecordOf(build: RecordedBuild, options: TreeOptions, io: Io): Promise<BuildRecord> {
  const { makeRecord } = await import('../../explain/make-record.ts');
  const others = { signal: io.signal, key: await recordKey(io), digestDir: digestDir(io) };
  return untilAborted(makeRecord(build, { ...options, ...others }), io.signal);
}

const maxFileBytes = 512 << 20;

/** A record, a compiled file, or another Dockerfile of the same context. */
async function openFile(
  { option, context, side: file, flags, withoutGit }: NamedSide & { readonly side: string },
  size: number,
  shared: SharedWork,
  io: Io,
): Promise<BuildRecord> {
  if (size > maxFileBytes) throw new UsageError(`${option}: ${file} is larger than 512 MiB`);
  const bytes = await readFile(file);
  const isBinary = bytes.subarray(0, 4096).some((byte) => byte < 9);
  if (!isBinary && !/^\s*\{/.test(bytes.subarray(0, 256).toString()))
    return recordDirectory(context, { ...flags, file }, shared, io, { withoutGit });
  try {
    const definitions = isBinary ? await readBinary(bytes) : await readJson(bytes.toString());
    if (!(definitions instanceof Map)) return definitions;
    const { openBuildContext } = await import('../../daemonless/build-context.ts');
    const opened = await openBuildContext({ context, file: flags.file, readStdin: io.readStdin, offline: true });
    return await makeRecordOf({ compiled: { definitions }, opened }, { withoutGit }, io);
  } catch (error) {
    io.signal.throwIfAborted();
    throw new UsageError(`${option}: cannot use ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** The binary format of `compile`. */
async function readBinary(bytes: Uint8Array): Promise<Map<string, Definition>> {
  const { Definition } = await import('../../llb/definition.ts');
  const definition = Definition.decode(bytes);
  for (const _ of definition.ops()); // throws if an op is invalid
  return new Map([['', definition]]);
}

async function readJson(text: string): Promise<BuildRecord | Map<string, Definition>> {
  const { parseRecord } = await import('../../explain/build-record.ts');
  const found = parseRecord(text);
  if (found) return found;
  const { version } = JSON.parse(text) as { version?: unknown };
  if (version !== undefined)
    throw new Error(`it is neither a record nor a compiled file (its version is ${JSON.stringify(version)})`);
  const { parseCompiled } = await import('../../daemonless/compiled-file.ts');
  try {
    return new Map(parseCompiled(text).definitions);
  } catch (error) {
    throw new Error(`it is neither a record nor a compiled file: ${(error as Error).message}`, { cause: error });
  }
}

/** The options with the paths in a directory replaced by those in another one. */
async function relocated(flags: SourceFlags, places: readonly (readonly [string, string])[]): Promise<SourceFlags> {
  const move = async (file: string): Promise<string> => {
    const full = await realpath(file).catch(() => path.resolve(file));
    for (const [from, to] of places) {
      const relative = path.relative(from, full);
      if (relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)) return path.join(to, relative);
    }
    return file;
  };
  const buildContext = await Promise.all(
    flags.buildContext.map(async (given) => {
      const [name, value = ''] = splitAtFirst(given, '=');
      const isDir = name !== '' && (await stat(value).catch(() => undefined))?.isDirectory();
      return isDir ? `${name}=${await move(value)}` : given;
    }),
  );
  const file = flags.file === undefined || flags.file === '-' ? flags.file : await move(flags.file);
  return { ...flags, ...(file !== undefined && { file }), buildContext };
}
