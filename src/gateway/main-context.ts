/**
 * The main build context and the Dockerfile: a local source of the client, a git repository, a file or archive at a
 * URL, or an input of the build (BuildKit's frontend/dockerui).
 */
import { archiveHeaderSize, isArchive } from '../archive/detect.ts';
import { diagnosticError } from '../diagnostic/diagnostic.ts';
import { createSourceFile, linesRange, lineText } from '../diagnostic/source-file.ts';
import { parseGitRef } from '../git/ref.ts';
import { base, dirname, join } from '../go/path.ts';
import { isTrue } from '../go/strconv.ts';
import { decodeText } from '../go/text.ts';
import type { Definition } from '../llb/definition.ts';
import { copy, git, http, type LocalOptions, local, scratch } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { IgnoreFile } from '../parser/hints/explain-missing-source.ts';
import { ignoreRules, parseDockerignore } from '../parser/ignore/dockerignore.ts';
import { createPatternMatcher } from '../parser/ignore/pattern-matcher.ts';
import { maxMessageBytes } from '../rpc/framing.ts';
import { Code, RpcError } from '../rpc/rpc-error.ts';
import { errorMessage, wrapError, wrapErrors } from '../text/error-message.ts';
import { type Bridge, FileTooLarge, type Reference, type Result } from './bridge.ts';
import { defaultDockerfileName, ignoreFileName } from './frontend-files.ts';
import type { FrontendOptions } from './options.ts';

/** A Dockerfile as read from its source. */
export interface Entrypoint {
  readonly filename: string;
  readonly data: Uint8Array;
  /** The source it was read from, which errors and warnings name. */
  readonly definition: Definition;
}

