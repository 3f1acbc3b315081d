/** Takes an image into a Docker engine, as `docker load` does: for a BuildKit that is not inside one. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Duplex, Writable } from 'node:stream';
import { dockerAddress, parseAddress, tlsOf } from './connect/address.ts';
import { dial } from './connect/dial.ts';
import { speaksDocker } from './connect/upgrade.ts';
import type { Destination } from './exporters.ts';

export interface DockerLoaderOptions {
  /** The engine's address; DOCKER_HOST and the usual sockets by default. */
  readonly address?: string | undefined;
  /** Milliseconds until the engine must have answered that it is there; 8,000 by default. */
  readonly timeout?: number | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export interface DockerLoader {
  /** For the exporter `docker`. */
  readonly dest: Exclude<Destination, string>;
  /** @throws Error when the engine is not there */
  check(): Promise<void>;
}

/**
 * A destination inside a Docker engine.
 *
 * @example
 * const { dest } = dockerLoader();
 * const build = solve(connection, { frontend, localDirs, exports: [{ type: 'docker', attrs: { name: 'app:1' }, dest }] });
 */
export function dockerLoader(options: DockerLoaderOptions = {}): DockerLoader {
  const { timeout = 8000, env = process.env } = options;
  const open = async (signal: AbortSignal): Promise<Duplex> => {
    const given = options.address ? parseAddress(options.address, 'docker') : dockerAddress(env);
    return dial({ ...given, protocol: 'docker' }, { tls: tlsOf(given, env), signal });
  };
  return {
    async check() {
      const signal = AbortSignal.timeout(timeout);
      const late = () => new Error(`no answer within ${timeout / 1000} s`);
      const docker = await open(signal)
        .then((connection) => speaksDocker(connection, signal))
        .catch((error: Error) => Promise.reject(signal.aborted ? late() : error));
      if (!docker) throw new Error('what answers there is no Docker engine');
    },
    dest: async () => load(await open(AbortSignal.timeout(timeout))),
  };
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
    sending.once('response', (response) => readAnswer(response).then(resolve, reject));
  }).catch((error: Error) => {
    throw new Error(`the Docker engine did not load the image: ${error.message}`, { cause: error });
  });
  const archive = new Writable({
    write(chunk, _encoding, done) {
      // after a failure the engine reads no further
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

/** Reads what the engine tells: JSON messages, of which one may be an error. @throws Error with it */
async function readAnswer(response: IncomingMessage): Promise<void> {
  let text = '';
  for await (const chunk of response) text += chunk;
  const said = /"(?:error|message)":("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  const message = said && (JSON.parse(said) as string);
  if (response.statusCode !== 200) throw new Error(message ?? `HTTP status ${response.statusCode}`);
  if (message && text.includes('"error"')) throw new Error(message);
}
