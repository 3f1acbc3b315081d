/** The Docker context in use: the engine that `docker context use` or DOCKER_CONTEXT has chosen. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { dockerConfigDir } from '../../image/docker-config.ts';
import { maxSettingsBytes, readNamedFileSync } from '../../system/named-file.ts';
import type { TlsOptions } from './address.ts';

export interface DockerContext {
  readonly name: string;
  /** As in DOCKER_HOST. */
  readonly host: string;
  readonly tls: TlsOptions | undefined;
}

/**
 * The context that is chosen; undefined for none, or for the one named `default`, which stands for DOCKER_HOST.
 * @throws Error when a context is chosen that is not there or names no engine
 */
export function dockerContext(env: Readonly<Record<string, string | undefined>>): DockerContext | undefined {
  const dir = dockerConfigDir(env);
  const name = env['DOCKER_CONTEXT'] || (dir && readJson(path.join(dir, 'config.json'))?.currentContext);
  if (!name || name === 'default') return undefined;
  if (!dir)
    throw new Error(`there is no Docker context ${JSON.stringify(name)}: neither DOCKER_CONFIG nor HOME is set`);
  const id = createHash('sha256').update(name).digest('hex');
  const meta = path.join(dir, 'contexts/meta', id, 'meta.json');
  const host = readJson(meta)?.Endpoints?.docker?.Host;
  if (!host) {
    const chosen = env['DOCKER_CONTEXT'] ? 'DOCKER_CONTEXT' : `"currentContext" of ${path.join(dir, 'config.json')}`;
    throw new Error(`the Docker context ${JSON.stringify(name)} that ${chosen} names has no engine in ${meta}`);
  }
  const tls = path.join(dir, 'contexts/tls', id, 'docker');
  const pem = (file: string) => [path.join(tls, file)].find((found) => existsSync(found));
  const files = { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') };
  return { name, host, tls: Object.values(files).some(Boolean) ? files : undefined };
}

interface Json {
  readonly currentContext?: string;
  readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
}

function readJson(file: string): Json | undefined {
  try {
    return JSON.parse(readNamedFileSync(file, maxSettingsBytes).toString()) as Json;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
