/** What `docker build` makes of its context, its Dockerfile and its named contexts: sources and frontend options. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isArchive } from '../gateway/archive.ts';
import { isHttpUrl } from '../gateway/context.ts';
import { parseGitRef } from '../image/git-ref.ts';
import { type OciLayout, openOciLayout } from '../image/oci-layout.ts';
import { contextName } from '../image/reference.ts';
import { refuseEndless } from '../system/endless-files.ts';
import { isDescriptor, readNamedFile } from '../system/named-file.ts';
import { redactCredentials } from '../text/redact.ts';
import { DOCKERFILE, requireDockerfile, requireNoOther, spelledIn } from './dockerfile-name.ts';
import { type FileTree, folderTree, memoryTree } from './file-tree.ts';
import { UsageError } from './usage-error.ts';

export interface ContextOptions {
  /** A folder, a git or http address, or `-`: the Dockerfile alone, from standard input. */
  readonly context: string;
  /**
   * Where the Dockerfile is; `-`, `/dev/stdin` or `/dev/fd/NUMBER` for what is open already, as of a shell's `<(command)`.
   * By default `Dockerfile` in the context.
   */
  readonly file?: string | undefined;
  /** The frontend is told the name of the Dockerfile in some other way. */
  readonly otherFilename?: boolean | undefined;
  /** Named contexts: folders, `docker-image://…`, `oci-layout://…`, git and http addresses. */
  readonly buildContexts?: ReadonlyMap<string, string> | undefined;
  /** OCI layouts by the name that `oci-layout://NAME` uses. */
  readonly ociLayouts?: ReadonlyMap<string, string> | undefined;
  /** @param maxBytes more is an error */
  readonly readStdin: (maxBytes: number) => Promise<Uint8Array>;
  /** Ends the reading of a pipe. */
  readonly signal?: AbortSignal | undefined;
}

export interface OpenedContext {
  readonly opts: Readonly<Record<string, string>>;
  readonly locals: ReadonlyMap<string, FileTree>;
  readonly ociLayouts: ReadonlyMap<string, OciLayout>;
  /** The path of the Dockerfile; '' where it is no file of its own here. */
  readonly dockerfile: string;
  /** The path that the Dockerfile would have in a repository or an archive at an address; '' for other contexts. */
  readonly remoteDockerfile: string;
  /** The folders behind the local sources, as they were named. */
  readonly folders: ReadonlyMap<string, string>;
}

/** @throws UsageError for a context that is none, or that cannot be used together with the rest */
export async function openBuildContext(options: ContextOptions): Promise<OpenedContext> {
  const opts: Record<string, string> = {};
  const locals = new Map<string, FileTree>();
  const ociLayouts = new Map<string, OciLayout>();
  for (const [name, folder] of options.ociLayouts ?? []) {
    await requireLayout(folder, `the OCI layout ${name}`);
    ociLayouts.set(name, openOciLayout(folder));
  }

  const folders = new Map<string, string>();
  const openFolder = (name: string, folder: string) => {
    folders.set(name, folder);
    locals.set(name, folderTree(folder));
  };
  await openMain(options, opts, locals, openFolder);
  for (const [name, value] of options.buildContexts ?? [])
    await openNamed(requireContextName(name), value, opts, openFolder, ociLayouts);
  await refuseEndless(folders, opts['filename'] ?? DOCKERFILE).catch((error: Error) => {
    throw new UsageError(error.message, { cause: error });
  });
  const folder = folders.get('dockerfile');
  const file = opts['filename'] ?? DOCKERFILE;
  const isRemoteDockerfile = opts['context'] !== undefined && !locals.has('dockerfile');
  return {
    opts,
    locals,
    ociLayouts,
    folders,
    dockerfile: folder === undefined ? '' : path.join(folder, file),
    remoteDockerfile: isRemoteDockerfile ? file : '',
  };
}

