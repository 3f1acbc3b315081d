/** What is built: the context argument, --file and --build-context. */
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type Attachable, uploads } from '../../client/index.ts';
import { findInIndex } from '../../client/session/oci-layout.ts';
import { archiveHeaderSize, isArchive } from '../../gateway/archive.ts';
import { parseGitRef } from '../../image/git-ref.ts';
import { contextName } from '../../image/reference.ts';
import { DOCKERFILE, requireDockerfile, requireNoOther, spelledIn } from '../../offline/dockerfile-name.ts';
import { download } from '../../offline/download.ts';
import { UsageError } from '../../offline/usage-error.ts';
import { refuseEndless } from '../../system/endless-files.ts';
import { isDescriptor, readNamedFile } from '../../system/named-file.ts';
import { type TemporaryFolder, temporaryFolder } from '../../system/temporary-folder.ts';
import { redactCredentials } from '../../text/redact.ts';
import { cutPair } from './fields.ts';

export interface BuildInputs {
  readonly localDirs: Record<string, string>;
  readonly ociLayouts: Record<string, string>;
  readonly frontendAttrs: Record<string, string>;
  readonly attachables: readonly Attachable[];
  /** The path of the Dockerfile; '' where it is no file here. */
  readonly dockerfile: string;
  /** The path that the Dockerfile would have in a repository or an archive at an address; '' for other contexts. */
  readonly remoteDockerfile: string;
  /** Names the context among those of this machine: its next build sends only what has changed. */
  readonly sharedKey: string;
  /** Removes temporary files. */
  cleanUp(): Promise<void>;
}

