/** Converts bytes to text and back, as the host does it; without loss unless a name says otherwise. */
import { host } from '#host';

/** Decodes bytes; the result encodes to the same bytes again. A byte that is not UTF-8 becomes a lone surrogate. */
export function decodeText(bytes: Uint8Array): string {
  return host.decodeText(bytes);
}

/** Decodes bytes as others do: those that are not UTF-8 become U+FFFD. */
export function decodeLossy(bytes: Uint8Array): string {
  return host.decodeLossy(bytes);
}

/** Encodes text that {@link decodeText} made; other lone surrogates become U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return host.encodeText(text);
}
