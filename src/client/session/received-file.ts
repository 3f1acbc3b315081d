/** A file that a daemon sends: received beside its place, put there at the end, and taken back if the build fails. */
import { createWriteStream, type Stats } from 'node:fs';
import { link, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { BytesMessageSchema } from '../../gen/moby/filesync/v1/filesync_pb.ts';
import type { RawCall } from '../../rpc/server.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { makeStaging, removeEmptyDirs, temporaryName } from '../fsutil/make-dirs.ts';

/** Whether a file is a device or a pipe: these are written to, not replaced. @throws Error for a directory */
export async function isSpecial(file: string): Promise<boolean> {
  const existing = await stat(file).catch(() => undefined);
  if (existing?.isDirectory()) throw new Error(`destination file ${file} is a directory`);
  return existing !== undefined && !existing.isFile();
}

/** A file that has come, in a private directory beside its place. */
export interface WaitingFile {
  readonly staging: string;
  readonly contents: string;
  readonly file: string;
  /** The topmost directory that was made for it. */
  readonly created: string | undefined;
}

/** Receives a file beside its place, which it takes when it is published. */
export async function receiveFile(call: RawCall, destination: string): Promise<WaitingFile> {
  const file = await followLinks(destination);
  const { staging, created } = await makeStaging(path.dirname(file));
  const waiting = { staging, contents: path.join(staging, 'contents'), file, created };
  const output = createWriteStream(waiting.contents, { flags: 'wx' });
  try {
    await receiveInto(call, output, destination);
    return waiting;
  } catch (error) {
    await finished(output).catch(() => {});
    await removeWaiting(waiting, false);
    throw error;
  }
}

/** Removes what was received and has no place yet. @param keepsDirs whether directories that were made for it stay */
export async function removeWaiting({ staging, file, created }: WaitingFile, keepsDirs: boolean): Promise<void> {
  await rm(staging, { recursive: true, force: true });
  if (created && !keepsDirs) await removeEmptyDirs(path.dirname(file), created);
}

/** Follows a link to the file that is replaced or created. @throws Error for a circle of links */
async function followLinks(file: string): Promise<string> {
  let at = path.resolve(file);
  for (let links = 0; links <= maxLinks; links++) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return real;
    const target = await readlink(at).catch(() => undefined);
    if (target === undefined) return at;
    const directory = path.dirname(at);
    at = path.resolve(await realpath(directory).catch(() => directory), target);
  }
  throw new Error(`cannot write ${file}: its links lead in a circle`);
}

/** Maximum number of links, as on Linux. */
const maxLinks = 40;

/** A file in its place. */
export interface FilePlace {
  readonly file: string;
  /** Tells the file from one that somebody else puts there. */
  readonly identity: string;
  /** The replaced file. */
  readonly aside: string | undefined;
}

/** Publishes a file; what was there before is kept aside. */
export async function placeFile({ contents, file }: WaitingFile, destination: string): Promise<FilePlace> {
  const identity = identityOf(await stat(contents));
  const aside = path.join(path.dirname(file), temporaryName());
  let hadOne = false;
  await isSpecial(file); // a directory may have come there meanwhile
  try {
    hadOne = await setAside(file, aside);
    await rename(contents, file);
    return { file, identity, aside: hadOne ? aside : undefined };
  } catch (error) {
    if (hadOne) await rename(aside, file).then(() => rm(aside, { force: true }));
    throw new Error(systemErrorsInWords(`cannot write ${destination}: ${(error as Error).message}`), { cause: error });
  }
}

/** A file system may give the inode of a removed file to the next one, so size and time of modification count too. */
const identityOf = ({ dev, ino, size, mtimeMs }: Stats): string => `${dev}:${ino}:${size}:${mtimeMs}`;

/** A replaced file keeps its name until then, if the file system supports hard links. */
async function setAside(file: string, aside: string): Promise<boolean> {
  const { code } = await link(file, aside).then(
    () => ({ code: '' }),
    (error: NodeJS.ErrnoException) => error,
  );
  if (code === 'ENOENT') return false;
  if (code !== '') await rename(file, aside);
  return true;
}

/**
 * Restores the replaced file, unless another process has written to its place since. @throws Error that names what was
 * not restored
 */
export async function undoPlacement({ file, identity, aside }: FilePlace): Promise<void> {
  const now = await stat(file).catch(() => undefined);
  if (now && identityOf(now) !== identity) {
    if (aside)
      throw new Error(`what could not be put back: ${file} is now ${aside} (something else has taken its place)`);
    return;
  }
  try {
    if (aside) await rename(aside, file);
    else await rm(file, { force: true });
  } catch (error) {
    const what = aside ? `${file} is now ${aside}` : `${file} is still there`;
    throw new Error(systemErrorsInWords(`what could not be put back: ${what} (${(error as Error).message})`), {
      cause: error,
    });
  }
}

/**
 * When the call is given up nothing is waited for any longer: whoever should read a pipe may never do so.
 * @param file what the output is, as the user has named it
 */
export async function receiveInto(call: RawCall, output: Writable, file?: string): Promise<void> {
  const done = finished(output);
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const gone = () => reject(call.signal.reason);
  for (const promise of [done, givenUp]) promise.catch(() => {});
  call.signal.addEventListener('abort', gone, { once: true });
  try {
    for await (const message of call.messages) {
      const { data } = fromBinary(BytesMessageSchema, message);
      if (!output.write(data)) await Promise.race([drained(output), done, givenUp]);
    }
    call.signal.throwIfAborted(); // the daemon went away in the middle
    output.end();
    await Promise.race([done, givenUp]);
  } catch (error) {
    output.destroy();
    await Promise.race([done, givenUp]).catch(() => {});
    const { code, message } = error as NodeJS.ErrnoException;
    if (file === undefined || !/^E[A-Z]+$/.test(code ?? '')) throw error;
    throw new Error(systemErrorsInWords(`cannot write ${file}: ${message}`), { cause: error });
  } finally {
    call.signal.removeEventListener('abort', gone);
  }
}

function drained(output: Writable): Promise<void> {
  return new Promise((resolve) => output.once('drain', resolve));
}
