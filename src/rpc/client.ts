/** Typed clients from generated service descriptors, on grpc-js. */
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientOptions, credentials, Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import type { Channel } from './channel.ts';
import { Code, RpcError } from './rpc-error.ts';
import { type CallOptions, methodPath, type Service, type ServiceClient } from './service.ts';
import { toRpcError } from './status-details.ts';
import type { UnaryTransport } from './unary.ts';

/** Milliseconds that a unary method may take, where a call does not say. */
export type MethodTimeouts<S extends Service> = { readonly [K in keyof S['method']]?: number };

/** A client of a service on a channel. Methods without a timeout have as long as the peer shows that it lives. */
export function createClient<S extends Service>(
  service: S,
  channel: Channel,
  timeouts: MethodTimeouts<S> = {},
): ServiceClient<S> {
  const client = clientOn(channel);
  const unaryClient = clientOn(channel.unary ?? channel);
  const methods: Record<string, unknown> = {};
  for (const [name, { input, output, methodKind }] of Object.entries(service.method)) {
    const method: Method<DescMessage> = {
      path: methodPath(service, name),
      serialize: (message) => Buffer.from(toBinary(input, create(input, message))),
      deserialize: (bytes) => fromBinary(output, bytes),
    };
    if (methodKind === 'unary') methods[name] = unaryMethod(unaryClient, method, timeouts[name]);
    else if (methodKind === 'server_streaming') methods[name] = serverStreamingMethod(client, method);
    else methods[name] = bidiStreamingMethod(client, method);
  }
  return methods as ServiceClient<S>;
}

/** What grpc-js needs to know of a method. */
interface Method<Input extends DescMessage> {
  readonly path: string;
  serialize(message: MessageInitShape<Input>): Buffer;
  deserialize(bytes: Buffer): unknown;
}

/** @param timeout milliseconds if a call does not say; undefined for no limit */
function unaryMethod<I extends DescMessage>(client: Client, method: Method<I>, timeout: number | undefined) {
  const { path, serialize, deserialize } = method;
  return (request: MessageInitShape<I>, options: CallOptions = {}) =>
    new Promise((resolve, reject) => {
      const metadata = toMetadata(options);
      const limit = deadline({ timeout: options.timeout ?? timeout });
      const call = client.makeUnaryRequest(path, serialize, deserialize, request, metadata, limit, end);
      const release = onAbort(options.signal, () => call.cancel());
      function end(error: ServiceError | null, response?: unknown) {
        release();
        if (error) reject(fromServiceError(error, options.signal));
        else resolve(response);
      }
    });
}

function serverStreamingMethod<I extends DescMessage>(client: Client, { path, serialize, deserialize }: Method<I>) {
  return async function* (request: MessageInitShape<I>, options: CallOptions = {}) {
    options.signal?.throwIfAborted();
    const metadata = toMetadata(options);
    const call = client.makeServerStreamRequest(path, serialize, deserialize, request, metadata, deadline(options));
    const release = onAbort(options.signal, () => call.cancel());
    try {
      yield* call;
    } catch (error) {
      throw fromServiceError(error as ServiceError, options.signal);
    } finally {
      release();
      call.on('error', () => {}); // canceling reports an error that is not needed
      call.cancel();
    }
  };
}

function bidiStreamingMethod<I extends DescMessage>(client: Client, { path, serialize, deserialize }: Method<I>) {
  return (options: CallOptions = {}) => {
    const call = client.makeBidiStreamRequest(path, serialize, deserialize, toMetadata(options), deadline(options));
    const release = onAbort(options.signal, () => call.cancel());
    let ended = false;
    call.on('status', (_status: StatusObject) => {
      ended = true;
      release();
    });
    call.on('error', () => {}); // the reader gets it, if there is one
    return {
      send: (message: MessageInitShape<I>) =>
        ended
          ? Promise.reject(new RpcError(Code.unavailable, `${path}: the call has ended`))
          : new Promise<void>((resolve) => call.write(message, () => resolve())),
      end: () => call.end(),
      cancel: () => call.cancel(),
      messages: (async function* () {
        try {
          yield* call;
        } catch (error) {
          throw fromServiceError(error as ServiceError, options.signal);
        }
      })(),
    };
  };
}

/** Unary calls with messages that are encoded already, on the same channel as clients. */
export function createUnaryCaller(channel: Channel, metadata: CallOptions['metadata'] = {}): UnaryTransport {
  const client = clientOn(channel.unary ?? channel);
  return {
    unary: (method, request, { timeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        const options = deadline({ timeout: timeoutMs });
        const identity = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
        client.makeUnaryRequest(
          method,
          identity,
          identity,
          request,
          toMetadata({ metadata }),
          options,
          (error, answer) => {
            if (error) reject(fromServiceError(error, undefined));
            else resolve(answer!);
          },
        );
      }),
    close() {}, // the channel is not ours
  };
}

const clientOn = (channel: NonNullable<ClientOptions['channelOverride']>) =>
  new Client(channel.getTarget(), credentials.createInsecure(), { channelOverride: channel });

function toMetadata(options: CallOptions): Metadata {
  const metadata = new Metadata();
  for (const [key, values] of Object.entries(options.metadata ?? {}))
    for (const value of typeof values === 'string' ? [values] : values) metadata.add(key, value);
  return metadata;
}

function deadline(options: CallOptions): { deadline?: number } {
  return options.timeout === undefined ? {} : { deadline: Date.now() + options.timeout };
}

function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) {
    queueMicrotask(act);
    return () => {};
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}

function fromServiceError(error: ServiceError, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (typeof error.code !== 'number' || !error.metadata) return error;
  const [details] = error.metadata.get('grpc-status-details-bin');
  return toRpcError(error.code, error.details, typeof details === 'string' ? undefined : details);
}
