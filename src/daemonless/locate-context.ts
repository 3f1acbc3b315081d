/** Locates a build's context, Dockerfile and named contexts by the rules of `docker buildx build`. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { defaultDockerfileName, filesReadFrom } from '../gateway/frontend-files.ts';
import { isHttpUrl } from '../gateway/main-context.ts';
import { parseGitRef } from '../git/ref.ts';
import { openOciLayout } from '../oci/layout.ts';
import { refuseEndlessFiles } from '../system/endless-files.ts';
import { isDescriptor, readNamedFile } from '../system/named-file.ts';
import { redactCredentials } from '../text/redact.ts';
import { UsageError } from '../text/usage-error.ts';
import { actualSpelling, requireDockerfile, requireNoOther } from './dockerfile-name.ts';

/** Maximum size of a Dockerfile: the daemon cannot send a frontend more. */
export const maxDockerfileBytes = 16 << 20;

/** The names that the user gives. */
export interface ContextArguments {
  /** A directory, a git or http address, or `-` for standard input. */
  readonly context: string;
  /** The Dockerfile: a path, an http address, or `-`; in the context if absent. */
  readonly file?: string | undefined;
  /** Frontend options that win over those found here, such as another `filename`. */
  readonly opts?: Readonly<Record<string, string>> | undefined;
  /** Named contexts by name. */
  readonly buildContexts?: ReadonlyMap<string, string> | undefined;
  /** Directories of OCI layouts by the name that `oci-layout://NAME` uses. */
  readonly ociLayouts?: ReadonlyMap<string, string> | undefined;
}

