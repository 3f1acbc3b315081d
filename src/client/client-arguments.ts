/** Validators for the arguments of the client's public functions. */
import {
  aFunction,
  aNumber,
  anAbortSignal,
  aString,
  objectWith,
  objectWithOnly,
  optional,
  recordOf,
  validator,
} from '../text/arguments.ts';
import type { ConnectOptions } from './connection.ts';

/** A connection, as `connect` returns. */
export const aConnection = validator(
  'a connection, as `await connect()` gives',
  (value) => typeof (value as { readonly control?: unknown } | null | undefined)?.control === 'object',
);

/** Attributes by name. */
export const anObjectOfStrings = recordOf(aString, 'an object of strings');

/** {@link ConnectOptions}. */
export const connectOptions = objectWithOnly<ConnectOptions>({
  onWarning: optional(aFunction),
  tls: optional(objectWith({})),
  timeout: optional(aNumber),
  patience: optional(aNumber),
  signal: optional(anAbortSignal),
  env: optional(objectWith({})),
});

/** The options of functions that use a Docker engine. */
export const engineOptions = objectWith({
  address: optional(aString),
  timeout: optional(aNumber),
  patience: optional(aNumber),
  env: optional(objectWith({})),
  credentials: optional(aFunction),
  signal: optional(anAbortSignal),
});
