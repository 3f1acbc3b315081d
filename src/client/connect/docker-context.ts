/** The Docker context in use: the engine that `docker context use` or DOCKER_CONTEXT has chosen. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { dockerConfigDir, readDockerConfig } from '../../registry/docker-config.ts';
import { maxSettingsBytes, readNamedFileSync } from '../../system/named-file.ts';
import { AddressError } from './address-error.ts';
import type { TlsOptions } from './tls-files.ts';

/** The engine of a Docker context. */
export interface DockerContext {
  readonly name: string;
  /** The address, as in DOCKER_HOST. */
  readonly host: string;
  readonly tls: TlsOptions | undefined;
}

/**
 * The current context; undefined if absent, or if it is `default`, which means DOCKER_HOST.
 * @param onWarning called if config.json is broken; if absent, that is an error
 * @throws AddressError if the current context does not exist or has no engine
 */
export function dockerContext(
  env: Readonly<Record<string, string | undefined>>,
  onWarning?: (message: string) => void,
): DockerContext | undefined {
  const dir = dockerConfigDir(env);
  const name = env['DOCKER_CONTEXT'] || readDockerConfig(dir, onWarning).currentContext;
  if (!name || name === 'default') return undefined;
  if (!dir)
    throw new AddressError(`there is no Docker context ${JSON.stringify(name)}: neither DOCKER_CONFIG nor HOME is set`);
  const id = createHash('sha256').update(name).digest('hex');
  const meta = path.join(dir, 'contexts/meta', id, 'meta.json');
  const host = readJson(meta)?.Endpoints?.docker?.Host;
  if (!host) {
    const chosen = env['DOCKER_CONTEXT'] ? 'DOCKER_CONTEXT' : `"currentContext" of ${path.join(dir, 'config.json')}`;
    throw new AddressError(`the Docker context ${JSON.stringify(name)} that ${chosen} names has no engine in ${meta}`);
  }
  const tls = path.join(dir, 'contexts/tls', id, 'docker');
  const pem = (file: string) => [path.join(tls, file)].find((found) => existsSync(found));
  const files = { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') };
  return { name, host, tls: Object.values(files).some(Boolean) ? files : undefined };
}

/**
 * The name of the current context, for daemons that are not named otherwise; undefined if it is `default`.
 * @param onWarning as for {@link dockerContext}
 * @throws AddressError as {@link dockerContext}
 */
export function contextInUse(
  env: Readonly<Record<string, string | undefined>>,
  onWarning?: (message: string) => void,
): string | undefined {
  if (env['BUILDKIT_HOST'] || env['BUILDX_BUILDER'] || env['DOCKER_HOST']) return undefined;
  return dockerContext(env, onWarning)?.name;
}

interface Json {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
}

function readJson(file: string): Json | undefined {
  try {
    return JSON.parse(readNamedFileSync(file, maxSettingsBytes).toString()) as Json;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AddressError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