/** Readers of what is not a file on this machine. */
export interface ContextReaders {
  /** Standard input: the text of a Dockerfile, or the archive of a context if it is one. */
  readonly readStdin: () => Promise<Uint8Array | { readonly archive: Readable }>;
  /** The Dockerfile at an http address; undefined if the network must not be used. */
  readonly download?: ((address: string) => Promise<Uint8Array>) | undefined;
  /** Ends the reading when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The parts of a build. */
export interface LocatedContext {
  /** Frontend options for the locations: `context`, `filename`, `dockerfilekey`, `context:NAME`. */
  readonly opts: Record<string, string>;
  /** Directories by the name of their local source: `context`, `dockerfile`, and those of named contexts. */
  readonly dirs: ReadonlyMap<string, string>;
  /** The local source `dockerfile`, if it is not a directory: the text of a file `Dockerfile`. */
  readonly dockerfileText: Uint8Array | undefined;
  /** The context, if it is an archive on standard input. */
  readonly archive: Readable | undefined;
  /** Directories of OCI layouts by store id. */
  readonly ociLayouts: ReadonlyMap<string, string>;
  /** The path of the Dockerfile; '' if it is not a file on this machine. */
  readonly dockerfile: string;
  /** The path that the Dockerfile has in a repository or an archive; '' for other contexts. */
  readonly remoteDockerfile: string;
}

/**
 * Finds the parts of a build. It reads those that come through standard input, a pipe or the web.
 * @throws UsageError for a missing file and for options that contradict each other; Error if a download fails
 */
export async function locateContext(names: ContextArguments, readers: ContextReaders): Promise<LocatedContext> {
  const opts: Record<string, string> = {};
  const dirs = new Map<string, string>();
  const ociLayouts = new Map<string, string>();
  for (const [name, dir] of names.ociLayouts ?? []) {
    await requireLayout(dir, `\`ociLayouts\`: the OCI layout ${name}`);
    ociLayouts.set(name, dir);
  }
  const { archive, dockerfileText } = await locateMain(names, readers, opts, dirs);
  for (const [name, value] of names.buildContexts ?? []) await locateNamed(name, value, opts, dirs, ociLayouts);
  Object.assign(opts, names.opts);
  const filename = opts['filename'] ?? defaultDockerfileName;
  await prepare(refuseEndlessFiles(dirs, (localName) => filesReadFrom(localName, filename)));
  const isRemoteDockerfile =
    (archive !== undefined || opts['context'] !== undefined) && opts['dockerfilekey'] === undefined;
  const dockerfileDir = dirs.get(opts['dockerfilekey'] ?? 'dockerfile');
  return {
    opts,
    dirs,
    dockerfileText,
    archive,
    ociLayouts,
    dockerfile: dockerfileDir === undefined || isRemoteDockerfile ? '' : path.join(dockerfileDir, filename),
    remoteDockerfile: isRemoteDockerfile ? filename : '',
  };
}

type Inputs = Partial<Pick<LocatedContext, 'archive' | 'dockerfileText'>>;

async function locateMain(
  { context, file: given, opts: others }: ContextArguments,
  readers: ContextReaders,
  opts: Record<string, string>,
  dirs: Map<string, string>,
): Promise<Inputs> {
  const file = given === '/dev/stdin' ? '-' : given || undefined;
  if (context === '-') return locateStdin(file, readers, opts);
  const isDir = (await stat(context).catch(() => undefined))?.isDirectory();
  if (isDir) dirs.set('context', context);
  else if (isRemote(context)) opts['context'] = context;
  else throw await noContext(context);

  const dockerfileText = file === undefined ? undefined : await readDockerfile(file, readers);
  if (dockerfileText === undefined && !isDir) {
    // A relative path is a path in the repository.
    if (file !== undefined && !path.isAbsolute(file)) opts['filename'] = file;
    if (file === undefined || !path.isAbsolute(file)) return {};
  }
  if (!isDir) opts['dockerfilekey'] = 'dockerfile';
  if (dockerfileText !== undefined) return { dockerfileText };
  if (file !== undefined) await prepare(requireDockerfile(file, isDir ? context : undefined), '`file`: ');
  else if (others?.['filename'] === undefined) await prepare(requireNoOther(context));
  const [dir, name] = file === undefined ? [context, defaultDockerfileName] : [path.dirname(file), path.basename(file)];
  dirs.set('dockerfile', dir);
  const spelled = await actualSpelling(dir, name);
  if (spelled !== defaultDockerfileName) opts['filename'] = spelled;
  return {};
}

/** Standard input has an archive, or the Dockerfile alone. */
async function locateStdin(
  file: string | undefined,
  { readStdin }: ContextReaders,
  opts: Record<string, string>,
): Promise<Inputs> {
  if (file === '-')
    throw new UsageError(
      "invalid argument: can't use stdin for both build context and dockerfile: `file` - goes with a directory",
    );
  const input = await readStdin();
  if ('archive' in input) {
    if (file !== undefined) opts['filename'] = file;
    return input;
  }
  if (file !== undefined)
    throw new UsageError('ambiguous Dockerfile source: both stdin and `file` correspond to Dockerfiles');
  return { dockerfileText: input };
}

/** The text of a Dockerfile from a pipe, standard input or the web; undefined for a file in a directory. */
async function readDockerfile(
  file: string,
  { readStdin, download, signal }: ContextReaders,
): Promise<Uint8Array | undefined> {
  if (file === '-') {
    const input = await readStdin();
    if ('archive' in input) throw new UsageError('the Dockerfile on standard input is an archive');
    return input;
  }
  if (isHttpUrl(file)) {
    if (!download)
      throw new UsageError(`the Dockerfile ${redactCredentials(file)} is on the web: leave out \`offline\``);
    return download(file);
  }
  if (!isDescriptor(file)) return undefined;
  return readNamedFile(file, maxDockerfileBytes, signal).catch((error: Error) => {
    signal?.throwIfAborted();
    throw new UsageError(error.message, { cause: error });
  });
}

async function locateNamed(
  name: string,
  value: string,
  opts: Record<string, string>,
  dirs: Map<string, string>,
  ociLayouts: Map<string, string>,
): Promise<void> {
  const key = `context:${name}`;
  if (value.startsWith('oci-layout://')) {
    opts[key] = await layoutContext(name, value.slice('oci-layout://'.length), ociLayouts);
  } else if (/^(docker-image|target|input):/.test(value)) {
    opts[key] = value;
  } else if ((await stat(value).catch(() => undefined))?.isDirectory()) {
    // The main sources have these names.
    const source = name === 'context' || name === 'dockerfile' ? `_${name}` : name;
    dirs.set(source, value);
    opts[key] = `local:${source}`;
  } else if (isRemote(value)) {
    opts[key] = value;
  } else {
    throw new UsageError(
      `\`buildContexts\`: failed to get build context ${name}: ${redactCredentials(value)} is not a directory`,
    );
  }
}

/** `NAME-OR-DIRECTORY[:tag][@digest]`: the frontend needs a digest, so a tag is resolved here. */
async function layoutContext(name: string, spec: string, ociLayouts: Map<string, string>): Promise<string> {
  const [location = '', digest] = cutLast(spec, '@');
  const [place = '', tag = 'latest'] = cutLast(location, ':');
  let store = place;
  if (!ociLayouts.has(place)) {
    await requireLayout(place, `\`buildContexts\`: the OCI layout of the build context ${name}`);
    store = name.replace(/[^a-z0-9]+/g, '-');
    ociLayouts.set(store, place);
  }
  const found = digest ?? (await findTag(ociLayouts.get(store)!, tag));
  return `oci-layout://${store}:${tag}@${found}`;
}

async function findTag(dir: string, tag: string): Promise<string> {
  try {
    return (await openOciLayout(dir).findTag(tag)).digest;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function cutLast(text: string, separator: string): [string, string?] {
  const at = text.lastIndexOf(separator);
  return at < 0 || text.indexOf('/', at) >= 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function isRemote(location: string): boolean {
  if (isHttpUrl(location)) return true;
  try {
    return parseGitRef(location) !== undefined;
  } catch {
    return true; // the frontend reports a mistake in the address
  }
}

async function requireLayout(dir: string, what: string): Promise<void> {
  const shown = redactCredentials(dir); // it may be an address with a mistake
  const found = await stat(dir).catch(() => undefined);
  if (!found) throw new UsageError(`${what} ${shown} does not exist`);
  const index = await stat(path.join(dir, 'index.json')).catch(() => undefined);
  if (!index?.isFile()) throw new UsageError(`${what} ${shown} has no index.json: name the directory of an OCI layout`);
}

async function noContext(context: string): Promise<UsageError> {
  const isFile = (await stat(context).catch(() => undefined))?.isFile();
  const advice = isFile ? ' (it is a file: give a Dockerfile with `file`, and its directory as the context)' : '';
  const shown = JSON.stringify(redactCredentials(context));
  return new UsageError(`unable to prepare context: path ${shown} not found or no directory${advice}`);
}

/** Prefixes an error with docker's text and with the option that it is about. */
async function prepare(checking: Promise<void>, option = ''): Promise<void> {
  await checking.catch((error: Error) => {
    throw new UsageError(`${option}unable to prepare context: ${error.message}`, { cause: error });
  });
}
