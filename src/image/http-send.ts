/**
 * Sends one HTTP request over a connection of its own making: through the proxy of the environment, and with the
 * certificates of the system. Node's `fetch` can be given neither before Node 24, and takes longer to load.
 */
import type { ClientRequest, Agent as HttpAgent, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { secureContext, type Trust } from './certificates.ts';
import { proxyFor } from './proxy.ts';

export interface Outgoing {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body?: URLSearchParams | Uint8Array | undefined;
  /** Of the registry that the request is about: its certificates are believed besides the system's. */
  readonly trust?: Trust | undefined;
}

export interface Incoming {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** After its content encoding is undone. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads no more of it. */
  cancel(): void;
}

/** Headers by their names in any case; several of one name are joined by commas. */
export interface AnswerHeaders {
  get(name: string): string | null;
}

/**
 * The answer to a request, as soon as its headers are there. Redirects are answers.
 *
 * @param signal ends all of it, the body included
 * @throws Error of Node, or one that names the proxy, the certificate or the file that is to blame
 */
export async function send(url: URL, outgoing: Outgoing, signal: AbortSignal): Promise<Incoming> {
  const proxy = proxyFor(url, process.env);
  for (let again = true; ; again = false) {
    try {
      return await exchange(url, outgoing, proxy, signal);
    } catch (error) {
      // the server has closed a connection that was kept, at the moment when it was used again
      if (again && error instanceof StaleConnection) continue;
      throw error;
    }
  }
}

class StaleConnection extends Error {}

async function exchange(url: URL, outgoing: Outgoing, proxy: URL | undefined, signal: AbortSignal): Promise<Incoming> {
  const isSecure = url.protocol === 'https:';
  const { request: requestOf } = await protocolOf(isSecure ? url : (proxy ?? url));
  const options: RequestOptions = {
    method: outgoing.method,
    headers: {
      'user-agent': 'tsfront',
      accept: '*/*',
      'accept-encoding': 'gzip',
      ...Object.fromEntries(outgoing.headers),
    },
    signal,
    agent: await agentFor(isSecure, proxy, outgoing.trust),
    ...(outgoing.trust?.unchecked === url.hostname && { rejectUnauthorized: false }),
    // of a proxy that is asked for a tunnel
    ...({ stopped: signal } as object),
  };
  const asked =
    proxy && !isSecure
      ? requestOf(proxyAddress(proxy), {
          ...options,
          path: withoutHash(url),
          headers: throughProxy(options, url, proxy),
        })
      : requestOf(url, options);
  const response = await answerTo(asked, outgoing.body).catch((error: NodeJS.ErrnoException) => {
    signal.throwIfAborted();
    if (asked.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '')) throw new StaleConnection(error.message);
    if (proxy && !isSecure)
      throw new Error(`the proxy ${proxy.host}: ${error.message || error.code}`, { cause: error });
    throw explain(error, outgoing.trust);
  });
  if (proxy && response.statusCode === 407) {
    response.destroy();
    throw refusedBy(proxy, response);
  }
  return {
    status: response.statusCode ?? 0,
    headers: { get: (name) => response.headersDistinct[name.toLowerCase()]?.join(', ') ?? null },
    body: await decoded(response, outgoing.method),
    cancel: () => response.destroy(),
  };
}

const protocolOf = ({ protocol }: Pick<URL, 'protocol'>) =>
  protocol === 'https:' ? import('node:https') : import('node:http');

function answerTo(asked: ClientRequest, body: Outgoing['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.once('response', resolve);
    asked.on('error', reject);
    if (body instanceof URLSearchParams && !asked.hasHeader('content-type'))
      asked.setHeader('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
    asked.end(body instanceof URLSearchParams ? body.toString() : body);
  });
}

const withoutHash = ({ href, hash }: URL) => (hash ? href.slice(0, -hash.length) : href);

/** Without the credentials, which would be sent as if they were for the host. */
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
      return text; // a percent sign that stands for itself
    }
  };
  const text = `${decode(username)}:${decode(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` };
}

const refusedBy = ({ host }: URL, { statusCode, statusMessage }: IncomingMessage) =>
  new Error(`the proxy ${host} refuses: ${statusCode} ${statusMessage}`);

/** Connections are kept for further requests, apart for each proxy and for each registry with certificates of its own. */
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
    const { stopped } = options as { stopped?: AbortSignal };
    openTunnel(proxy, `${options.host}`, Number(options.port), system, stopped).then(
      (socket) => done?.(null, connect({ ...options, ...({ socket } as object) }) as Duplex),
      (error: Error) => done?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  return agent;
}

/** A connection through the proxy, on which TLS with the host is spoken. */
async function openTunnel(
  proxy: URL,
  host: string,
  port: number,
  system: SecureContext | undefined,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const { request: requestOf } = await protocolOf(proxy);
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const asked = requestOf(proxyAddress(proxy), {
      method: 'CONNECT',
      path: target,
      headers: { host: target, 'user-agent': 'tsfront', ...proxyCredentials(proxy) },
      agent: false,
      signal,
      ...(system && ({ secureContext: system } as object)),
    });
    asked.once('connect', (response, socket, head) => {
      // who speaks before TLS begins is no proxy; anything but success is the proxy's own answer, not the host's
      if (response.statusCode === 200 && head.length === 0) return resolve(socket);
      socket.destroy();
      reject(refusedBy(proxy, response));
    });
    asked.once('response', (response) => {
      response.destroy();
      reject(refusedBy(proxy, response));
    });
    asked.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`the proxy ${proxy.host}: ${error.message || error.code}`, { cause: error })),
    );
    asked.end();
  });
}

/** Whose certificate was not signed by anybody who is believed here. */
const unknownAuthority =
  /^(UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/;

function explain(error: NodeJS.ErrnoException, trust: Trust | undefined): Error {
  const notes: string[] = [];
  if (unknownAuthority.test(error.code ?? ''))
    notes.push(
      'the authority that signed its certificate is unknown here: add it to those of the system, or name its file in SSL_CERT_FILE',
    );
  if (trust?.unreadable.length) notes.push(`${trust.unreadable.join(', ')} may not be read`);
  if (notes.length === 0) return error;
  const explained: NodeJS.ErrnoException = new Error(`${error.message || error.code} (${notes.join('; ')})`, {
    cause: error,
  });
  if (error.code) explained.code = error.code;
  return explained;
}

/** Encodings of one answer, as of what has been compressed again on its way; more are refused. */
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
  const last = pipeline([response, ...encodings.reverse().map((name) => decoders.get(name)!())], () => {}); // who reads is told
  return last as unknown as AsyncIterable<Uint8Array>;
}
