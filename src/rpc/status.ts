/** gRPC's status codes, and the error that carries one. */
import { fromBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { StatusSchema } from '../gen/google/rpc/status_pb.ts';

export const Code = {
  Ok: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

/** A call that failed, on either side of the connection. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  /** Typed details, as in google.rpc.Status. */
  readonly details: readonly Any[];
  constructor(code: number, message: string, details: readonly Any[] = [], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** The error of a failed call; `statusDetails` is the trailer grpc-status-details-bin. */
export function toRpcError(code: number, message: string, statusDetails: Uint8Array | undefined): RpcError {
  if (statusDetails) {
    try {
      return new RpcError(code, message, fromBinary(StatusSchema, statusDetails).details);
    } catch {
      // a peer's broken details must not hide its message
    }
  }
  return new RpcError(code, message);
}

/** Encodes a message for the trailer grpc-message: printable ASCII without %, the rest as percent-encoded UTF-8. */
export function encodeStatusMessage(message: string): string {
  return Buffer.from(message.toWellFormed(), 'utf8')
    .toString('latin1')
    .replace(/[^ -$&-~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** Decodes grpc-message; what is not encoded properly stays as it is. */
export function decodeStatusMessage(encoded: string): string {
  const bytes = encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
