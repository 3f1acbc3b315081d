/** Types of clients and servers, derived from the generated service descriptors. */
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

type Method = Pick<DescMethod, 'input' | 'output' | 'methodKind'>;

/** A generated service descriptor (`Control`, `LLBBridge`, …). */
export interface Service {
  readonly typeName: string;
  readonly method: Record<string, Method & { readonly name: string }>;
}

/** A call with messages both ways. */
export interface BidiCall<I extends DescMessage, O extends DescMessage> {
  /** Resolves when the transport takes more. Rejects once the call has ended. */
  send(message: MessageInitShape<I>): Promise<void>;
  /** No more messages will be sent. */
  end(): void;
  cancel(): void;
  /** Throws RpcError when the call fails. */
  readonly messages: AsyncIterable<MessageShape<O>>;
}

/** Options of a call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly metadata?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
}

type ClientMethod<M extends Method> = M['methodKind'] extends 'unary'
  ? (request: MessageInitShape<M['input']>, options?: CallOptions) => Promise<MessageShape<M['output']>>
  : M['methodKind'] extends 'server_streaming'
    ? (request: MessageInitShape<M['input']>, options?: CallOptions) => AsyncIterable<MessageShape<M['output']>>
    : (options?: CallOptions) => BidiCall<M['input'], M['output']>;

/** One function for each method of a service. All of them throw RpcError. */
export type ServiceClient<S extends Service> = { readonly [K in keyof S['method']]: ClientMethod<S['method'][K]> };

/** Information about a call, for its handler. */
export interface ServerContext {
  /** Request headers; names are lower case, a name that was given several times has all its values. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

type ServerMethod<M extends Method> = M['methodKind'] extends 'unary'
  ? (request: MessageShape<M['input']>, context: ServerContext) => Promise<MessageInitShape<M['output']>>
  : M['methodKind'] extends 'server_streaming'
    ? (request: MessageShape<M['input']>, context: ServerContext) => AsyncIterable<MessageInitShape<M['output']>>
    : (
        requests: AsyncIterable<MessageShape<M['input']>>,
        context: ServerContext,
      ) => AsyncIterable<MessageInitShape<M['output']>>;

/** Handlers of a service; a method without one is unimplemented. */
export type ServiceHandlers<S extends Service> = { readonly [K in keyof S['method']]?: ServerMethod<S['method'][K]> };

/** `/package.Service/Method`. */
export function methodPath(service: Service, method: string): string {
  return `/${service.typeName}/${service.method[method]!.name}`;
}
