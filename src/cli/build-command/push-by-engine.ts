/** Pushes what the BuildKit of a Docker engine cannot push. */
import { type Connection, dockerPush, type ProgressMode, type SolveResult } from '../../client/index.ts';
import type { Io } from '../io.ts';
import { isForPeople } from './show.ts';

/**
 * Pushes through the engine what its BuildKit cannot push. @returns the digest in the registry, if there was anything
 */
export async function pushEach(
  names: readonly string[],
  { address }: Connection,
  mode: ProgressMode,
  onWarning: (message: string) => void,
  io: Io,
): Promise<string | undefined> {
  let digest: string | undefined;
  for (const name of names) {
    if (isForPeople(mode)) io.writeStderr(`pushing ${name} through the Docker engine\n`);
    digest = await dockerPush(name, { address, signal: io.signal, onWarning });
  }
  return digest;
}

/** The result with the digest that its image has in the registry. */
export function withPushedDigest(result: SolveResult, digest: string | undefined): SolveResult {
  const { exporterResponse } = result;
  if (!digest) return result;
  const config = exporterResponse['containerimage.config.digest'] ?? exporterResponse['containerimage.digest'] ?? '';
  return {
    ...result,
    exporterResponse: {
      ...exporterResponse,
      'containerimage.config.digest': config,
      'containerimage.digest': digest,
    },
  };
}
