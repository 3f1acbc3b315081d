/** Files that are downloaded. */
import { aString, checkArgument } from '../../text/arguments.ts';
import type { Constraints } from '../constraints.ts';
import { sourceOptions } from '../llb-arguments.ts';
import type { State } from '../state.ts';
import { type FileInfo, SourceAttributes, type SourceIdentifier, sourceState } from './source.ts';

/** Options of `http`. */
export interface HttpOptions extends Constraints, FileInfo {
  /** Digest that the file must have, `sha256:…`; not checked if absent. */
  readonly checksum?: string | undefined;
  /** Headers of the request; the daemon's own if absent. */
  readonly header?: { readonly accept?: string; readonly userAgent?: string } | undefined;
  /** Secret with the header for HTTP authentication; none if absent. */
  readonly authHeaderSecret?: string | undefined;
  /** Detached OpenPGP signature that the file must have, and the public key, both armored; not checked if absent. */
  readonly signature?: { readonly pubKey: string; readonly signature: string } | undefined;
}

/**
 * Makes a state of a file to download. An archive is not unpacked.
 *
 * @example
 * http('https://example.com/app.tar.gz', { filename: 'app.tar.gz', checksum: 'sha256:…', chmod: 0o644 });
 */
export function http(url: string, options: HttpOptions = {}): State {
  checkArgument('http', 'url', url, aString);
  checkArgument('http', 'options', options, sourceOptions);
  const attrs = new SourceAttributes(['source.http']);
  attrs.set('http.checksum', options.checksum, 'source.http.checksum');
  attrs.file(options, { perm: 'source.http.perm', owner: 'soruce.http.uidgid' }); // the capability's name is misspelt
  attrs.set('http.authheadersecret', options.authHeaderSecret, 'source.http.auth');
  if (options.header) {
    attrs.set('http.header.accept', options.header.accept);
    attrs.set('http.header.user-agent', options.header.userAgent);
    attrs.caps.push('source.http.header');
  }
  if (options.signature) {
    attrs.set('http.sig.pubkey', options.signature.pubKey);
    attrs.set('http.sig.signature', options.signature.signature);
    attrs.caps.push('source.http.signatureverify');
  }
  return sourceState(url as SourceIdentifier, attrs, options);
}
