/** The context argument, --file and --build-context, as a build on a daemon takes them. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { archiveHeaderSize, isArchive } from '../../archive/detect.ts';
import { type Attachable, uploads } from '../../client/index.ts';
import { downloadDockerfile } from '../../daemonless/download.ts';
import { locateContext, maxDockerfileBytes } from '../../daemonless/locate-context.ts';
import { defaultDockerfileName } from '../../gateway/frontend-files.ts';
import { type TemporaryDir, temporaryDir } from '../../system/temporary-dir.ts';
import { UsageError } from '../../text/usage-error.ts';
import { readBuildContexts } from '../options/named-values.ts';

/** The opened inputs of a build: what the context, the Dockerfile and the named contexts become for the daemon. */
export interface BuildInputs {
  readonly localDirs: Record<string, string>;
  readonly ociLayouts: Record<string, string>;
  readonly frontendAttrs: Record<string, string>;
  readonly attachables: readonly Attachable[];
  /** The path of the Dockerfile; '' if it is not a file on this machine. */
  readonly dockerfile: string;
  /**
   * The path of the Dockerfile in a remote context (a repository, or an archive at an address or on standard input); ''
   * for other contexts.
   */
  readonly remoteDockerfile: string;
  /** Identifies the context on this machine, so that the next build sends only what has changed. */
  readonly sharedKey: string;
  /** Removes temporary files. */
  cleanUp(): Promise<void>;
}

/**
 * Opens the inputs.
 * @throws UsageError for missing inputs and invalid combinations; Error if a download fails. Temporary files are
 * removed then
 */
export async function openInputs(
  context: string,
  file: string | undefined,
  buildContexts: readonly string[],
  { stdin = process.stdin, signal }: { readonly stdin?: Readable; readonly signal?: AbortSignal } = {},
): Promise<BuildInputs> {
  const located = await locateContext(
    { context, file, buildContexts: readBuildContexts(buildContexts) },
    {
      readStdin: () => readTextOrArchive(stdin),
      download: (address) => downloadDockerfile(address, signal),
      signal,
    },
  );
  const temporary: TemporaryDir[] = [];
  const makeDir = async () => {
    const dir = await temporaryDir('tsfront-');
    temporary.push(dir);
    return dir.path;
  };
  const cleanUp = async () => {
    for (const dir of temporary) await dir.remove();
  };
  try {
    const { opts, dirs, dockerfileText, archive, ociLayouts, dockerfile, remoteDockerfile } = located;
    const localDirs = Object.fromEntries(dirs);
    // Provenance and history name it too.
    const frontendAttrs: Record<string, string> = { filename: defaultDockerfileName, ...opts };
    // A frontend that does not know named contexts would build without them.
    if (buildContexts.length > 0) frontendAttrs['frontend.caps'] = 'moby.buildkit.frontend.contexts+forward';
    const upload = archive && uploads();
    if (upload) frontendAttrs['context'] = upload.add(archive);
    if (dockerfileText) {
      localDirs['dockerfile'] = await makeDir();
      await writeFile(path.join(localDirs['dockerfile'], defaultDockerfileName), dockerfileText);
      if (context === '-') localDirs['context'] = await makeDir();
    }
    const mainDir = dirs.get('context');
    return {
      localDirs,
      ociLayouts: Object.fromEntries(ociLayouts),
      frontendAttrs,
      attachables: upload ? [upload] : [],
      dockerfile,
      remoteDockerfile,
      sharedKey: mainDir === undefined ? '' : path.basename(path.resolve(mainDir)),
      cleanUp,
    };
  } catch (error) {
    await cleanUp();
    if (signal?.aborted) throw error;
    throw new UsageError((error as Error).message, { cause: error });
  }
}

async function readTextOrArchive(stdin: Readable): Promise<Uint8Array | { readonly archive: Readable }> {
  const { head, rest } = await peek(stdin);
  return isArchive(head) ? { archive: rest } : readAll(rest);
}

/** Reads the first bytes of a stream. @returns them, and a stream of everything including them */
async function peek(stream: Readable): Promise<{ head: Buffer; rest: Readable }> {
  const iterator = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < archiveHeaderSize && !ended) {
    const { value, done } = await iterator.next();
    if (done) ended = true;
    else head = Buffer.concat([head, value as Uint8Array]);
  }
  async function* all() {
    yield head;
    while (!ended) {
      const { value, done } = await iterator.next();
      if (done) return;
      yield value as Uint8Array;
    }
  }
  return { head, rest: Readable.from(all(), { objectMode: false }) };
}

/** Reads a Dockerfile on standard input. @throws UsageError if it is too large */
async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Uint8Array);
    total += (chunk as Uint8Array).length;
    if (total > maxDockerfileBytes)
      throw new UsageError(`the Dockerfile on standard input is larger than ${maxDockerfileBytes} bytes`);
  }
  return Buffer.concat(chunks);
}
