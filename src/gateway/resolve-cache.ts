import type { ResolvedImage } from '../lower/environment.ts';
import type { Bridge } from './bridge.ts';

/** Images that are asked for at a time, so that a Dockerfile with thousands does not overload its registry. */
const maxAtATime = 32;
/** Maximum size in bytes of all image configs of a build together. */
const maxConfigs = 128 << 20;

/**
 * Caches image configs, so that stages and platforms that need the same config share one request.
 *
 * @throws Error from `resolveImageConfig` if all configs together are larger than 128 MiB
 */
export function withResolveCache(bridge: Bridge): Bridge {
  const resolved = new Map<string, Promise<ResolvedImage>>();
  const waiting: (() => void)[] = [];
  let woken = 0;
  let asked = 0;
  let left = maxConfigs;

  async function requestConfig(
    ref: string,
    request: Parameters<Bridge['resolveImageConfig']>[1],
  ): Promise<ResolvedImage> {
    if (asked === maxAtATime) await new Promise<void>((resolve) => waiting.push(resolve));
    else asked++;
    try {
      if (left >= 0) {
        const answer = await bridge.resolveImageConfig(ref, request);
        left -= answer.config.length;
        if (left >= 0) return answer;
      }
      throw new Error('the configs of the images of this build are larger than 128 MiB together');
    } finally {
      const next = waiting[woken];
      if (next) {
        woken++;
        next();
      } else asked--;
    }
  }

  return {
    ...bridge,
    resolveImageConfig(ref, request) {
      const key = JSON.stringify([ref, request]);
      let answer = resolved.get(key);
      if (!answer) resolved.set(key, (answer = requestConfig(ref, request)));
      return answer;
    },
  };
}
