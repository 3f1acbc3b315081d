/**
 * Loads archives into a Docker engine, for a BuildKit outside of it, and pushes images, for the BuildKit of an engine
 * without an image store.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Duplex, Writable } from 'node:stream';
import { formatReference, parseNormalizedNamed, tagNameOnly, trimNamed } from '../image/reference.ts';
import { type CredentialSource, type Credentials, dockerCredentials } from '../registry/docker-config.ts';
import { watchLiveness } from '../rpc/liveness.ts';
import { aString, checkArgument } from '../text/arguments.ts';
import { engineOptions } from './client-arguments.ts';
import { dockerAddress, parseAddress, tlsOf } from './connect/address.ts';
import type { CountingDuplex } from './connect/dial.ts';
import { dial } from './connect/dial.ts';
import { patienceOf } from './connect/patience.ts';
import { readTlsFiles } from './connect/tls-files.ts';
import { isDockerApi, messageIn } from './connect/upgrade.ts';
import type { Destination } from './exporter-table.ts';

/** Characters of a line of an answer that are read. */
const maxLine = 1 << 16;
/** Characters of what an engine says of itself. */
const maxInfo = 1 << 20;
/** Maximum time in milliseconds for the answer to a ping. */
const answerMs = 8000;

/** The address of a Docker engine and where warnings go. */
export interface DockerEngineOptions {
  /** The engine's address; DOCKER_HOST and the usual sockets by default. */
  readonly address?: string | undefined;
  /** Milliseconds until the engine must have answered; 8,000 by default. */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds that the engine may give no sign of life while it loads or pushes; 60,000 by default, or
   * TSFRONT_PATIENCE in seconds; 0 for as long as it likes. One that works answers what it is asked meanwhile.
   */
  readonly patience?: number | undefined;
  /** Told of a broken config.json of Docker, which is left out then; without it that is an error. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Read for DOCKER_HOST and the like. `process.env` if absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Loads an image into a Docker engine while it is exported. */
export interface DockerLoader {
  /** For the exporter `docker`. */
  readonly dest: Exclude<Destination, string>;
  /** Checks that the engine answers. @throws Error if the engine cannot be reached */
  check(): Promise<void>;
  /**
   * Whether the engine keeps images in containerd's store, which takes OCI archives with several platforms and
   * attestations and knows images by the digest of their manifest or index.
   * @throws Error if the engine cannot be reached
   */
  hasImageStore(): Promise<boolean>;
}

/**
 * A destination inside a Docker engine.
 *
 * @example
 * const { dest } = dockerLoader();
 * const build = solve(connection, { frontend, localDirs, exports: [{ type: 'docker', attrs: { name: 'app:1' }, dest }]
 * });
 */
export function dockerLoader(options: DockerEngineOptions = {}): DockerLoader {
  checkArgument('dockerLoader', 'options', options, engineOptions);
  const { timeout = answerMs } = options;
  const open = (signal: AbortSignal) => openEngine(options, signal);
  return {
    async check() {
      const signal = AbortSignal.timeout(timeout);
      const late = () => new Error(`no answer within ${timeout / 1000} s`);
      const docker = await open(signal)
        .then((connection) => isDockerApi(connection, signal))
        .catch((error: Error) => Promise.reject(signal.aborted ? late() : error));
      if (!docker) throw new Error('what answers there is no Docker engine');
    },
    async hasImageStore() {
      const signal = AbortSignal.timeout(timeout);
      const { DriverStatus = [] } = await readInfo(await open(signal), signal);
      return DriverStatus.some(([name, value]) => name === 'driver-type' && value === 'io.containerd.snapshotter.v1');
    },
    async dest() {
      return load(await openWatched(options, AbortSignal.timeout(timeout)));
    },
  };
}

interface EngineInfo {
  readonly DriverStatus?: readonly (readonly string[])[];
}

async function readInfo(connection: CountingDuplex, signal: AbortSignal): Promise<EngineInfo> {
  const asking = request({
    path: '/info',
    headers: { host: 'docker', connection: 'close' },
    createConnection: () => connection,
    signal,
  });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asking.once('error', reject);
      asking.once('response', resolve);
      asking.end();
    });
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk as string;
      if (text.length > maxInfo) throw new Error('its answer is too long');
    }
    return JSON.parse(text) as EngineInfo;
  } catch (error) {
    throw new Error(`the Docker engine does not say what it is: ${(error as Error).message}`, { cause: error });
  } finally {
    connection.destroy();
  }
}

async function openEngine(
  { address, env = process.env, onWarning }: DockerEngineOptions,
  signal: AbortSignal,
): Promise<CountingDuplex> {
  const engineAddress = address ? parseAddress(address, 'docker') : dockerAddress(env, onWarning);
  const tls = tlsOf(engineAddress, env);
  return dial(
    { ...engineAddress, protocol: 'docker' },
    { tls: tls && (await readTlsFiles(tls, engineAddress.text, signal)), signal },
  );
}

/** A connection that ends when its engine stops. HTTP/1 has no question for it: a connection of its own asks. */
async function openWatched(options: DockerEngineOptions, signal: AbortSignal): Promise<CountingDuplex> {
  const patience = options.patience ?? patienceOf(options.env ?? process.env);
  const connection = await openEngine(options, signal);
  if (patience > 0) watch(connection, patience, options);
  return connection;
}

