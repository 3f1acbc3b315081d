/**
 * HTTP requests to the hosts that a build names: registries, token services, sources. The other side is not trusted:
 * the size, slowness and time of an answer are limited, a redirect gets no credentials, and a failure that may pass is
 * tried again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Trust } from './certificates.ts';
import { type ResponseHeaders, type StreamedResponse, sendRequest } from './send-request.ts';

/** Limits of a request. */
export interface RequestLimits {
  /**
   * Milliseconds without a byte of an answer after which the request is given up; they include failed attempts and the
   * pauses between them. The headers count as one byte, which comes when they are complete.
   */
  readonly patienceMs: number;
  /**
   * Minimum bytes per second, on average over each period of `patienceMs`; a slower answer is given up. The last period
   * may be slower. An answer may take as long as `totalMs` at this rate.
   */
  readonly minRate: number;
  /** Milliseconds for everything: attempts, pauses, redirects and the answer. */
  readonly totalMs: number;
  /** Maximum number of attempts. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly delayMs: number;
  /** Ends the request when aborted; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** The limits of a request that sets none. */
export const defaultLimits: RequestLimits = {
  patienceMs: 8000,
  minRate: 1024,
  totalMs: 30 * 60_000,
  attempts: 4,
  delayMs: 500,
};

/** Bytes that are read of a refusal; only an error message uses them. */
const maxRefusalBytes = 64 << 10;
const maxRedirects = 10;

/** An answer that was read whole. */
export interface HttpResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The headers of the last answer. */
  readonly headers: ResponseHeaders;
  /** The body, after its content encoding is undone. */
  readonly body: Uint8Array;
  /** The address of the answer after redirects, without credentials. */
  readonly url: URL;
}

/** Options of {@link request}. */
export interface RequestOptions {
  /** `GET` by default. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Headers by name; none by default. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body; a `URLSearchParams` is sent as a form. */
  readonly body?: URLSearchParams | Uint8Array<ArrayBuffer>;
  /**
   * `follow` (the default) follows redirects of GET and HEAD: up to ten, never from https to http. A request to another
   * scheme, host or port has only the header `accept`. `manual` returns the redirect itself. `error` treats it as an
   * error, because it could send credentials elsewhere.
   */
  readonly redirect?: 'follow' | 'manual' | 'error';
  /** Certificates of the registry that the request is about. */
  readonly trust?: Trust | undefined;
  /**
   * Takes the body of an answer that is not a refusal, a piece at a time; {@link HttpResponse.body} is then empty.
   * Called once for each attempt, which begins anew.
   */
  readonly receive?: (() => (piece: Uint8Array) => void) | undefined;
  /** Milliseconds that connecting may take; after that it is not tried again. By default the limits of an answer. */
  readonly dialMs?: number | undefined;
}

/**
 * Sends a request and reads the whole answer. Tries again if the server is overloaded or broken (429, 5xx) or cannot be
 * reached, within `patienceMs`; the last answer counts.
 *
 * @param url credentials in it are sent as basic authentication, as BuildKit does
 * @param maxSize bytes of the answer after its content encoding is undone; of refusals only the beginning is read
 * @throws Error that names the host and the request if there was no answer, or an answer beyond a limit
 */
export async function request(
  url: URL,
  options: RequestOptions,
  maxSize: number,
  limits: RequestLimits,
): Promise<HttpResponse> {
  const started = Date.now();
  const giveUp = started + limits.patienceMs;
  for (let attempt = 1; ; attempt++) {
    let delay = limits.delayMs * 2 ** (attempt - 1);
    const again = () => attempt < limits.attempts && Date.now() + delay < giveUp;
    try {
      const answer = await requestOnce(url, options, maxSize, limits, started);
      if (answer.status !== 429 && answer.status < 500) return answer;
      delay = retryAfter(answer.headers) ?? delay;
      if (!again()) return answer;
    } catch (error) {
      if (limits.signal?.aborted) throw error;
      if (error instanceof Refused || isNoHost(error) || !again()) {
        const why = failureText(error);
        const who = why.includes(url.hostname) ? '' : `${url.host}: `;
        throw new Error(`${who}${why} (${options.method ?? 'GET'} ${url.pathname.slice(0, 500)})`, { cause: error });
      }
    }
    await sleep(delay, undefined, { signal: limits.signal });
  }
}

