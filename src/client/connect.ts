/** Connecting to a daemon. */
import { Content } from '../gen/containerd/services/content/v1/content_pb.ts';
import { Control } from '../gen/moby/buildkit/v1/control_pb.ts';
import { LLBBridge } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { createDuplexChannel } from '../rpc/channel.ts';
import { createClient } from '../rpc/client.ts';
import { unsupportedNode } from '../system/node-version.ts';
import { aString, checkArgument, optional } from '../text/arguments.ts';
import { callerOf, hideCause, showCaller } from '../text/short-error.ts';
import { connectOptions } from './client-arguments.ts';
import { defaultAddress, parseAddress, tlsOf } from './connect/address.ts';
import { type Builder, type BuilderNode, findBuilder, isBuilderName, startAdvice } from './connect/buildx-builder.ts';
import { Dialer } from './connect/dialer.ts';
import { patienceOf } from './connect/patience.ts';
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
  checkArgument('connect', 'address', address, optional(aString));
  checkArgument('connect', 'options', options, connectOptions);
  const caller = callerOf(connect);
  const old = unsupportedNode();
  if (old) throw new Error(old);
  const env = options.env ?? process.env;
  const addressOrBuilder = address || env['BUILDKIT_HOST'] || env['BUILDX_BUILDER'];
  if (addressOrBuilder && isBuilderName(addressOrBuilder)) return connectToBuilder(addressOrBuilder, options);
  const daemonAddress = address ? parseAddress(address) : defaultAddress(env, options.onWarning);
  const tls = daemonAddress.via === 'tcp' ? (options.tls ?? tlsOf(daemonAddress, env)) : undefined;
  const dialer = new Dialer(daemonAddress, tls, options.timeout ?? 8000);
  const silenceMs = options.patience ?? patienceOf(env);
  const late = new AbortController();
  // Not AbortSignal.timeout, whose timer does not keep the process alive.
  const timer = setTimeout(() => late.abort(new DOMException('too late', 'TimeoutError')), dialer.timeout);
  const patience = options.signal ? AbortSignal.any([late.signal, options.signal]) : late.signal;
  let connection: Connection | undefined;
  try {
    await dialer.readTls(patience);
    connection = connectionOver(dialer, await dialer.isDocker(patience), silenceMs);
    await connection.control.listWorkers({}, { signal: patience });
    return connection;
  } catch (error) {
    connection?.close();
    throw options.signal?.aborted ? options.signal.reason : showCaller(dialer.explain(error), caller);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The connection that a dialer opens when the first call is made.
 *
 * @param silenceMs see {@link ConnectOptions.patience}
 */
function connectionOver(dialer: Dialer, isDocker: boolean, silenceMs: number): Connection {
  const channel = createDuplexChannel({
    target: dialer.address.text,
    authority: dialer.authority,
    dial: () => (isDocker ? dialer.openUpgraded('/grpc') : dialer.openBuildKit()),
    silenceMs,
    advice: 'it hangs or is suspended, or the network is cut; its log may tell. TSFRONT_PATIENCE=SECONDS waits longer',
  });
  const control = createClient(Control, channel, {
    info: answerMs,
    listWorkers: answerMs,
    updateBuildHistory: answerMs,
  });
  return {
    address: dialer.address.text,
    kind: isDocker ? 'dockerd' : 'buildkitd',
    control,
    gateway: createClient(LLBBridge, channel),
    content: createClient(Content, channel),
    channel,
    async openSession(headers) {
      if (isDocker)
        return dialer.openUpgraded('/session', headers).catch((error: unknown) => {
          throw dialer.explain(error);
        });
      const metadata = Object.fromEntries(
        Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values]),
      );
      return bytesDuplex(control.session({ metadata }));
    },
    close() {
      dialer.close();
      channel.close();
    },
  };
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
