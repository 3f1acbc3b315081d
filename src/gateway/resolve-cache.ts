import type { Bridge, ResolvedImage } from './bridge.ts';

/** Images that are asked for at a time, so that a Dockerfile with thousands does not overload its registry. */
const maxAtATime = 32;
/** What the image configs of a build may take together, in bytes. */
const maxConfigs = 128 << 20;

/**
 * Asks for each image config once, however many stages and platforms need it at the same time.
 *
 * @throws Error from `resolveImageConfig` once the configs are larger than 128 MiB together; no further one is asked for
 */
export function withResolveCache(bridge: Bridge): Bridge {
  const resolved = new Map<string, Promise<ResolvedImage>>();
  const waiting: (() => void)[] = [];
  let woken = 0;
  let asked = 0;
  let left = maxConfigs;

  async function ask(ref: string, request: Parameters<Bridge['resolveImageConfig']>[1]): Promise<ResolvedImage> {
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
      if (!answer) resolved.set(key, (answer = ask(ref, request)));
      return answer;
    },
  };
}
