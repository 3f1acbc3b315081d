/** Session service that sends local directories: build contexts. */
import { FileSync } from '../../gen/moby/filesync/v1/filesync_pb.ts';
import type { RawHandler } from '../../rpc/server.ts';
import { methodPath, type ServerContext } from '../../rpc/service.ts';
import { Code, RpcError } from '../../rpc/status.ts';
import { createFilter } from '../fsutil/filter.ts';
import { type SendProgress, sendTree } from '../fsutil/send.ts';
import type { Attachable } from './session.ts';

export interface FileSyncOptions {
  readonly onProgress?: ((name: string, progress: SendProgress) => void) | undefined;
}

/**
 * Offers directories by the name of their local source. The daemon says per request which part it wants: include and
 * exclude patterns, and paths whose symlinks are to be followed.
 */
export function fileSync(dirs: ReadonlyMap<string, string>, options: FileSyncOptions = {}): Attachable {
  const diffCopy: RawHandler = async (call) => {
    const name = headerValues(call, 'dir-name')[0] ?? '';
    const dir = dirs.get(name);
    if (dir === undefined)
      throw new RpcError(
        Code.notFound,
        `no access allowed to dir ${JSON.stringify(name)}: the client offers no local directory of that name`,
      );
    const filter = await createFilter(dir, {
      include: headerValues(call, 'include-patterns'),
      exclude: headerValues(call, 'exclude-patterns'),
      follow: headerValues(call, 'followpaths'),
    });
    await sendTree(call, dir, { filter, onProgress: (progress) => options.onProgress?.(name, progress) });
  };
  return { routes: new Map([[methodPath(FileSync, 'diffCopy'), diffCopy]]) };
}

/** The values of a header; with `NAME-encoded: 1` they are query-escaped because one of them is not ASCII. */
export function headerValues(call: ServerContext, name: string): readonly string[] {
  const values = call.headers.get(name) ?? [];
  const encoded = /^(1|t|T|TRUE|true|True)$/.test(call.headers.get(`${name}-encoded`)?.[0] ?? '');
  return encoded ? values.map((value) => decodeURIComponent(value.replaceAll('+', ' '))) : values;
}
