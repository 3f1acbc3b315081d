/** HTTP requests as registries need them: with limits to patience and size, and repetition of what may pass. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface RequestLimits {
  /**
   * Milliseconds without a byte of an answer, attempts and the pauses between them together, after which to give up.
   * An answer that keeps coming may take as long as it needs.
   */
  readonly patienceMs: number;
  /** Attempts in all. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly delayMs: number;
  readonly signal?: AbortSignal | undefined;
}

export const defaultLimits: RequestLimits = { patienceMs: 8000, attempts: 4, delayMs: 500 };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * Sends a request and reads the whole answer. Repeats it where the server is overloaded or broken (429, 5xx) or cannot
 * be reached, as long as that does not try the patience; the last answer counts.
 *
 * @throws Error that names the host and the request where there was no answer, or one beyond `maxSize` bytes
 */
export async function request(url: URL, init: RequestInit, maxSize: number, limits: RequestLimits): Promise<Answer> {
  const giveUp = Date.now() + limits.patienceMs;
  for (let attempt = 1; ; attempt++) {
    let delay = limits.delayMs * 2 ** (attempt - 1);
    const again = () => attempt < limits.attempts && Date.now() + delay < giveUp;
    try {
      const answer = await requestOnce(url, init, maxSize, limits, giveUp - Date.now());
      if (answer.status !== 429 && answer.status < 500) return answer;
      delay = retryAfter(answer.headers) ?? delay;
      if (!again()) return answer;
    } catch (error) {
      if (limits.signal?.aborted || error instanceof TooLarge) throw error;
      if (error instanceof Stalled || !again())
        throw new Error(`${url.host}: ${reason(error)} (${init.method ?? 'GET'} ${url.pathname})`, { cause: error });
    }
    await sleep(delay, undefined, { signal: limits.signal });
  }
}

class TooLarge extends Error {}
class Stalled extends Error {}

/** @param firstMs how long the first byte may take */
async function requestOnce(
  url: URL,
  init: RequestInit,
  maxSize: number,
  limits: RequestLimits,
  firstMs: number,
): Promise<Answer> {
  const stalled = new AbortController();
  const give = (what: string) => () => stalled.abort(new Stalled(`${what} within ${limits.patienceMs / 1000} s`));
  let timer = setTimeout(give('no answer'), firstMs);
  try {
    const signal = limits.signal ? AbortSignal.any([stalled.signal, limits.signal]) : stalled.signal;
    const response = await fetch(url, { ...init, signal });
    const chunks: Uint8Array[] = [];
    let size = 0;
    const moving = () => {
      clearTimeout(timer);
      timer = setTimeout(give('the answer stopped half-way: no more of it'), limits.patienceMs);
    };
    moving();
    for await (const chunk of response.body ?? []) {
      moving();
      size += chunk.length;
      if (size > maxSize)
        throw new TooLarge(`${url.host}: the answer to ${url.pathname} is larger than ${maxSize} bytes`);
      chunks.push(chunk);
    }
    return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) };
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds, from seconds or a date. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function reason(error: unknown): string {
  // fetch says "fetch failed" and keeps what happened as the cause.
  const { message, cause } = error as Error;
  const inner = cause as (Error & { code?: string }) | undefined;
  return inner?.message || inner?.code || message;
}
