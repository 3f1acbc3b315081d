/**
 * Sends one HTTP request over a connection of its own making: through the proxy of the environment, and with the
 * certificates of the system. Before Node 24, `fetch` supports neither, and it takes longer to load.
 */
import type { ClientRequest, Agent as HttpAgent, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { secureContext, type Trust } from './certificates.ts';
import { proxyFor } from './proxy.ts';

/** A request. */
export interface HttpRequest {
  /** The HTTP method in upper case. */
  readonly method: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body; a `URLSearchParams` is sent as a form. No body if absent. */
  readonly body?: URLSearchParams | Uint8Array | undefined;
  /** Authorities of the registry that are trusted besides those of the system. */
  readonly trust?: Trust | undefined;
  /** Milliseconds that connecting may take; no limit if absent. */
  readonly dialMs?: number | undefined;
}

/** An answer whose body is still to be read. */
export interface StreamedResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The headers of the answer. */
  readonly headers: ResponseHeaders;
  /** After its content encoding is undone. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Stops reading the body. */
  cancel(): void;
}

/** Headers by their names in any case; several of one name are joined by commas. */
export interface ResponseHeaders {
  /** The value of a header; null if absent. */
  get(name: string): string | null;
}

/**
 * Sends a request and resolves with the answer when its headers have arrived. Redirects are not followed.
 *
 * @param signal ends the request and the reading of the body
 * @throws Error of Node, or one that names the proxy, certificate or file at fault
 */
export async function sendRequest(url: URL, request: HttpRequest, signal: AbortSignal): Promise<StreamedResponse> {
  const proxy = proxyFor(url, process.env);
  for (let again = true; ; again = false) {
    try {
      return await exchange(url, request, proxy, signal);
    } catch (error) {
      // The server has closed an idle connection just when it was used again.
      if (again && error instanceof StaleConnection) continue;
      throw error;
    }
  }
}

class StaleConnection extends Error {}

async function exchange(
  url: URL,
  request: HttpRequest,
  proxy: URL | undefined,
  signal: AbortSignal,
): Promise<StreamedResponse> {
  const isSecure = url.protocol === 'https:';
  const { request: open } = await protocolOf(isSecure ? url : (proxy ?? url));
  const options: RequestOptions = {
    method: request.method,
    headers: {
      'user-agent': 'tsfront',
      accept: '*/*',
      'accept-encoding': 'gzip',
      ...Object.fromEntries(request.headers),
    },
    signal,
    agent: await agentFor(isSecure, proxy, request.trust),
    ...(request.trust?.unchecked === url.hostname && { rejectUnauthorized: false }),
    // Not an option of Node: `createConnection` below takes it to stop opening a tunnel.
    ...({ tunnelSignal: signal } as object),
  };
  const clientRequest =
    proxy && !isSecure
      ? open(proxyAddress(proxy), {
          ...options,
          path: withoutHash(url),
          headers: throughProxy(options, url, proxy),
        })
      : open(url, options);
  limitDial(clientRequest, request.dialMs);
  const response = await responseTo(clientRequest, request.body).catch((error: NodeJS.ErrnoException) => {
    signal.throwIfAborted();
    if (clientRequest.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(error.code ?? ''))
      throw new StaleConnection(error.message);
    if (proxy && !isSecure)
      throw new Error(`the proxy ${proxy.host}: ${error.message || error.code}`, { cause: error });
    throw explain(error, request.trust);
  });
  if (proxy && response.statusCode === 407) {
    response.destroy();
    throw proxyRefusal(proxy, response);
  }
  return {
    status: response.statusCode ?? 0,
    headers: { get: (name) => response.headersDistinct[name.toLowerCase()]?.join(', ') ?? null },
    body: await decoded(response, request.method),
    cancel: () => response.destroy(),
  };
}

/** Ends a request that has no connection in time; with a proxy, a connection to the host through it. */
function limitDial(clientRequest: ClientRequest, ms: number | undefined): void {
  if (!ms) return;
  const late = setTimeout(() => {
    const error = new Error(`no connection within ${ms / 1000} s (dial_timeout)`);
    clientRequest.destroy(Object.assign(error, { code: 'ERR_DIAL_TIMEOUT' }));
  }, ms);
  const done = () => clearTimeout(late);
  clientRequest.once('close', done);
  clientRequest.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', done);
    else done();
  });
}

const protocolOf = ({ protocol }: Pick<URL, 'protocol'>) =>
  protocol === 'https:' ? import('node:https') : import('node:http');

function responseTo(clientRequest: ClientRequest, body: HttpRequest['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    clientRequest.once('response', resolve);
    clientRequest.on('error', reject);
    if (body instanceof URLSearchParams && !clientRequest.hasHeader('content-type'))
      clientRequest.setHeader('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
    clientRequest.end(body instanceof URLSearchParams ? body.toString() : body);
  });
}

const withoutHash = ({ href, hash }: URL) => (hash ? href.slice(0, -hash.length) : href);

/** The address of a proxy without its credentials, which Node would send to the host. */
function proxyAddress(proxy: URL): URL {
  return new URL(proxy.origin);
}

function throughProxy({ headers }: RequestOptions, url: URL, proxy: URL) {
  return { ...(headers as Record<string, string>), host: url.host, ...proxyCredentials(proxy) };
}

