/**
 * Unary gRPC calls over one HTTP/2 connection on any duplex stream: what a frontend needs inside BuildKit, where it
 * starts for every build and a whole gRPC library would cost more time to load than the calls take.
 */
import type { Duplex } from 'node:stream';
import { frame, MAX_MESSAGE_BYTES } from './framing.ts';
import { connectHttp2 } from './http2-client.ts';
import { Code, RpcError } from './status.ts';
import { decodeStatusMessage, toRpcError } from './status-details.ts';

/** Carries encoded messages; rejects with an {@link RpcError}. */
export interface UnaryTransport {
  /** `method` is the full name, e.g. `/moby.buildkit.v1.frontend.LLBBridge/Ping`. */
  unary(method: string, request: Uint8Array, options?: { readonly timeoutMs?: number }): Promise<Uint8Array>;
  /** Ends the connection; calls under way fail. */
  close(): void;
}

const prefixSize = 5; // one byte of flags, four of length
const windowSize = MAX_MESSAGE_BYTES + (1 << 20); // for the largest message, so that no answer waits for the window

/**
 * How long BuildKit may be silent. A frontend that gives up fails the build, while one that waits for a daemon that hangs
 * costs nobody anything: longer than clients wait.
 */
const SILENCE_MS = 120_000;

/** Speaks HTTP/2 as the client end of `duplex`. A server that is silent for `silenceMs` while calls are open is given up. */
export function createUnaryTransport(duplex: Duplex, silenceMs = SILENCE_MS): UnaryTransport {
  const client = connectHttp2(duplex, { window: windowSize, silenceMs });
  return {
    unary: (method, request, { timeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        if (request.length > MAX_MESSAGE_BYTES) return reject(tooLarge('send', request.length));
        const body = createMessageReader();
        const headers = new Map<string, string>();
        const fail = (error: RpcError) => {
          clearTimeout(timer);
          call.cancel();
          reject(error);
        };
        const call = client.request(
          [
            [':method', 'POST'],
            [':scheme', 'http'],
            [':path', method],
            [':authority', 'localhost'],
            ['content-type', 'application/grpc'],
            ['te', 'trailers'],
            ['user-agent', 'tsfront'],
          ],
          {
            headers(fields) {
              for (const [name, value] of fields) headers.set(name, value);
            },
            data(chunk) {
              const error = body.add(chunk);
              if (error) fail(error);
            },
            end(reason) {
              clearTimeout(timer);
              const error = statusOf(headers, reason) ?? body.incomplete();
              if (error) reject(error);
              else resolve(body.message());
            },
          },
          frame(request),
        );
        const timer = timeoutMs
          ? setTimeout(
              () => fail(new RpcError(Code.deadlineExceeded, `no answer to ${method} within ${timeoutMs / 1000} s`)),
              timeoutMs,
            )
          : undefined;
      }),
    close: () => client.close(),
  };
}

/** Collects the one message of an answer. */
function createMessageReader() {
  let buffer: Buffer = Buffer.alloc(0);
  let size = 0;
  let wanted = -1;
  return {
    add(chunk: Buffer): RpcError | undefined {
      if (wanted < 0) {
        buffer = size === 0 ? chunk : Buffer.concat([buffer, chunk]);
        size = buffer.length;
        if (size < prefixSize) return undefined;
        if (buffer[0] !== 0) return new RpcError(Code.internal, 'the server sent a compressed message');
        wanted = buffer.readUInt32BE(1);
        if (wanted > MAX_MESSAGE_BYTES) return tooLarge('received', wanted);
        if (size < prefixSize + wanted) buffer = Buffer.concat([buffer], prefixSize + wanted); // with room for the rest
      } else {
        chunk.copy(buffer, size);
        size += chunk.length;
      }
      if (size <= prefixSize + wanted) return undefined;
      return new RpcError(Code.internal, 'the server sent more than one message');
    },
    incomplete: () =>
      wanted >= 0 && size === prefixSize + wanted
        ? undefined
        : new RpcError(Code.internal, 'the server ended its answer before the message was complete'),
    message: () => buffer.subarray(prefixSize),
  };
}

const tooLarge = (verb: 'send' | 'received', size: number) =>
  new RpcError(
    Code.resourceExhausted,
    verb === 'send'
      ? `trying to send message larger than max (${size} vs. ${MAX_MESSAGE_BYTES})`
      : `grpc: received message larger than max (${size} vs. ${MAX_MESSAGE_BYTES})`,
  );

/** The error that an answer's headers and trailers carry, undefined for success; `lost` is why it has no end. */
function statusOf(headers: ReadonlyMap<string, string>, lost: string | undefined): RpcError | undefined {
  const code = headers.get('grpc-status');
  if (code === '0') return undefined;
  if (code === undefined) {
    if (lost !== undefined) return new RpcError(Code.unavailable, `the connection to BuildKit was lost: ${lost}`);
    const http = headers.get(':status');
    const why = http === '200' ? 'no status' : `unexpected HTTP status code received from server: ${http}`;
    return new RpcError(Code.unavailable, why);
  }
  const details = headers.get('grpc-status-details-bin');
  return toRpcError(
    /^\d{1,9}$/.test(code) ? Number(code) : Code.unknown,
    decodeStatusMessage(headers.get('grpc-message') ?? ''),
    details === undefined ? undefined : Buffer.from(details, 'base64'),
  );
}
