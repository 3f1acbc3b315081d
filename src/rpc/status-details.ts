/** A status as gRPC carries it in trailers. */
import { StatusSchema } from '../gen/google/rpc/status_schemas.ts';
import { fromLatin1, toLatin1 } from '../go/bytes.ts';
import { decodeLossy, encodeText } from '../go/text.ts';
import { decode } from '../protobuf/decode.ts';
import { RpcError } from './rpc-error.ts';

/** The error of a failed call; `statusDetails` is the trailer grpc-status-details-bin. */
export function toRpcError(code: number, message: string, statusDetails: Uint8Array | undefined): RpcError {
  if (statusDetails) {
    try {
      return new RpcError(code, message, decode(StatusSchema, statusDetails).details);
    } catch {
      // A peer's broken details must not hide its message.
    }
  }
  return new RpcError(code, message);
}

/** Encodes a message for the trailer grpc-message: printable ASCII without %, the rest as percent-encoded UTF-8. */
export function encodeStatusMessage(message: string): string {
  return fromLatin1(encodeText(message.toWellFormed())).replace(
    /[^ -$&-~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Decodes grpc-message; what is not encoded properly stays as it is. */
export function decodeStatusMessage(encoded: string): string {
  const bytes = encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeLossy(toLatin1(bytes));
}
