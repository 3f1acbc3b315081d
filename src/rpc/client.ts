/** Typed clients from generated service descriptors, on grpc-js. */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
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
    const path = methodPath(service, name);
    const serialize = (message: MessageInitShape<typeof input>) => Buffer.from(toBinary(input, create(input, message)));
    const deserialize = (bytes: Buffer) => fromBinary(output, bytes);
    if (methodKind === 'unary') {
      const timeout = timeouts[name];
      methods[name] = (request: MessageInitShape<typeof input>, options: CallOptions = {}) =>
        new Promise((resolve, reject) => {
          const metadata = toMetadata(options);
          const limit = deadline({ timeout: options.timeout ?? timeout });
          const call = unaryClient.makeUnaryRequest(path, serialize, deserialize, request, metadata, limit, end);
          const release = onAbort(options.signal, () => call.cancel());
          function end(error: ServiceError | null, response?: unknown) {
            release();
            if (error) reject(fromServiceError(error, options.signal));
            else resolve(response);
          }
        });
    } else if (methodKind === 'server_streaming') {
      methods[name] = async function* (request: MessageInitShape<typeof input>, options: CallOptions = {}) {
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
    } else {
      methods[name] = (options: CallOptions = {}) => {
        const call = client.makeBidiStreamRequest(path, serialize, deserialize, toMetadata(options), deadline(options));
        const release = onAbort(options.signal, () => call.cancel());
        let ended = false;
        call.on('status', (_status: StatusObject) => {
          ended = true;
          release();
        });
        call.on('error', () => {}); // the reader gets it, if there is one
        return {
          send: (message: MessageInitShape<typeof input>) =>
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
  }
  return methods as ServiceClient<S>;
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
