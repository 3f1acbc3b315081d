/** gRPC's status: what a call failed with. */
import { decodeLossy } from '../go/text.ts';
import { findCause } from '../text/causes.ts';
import { hideFields, ShortError } from '../text/short-error.ts';

/** The status codes that are used by name here; the numbers are gRPC's. */
export const Code = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

const names = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

/** A typed detail of a status (google.protobuf.Any). */
export interface StatusDetail {
  /** Names the type of `value`. */
  readonly typeUrl: string;
  /** A message, as protobuf or JSON. */
  readonly value: Uint8Array;
}

/**
 * An error that came over gRPC. `message` carries the name of the code in front, as BuildKit's Go clients print it;
 * `status` is the message as it was sent.
 */
export class RpcError extends ShortError {
  /** `RpcError`, or the name of a subclass. */
  override readonly name: string = 'RpcError';
  /** One of `Code`. */
  readonly code: number;
  /** The peer's message without the name of the code. */
  readonly status: string;
  /** Typed details; BuildKit puts the failed vertex and its source there. */
  readonly details: readonly StatusDetail[];

  constructor(code: number, status: string, details: readonly StatusDetail[] = [], options?: ErrorOptions) {
    super(code === Code.ok || code === Code.unknown ? status : `${names[code] ?? `Code(${code})`}: ${status}`, options);
    this.code = code;
    this.status = status;
    this.details = details;
    hideFields(this, 'status', 'details'); // the message has it, and bytes are for programs
  }
}

/**
 * The details of one type (`errdefs.Source`) that BuildKit sends as JSON, as `read` makes of them, in their order. A
 * peer may send anything: what cannot be read is left out.
 */
export function jsonDetails<T>(error: RpcError, type: string, read: (json: Record<string, unknown>) => T): T[] {
  const found: T[] = [];
  for (const { typeUrl, value } of error.details) {
    const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
    if (name !== type && name !== `${type}+json`) continue;
    try {
      found.push(read(JSON.parse(decodeLossy(value))));
    } catch {
      // A detail in a form we do not know.
    }
  }
  return found;
}

/** Finds the {@link RpcError} in an error's chain of causes. */
export function rpcError(error: unknown): RpcError | undefined {
  return findCause(error, RpcError);
}
