/** Session service that sends local directories: build contexts. */
import { FileSync } from '../../gen/moby/filesync/v1/filesync_pb.ts';
import { isTrue } from '../../go/strconv.ts';
import { decodeText } from '../../go/text.ts';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import type { RawHandler } from '../../rpc/server.ts';
import { methodPath, type ServerContext } from '../../rpc/service.ts';
import { printableLine } from '../../text/printable.ts';
import { createFilter } from '../../tree/filter.ts';
import { resolveRoot } from '../../tree/walk.ts';
import { type SendProgress, sendTree } from '../fsutil/send.ts';
import type { Attachable } from './session.ts';

/** Options of the service that sends directories. */
export interface FileSyncOptions {
  readonly onProgress?: ((name: string, progress: SendProgress) => void) | undefined;
}

/**
 * Offers directories by the name of their local source. Each request has include and exclude patterns, and paths whose
 * symlinks are followed.
 */
export function fileSync(dirs: ReadonlyMap<string, string>, options: FileSyncOptions = {}): Attachable {
  let notText: string | undefined;
  const diffCopy: RawHandler = async (call) => {
    const name = headerValues(call, 'dir-name')[0] ?? '';
    const dir = dirs.get(name);
    if (dir === undefined)
      throw new RpcError(
        Code.notFound,
        `no access allowed to dir ${JSON.stringify(name)}: the client offers no local directory of that name`,
      );
    // Resolved once, so that all of it is read from the same directory even if the link changes.
    const root = await resolveRoot(dir);
    const filter = await createFilter(root, {
      include: headerValues(call, 'include-patterns'),
      exclude: headerValues(call, 'exclude-patterns'),
      follow: headerValues(call, 'followpaths'),
    });
    await sendTree(call, root, {
      filter,
      onProgress: (progress) => options.onProgress?.(name, progress),
      onNonUtf8Name(file) {
        notText ??= file;
      },
    });
  };
  return {
    routes: new Map([[methodPath(FileSync, 'diffCopy'), diffCopy]]),
    /** BuildKit takes any bytes, but dockerd from 28 on reads names as text, and names none of them in its error. */
    explain(error) {
      if (notText === undefined || !(error instanceof RpcError) || !error.status.includes('invalid UTF-8'))
        return error;
      const why = `the name or the target of ${printableLine(notText)} is not UTF-8, and this daemon takes only UTF-8`;
      const explained = `${error.status}: ${why}; rename the file, or leave it out with an ignore file`;
      return new RpcError(error.code, explained, error.details, { cause: error });
    },
  };
}

/** The values of a header, as go/text.ts has bytes; with `NAME-encoded: 1` they are query-escaped. */
function headerValues(call: ServerContext, name: string): readonly string[] {
  const values = call.headers.get(name) ?? [];
  const isEncoded = isTrue(call.headers.get(`${name}-encoded`)?.[0]);
  return values.map((value) => decodeText(isEncoded ? queryUnescape(name, value) : Buffer.from(value, 'latin1')));
}

/**
 * Decodes as Go's url.QueryUnescape does. @throws RpcError for invalid escapes, because without a pattern more would be
 * sent
 */
function queryUnescape(header: string, value: string): Uint8Array {
  if (/%(?![0-9a-fA-F]{2})/.test(value))
    throw new RpcError(Code.invalidArgument, `the header ${header} is not escaped as it should be: ${value}`);
  const unescaped = value
    .replaceAll('+', ' ')
    .replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(unescaped, 'latin1');
}