/** @throws UsageError for combinations that make no sense and for what is not there; nothing temporary is left then */
export async function openInputs(
  context: string,
  file: string | undefined,
  buildContexts: readonly string[],
  { stdin = process.stdin, signal }: { readonly stdin?: Readable; readonly signal?: AbortSignal } = {},
): Promise<BuildInputs> {
  const temporary: TemporaryFolder[] = [];
  const cleanUp = async () => {
    for (const folder of temporary) await folder.remove();
  };
  const temporaryDir = async () => {
    const folder = await temporaryFolder('tsfront-');
    temporary.push(folder);
    return folder.path;
  };
  try {
    const main = await openMain(context, file, stdin, temporaryDir, signal);
    const named = await openNamed(buildContexts);
    const localDirs = { ...main.localDirs, ...named.localDirs };
    await prepared(refuseEndless(Object.entries(localDirs), main.frontendAttrs['filename'] ?? DOCKERFILE));
    return {
      ...main,
      localDirs,
      ociLayouts: named.ociLayouts,
      // provenance and history name it too
      frontendAttrs: { filename: DOCKERFILE, ...main.frontendAttrs, ...named.frontendAttrs },
      cleanUp,
    };
  } catch (error) {
    await cleanUp();
    if (error instanceof NotHad || signal?.aborted) throw error;
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Says of an error what docker says of it. */
async function prepared(checking: Promise<void>): Promise<void> {
  await checking.catch((error) => {
    throw new Error(`unable to prepare context: ${(error as Error).message}`, { cause: error });
  });
}

/** What was named well, but cannot be had now. */
class NotHad extends Error {}

async function openMain(
  context: string,
  given: string | undefined,
  stdin: Readable,
  temporaryDir: () => Promise<string>,
  signal: AbortSignal | undefined,
): Promise<Omit<BuildInputs, 'ociLayouts' | 'cleanUp'>> {
  const file = given === '/dev/stdin' ? '-' : given;
  const localDirs: Record<string, string> = {};
  const frontendAttrs: Record<string, string> = {};
  const attachables: Attachable[] = [];
  let sharedKey = '';
  let dockerfile = '';
  let remoteDockerfile = '';
  const dockerfileText = async (text: Uint8Array) => {
    const dir = await temporaryDir();
    await writeFile(path.join(dir, DOCKERFILE), text);
    localDirs['dockerfile'] = dir;
    frontendAttrs['filename'] = DOCKERFILE;
  };
  /** @returns whether there is a Dockerfile apart from the context */
  const ownDockerfile = async (): Promise<boolean> => {
    if (file === '-') await dockerfileText(await readAll(stdin));
    else if (file && isHttp(file)) await dockerfileText(await downloadDockerfile(file, signal));
    else if (file && isDescriptor(file)) await dockerfileText(await readNamedFile(file, MAX_DOCKERFILE_BYTES, signal));
    else return false;
    return true;
  };
  const dockerfileIn = async (folder: string, given: string) => {
    const name = await spelledIn(folder, given);
    localDirs['dockerfile'] = folder;
    frontendAttrs['filename'] = name;
    dockerfile = path.join(folder, name);
  };

  if (context === '-') {
    if (file === '-') throw new Error("invalid argument: can't use stdin for both build context and dockerfile");
    const { head, rest } = await peek(stdin);
    if (isArchive(head)) {
      const upload = uploads();
      frontendAttrs['context'] = upload.add(rest);
      attachables.push(upload);
      if (file) frontendAttrs['filename'] = file;
    } else {
      if (file) throw new Error('ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles');
      await dockerfileText(await readAll(rest));
      localDirs['context'] = await temporaryDir();
    }
  } else if ((await stat(context).catch(() => undefined))?.isDirectory()) {
    localDirs['context'] = context;
    sharedKey = path.basename(path.resolve(context));
    if (await ownDockerfile()) {
      // it is no file here
    } else if (file) {
      await prepared(requireDockerfile(file, context));
      await dockerfileIn(path.dirname(file), path.basename(file));
    } else {
      await prepared(requireNoOther(context));
      await dockerfileIn(context, DOCKERFILE);
    }
  } else if (isRemote(context)) {
    frontendAttrs['context'] = context;
    if (await ownDockerfile()) {
      frontendAttrs['dockerfilekey'] = 'dockerfile';
      return { localDirs, frontendAttrs, attachables, dockerfile, remoteDockerfile, sharedKey };
    }
    remoteDockerfile = file || DOCKERFILE;
    if (file && path.isAbsolute(file)) {
      await prepared(requireDockerfile(file, undefined));
      await dockerfileIn(path.dirname(file), path.basename(file)); // here, whereas a relative path is one in the context
      frontendAttrs['dockerfilekey'] = 'dockerfile';
    } else if (file) frontendAttrs['filename'] = file;
  } else {
    const isFile = (await stat(context).catch(() => undefined))?.isFile();
    const advice = isFile ? ` (it is a file: give a Dockerfile with --file, and its folder as the context)` : '';
    throw new Error(
      `unable to prepare context: path ${JSON.stringify(redactCredentials(context))} not found or no directory${advice}`,
    );
  }
  return { localDirs, frontendAttrs, attachables, dockerfile, remoteDockerfile, sharedKey };
}

async function openNamed(
  buildContexts: readonly string[],
): Promise<Pick<BuildInputs, 'localDirs' | 'ociLayouts' | 'frontendAttrs'>> {
  const localDirs: Record<string, string> = {};
  const ociLayouts: Record<string, string> = {};
  const frontendAttrs: Record<string, string> = {};
  for (const buildContext of buildContexts.filter((it) => it !== '')) {
    const [given, value] = cutPair(buildContext);
    if (value === undefined)
      throw new Error(`invalid context value: ${redactCredentials(buildContext)}, expected key=value`);
    const name = contextName(given);
    const layout = /^oci-layout:\/\/(.+?)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(value);
    if (layout) {
      const [, dir = '', tag = 'latest', digest] = layout;
      const resolved = digest ?? (await findInIndex(dir, tag))?.digest;
      if (!resolved) throw new Error(`${dir} has no image with the tag ${tag}`);
      const store = `layout-${Object.keys(ociLayouts).length}`;
      ociLayouts[store] = dir;
      frontendAttrs[`context:${name}`] = `oci-layout://${store}:${tag}@${resolved}`;
    } else if (/^(docker-image|target|input):/.test(value)) {
      frontendAttrs[`context:${name}`] = value;
    } else if ((await stat(value).catch(() => undefined))?.isDirectory()) {
      // the names of the main directories must stay free
      const key = name === 'context' || name === 'dockerfile' ? `_${name}` : name;
      localDirs[key] = value;
      frontendAttrs[`context:${name}`] = `local:${key}`;
    } else if (isRemote(value)) {
      frontendAttrs[`context:${name}`] = value;
    } else {
      throw new Error(`failed to get build context ${name}: ${redactCredentials(value)} is not a directory`);
    }
  }
  return { localDirs, ociLayouts, frontendAttrs };
}

/** As large as the daemon hands one to a frontend. */
const MAX_DOCKERFILE_BYTES = 16 << 20;

async function downloadDockerfile(url: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    return (await download(url, MAX_DOCKERFILE_BYTES, signal)).body;
  } catch (error) {
    signal?.throwIfAborted();
    throw new NotHad(`unable to get the Dockerfile ${(error as Error).message}`, { cause: error });
  }
}

function isHttp(text: string): boolean {
  return /^https?:\/\//.test(text);
}

function isRemote(context: string): boolean {
  return isHttp(context) || parseGitRef(context) !== undefined;
}

/** The first bytes of a stream, and the whole of it to be read again. */
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

/** A Dockerfile on standard input. */
async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Uint8Array);
    total += (chunk as Uint8Array).length;
    if (total > MAX_DOCKERFILE_BYTES)
      throw new Error(`the Dockerfile on standard input is larger than ${MAX_DOCKERFILE_BYTES} bytes`);
  }
  return Buffer.concat(chunks);
}