function watch(connection: CountingDuplex, patience: number, options: DockerEngineOptions): void {
  let answers = 0;
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    const signal = AbortSignal.timeout(patience);
    try {
      if (await isDockerApi(await openEngine(options, signal), signal)) answers++;
    } catch {
      // No sign of life.
    }
    asking = false;
  };
  const end = watchLiveness({
    silenceMs: patience,
    arrived: () => connection.bytesRead + answers,
    ask,
    giveUp: () => connection.destroy(new Error(`the Docker engine gave no sign of life for ${patience / 1000} s`)),
  });
  connection.once('close', end);
}

/** Options of a push by a Docker engine. */
export interface DockerPushOptions extends DockerEngineOptions {
  /** Credentials of the registry that is pushed to; Docker's by default. */
  readonly credentials?: CredentialSource | undefined;
  /** Stops the push, in the engine too. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pushes an image that a Docker engine has, as `docker push` does.
 * @returns the digest that the registry knows it by
 * @throws Error with what the engine says when it fails
 */
export async function dockerPush(name: string, options: DockerPushOptions = {}): Promise<string> {
  checkArgument('dockerPush', 'name', name, aString);
  checkArgument('dockerPush', 'options', options, engineOptions);
  const { timeout = answerMs, credentials = dockerCredentials(undefined, options.onWarning), signal } = options;
  const named = tagNameOnly(parseNormalizedNamed(name));
  const repository = formatReference(trimNamed(named));
  const host = repository.slice(0, repository.indexOf('/'));
  const auth = registryAuth(host, await credentials(host));
  const connection = await openWatched(options, withTimeout(timeout, signal));
  const sending = request({
    method: 'POST',
    path: `/images/${repository}/push?tag=${encodeURIComponent(named.tag)}`,
    headers: { host: 'docker', 'x-registry-auth': auth, 'content-length': 0, connection: 'close' },
    createConnection: () => connection,
    ...(signal && { signal }),
  });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sending.once('error', reject);
      sending.once('response', resolve);
      sending.end();
    });
    const digest = await readAnswer(response);
    if (digest === '') throw new Error('the Docker engine did not say what it has pushed');
    return digest;
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`failed to push ${name}: ${(connection.errored ?? (error as Error)).message}`, { cause: error });
  } finally {
    connection.destroy();
  }
}

function withTimeout(ms: number, signal: AbortSignal | undefined): AbortSignal {
  return signal ? AbortSignal.any([signal, AbortSignal.timeout(ms)]) : AbortSignal.timeout(ms);
}

/** The header as the engine wants it, who is unknown included. */
function registryAuth(host: string, credentials: Credentials): string {
  const { username, password, identityToken, registryToken } = credentials;
  const fields = Object.entries({
    username,
    password,
    identitytoken: identityToken,
    registrytoken: registryToken,
    serveraddress: host === 'docker.io' ? 'https://index.docker.io/v1/' : host,
  }).filter(([, value]) => value !== '');
  return Buffer.from(JSON.stringify(Object.fromEntries(fields))).toString('base64url');
}

/** The body of a request to load an archive; it has finished when the engine has taken all of it. */
function load(connection: Duplex): Writable {
  const sending: ClientRequest = request({
    method: 'POST',
    path: '/images/load?quiet=1',
    headers: { host: 'docker', 'content-type': 'application/x-tar', connection: 'close' },
    createConnection: () => connection,
  });
  const loaded = new Promise<void>((resolve, reject) => {
    sending.once('error', reject);
    sending.once('response', (response) => readAnswer(response).then(() => resolve(), reject));
  }).catch((error: Error) => {
    const { message } = connection.errored ?? error;
    throw new Error(`the Docker engine did not load the image: ${message}`, { cause: error });
  });
  const archive = new Writable({
    write(chunk, _encoding, done) {
      // After a failure the engine reads no further.
      if (sending.write(chunk)) done();
      else Promise.race([new Promise((resolve) => sending.once('drain', resolve)), loaded]).then(() => done(), done);
    },
    final(done) {
      sending.end();
      loaded.then(() => done(), done);
    },
    destroy(error, done) {
      sending.destroy();
      connection.destroy();
      done(error);
    },
  });
  loaded.catch((error: Error) => archive.destroy(error));
  return archive;
}

/**
 * Reads the engine's progress: JSON messages, one per line.
 * @returns the digest of the pushed image; '' if the engine does not report one
 * @throws Error if a message reports an error
 */
async function readAnswer(response: IncomingMessage): Promise<string> {
  let digest = '';
  let failure: string | undefined;
  let line = '';
  const take = () => {
    failure ??= messageIn(line, response.statusCode === 200 ? 'error' : 'error|message');
    digest = /"aux":\{[^{}]*"Digest":"(sha256:[0-9a-f]{64})"/.exec(line)?.[1] ?? digest;
    line = '';
  };
  for await (const chunk of response.setEncoding('utf8')) {
    for (const [i, part] of (chunk as string).split('\n').entries()) {
      if (i > 0) take();
      if (line.length < maxLine) line = (line + part).slice(0, maxLine);
    }
  }
  take();
  if (response.statusCode !== 200) throw new Error(failure || `HTTP status ${response.statusCode}`);
  if (failure !== undefined) throw new Error(failure || 'the engine reports an error without saying which');
  return digest;
}
