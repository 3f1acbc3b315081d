/**
 * Unary gRPC calls over one HTTP/2 connection on any byte stream, for frontends inside BuildKit: one starts for every
 * build, and loading a whole gRPC library would take longer than its calls.
 */
import { fromBase64 } from '../go/base64.ts';
import { joinBytes, readUint32 } from '../go/bytes.ts';
import type { ByteStream } from './byte-stream.ts';
import { callHeaders } from './call-headers.ts';
import { frame, maxMessageBytes, prefixBytes } from './framing.ts';
import { connectHttp2 } from './http2-client.ts';
import { Code, RpcError } from './rpc-error.ts';
import { decodeStatusMessage, toRpcError } from './status-details.ts';
import { after } from './timer.ts';

/** Carries encoded messages; rejects with an {@link RpcError}. */
export interface UnaryTransport {
  /** `method` is the full name, e.g. `/moby.buildkit.v1.frontend.LLBBridge/Ping`. */
  unary(method: string, request: Uint8Array, options?: { readonly timeoutMs?: number }): Promise<Uint8Array>;
  /** Ends the connection; calls under way fail. */
  close(): void;
}

const authority = 'localhost';
const windowSize = maxMessageBytes + (1 << 20); // for the largest message, so that no answer waits for the window

/**
 * Maximum time in milliseconds without an answer from BuildKit. It is longer than clients wait, because giving up fails
 * the build, while waiting for a daemon that hangs has no cost.
 */
const defaultSilenceMs = 120_000;

/**
 * Makes unary calls on `stream`. A server that is silent for `silenceMs` during a call is given up.
 *
 * @param question the full name of a method without arguments that the server answers at once, even while it is busy
 */
export function createUnaryTransport(
  stream: ByteStream,
  question: string,
  silenceMs = defaultSilenceMs,
): UnaryTransport {
  const client = connectHttp2(stream, {
    window: windowSize,
    silenceMs,
    question: { fields: callHeaders(authority, question), body: frame(new Uint8Array(0)) },
  });
  return {
    unary: (method, request, { timeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        if (request.length > maxMessageBytes) return reject(tooLarge('send', request.length));
        const body = new MessageReader();
        const headers = new Map<string, string>();
        const fail = (error: RpcError) => {
          endTimer?.();
          call.cancel();
          reject(error);
        };
        const call = client.request(
          callHeaders(authority, method),
          {
            headers(fields) {
              for (const [name, value] of fields) headers.set(name, value);
            },
            data(chunk) {
              const error = body.add(chunk);
              if (error) fail(error);
            },
            end(reason) {
              endTimer?.();
              const error = statusOf(headers, reason) ?? body.incomplete();
              if (error) reject(error);
              else resolve(body.message());
            },
          },
          frame(request),
        );
        const late = () =>
          fail(new RpcError(Code.deadlineExceeded, `no answer to ${method} within ${timeoutMs! / 1000} s`));
        const endTimer = timeoutMs ? after(timeoutMs, late) : undefined;
      }),
    close: () => client.close(),
  };
}

/** Collects the one message of an answer. */
class MessageReader {
  /** Received bytes; once the length prefix is known, with room for the whole message. */
  private buffer: Uint8Array = new Uint8Array(0);
  private size = 0;
  /** Bytes of the message; undefined until its prefix is complete. */
  private wanted: number | undefined;

  add(chunk: Uint8Array): RpcError | undefined {
    if (this.wanted === undefined) {
      this.buffer = this.size === 0 ? chunk : joinBytes([this.buffer, chunk]);
      this.size = this.buffer.length;
      if (this.size < prefixBytes) return undefined;
      if (this.buffer[0] !== 0) return new RpcError(Code.internal, 'the server sent a compressed message');
      this.wanted = readUint32(this.buffer, 1);
      if (this.wanted > maxMessageBytes) return tooLarge('received', this.wanted);
      if (this.size < prefixBytes + this.wanted) this.makeRoom(prefixBytes + this.wanted);
    } else {
      this.size += chunk.length;
      if (this.size <= this.buffer.length) this.buffer.set(chunk, this.size - chunk.length);
    }
    if (this.size <= prefixBytes + this.wanted) return undefined;
    return new RpcError(Code.internal, 'the server sent more than one message');
  }

  incomplete(): RpcError | undefined {
    if (this.wanted !== undefined && this.size === prefixBytes + this.wanted) return undefined;
    return new RpcError(Code.internal, 'the server ended its answer before the message was complete');
  }

  message(): Uint8Array {
    return this.buffer.subarray(prefixBytes);
  }

  private makeRoom(bytes: number): void {
    const larger = new Uint8Array(bytes);
    larger.set(this.buffer);
    this.buffer = larger;
  }
}

const tooLarge = (verb: 'send' | 'received', size: number) =>
  new RpcError(
    Code.resourceExhausted,
    verb === 'send'
      ? `trying to send message larger than max (${size} vs. ${maxMessageBytes})`
      : `grpc: received message larger than max (${size} vs. ${maxMessageBytes})`,
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
    details === undefined ? undefined : fromBase64(details.padEnd(4 * Math.ceil(details.length / 4), '=')),
  );
}
