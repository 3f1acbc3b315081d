/** Explains what older daemons, and Docker engines without the containerd image store, do not support. */
import { Code, RpcError } from '../rpc/rpc-error.ts';
import { cacheExportTable } from './cache-table.ts';
import type { Connection } from './connection.ts';
import { exporterTable } from './exporter-table.ts';

/**
 * Refuses several exporters for daemons before BuildKit 0.11, which silently ignore all but the first.
 * @throws RpcError
 */
export async function requireSeveralExporters(connection: Connection, signal?: AbortSignal): Promise<void> {
  try {
    await connection.control.info({}, { signal });
  } catch (error) {
    if (!(error instanceof RpcError) || error.code !== Code.unimplemented) throw error;
    throw new RpcError(Code.unimplemented, 'this daemon is too old for several outputs of one build: name only one');
  }
}

const exporters = Object.keys(exporterTable)
  .filter((type) => type !== 'registry' && type !== 'cacheonly') // buildx's own
  .sort();
const caches = Object.keys(cacheExportTable).sort();

/** Adds an explanation to the error for an unknown frontend, exporter or cache. Other errors are returned unchanged. */
export function explainUnsupported(error: unknown, kind: Connection['kind']): unknown {
  if (!(error instanceof RpcError)) return error;
  if (/^invalid frontend: [\w./-]*$/.test(error.status))
    return explained(error, 'known are dockerfile.v0 and gateway.v0; `dockerfileFrontend` runs in this process');
  const exporter = /exporter "?([\w-]+)"? could not be found/.exec(error.status)?.[1];
  const cache = /unknown cache (?:exporter|importer): "?([\w-]+)"?/.exec(error.status)?.[1];
  if (!exporter && !cache) return error;
  const supported = cache ? caches : exporters;
  if (!supported.includes((cache ?? exporter)!)) return explained(error, `known are ${supported.join(', ')}`);
  if (kind !== 'dockerd') return error;
  const hint = cache
    ? `this Docker engine has no ${cache} cache`
    : exporter === 'image'
      ? 'this Docker engine’s BuildKit pushes no images: export with "moby", then push with dockerPush or "docker push"'
      : `this Docker engine has no ${exporter} exporter`;
  return explained(error, `${hint}; Docker 23 and newer have it with the containerd image store`);
}

function explained(error: RpcError, hint: string): RpcError {
  return new RpcError(error.code, `${error.status} (${hint})`, error.details, { cause: error });
}
