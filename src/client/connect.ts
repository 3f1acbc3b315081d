/** Connecting to a daemon. */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Content } from '../gen/containerd/services/content/v1/content_pb.ts';
import { Control } from '../gen/moby/buildkit/v1/control_pb.ts';
import { LLBBridge } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { type Channel, createDuplexChannel } from '../rpc/channel.ts';
import { createClient } from '../rpc/client.ts';
import type { ServiceClient } from '../rpc/service.ts';
import { Code, RpcError } from '../rpc/status.ts';
import { oldNode } from '../system/node-version.ts';
import { type Address, defaultAddress, parseAddress, type TlsOptions, tlsOf } from './connect/address.ts';
import { type BuilderNode, findBuilder, isBuilderName } from './connect/buildx-builder.ts';
import { dial } from './connect/dial.ts';
import { patienceOf } from './connect/patience.ts';
import { readTlsFiles, type TlsFiles } from './connect/tls-files.ts';
import { speaksDocker, upgrade } from './connect/upgrade.ts';
import { bytesDuplex } from './session/bytes-duplex.ts';

export interface ConnectOptions {
  /** For tcp addresses. With DOCKER_TLS_VERIFY and DOCKER_CERT_PATH set, those files are the default for DOCKER_HOST. */
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds until the daemon must have answered; 8,000 by default. */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds that the daemon may be silent while calls are open; 60,000 by default, or TSFRONT_PATIENCE in seconds; 0
   * for as long as it likes. A daemon that works answers what it is asked meanwhile, however long a call takes, so that
   * only one that hangs, or that the network cuts off, is given up: the calls fail with an error that says so.
   */
  readonly patience?: number | undefined;
  /** Gives up at once. */
  readonly signal?: AbortSignal | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** How long it may take for what it only has to look up. */
const ANSWER_MS = 60_000;

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
 * @param address see parseAddress, or the name of a builder of buildx, of which the first node is taken; without one
 *   BUILDKIT_HOST, BUILDX_BUILDER, DOCKER_HOST, the Docker context and the usual sockets are tried
 * @throws Error that says what is wrong at which address
 */
export async function connect(address?: string, options: ConnectOptions = {}): Promise<Connection> {
  const old = oldNode();
  if (old) throw new Error(old);
  const env = options.env ?? process.env;
  const wanted = address || env['BUILDKIT_HOST'] || env['BUILDX_BUILDER'];
  if (wanted && isBuilderName(wanted)) return connectToBuilder(wanted, options);
  const given = address ? parseAddress(address) : defaultAddress(env);
  const timeout = options.timeout ?? 8000;
  const silenceMs = options.patience ?? patienceOf(env);
  const tls = given.via === 'tcp' ? (options.tls ?? tlsOf(given, env)) : undefined;
  const late = new AbortController();
  // not AbortSignal.timeout, which does not keep the process alive until somebody has been told
  const timer = setTimeout(() => late.abort(new DOMException('too late', 'TimeoutError')), timeout);
  const patience = options.signal ? AbortSignal.any([late.signal, options.signal]) : late.signal;
  const closing = new AbortController();
  let complaint = '';
  let tlsFiles: TlsFiles | undefined;
  const open = (address: Address, signal: AbortSignal) =>
    dial(address, {
      tls: tlsFiles,
      signal,
      onComplaint(text) {
        complaint = text;
      },
    });
  const openUpgraded = async (path: string, headers: Readonly<Record<string, readonly string[]>> = {}) => {
    const signal = AbortSignal.any([AbortSignal.timeout(timeout), closing.signal]);
    return upgrade(await open(asHttp(given), signal), path, headers, signal);
  };
  const explained = (error: unknown) => explain(error, given, { timeout, complaint, tls: tls !== undefined });

  let connection: Connection | undefined;
  try {
    tlsFiles = tls && (await readTlsFiles(tls, given, patience));
    const docker =
      given.protocol === 'docker' ||
      (given.protocol === 'detect' && (await isDocker(await open(given, patience), patience)));
    const channel = createDuplexChannel({
      target: given.text,
      authority: given.via === 'tcp' ? (tls?.serverName ?? given.host) : 'localhost',
      dial: () =>
        docker
          ? openUpgraded('/grpc')
          : open({ ...given, protocol: 'buildkit' }, AbortSignal.any([AbortSignal.timeout(timeout), closing.signal])),
      silenceMs,
      advice:
        'it hangs or is suspended, or the network is cut; its log may tell. TSFRONT_PATIENCE=SECONDS waits longer',
    });
    const control = createClient(Control, channel, {
      info: ANSWER_MS,
      listWorkers: ANSWER_MS,
      updateBuildHistory: ANSWER_MS,
    });
    connection = {
      address: given.text,
      kind: docker ? 'dockerd' : 'buildkitd',
      control,
      gateway: createClient(LLBBridge, channel),
      content: createClient(Content, channel),
      channel,
      async openSession(headers) {
        if (docker)
          return openUpgraded('/session', headers).catch((error: unknown) => {
            throw explained(error);
          });
        const metadata = Object.fromEntries(
          Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values]),
        );
        return bytesDuplex(control.session({ metadata }));
      },
      close() {
        closing.abort(new Error('closed'));
        channel.close();
      },
    };
    await control.listWorkers({}, { signal: patience });
    return connection;
  } catch (error) {
    connection?.close();
    throw options.signal?.aborted ? options.signal.reason : explained(error);
  } finally {
    clearTimeout(timer);
  }
}

