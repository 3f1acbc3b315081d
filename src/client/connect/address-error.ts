import { ShortError } from '../../text/short-error.ts';

/** A daemon's address, a part of it, or the Docker context that it comes from is invalid. */
export class AddressError extends ShortError {
  override readonly name = 'AddressError';
}
