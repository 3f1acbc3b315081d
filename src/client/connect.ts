/** Connecting to a daemon. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Content } from '../gen/containerd/services/content/v1/content_pb.ts';
import { Control } from '../gen/moby/buildkit/v1/control_pb.ts';
import { LLBBridge } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { type Channel, createDuplexChannel } from '../rpc/channel.ts';
import { createClient } from '../rpc/client.ts';
import type { ServiceClient } from '../rpc/service.ts';
import { Code, RpcError } from '../rpc/status.ts';
import { type Address, defaultAddress, parseAddress } from './connect/address.ts';
import { type DialOptions, dial, type TlsOptions } from './connect/dial.ts';
import { speaksHttp1, upgrade } from './connect/upgrade.ts';
import { bytesDuplex } from './session/bytes-duplex.ts';

export interface ConnectOptions {
  /** For tcp addresses. With DOCKER_TLS_VERIFY and DOCKER_CERT_PATH set, those files are the default for DOCKER_HOST. */
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds until the daemon must have answered; 10,000 by default. */
  readonly timeout?: number | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A daemon that has answered. */
export interface Connection {
  readonly address: string;
  readonly kind: 'buildkitd' | 'dockerd';
  readonly control: ServiceClient<typeof Control>;
  readonly gateway: ServiceClient<typeof LLBBridge>;
  readonly content: ServiceClient<typeof Content>;
  /** What the clients are on, for further services. */
  readonly channel: Channel;
  /** Opens the stream on which the daemon calls back. */
  openSession(headers: Readonly<Record<string, readonly string[]>>): Promise<Duplex>;
  close(): void;
}

/**
 * Connects to a daemon and waits for its first answer.
 *
 * @example
 * const connection = await connect('unix:///run/docker.sock');
 * try {
 *   console.log(await listWorkers(connection));
 * } finally {
 *   connection.close();
 * }
 * @param address see parseAddress; without one BUILDKIT_HOST, DOCKER_HOST and the usual sockets are tried
 * @throws Error that says what is wrong at which address
 */
export async function connect(address?: string, options: ConnectOptions = {}): Promise<Connection> {
  const env = options.env ?? process.env;
  const given = address ? parseAddress(address) : defaultAddress(env);
  const dialOptions: DialOptions = {
    timeout: options.timeout ?? 10_000,
    tls: options.tls ?? (given.via === 'tcp' ? dockerTls(given, env) : undefined),
  };
  const { timeout } = dialOptions;
  const docker =
    given.protocol === 'docker' ||
    (given.protocol === 'detect' && (await isDocker(await dial(given, dialOptions), timeout)));

  const dialGrpc = async () =>
    docker
      ? await located(given, async () => upgrade(await dial(asHttp(given), dialOptions), '/grpc', {}, timeout))
      : await dial({ ...given, protocol: 'buildkit' }, dialOptions);
  const channel = createDuplexChannel({
    target: given.text,
    authority: given.via === 'tcp' ? (options.tls?.serverName ?? given.host) : 'localhost',
    dial: dialGrpc,
  });
  const control = createClient(Control, channel);
  const connection: Connection = {
    address: given.text,
    kind: docker ? 'dockerd' : 'buildkitd',
    control,
    gateway: createClient(LLBBridge, channel),
    content: createClient(Content, channel),
    channel,
    async openSession(headers) {
      if (docker)
        return located(given, async () =>
          upgrade(await dial(asHttp(given), dialOptions), '/session', headers, timeout),
        );
      const metadata = Object.fromEntries(
        Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values]),
      );
      return bytesDuplex(control.session({ metadata }));
    },
    close: () => channel.close(),
  };
  try {
    await control.listWorkers({}, { timeout });
  } catch (error) {
    connection.close();
    if (error instanceof RpcError && error.code === Code.unimplemented)
      throw new Error(`${given.text} speaks gRPC, but is no BuildKit: ${error.message}`, { cause: error });
    throw error;
  }
  return connection;
}

async function isDocker(connection: Duplex, timeout: number): Promise<boolean> {
  if (!(connection instanceof TLSSocket)) return speaksHttp1(connection, timeout);
  connection.on('error', () => {});
  connection.destroy();
  return connection.alpnProtocol !== 'h2';
}

/** A new random id, for builds and sessions. */
export function createId(): string {
  return randomBytes(16).toString('hex').slice(0, 25);
}

/** Docker's API is HTTP/1: that is what TLS has to agree on. */
function asHttp(address: Address): Address {
  return { ...address, protocol: 'docker' };
}

function dockerTls(address: Address, env: Readonly<Record<string, string | undefined>>): TlsOptions | undefined {
  if (/^https:/.test(address.text)) return {};
  if (address.text !== env['DOCKER_HOST'] || !env['DOCKER_TLS_VERIFY']) return undefined;
  const dir = env['DOCKER_CERT_PATH'] ?? path.join(env['HOME'] ?? '', '.docker');
  return { ca: path.join(dir, 'ca.pem'), cert: path.join(dir, 'cert.pem'), key: path.join(dir, 'key.pem') };
}

async function located<T>(address: Address, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const message = (error as Error).message;
    throw message.includes(address.text) ? error : new Error(`${address.text}: ${message}`, { cause: error });
  }
}
