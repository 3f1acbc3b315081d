/** HTTP requests as registries need them: with a time limit, a size limit and repetition of what may pass. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface RequestLimits {
  /** Milliseconds for one attempt, its body included. */
  readonly timeoutMs: number;
  /** Attempts in all. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly delayMs: number;
  readonly signal?: AbortSignal | undefined;
}

export const defaultLimits: RequestLimits = { timeoutMs: 30_000, attempts: 4, delayMs: 500 };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const longestDelayMs = 10_000;

/**
 * Sends a request and reads the whole answer. Repeats it where the server is overloaded or broken (429, 5xx) or cannot
 * be reached; the last answer counts.
 *
 * @throws Error that names the host where there was no answer, or one beyond `maxSize` bytes
 */
export async function request(url: URL, init: RequestInit, maxSize: number, limits: RequestLimits): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    let delay = limits.delayMs * 2 ** (attempt - 1);
    try {
      const answer = await requestOnce(url, init, maxSize, limits);
      if (attempt >= limits.attempts || (answer.status !== 429 && answer.status < 500)) return answer;
      delay = retryAfter(answer.headers) ?? delay;
    } catch (error) {
      if (limits.signal?.aborted || error instanceof TooLarge) throw error;
      if (attempt >= limits.attempts) throw new Error(`${url.host}: ${reason(error, limits)}`, { cause: error });
    }
    await sleep(Math.min(delay, longestDelayMs), undefined, { signal: limits.signal });
  }
}

class TooLarge extends Error {}

async function requestOnce(url: URL, init: RequestInit, maxSize: number, limits: RequestLimits): Promise<Answer> {
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  const signal = limits.signal ? AbortSignal.any([timeout, limits.signal]) : timeout;
  const response = await fetch(url, { ...init, signal });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxSize)
      throw new TooLarge(`${url.host}: the answer to ${url.pathname} is larger than ${maxSize} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, headers: response.headers, body: Buffer.concat(chunks) };
}

/** Milliseconds, from seconds or a date. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function reason(error: unknown, { timeoutMs }: RequestLimits): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  // fetch says "fetch failed" and keeps what happened as the cause.
  const inner = cause as (Error & { code?: string }) | undefined;
  return inner?.message || inner?.code || message;
}
