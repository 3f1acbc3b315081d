/** Connecting to a daemon. */
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { Content } from '../gen/containerd/services/content/v1/content_pb.ts';
import { Control } from '../gen/moby/buildkit/v1/control_pb.ts';
import { LLBBridge } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { createDuplexChannel } from '../rpc/channel.ts';
import { createClient } from '../rpc/client.ts';
import { Code, RpcError } from '../rpc/rpc-error.ts';
import { unsupportedNode } from '../system/node-version.ts';
import { checkArgument, optional, text } from '../text/arguments.ts';
import { callerOf, hideCause, showCaller } from '../text/short-error.ts';
import { connectOptions } from './client-arguments.ts';
import { type Address, defaultAddress, parseAddress, tlsOf } from './connect/address.ts';
import { type Builder, type BuilderNode, findBuilder, isBuilderName, startAdvice } from './connect/buildx-builder.ts';
import { dial } from './connect/dial.ts';
import { patienceOf } from './connect/patience.ts';
import { readTlsFiles, type TlsFiles } from './connect/tls-files.ts';
import { isDockerApi, upgrade } from './connect/upgrade.ts';
import type { Connection, ConnectOptions } from './connection.ts';
import { bytesDuplex } from './session/bytes-duplex.ts';

/** Maximum time in milliseconds for answers that the daemon only has to look up. */
const answerMs = 60_000;

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
  checkArgument('connect', 'address', address, optional(text));
  checkArgument('connect', 'options', options, connectOptions);
  const caller = callerOf(connect);
  const old = unsupportedNode();
  if (old) throw new Error(old);
  const env = options.env ?? process.env;
  const wanted = address || env['BUILDKIT_HOST'] || env['BUILDX_BUILDER'];
  if (wanted && isBuilderName(wanted)) return connectToBuilder(wanted, options);
  const given = address ? parseAddress(address) : defaultAddress(env, options.onWarning);
  const timeout = options.timeout ?? 8000;
  const silenceMs = options.patience ?? patienceOf(env);
  const tls = given.via === 'tcp' ? (options.tls ?? tlsOf(given, env)) : undefined;
  const late = new AbortController();
  // Not AbortSignal.timeout, whose timer does not keep the process alive.
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
    tlsFiles = tls && (await readTlsFiles(tls, given.text, patience));
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
      info: answerMs,
      listWorkers: answerMs,
      updateBuildHistory: answerMs,
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
    throw options.signal?.aborted ? options.signal.reason : showCaller(explained(error), caller);
  } finally {
    clearTimeout(timer);
  }
}

async function connectToBuilder(name: string, options: ConnectOptions): Promise<Connection> {
  const builder = await findBuilder(name, options);
  return connectToNode(builder, builder.nodes[0], options);
}

/**
 * Connects to a node of a builder.
 * @throws Error that says how a builder is started which is not
 */
export async function connectToNode(
  builder: Builder,
  node: BuilderNode,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { BUILDKIT_HOST: _host, BUILDX_BUILDER: _builder, ...env } = options.env ?? process.env;
  try {
    return await connect(await node.address(), { ...options, env });
  } catch (error) {
    options.signal?.throwIfAborted();
    const which = builder.nodes.length > 1 ? `, node ${JSON.stringify(node.name)}` : '';
    const message = `the builder ${JSON.stringify(builder.name)}${which}: ${(error as Error).message}`;
    throw hideCause(new Error(`${message}${startAdvice(builder)}`, { cause: error }));
  }
}

async function isDocker(connection: Duplex, signal: AbortSignal): Promise<boolean> {
  if (!(connection instanceof TLSSocket)) return isDockerApi(connection, signal);
  connection.on('error', () => {});
  connection.destroy();
  return connection.alpnProtocol !== 'h2';
}

/** Adds the address and a hint to an error. */
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
    what = `it speaks gRPC, but is not BuildKit: ${status}`;
  else if (/ was lost$| HTTP status \d+$/.test(status)) what = `${status}; ${advice}`;
  return hideCause(new Error(what.includes(text) ? what : `cannot connect to ${text}: ${what}`, { cause: error }));
}

/** Docker's API is HTTP/1: that is what TLS has to agree on. */
function asHttp(address: Address): Address {
  return { ...address, protocol: 'docker' };
}
