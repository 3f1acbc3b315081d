import type { Bridge, ResolvedImage } from './bridge.ts';

/** Asks for each image config once, however many stages and platforms need it at the same time. */
export function withResolveCache(bridge: Bridge): Bridge {
  const resolved = new Map<string, Promise<ResolvedImage>>();
  return {
    ...bridge,
    resolveImageConfig(ref, request) {
      const key = JSON.stringify([ref, request]);
      let answer = resolved.get(key);
      if (!answer) resolved.set(key, (answer = bridge.resolveImageConfig(ref, request)));
      return answer;
    },
  };
}