function requireContextName(text: string): string {
  try {
    return contextName(text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** As large as BuildKit takes one. */
const maxDockerfileBytes = 16 << 20;

async function openMain(
  { context, file: given, otherFilename, readStdin, signal }: ContextOptions,
  opts: Record<string, string>,
  locals: Map<string, FileTree>,
  openFolder: (name: string, folder: string) => void,
): Promise<void> {
  const file = given === '/dev/stdin' ? '-' : given || undefined;
  if (context === '-') {
    if (file === '-') throw new UsageError('context and Dockerfile cannot both come from standard input');
    if (file !== undefined)
      throw new UsageError('a context on standard input brings its own Dockerfile: leave out --file');
    const dockerfile = await readStdin(maxDockerfileBytes);
    if (isArchive(dockerfile))
      throw new UsageError('an archive on standard input cannot be read: unpack it and name the folder');
    locals.set('context', { ...memoryTree(new Map()), partial: true });
    locals.set('dockerfile', memoryTree(new Map([[DOCKERFILE, dockerfile]])));
    return;
  }

  if (isRemote(context)) {
    opts['context'] = context;
    if (file === undefined) return;
    if (file !== '-' && !path.isAbsolute(file)) {
      opts['filename'] = file; // a path in the context
      return;
    }
    opts['dockerfilekey'] = 'dockerfile';
  } else {
    await requireFolder(context, 'the build context', ': give a Dockerfile with --file, and its folder as the context');
    openFolder('context', context);
  }

  if (file === '-' || (file !== undefined && isDescriptor(file))) {
    const text =
      file === '-' ? await readStdin(maxDockerfileBytes) : await readNamedFile(file, maxDockerfileBytes, signal);
    locals.set('dockerfile', memoryTree(new Map([[DOCKERFILE, text]])));
  } else if (file === undefined) {
    if (!otherFilename) await requireNoOther(context);
    openFolder('dockerfile', context);
    const name = await spelledIn(context, DOCKERFILE);
    if (name !== DOCKERFILE) opts['filename'] = name;
  } else {
    await requireDockerfile(file, isRemote(context) ? undefined : context);
    openFolder('dockerfile', path.dirname(file));
    opts['filename'] = await spelledIn(path.dirname(file), path.basename(file));
  }
}

async function openNamed(
  name: string,
  value: string,
  opts: Record<string, string>,
  openFolder: (name: string, folder: string) => void,
  ociLayouts: Map<string, OciLayout>,
): Promise<void> {
  const key = `context:${name}`;
  if (value.startsWith('oci-layout://')) {
    opts[key] = await ociLayoutContext(name, value.slice('oci-layout://'.length), ociLayouts);
  } else if (value.startsWith('docker-image://') || isRemote(value)) {
    opts[key] = value;
  } else {
    await requireFolder(value, `the build context ${name}`);
    // These names are taken by the main context.
    const localName = name === 'context' || name === 'dockerfile' ? `_${name}` : name;
    openFolder(localName, value);
    opts[key] = `local:${localName}`;
  }
}

/** `NAME-OR-FOLDER[:tag][@digest]`: the frontend wants a digest, so a tag is looked up here. */
async function ociLayoutContext(name: string, spec: string, ociLayouts: Map<string, OciLayout>): Promise<string> {
  const [location = '', digest] = cutLast(spec, '@');
  const [place = '', tag = 'latest'] = cutLast(location, ':');
  let store = place;
  let layout = ociLayouts.get(place);
  if (!layout) {
    await requireLayout(place, `the OCI layout of the build context ${name}`);
    layout = openOciLayout(place);
    store = name.replace(/[^a-z0-9]+/g, '-');
    ociLayouts.set(store, layout);
  }
  const found = digest ?? (await layout.findTag(tag)).digest;
  return `oci-layout://${store}:${tag}@${found}`;
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
    return true; // an address with a mistake in it, which the frontend reports
  }
}

async function requireFolder(folder: string, what: string, advice = ''): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  const shown = redactCredentials(folder); // an address with a mistake in it, perhaps
  if (!found) throw new UsageError(`${what} ${shown} does not exist`);
  if (!found.isDirectory()) throw new UsageError(`${what} ${shown} is not a folder${advice}`);
}

async function requireLayout(folder: string, what: string): Promise<void> {
  await requireFolder(folder, what);
  const index = await stat(path.join(folder, 'index.json')).catch(() => undefined);
  if (!index?.isFile()) throw new UsageError(`${what} ${folder} has no index.json: name the folder of an OCI layout`);
}