/** The main context of a build, and the Dockerfile in it. */
export interface BuildContext {
  /** Reads the Dockerfile, and the .dockerignore file beside it. */
  readEntrypoint(): Promise<Entrypoint>;
  /** The main context, of which a local source sends only the given paths (undefined: everything). */
  main(followPaths: readonly string[] | undefined): Promise<State>;
  /** The files of the main context that match patterns; of a context that is not local, all of it. */
  matching(patterns: readonly string[]): Promise<State>;
  /** Patterns of the .dockerignore file in effect; [] if the context is not local. */
  ignorePatterns(): Promise<readonly string[]>;
  /** The ignore file in effect; undefined if the context is not local. */
  ignoreFile(): Promise<IgnoreFile | undefined>;
  /** Reads files by their paths relative to the directory of the Dockerfile. Those that do not exist are absent. */
  readBeside(paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** The name of the local source that is the main context. */
export const mainContextName = 'context';

interface IgnoreFileData {
  readonly name: string;
  readonly data: Uint8Array;
}

interface Sources {
  /** undefined for a local context. */
  readonly context: State | undefined;
  /** undefined if the Dockerfile comes from a local source. */
  readonly dockerfile: State | undefined;
  /** The name of the local source that has the Dockerfile, or of the input that replaces it. */
  readonly dockerfileLocalName: string;
  /** The path of the Dockerfile in its source. */
  readonly filename: string;
}

/** Finds out where context and Dockerfile come from; resolves a context at a URL. */
export async function openContext(bridge: Bridge, options: FrontendOptions): Promise<BuildContext> {
  return new MainContext(bridge, options, await findSources(bridge, options));
}

class MainContext implements BuildContext {
  private readonly bridge: Bridge;
  private readonly options: FrontendOptions;
  private readonly sources: Sources;
  /** The ignore file of the Dockerfile, known when the Dockerfile has been read; undefined if it has none. */
  private ownIgnoreFile: IgnoreFileData | undefined;
  /** The ignore file of the context, which is read at most once. */
  private generalIgnoreFile: Promise<IgnoreFileData> | undefined;

  constructor(bridge: Bridge, options: FrontendOptions, sources: Sources) {
    this.bridge = bridge;
    this.options = options;
    this.sources = sources;
  }

  async readEntrypoint(): Promise<Entrypoint> {
    const { bridge } = this;
    const { filename } = this.sources;
    const source = this.dockerfileSource(
      [filename, `${filename}.dockerignore`, ...lowerCaseName(filename)],
      `[internal] load build definition from ${filename}`,
    );
    const definition = source.marshal();
    const result = await bridge.solve({ definition }).catch((error) => {
      throw wrapError(error, 'failed to resolve dockerfile');
    });
    const ref = singleRef(result);
    const data = await readDockerfile(bridge, ref, filename);
    const ignore = await tryReadFile(bridge, ref, `${filename}.dockerignore`);
    if (ignore) this.ownIgnoreFile = { name: `${filename}.dockerignore`, data: ignore };
    return { filename, data, definition };
  }

  main(followPaths: readonly string[] | undefined): Promise<State> {
    return this.contextSource({ followPaths });
  }

  matching(includePatterns: readonly string[]): Promise<State> {
    return this.contextSource({ includePatterns });
  }

  async ignorePatterns(): Promise<readonly string[]> {
    if (this.sources.context) return [];
    const { name, data } = await this.ignoreFileData();
    const patterns = parseIgnoreFile(name, data);
    requirePatterns(name, data, patterns);
    return patterns;
  }

  async ignoreFile(): Promise<IgnoreFile | undefined> {
    if (this.sources.context) return undefined;
    const { name, data } = await this.ignoreFileData();
    return { name, rules: ignoreRules(decodeText(data)) };
  }

  async readBeside(paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const { bridge } = this;
    const { filename } = this.sources;
    const inSource = new Map(paths.map((path) => [join(dirname(filename), path), path]));
    const source = this.dockerfileSource([...inSource.keys()], `[internal] load what ${filename} imports`);
    const ref = singleRef(await bridge.solve({ definition: source.marshal() }));
    const found = await Promise.all(
      [...inSource].map(async ([path, name]) => [name, await tryReadFile(bridge, ref, path)] as const),
    );
    return new Map(found.filter((file): file is readonly [string, Uint8Array] => file[1] !== undefined));
  }

  /** The source of the Dockerfile, of which a local one sends only the given paths. */
  private dockerfileSource(followPaths: readonly string[], customName: string): State {
    const { dockerfile, dockerfileLocalName } = this.sources;
    return (
      dockerfile ??
      local(dockerfileLocalName, {
        sessionId: this.sessionOf(dockerfileLocalName),
        followPaths,
        sharedKeyHint: dockerfileLocalName,
        customName,
        differ: { type: 'none' },
      })
    );
  }

  private async contextSource(wanted: Pick<LocalOptions, 'followPaths' | 'includePatterns'>): Promise<State> {
    if (this.sources.context) return this.sources.context;
    const excludePatterns = await this.ignorePatterns().catch((error) => {
      throw wrapError(error, 'failed to read dockerignore patterns');
    });
    return local(mainContextName, {
      sessionId: this.sessionOf(mainContextName),
      excludePatterns,
      sharedKeyHint: mainContextName,
      customName: '[internal] load build context',
      ...wanted,
    });
  }

  private async ignoreFileData(): Promise<IgnoreFileData> {
    return this.ownIgnoreFile ?? (await (this.generalIgnoreFile ??= this.readGeneralIgnoreFile()));
  }

  private async readGeneralIgnoreFile(): Promise<IgnoreFileData> {
    const source = local(mainContextName, {
      ...ignoreFileOptions(this.sessionOf(mainContextName), `${mainContextName}-${ignoreFileName}`),
      customName: `[internal] load ${ignoreFileName}`,
    });
    const ref = singleRef(await this.bridge.solve({ definition: source.marshal() }));
    return { name: ignoreFileName, data: (await tryReadFile(this.bridge, ref, ignoreFileName)) ?? new Uint8Array() };
  }

  private sessionOf(name: string): string {
    return this.options.localSessionIds.get(name) ?? this.bridge.options.sessionId;
  }
}

/** Options for the request for the .dockerignore file of a local source. */
export function ignoreFileOptions(sessionId: string, sharedKeyHint: string): LocalOptions {
  return { sessionId, followPaths: [ignoreFileName], sharedKeyHint, differ: { type: 'none' } };
}

/** Parses a .dockerignore file; `name` is what the error calls it. */
export function parseIgnoreFile(name: string, data: Uint8Array): string[] {
  return wrapErrors(`failed parsing ${name}`, () => parseDockerignore(decodeText(data)));
}

/** @throws DiagnosticError with the line of a pattern that cannot be matched */
function requirePatterns(name: string, data: Uint8Array, patterns: readonly string[]): void {
  try {
    createPatternMatcher(patterns);
  } catch (cause) {
    const file = createSourceFile(name, decodeText(data));
    const line = file.lineStarts.findIndex((_, at) => {
      try {
        createPatternMatcher(parseDockerignore(lineText(file, at + 1)));
        return false;
      } catch {
        return true;
      }
    });
    const range = linesRange(file, { start: line + 1, end: line + 1 });
    const text = file.text.slice(range.start, range.end);
    throw diagnosticError('bad-ignore-file', `${errorMessage(cause)} (${name}:${line + 1}: ${text})`, {
      range,
      file,
      hint: text.startsWith('!')
        ? 'Write a pattern after the !: the paths that are taken in again.'
        : 'A [ opens a class of characters that ends at a ], and \\ takes the next character as it is.',
      cause,
    });
  }
}

/**
 * Reads a file that may be missing.
 * @throws Error for one that is there but larger than an answer may be: without an ignore file everything would be sent
 */
export async function tryReadFile(bridge: Bridge, ref: Reference, path: string): Promise<Uint8Array | undefined> {
  try {
    return await bridge.readFile(ref, path);
  } catch (error) {
    if (error instanceof FileTooLarge) throw wrapError(error, `failed to read ${path}`);
    if (error instanceof RpcError && error.code === Code.resourceExhausted)
      throw new Error(`failed to read ${path}: it is too large for one message (${error.status})`);
    return undefined;
  }
}

/** The one reference of a result; throws for a result of several. */
export function singleRef(result: Result): Reference {
  if (result.refs && !result.ref) throw new Error('invalid map result');
  return result.ref ?? { id: '' };
}

/** A `Dockerfile` may also be spelled in lower case. */
function lowerCaseName(filename: string): string[] {
  return base(filename) === defaultDockerfileName ? [join(dirname(filename), defaultDockerfileName.toLowerCase())] : [];
}

async function readDockerfile(bridge: Bridge, ref: Reference, filename: string): Promise<Uint8Array> {
  try {
    const data = await bridge.readFile(ref, filename);
    // A daemon does not send larger files. Without a daemon, a file from the web may be larger.
    if (data.length > maxMessageBytes) throw new FileTooLarge(`${filename} is larger than ${maxMessageBytes} bytes`);
    return data;
  } catch (error) {
    for (const name of lowerCaseName(filename)) {
      const data = await tryReadFile(bridge, ref, name);
      if (data) return data;
    }
    throw wrapError(error, 'failed to read dockerfile');
  }
}

async function findSources(bridge: Bridge, options: FrontendOptions): Promise<Sources> {
  const { opts } = options;
  const named = {
    dockerfileLocalName: opts['dockerfilekey'] ?? 'dockerfile',
    filename: opts['filename'] ?? defaultDockerfileName,
  };
  const forceLocalDockerfile = opts['dockerfilekey'] !== undefined;
  const remote = await findRemoteSources(bridge, options, forceLocalDockerfile ? undefined : named.dockerfileLocalName);
  const subDir = opts['contextsubdir'];
  return {
    ...named,
    ...(remote.filename !== undefined && { filename: remote.filename }),
    context: remote.context && subDir !== undefined ? scopeTo(remote.context, subDir) : remote.context,
    dockerfile: forceLocalDockerfile ? undefined : remote.dockerfile,
  };
}

interface RemoteSources {
  readonly context?: State | undefined;
  readonly dockerfile?: State | undefined;
  readonly filename?: string | undefined;
}

async function findRemoteSources(
  bridge: Bridge,
  { opts, buildArgs }: FrontendOptions,
  dockerfileInput: string | undefined,
): Promise<RemoteSources> {
  const location = opts[opts['contextkey'] ?? mainContextName] ?? '';
  const repository = detectGitContext(location, {
    keepGitDir: isTrue(opts['build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR']),
    commitTimes: Boolean(buildArgs.get('SOURCE_DATE_EPOCH')),
  });
  if (repository) return { context: repository, dockerfile: repository };
  if (isHttpUrl(location)) return openHttpContext(bridge, location);
  if (!bridge.options.frontendCapabilities.supports('frontend.inputs')) return {};
  const inputs = await bridge.inputs().catch((error) => {
    throw wrapError(error, 'failed to get frontend inputs');
  });
  return {
    context: inputs.get(mainContextName),
    dockerfile: dockerfileInput === undefined ? undefined : inputs.get(dockerfileInput),
  };
}

/** Whether a context is an http or https address. */
export const isHttpUrl = (location: string) => /^https?:\/\//.test(location);

/** How a git repository is used as a context. */
interface GitContextOptions {
  /** Whether to keep `.git`, even if the address does not ask for it; false if absent. */
  readonly keepGitDir?: boolean;
  /** Whether files get the time of their commit; false if absent. */
  readonly commitTimes?: boolean;
  /** Gives the commit to fetch. The main context has none: a lock is a part of it. */
  readonly pins?: FrontendOptions['pins'];
}

/** The git repository that a context names, undefined if it names none. */
export function detectGitContext(
  location: string,
  { keepGitDir = false, commitTimes = false, pins }: GitContextOptions = {},
): State | undefined {
  const ref = parseGitRef(location);
  if (!ref) return undefined;
  return git(ref.remote, '', {
    ref: pins && ref.checksum === '' ? pins.git(ref.remote, ref.ref) : ref.ref,
    customName: `[internal] load git source ${location}`,
    keepGitDir: ref.keepGitDir === true || keepGitDir,
    subDir: ref.subDir || undefined,
    checksum: ref.checksum || undefined,
    skipSubmodules: ref.submodules === false,
    mtime: ref.mtime || (commitTimes ? 'commit' : undefined),
    fetchByCommit: ref.fetchByCommit,
  });
}

const downloadName = 'context';

/** A URL is the Dockerfile itself, or an archive with everything. */
async function openHttpContext(bridge: Bridge, url: string): Promise<RemoteSources> {
  const download = http(url, { filename: downloadName, customName: '[internal] load remote build context' });
  const result = await bridge.solve({ definition: download.marshal() }).catch((error) => {
    throw wrapError(error, 'failed to resolve httpcontext');
  });
  const header = await bridge
    .readFile(singleRef(result), downloadName, { offset: 0, length: archiveHeaderSize })
    .catch((error) => {
      throw wrapError(error, 'failed to read downloaded context');
    });
  if (!isArchive(header)) return { context: download, dockerfile: download, filename: downloadName };
  const unpacked = scratch().file(copy(download, `/${downloadName}`, '/', { attemptUnpack: true }));
  return { context: unpacked, dockerfile: unpacked };
}

const scopeTo = (context: State, subDir: string) =>
  scratch().file(copy(context, subDir, '/', { copyDirContentsOnly: true }));