async function connectToBuilder(name: string, options: ConnectOptions): Promise<Connection> {
  const { nodes } = await findBuilder(name, options);
  return connectToNode(name, nodes[0], options);
}

/**
 * Connects to a node of a builder.
 * @throws Error that says how a builder is started which is not
 */
export async function connectToNode(
  builder: string,
  { address }: BuilderNode,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { BUILDKIT_HOST: _host, BUILDX_BUILDER: _builder, ...env } = options.env ?? process.env;
  try {
    return await connect(address, { ...options, env });
  } catch (error) {
    options.signal?.throwIfAborted();
    const advice = `\`docker buildx inspect --bootstrap ${builder}\` starts it`;
    throw new Error(`the builder ${JSON.stringify(builder)}: ${(error as Error).message}; ${advice}`, { cause: error });
  }
}

async function isDocker(connection: Duplex, signal: AbortSignal): Promise<boolean> {
  if (!(connection instanceof TLSSocket)) return speaksDocker(connection, signal);
  connection.on('error', () => {});
  connection.destroy();
  return connection.alpnProtocol !== 'h2';
}

/** Says where it went wrong, and what may help. */
function explain(
  error: unknown,
  { text, via }: Address,
  { timeout, complaint, tls }: { timeout: number; complaint: string; tls: boolean },
): Error {
  const status = error instanceof RpcError ? error.status : (error as Error).message;
  const advice = `is it a BuildKit or Docker daemon${via === 'tcp' && !tls ? ', and does it take connections without TLS?' : '?'}`;
  const reason = complaint.trim() ? `: ${complaint.trim()}` : `; ${advice}`;
  let what = status;
  if ((error as Error).name === 'TimeoutError') what = `no answer within ${timeout / 1000} s${reason}`;
  else if (/does not speak HTTP\/2$/.test(status)) what = `what answers there does not speak gRPC${reason}`;
  else if (error instanceof RpcError && error.code === Code.unimplemented)
    what = `it speaks gRPC, but is no BuildKit: ${status}`;
  else if (/ was lost$| HTTP status \d+$/.test(status)) what = `${status}; ${advice}`;
  return new Error(what.includes(text) ? what : `cannot connect to ${text}: ${what}`, { cause: error });
}

/** A new random id, for builds and sessions. */
export function createId(): string {
  return randomBytes(16).toString('hex').slice(0, 25);
}

/** Docker's API is HTTP/1: that is what TLS has to agree on. */
function asHttp(address: Address): Address {
  return { ...address, protocol: 'docker' };
}
