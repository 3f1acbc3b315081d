/** Session service that gives out the build's secrets. */
import { readFile, stat } from 'node:fs/promises';
import { Secrets } from '../../gen/moby/buildkit/secrets/v1/secrets_pb.ts';
import { routes } from '../../rpc/server.ts';
import { Code, RpcError } from '../../rpc/status.ts';
import { variableOf } from '../../system/environment.ts';
import type { Attachable } from './session.ts';

/** Where a secret's value is. It is read when a step asks for it. */
export type SecretSource =
  | { readonly file: string }
  | { readonly env: string }
  | { readonly value: string | Uint8Array };

/** The largest secret the daemon takes, in bytes. */
export const MAX_SECRET_BYTES = 500 * 1024;

/**
 * Offers secrets by id.
 * @throws Error for files that are not there or too large
 */
export async function secrets(sources: ReadonlyMap<string, SecretSource>): Promise<Attachable> {
  for (const [id, source] of sources) {
    if (!('file' in source)) continue;
    const { size } = await stat(source.file).catch((error: Error) => {
      throw new Error(`secret ${id}: ${error.message}`, { cause: error });
    });
    checkSize(id, size);
  }
  return {
    routes: routes(Secrets, {
      async getSecret(request) {
        const source = sources.get(request.ID);
        if (!source) throw new RpcError(Code.notFound, `secret ${request.ID}: not found`);
        const data = await read(source);
        if (!data) throw new RpcError(Code.notFound, `secret ${request.ID}: not found`);
        checkSize(request.ID, data.length);
        return { data };
      },
    }),
  };
}

function checkSize(id: string, bytes: number): void {
  if (bytes > MAX_SECRET_BYTES) throw new Error(`secret ${id} too big. max size 500KB`);
}

async function read(source: SecretSource): Promise<Uint8Array | undefined> {
  if ('file' in source) return readFile(source.file);
  const value = 'env' in source ? variableOf(process.env, source.env) : source.value;
  return typeof value === 'string' ? Buffer.from(value) : value;
}
