/** Downloads a file from the web. */
import { defaultLimits, type HttpResponse, type RequestOptions, request } from '../http/request.ts';
import { redactCredentials } from '../text/redact.ts';
import { maxDockerfileBytes } from './locate-context.ts';

/**
 * The answer to a GET. A user and a password in the address are sent as basic authentication, but not to another host
 * if the server redirects.
 *
 * @param receive takes the body, so that it is not kept in memory
 * @throws Error that names the address, without its credentials, for any status but 200 and for more than `maxBytes`;
 *   the reason of `signal`
 */
export async function download(
  address: string,
  maxBytes: number,
  signal?: AbortSignal,
  receive?: RequestOptions['receive'],
): Promise<HttpResponse> {
  const shown = redactCredentials(address);
  const url = URL.parse(address);
  if (!url)
    throw new Error(
      `${shown} is not a valid address: characters of a password such as / and # are written as %2F and %23`,
    );
  try {
    const response = await request(url, { receive }, maxBytes, { ...defaultLimits, signal });
    if (response.status === 200) return response;
    const advice = response.status === 401 && !url.username ? ' (a user and a password may be in the address)' : '';
    throw new Error(`HTTP status ${response.status}${advice}`);
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`${shown}: ${redactCredentials((error as Error).message)}`, { cause: error });
  }
}

/**
 * The Dockerfile at an address. @throws Error that names the address, without its credentials; the reason of `signal`
 */
export async function downloadDockerfile(address: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    return (await download(address, maxDockerfileBytes, signal)).body;
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`unable to get the Dockerfile ${(error as Error).message}`, { cause: error });
  }
}
