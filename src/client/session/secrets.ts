/** Session service that gives out the build's secrets. */
import { stat } from 'node:fs/promises';
import { Secrets } from '../../gen/moby/buildkit/secrets/v1/secrets_pb.ts';
import { Code, RpcError } from '../../rpc/rpc-error.ts';
import { routes } from '../../rpc/server.ts';
import { variableOf } from '../../system/environment-variables.ts';
import { isDescriptor, readNamedFile } from '../../system/named-file.ts';
import { TooLarge } from '../../system/read-inside.ts';
import { UnusableFile } from '../../system/unusable-file.ts';
import type { Attachable } from './session.ts';

/**
 * The source of a secret's value. It is read when a step asks for it, except for a pipe of the shell (`/dev/fd/63`),
 * which can be read only once.
 */
export type SecretSource =
  | { readonly file: string }
  | { readonly env: string }
  | { readonly value: string | Uint8Array };

/** The largest secret the daemon takes, in bytes. */
const maxSecretBytes = 500 * 1024;

/**
 * Offers secrets by id.
 * @throws UnusableFile for files that do not exist, are too large, or are not regular files
 */
export async function secrets(secretSources: ReadonlyMap<string, SecretSource>): Promise<Attachable> {
  const sources = new Map(secretSources);
  for (const [id, source] of secretSources) {
    if (!('file' in source)) continue;
    try {
      if (isDescriptor(source.file)) {
        sources.set(id, { value: await readSecretFile(id, source.file) });
        continue;
      }
      const stats = await stat(source.file);
      if (!stats.isFile()) throw new Error(`${source.file} is not a regular file`);
      checkSize(id, stats.size);
    } catch (error) {
      const { message } = error as Error;
      throw new UnusableFile(message.startsWith('secret ') ? message : `secret ${id}: ${message}`, { cause: error });
    }
  }
  return {
    routes: routes(Secrets, {
      async getSecret(request) {
        const source = sources.get(request.ID);
        if (!source) throw new RpcError(Code.notFound, `secret ${request.ID}: not found`);
        const data = await read(request.ID, source);
        if (!data) throw new RpcError(Code.notFound, `secret ${request.ID}: not found`);
        checkSize(request.ID, data.length);
        return { data };
      },
    }),
  };
}

function checkSize(id: string, bytes: number): void {
  if (bytes > maxSecretBytes) throw new Error(`secret ${id} too big. max size 500KB`);
}

async function readSecretFile(id: string, file: string): Promise<Uint8Array> {
  try {
    return await readNamedFile(file, maxSecretBytes);
  } catch (error) {
    if (error instanceof TooLarge) checkSize(id, Number.POSITIVE_INFINITY);
    throw error;
  }
}

async function read(id: string, source: SecretSource): Promise<Uint8Array | undefined> {
  if ('file' in source) return readSecretFile(id, source.file);
  const value = 'env' in source ? variableOf(process.env, source.env) : source.value;
  return typeof value === 'string' ? Buffer.from(value) : value;
}