/** Failures that a second attempt would not change: an unknown host, a timeout, an untrusted certificate. */
const isNoHost = (error: unknown) =>
  [error, (error as Error).cause].some((reason) =>
    /^(ENOTFOUND|ERR_DIAL_TIMEOUT|UNABLE_TO_\w+|SELF_SIGNED_\w+|DEPTH_ZERO_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/.test(
      (reason as NodeJS.ErrnoException | undefined)?.code ?? '',
    ),
  );

/** An answer beyond a limit: another attempt would not help. */
class Refused extends Error {}

async function requestOnce(
  url: URL,
  options: RequestOptions,
  maxSize: number,
  limits: RequestLimits,
  started: number,
): Promise<HttpResponse> {
  const { patienceMs, totalMs } = limits;
  const stopped = new AbortController();
  const refuse = (why: string) => () => stopped.abort(new Refused(why));
  const remaining = (ms: number) => Math.max(0, started + ms - Date.now());
  const total = setTimeout(refuse(`the answer was not complete within ${totalMs / 1000} s`), remaining(totalMs));
  let silence = setTimeout(refuse(`no answer within ${patienceMs / 1000} s`), remaining(patienceMs));
  const signal = limits.signal ? AbortSignal.any([stopped.signal, limits.signal]) : stopped.signal;
  try {
    const { response, from } = await follow(url, options, signal);
    const refused = response.status >= 400;
    const limit = refused ? Math.min(maxSize, maxRefusalBytes) : maxSize;
    const chunks: Uint8Array[] = [];
    const keep = (piece: Uint8Array) => void chunks.push(piece);
    const receive = refused ? keep : (options.receive?.() ?? keep);
    let size = 0;
    let stretch = { began: Date.now(), size: 0 };
    const moving = () => {
      clearTimeout(silence);
      const why = `the answer stopped half-way: nothing more came within ${patienceMs / 1000} s`;
      silence = setTimeout(refuse(why), patienceMs);
    };
    moving();
    for await (const chunk of response.body) {
      moving();
      const ms = Date.now() - stretch.began;
      if (ms >= patienceMs) {
        const least = Math.ceil((limits.minRate * ms) / 1000);
        const came = size - stretch.size;
        if (came < least)
          throw new Refused(`the answer comes too slowly: ${came} bytes within ${ms / 1000} s, fewer than ${least}`);
        stretch = { began: Date.now(), size };
      }
      size += chunk.length;
      if (size > limit && refused) break;
      if (size > limit) throw new Refused(`the answer is larger than ${maxSize} bytes`);
      receive(chunk);
    }
    return { status: response.status, headers: response.headers, body: Buffer.concat(chunks), url: from };
  } catch (error) {
    signal.throwIfAborted(); // the signal's reason says why; the error only says that the request was aborted
    throw error;
  } finally {
    clearTimeout(total);
    clearTimeout(silence);
  }
}

/** Sends the request and follows its redirects. */
async function follow(
  url: URL,
  { method = 'GET', headers = {}, body, redirect = 'follow', trust, dialMs }: RequestOptions,
  signal: AbortSignal,
): Promise<{ response: StreamedResponse; from: URL }> {
  const sent = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  let at = new URL(url);
  for (let redirects = 0; ; redirects++) {
    takeCredentials(at, sent);
    const response = await sendRequest(at, { method, headers: sent, body, trust, dialMs }, signal);
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null || redirect === 'manual')
      return { response, from: at };
    response.cancel();
    const next = URL.parse(location, at.href);
    if (!next || !/^https?:$/.test(next.protocol)) throw new Refused('it redirects to an address that is not http');
    if (redirect === 'error' || body) throw new Refused(`it redirects to ${next.host}, which is not followed`);
    if (redirects === maxRedirects) throw new Refused(`it redirects more than ${maxRedirects} times`);
    if (at.protocol === 'https:' && next.protocol === 'http:')
      throw new Refused(`it redirects from https to http (${next.host}): give that address itself if it is meant`);
    // Any header may have credentials, such as the user's own headers for a registry in hosts.toml.
    if (next.origin !== at.origin) for (const name of [...sent.keys()]) if (name !== 'accept') sent.delete(name);
    at = next;
  }
}

/** Moves the credentials of an address into a header. */
function takeCredentials(url: URL, headers: Map<string, string>): void {
  const { username, password } = credentialsIn(url);
  url.username = url.password = '';
  if ((username === '' && password === '') || headers.has('authorization')) return;
  headers.set('authorization', `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
}

/** User name and password of an address; '' if absent. An invalid percent escape is kept. */
export function credentialsIn({ username, password }: URL): { username: string; password: string } {
  const decode = (text: string) =>
    text.replace(/(?:%[\da-f]{2})+/gi, (encoded) => Buffer.from(encoded.replaceAll('%', ''), 'hex').toString());
  return { username: decode(username), password: decode(password) };
}

/** Milliseconds, from seconds or a date. */
function retryAfter(headers: ResponseHeaders): number | undefined {
  const value = headers.get('retry-after');
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function failureText(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // If all addresses of a host fail, the error has only a code.
  return (message || code || 'unknown error').slice(0, 500);
}
