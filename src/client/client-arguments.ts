/** Validators for the arguments of the client's public functions. */
import {
  callback,
  exactFields,
  fields,
  number,
  optional,
  recordOf,
  signal,
  text,
  validator,
} from '../text/arguments.ts';
import type { ConnectOptions } from './connection.ts';

/** A connection, as `connect` returns. */
export const connectionArgument = validator(
  'a connection, as `await connect()` gives',
  (value) => typeof (value as { readonly control?: unknown } | null | undefined)?.control === 'object',
);

/** Attributes by name. */
export const attributes = recordOf(text, 'an object of strings');

/** {@link ConnectOptions}. */
export const connectOptions = exactFields<ConnectOptions>({
  onWarning: optional(callback),
  tls: optional(fields({})),
  timeout: optional(number),
  patience: optional(number),
  signal: optional(signal),
  env: optional(fields({})),
});

/** The options of functions that use a Docker engine. */
export const engineOptions = fields({
  address: optional(text),
  timeout: optional(number),
  patience: optional(number),
  env: optional(fields({})),
  credentials: optional(callback),
  signal: optional(signal),
});
