/** The tags of an image, from its registry. Only for editors whose settings allow registries. */
import { familiarString, parseNormalizedNamed } from '../../image/reference.ts';

/** Milliseconds for which an answer counts. */
const keptMs = 600_000;

const known = new Map<string, { readonly until: number; readonly tags: Promise<readonly string[]> }>();

/** The references that continue what is written, such as `node:22`; none before the colon, or if nobody answers. */
export async function completeTags(written: string, signal: AbortSignal): Promise<readonly string[]> {
  const [, name] = /^([^@$\s]+):[^/:@$\s]*$/.exec(written) ?? [];
  if (name === undefined) return [];
  try {
    const reference = parseNormalizedNamed(name);
    const key = familiarString(reference);
    let answer = known.get(key);
    if (!answer || answer.until < Date.now()) {
      const { registryTags } = await import('../../resolve/registry-resolver.ts');
      const { dockerConfigDir, dockerCredentials } = await import('../../registry/docker-config.ts');
      const credentials = dockerCredentials(dockerConfigDir(process.env), () => {});
      answer = { until: Date.now() + keptMs, tags: registryTags(reference, { credentials, limits: { signal } }) };
      known.set(key, answer);
      answer.tags.catch(() => known.delete(key));
    }
    return (await answer.tags).map((tag) => `${name}:${tag}`);
  } catch {
    return [];
  }
}
