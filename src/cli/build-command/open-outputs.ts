/** Opens the outputs that go into a Docker engine. */
import { type DockerEngineOptions, dockerLoader, type Export } from '../../client/index.ts';
import type { OutputFlags } from './output-entries.ts';
import { type OutputPlace, type Outputs, parseOutputs } from './outputs.ts';

/** Opens the outputs. @throws Error if the Docker engine that should load an image cannot be reached */
export async function openOutputs(
  flags: OutputFlags,
  { env, onWarning, ...place }: Omit<OutputPlace, 'load'> & Pick<DockerEngineOptions, 'env' | 'onWarning'>,
): Promise<Outputs> {
  const loader = dockerLoader({ env, onWarning });
  const parsed = parseOutputs(flags, { ...place, load: loader.dest });
  const outputs = { ...parsed, exports: parsed.exports.map((it) => intoContext(it, { env, onWarning })) };
  const isLoaded = (output: Export) => 'dest' in output && output.dest === loader.dest;
  if (outputs.exports.some(isLoaded)) {
    await loader.check().catch((error: Error) => {
      const way = 'set DOCKER_HOST, or use -o type=docker,dest=FILE and "docker load -i FILE" where the engine is';
      throw new Error(`the Docker engine that is to load the image cannot be reached: ${error.message} (${way})`, {
        cause: error,
      });
    });
    if (await loader.hasImageStore()) {
      const exports = outputs.exports.map((it): Export => (isLoaded(it) ? ({ ...it, type: 'oci' } as Export) : it));
      return { ...outputs, exports, prefersImageDigest: true };
    }
  }
  return outputs;
}

/**
 * Evaluates the attribute `context` of an output, which names the Docker context of the engine that loads the image.
 */
function intoContext(output: Export, options: DockerEngineOptions): Export {
  if (output.type !== 'docker' || output.attrs?.['context'] === undefined) return output;
  const { context, ...attrs } = output.attrs;
  const env = { ...options.env, DOCKER_HOST: '', DOCKER_CONTEXT: context };
  return { ...output, attrs, dest: dockerLoader({ ...options, env }).dest };
}
