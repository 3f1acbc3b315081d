/** What is built: the context argument, --file and --build-context. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type Attachable, uploads } from '../../client/index.ts';
import { findInIndex } from '../../client/session/oci-layout.ts';
import { parseGitRef } from '../../image/git-ref.ts';
import { defaultLimits, request } from '../../image/http-request.ts';
import { cutPair } from './fields.ts';

export interface BuildInputs {
  readonly localDirs: Record<string, string>;
  readonly ociLayouts: Record<string, string>;
  readonly frontendAttrs: Record<string, string>;
  readonly attachables: readonly Attachable[];
  /** The path of the Dockerfile; '' where it is no file here. */
  readonly dockerfile: string;
  /** Names the context among those of this machine: its next build sends only what has changed. */
  readonly sharedKey: string;
  /** Removes temporary files. */
  cleanUp(): Promise<void>;
}

const PEEK_BYTES = 1024;

/** @throws Error for combinations that make no sense and for what is not there */
export async function openInputs(
  context: string,
  file: string | undefined,
  buildContexts: readonly string[],
  stdin: Readable = process.stdin,
): Promise<BuildInputs> {
  const localDirs: Record<string, string> = {};
  const ociLayouts: Record<string, string> = {};
  const frontendAttrs: Record<string, string> = {};
  const attachables: Attachable[] = [];
  const temporary: string[] = [];
  let sharedKey = '';
  let dockerfile = '';
  const temporaryDir = async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'tsfront-'));
    temporary.push(dir);
    return dir;
  };
  const dockerfileText = async (text: Uint8Array) => {
    const dir = await temporaryDir();
    await writeFile(path.join(dir, 'Dockerfile'), text);
    localDirs['dockerfile'] = dir;
    frontendAttrs['filename'] = 'Dockerfile';
  };

  if (context === '-') {
    const { head, rest } = await peek(stdin);
    if (isArchive(head)) {
      if (file === '-') throw new Error('ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles');
      const upload = uploads();
      frontendAttrs['context'] = upload.add(rest);
      attachables.push(upload);
      if (file) frontendAttrs['filename'] = file;
    } else {
      if (file && file !== '-')
        throw new Error('ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles');
      await dockerfileText(await readAll(rest));
      localDirs['context'] = await temporaryDir();
    }
  } else if (isRemote(context)) {
    frontendAttrs['context'] = context;
    if (file === '-') {
      await dockerfileText(await readAll(stdin));
      frontendAttrs['dockerfilekey'] = 'dockerfile';
    } else if (file) frontendAttrs['filename'] = file;
  } else {
    if (!(await stat(context).catch(() => undefined))?.isDirectory())
      throw new Error(`unable to prepare context: path ${JSON.stringify(context)} not found or no directory`);
    localDirs['context'] = context;
    sharedKey = path.basename(path.resolve(context));
    if (file === '-') await dockerfileText(await readAll(stdin));
    else if (file && /^https?:\/\//.test(file)) await dockerfileText(await download(file));
    else if (file) {
      if (!(await stat(file).catch(() => undefined))?.isFile())
        throw new Error(`unable to prepare context: the Dockerfile ${file} is not there`);
      localDirs['dockerfile'] = path.dirname(file);
      frontendAttrs['filename'] = path.basename(file);
      dockerfile = file;
    } else {
      localDirs['dockerfile'] = context;
      dockerfile = path.join(context, 'Dockerfile');
    }
  }

  for (const buildContext of buildContexts) {
    const [name, value] = cutPair(buildContext);
    if (value === undefined) throw new Error(`invalid context value: ${buildContext}, expected key=value`);
    const layout = /^oci-layout:\/\/(.+?)(?::([\w][\w.-]*))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(value);
    if (layout) {
      const [, dir = '', tag = 'latest', digest] = layout;
      const resolved = digest ?? (await findInIndex(dir, tag))?.digest;
      if (!resolved) throw new Error(`${dir} has no image with the tag ${tag}`);
      const store = `layout-${Object.keys(ociLayouts).length}`;
      ociLayouts[store] = dir;
      frontendAttrs[`context:${name}`] = `oci-layout://${store}:${tag}@${resolved}`;
    } else if (/^(docker-image|target|input):/.test(value) || isRemote(value)) {
      frontendAttrs[`context:${name}`] = value;
    } else {
      if (!(await stat(value).catch(() => undefined))?.isDirectory())
        throw new Error(`failed to get build context ${name}: ${value} is not a directory`);
      // the names of the main directories must stay free
      const key = name === 'context' || name === 'dockerfile' ? `_${name}` : name;
      localDirs[key] = value;
      frontendAttrs[`context:${name}`] = `local:${key}`;
    }
  }
  return {
    localDirs,
    ociLayouts,
    frontendAttrs,
    attachables,
    dockerfile,
    sharedKey,
    async cleanUp() {
      for (const dir of temporary) await rm(dir, { recursive: true, force: true });
    },
  };
}

const MAX_DOCKERFILE_BYTES = 16 << 20;

async function download(url: string): Promise<Uint8Array> {
  try {
    const answer = await request(new URL(url), {}, MAX_DOCKERFILE_BYTES, defaultLimits);
    if (answer.status !== 200) throw new Error(`HTTP status ${answer.status}`);
    return answer.body;
  } catch (error) {
    throw new Error(`unable to get the Dockerfile ${url}: ${(error as Error).message}`, { cause: error });
  }
}

function isRemote(context: string): boolean {
  return /^https?:\/\//.test(context) || parseGitRef(context) !== undefined;
}

/** The first bytes of a stream, and the whole of it to be read again. */
async function peek(stream: Readable): Promise<{ head: Buffer; rest: Readable }> {
  const iterator = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < PEEK_BYTES && !ended) {
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

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** Magic numbers of gzip, bzip2, xz, zstd and tar. */
function isArchive(head: Buffer): boolean {
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  return (
    starts(0x1f, 0x8b) ||
    starts(0x42, 0x5a, 0x68) ||
    starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0) ||
    starts(0x28, 0xb5, 0x2f, 0xfd) ||
    head.toString('latin1', 257, 262) === 'ustar'
  );
}