function proxyCredentials({ username, password }: URL): Record<string, string> {
  if (!username && !password) return {};
  const decode = (text: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // the percent sign encodes nothing
    }
  };
  const text = `${decode(username)}:${decode(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` };
}

const proxyRefusal = ({ host }: URL, { statusCode, statusMessage }: IncomingMessage) =>
  new Error(`the proxy ${host} refuses: ${statusCode} ${statusMessage}`);

/**
 * Connections are kept for further requests, separately for each proxy and for each registry with its own certificates.
 */
const agents = new Map<SecureContext | 'http', Map<string, Promise<HttpAgent>>>();

async function agentFor(isSecure: boolean, proxy: URL | undefined, trust: Trust | undefined): Promise<HttpAgent> {
  const system = isSecure || proxy?.protocol === 'https:' ? await secureContext(undefined) : undefined;
  const context = isSecure && trust ? await secureContext(trust) : system;
  const known = agents.get(context ?? 'http') ?? new Map<string, Promise<HttpAgent>>();
  agents.set(context ?? 'http', known);
  const key = `${isSecure} ${proxy?.href ?? ''}`;
  let agent = known.get(key);
  if (!agent) known.set(key, (agent = makeAgent(isSecure, proxy, context, system)));
  return agent;
}

async function makeAgent(
  isSecure: boolean,
  proxy: URL | undefined,
  context: SecureContext | undefined,
  system: SecureContext | undefined,
): Promise<HttpAgent> {
  const { Agent } = await protocolOf({ protocol: isSecure || proxy?.protocol === 'https:' ? 'https:' : 'http:' });
  const agent = new Agent({ keepAlive: true, ...(context && { secureContext: context }) });
  if (!proxy || !isSecure) return agent;
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const { tunnelSignal } = options as { tunnelSignal?: AbortSignal };
    openTunnel(proxy, `${options.host}`, Number(options.port), system, tunnelSignal).then(
      (socket) => done?.(null, connect({ ...options, ...({ socket } as object) }) as Duplex),
      (error: Error) => done?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  return agent;
}

/** A TLS connection to the host through the proxy. */
async function openTunnel(
  proxy: URL,
  host: string,
  port: number,
  system: SecureContext | undefined,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const { request: open } = await protocolOf(proxy);
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const clientRequest = open(proxyAddress(proxy), {
      method: 'CONNECT',
      path: target,
      headers: { host: target, 'user-agent': 'tsfront', ...proxyCredentials(proxy) },
      agent: false,
      signal,
      ...(system && ({ secureContext: system } as object)),
    });
    clientRequest.once('connect', (response, socket, head) => {
      // A peer that sends before TLS begins is not a proxy. Any status but success is the proxy's own answer.
      if (response.statusCode === 200 && head.length === 0) return resolve(socket);
      socket.destroy();
      reject(proxyRefusal(proxy, response));
    });
    clientRequest.once('response', (response) => {
      response.destroy();
      reject(proxyRefusal(proxy, response));
    });
    clientRequest.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`the proxy ${proxy.host}: ${error.message || error.code}`, { cause: error })),
    );
    clientRequest.end();
  });
}

/** Codes of errors about a certificate whose authority is not trusted. */
const unknownAuthority =
  /^(UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

function explain(error: NodeJS.ErrnoException, trust: Trust | undefined): Error {
  const notes: string[] = [];
  if (unknownAuthority.test(error.code ?? ''))
    notes.push(
      'the authority that signed its certificate is not trusted here: add it to those of the system, or name its file in SSL_CERT_FILE',
    );
  if (trust?.unreadable.length) notes.push(`${trust.unreadable.join(', ')} may not be read`);
  if (notes.length === 0) return error;
  const explained: NodeJS.ErrnoException = new Error(`${error.message || error.code} (${notes.join('; ')})`, {
    cause: error,
  });
  if (error.code) explained.code = error.code;
  return explained;
}

/** Maximum number of encodings of one answer: a proxy may compress it again. */
const maxEncodings = 5;

async function decoded(response: IncomingMessage, method: string): Promise<AsyncIterable<Uint8Array>> {
  const named = (response.headers['content-encoding'] ?? '').toLowerCase().split(',', maxEncodings + 1);
  const encodings = named.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  const empty = method === 'HEAD' || response.statusCode === 204 || response.statusCode === 304;
  if (encodings.length === 0 || empty) return response;
  const [{ createBrotliDecompress, createGunzip, createInflate }, { pipeline }] = await Promise.all([
    import('node:zlib'),
    import('node:stream'),
  ]);
  const decoders = new Map<string, () => NodeJS.ReadWriteStream>([
    ['gzip', createGunzip],
    ['x-gzip', createGunzip],
    ['deflate', createInflate],
    ['br', createBrotliDecompress],
  ]);
  const unknown = encodings.find((name) => !decoders.has(name));
  if (unknown !== undefined || encodings.length > maxEncodings) {
    response.destroy();
    const what = unknown === undefined ? 'is too long a list' : `${JSON.stringify(unknown.slice(0, 50))} is unknown`;
    throw new Error(`the content encoding of the answer ${what}`);
  }
  // The reader gets the error.
  const last = pipeline([response, ...encodings.reverse().map((name) => decoders.get(name)!())], () => {});
  return last as unknown as AsyncIterable<Uint8Array>;
}
