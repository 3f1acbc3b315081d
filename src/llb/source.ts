/** Sources: where the files of a graph come from. */

import { marshalJson } from '../go/json-encode.ts';
import { join } from '../go/path.ts';
import { type GitUrl, parseGitUrl } from '../image/git-url.ts';
import { formatReference, parseNormalizedNamed, tagNameOnly } from '../image/reference.ts';
import { encodeOp } from './encode-op.ts';
import type {
  Constraints,
  FileInfo,
  GitOptions,
  HttpOptions,
  ImageBlobOptions,
  ImageOptions,
  LocalOptions,
  OciLayoutBlobOptions,
  OciLayoutOptions,
} from './options.ts';
import { State } from './state.ts';
import { type BaseImage, initialValues } from './state-values.ts';
import type { EncodeContext, EncodedOp, Vertex } from './vertex.ts';

/**
 * The empty filesystem.
 *
 * @example
 * scratch().file(mkfile('/hello', 0o644, 'hello\n'));
 */
export function scratch(): State {
  return empty;
}

const empty = State.of(undefined);

/**
 * An image of a registry. The reference is normalized: `alpine` is `docker.io/library/alpine:latest`.
 *
 * The engine resolves the tag when it builds; runs on the state know nothing of the image's config. Use `resolveImage`
 * or `withImageConfig` for its environment and working directory. An image that `imageFrontend` makes of the state
 * inherits the config in any case.
 *
 * @example
 * image('golang:1.21-alpine', { platform: parsePlatform('linux/arm64'), resolveMode: 'local' });
 */
export function image(ref: string, options: ImageOptions = {}): State {
  const attrs = new Attributes(['source.image']);
  const { resolveMode } = options;
  if (resolveMode && resolveMode !== 'default') attrs.set('image.resolvemode', resolveMode);
  if (resolveMode === 'pull') attrs.caps.push('source.image.resolvemode'); // a promise that must not be dropped
  attrs.set('image.recordtype', options.recordType);
  attrs.set('image.layerlimit', decimal(options.layerLimit), 'source.image.layerlimit');
  attrs.set('image.checksum', options.checksum, 'source.image.checksum');
  let name = ref;
  let error: Error | undefined;
  try {
    name = formatReference(tagNameOnly(parseNormalizedNamed(ref)));
  } catch (cause) {
    error = cause as Error;
  }
  const base = { ref: name, platform: options.platform, resolveMode };
  return sourceState(`docker-image://${name}`, attrs, options, error, base);
}

/**
 * A directory of the client, by the name under which its session offers it.
 *
 * @example
 * local('context', { excludePatterns: ['node_modules'], followPaths: ['package.json'] });
 */
export function local(name: string, options: LocalOptions = {}): State {
  const attrs = new Attributes(['source.local']);
  attrs.set('local.session', options.sessionId, 'source.local.sessionid');
  attrs.set('local.includepattern', jsonList(options.includePatterns), 'source.local.includepatterns');
  attrs.set('local.followpaths', jsonList(options.followPaths), 'source.local.followpaths');
  attrs.set('local.excludepatterns', jsonList(options.excludePatterns), 'source.local.excludepatterns');
  attrs.set('local.sharedkeyhint', options.sharedKeyHint, 'source.local.sharedkeyhint');
  attrs.set('local.differ', options.differ?.type, options.differ?.required ? 'source.local.differ' : undefined);
  if (options.metadataOnly) {
    attrs.set('local.metadatatransfer', 'true', 'source.local.metadatatransfer');
    attrs.set('local.metadatatransferexclude', jsonList(options.metadataOnly));
  }
  if (!options.sessionId) attrs.set('local.unique', options.uniqueId, 'source.local.unique');
  return sourceState(`local://${name}`, attrs, options);
}

/**
 * A git repository: `https://…`, `ssh://…`, `git://…`, `user@host:path`; https is assumed without a protocol.
 *
 * For a repository over ssh the reference's client asks the host for its keys. This library does no network I/O:
 * give them as `knownSshHosts` (lines as of `ssh-keyscan`), or the engine takes any key.
 *
 * @param fragment `ref:subdir`, as behind the `#` of a git context; options `ref` and `subDir` win
 * @example
 * git('https://github.com/moby/buildkit.git', 'master', { keepGitDir: true });
 */
export function git(remote: string, fragment = '', options: GitOptions = {}): State {
  const { url, address } = parseRemote(remote);
  const colon = fragment.indexOf(':');
  const ref = options.ref ?? (colon < 0 ? fragment : fragment.slice(0, colon));
  const subDir = options.subDir ?? (colon < 0 ? '' : join('/', fragment.slice(colon + 1)).slice(1));
  const attrs = new Attributes(['source.git']);
  attrs.flag('git.keepgitdir', options.keepGitDir, 'source.git.keepgitdir');
  attrs.set('git.fullurl', address, 'source.git.fullurl');
  const { authTokenSecret, authHeaderSecret } = options;
  const auth = authTokenSecret !== undefined || authHeaderSecret !== undefined ? 'source.git.httpauth' : undefined;
  attrs.set('git.authtokensecret', authTokenSecret ?? 'GIT_AUTH_TOKEN', auth);
  attrs.set('git.authheadersecret', authHeaderSecret ?? 'GIT_AUTH_HEADER', auth);
  if (url?.scheme === 'ssh') {
    const { knownSshHosts, mountSshSock } = options;
    attrs.set('git.knownsshhosts', knownSshHosts && `${knownSshHosts.replace(/\n$/, '')}\n`);
    attrs.set('git.mountsshsock', mountSshSock || 'default');
    attrs.caps.push('source.git.knownsshhosts', 'source.git.mountsshsock');
  }
  attrs.set('git.checksum', options.checksum, 'source.git.checksum');
  attrs.flag('git.skipsubmodules', options.skipSubmodules, 'source.git.skipsubmodules');
  attrs.set('git.mtime', options.mtime, 'source.git.mtime');
  attrs.flag('git.fetchbycommit', options.fetchByCommit, 'source.git.fetchbycommit');
  attrs.set('git.bundle', options.bundle?.locator, 'source.git.bundle');
  attrs.set('oci.session', options.bundle?.sessionId);
  attrs.set('oci.store', options.bundle?.storeId);
  attrs.flag('git.checkoutbundle', options.checkoutBundle, 'source.git.checkoutbundle');
  // The same identifier for all protocols, so that a repository is the same source however it is reached.
  let id = url ? url.host + join('/', url.path) : address;
  if (url && (ref || subDir)) id += `#${ref}${subDir && `:${subDir}`}`;
  return sourceState(`git://${id}`, attrs, options);
}

/** An address that is no URL goes to the engine as it is, which then says what is wrong with it. */
function parseRemote(remote: string): { readonly url: GitUrl | undefined; readonly address: string } {
  const withProtocol = isMissingProtocol(remote) ? `https://${remote}` : remote;
  try {
    const url = parseGitUrl(withProtocol);
    return { url, address: url.remote };
  } catch {
    return { url: undefined, address: withProtocol };
  }
}

function isMissingProtocol(remote: string): boolean {
  try {
    parseGitUrl(remote);
    return false;
  } catch (error) {
    return (error as Error).message === 'unknown protocol';
  }
}

/**
 * A file to download; archives are not unpacked.
 *
 * @example
 * http('https://example.com/app.tar.gz', { filename: 'app.tar.gz', checksum: 'sha256:…', chmod: 0o644 });
 */
export function http(url: string, options: HttpOptions = {}): State {
  const attrs = new Attributes(['source.http']);
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
  return sourceState(url, attrs, options);
}

/**
 * An image of an OCI layout that the client's session serves (or the daemon keeps) under the name of a store.
 *
 * @example
 * ociLayout('app@sha256:…', { storeId: 'app' });
 */
export function ociLayout(ref: string, options: OciLayoutOptions = {}): State {
  const attrs = new Attributes(['source.ocilayout']);
  attrs.set('oci.session', options.sessionId);
  attrs.set('oci.store', options.storeId);
  attrs.set('oci.layerlimit', decimal(options.layerLimit));
  const ociLayout = { sessionId: options.sessionId ?? '', storeId: options.storeId ?? '' };
  return sourceState(`oci-layout://${ref}`, attrs, options, undefined, { ref, platform: options.platform, ociLayout });
}

/**
 * A single blob of a registry as a file.
 *
 * @example
 * imageBlob('docker.io/library/app@sha256:…', { filename: 'app.bundle' });
 */
export function imageBlob(ref: string, options: ImageBlobOptions = {}): State {
  return blob('docker-image+blob', ref, options);
}

/**
 * A single blob of an OCI layout as a file.
 *
 * @example
 * ociLayoutBlob('app@sha256:…', { storeId: 'app' });
 */
export function ociLayoutBlob(ref: string, options: OciLayoutBlobOptions = {}): State {
  return blob('oci-layout+blob', ref, options);
}

function blob(scheme: string, ref: string, options: OciLayoutBlobOptions): State {
  const attrs = new Attributes(['source.imageblob']);
  attrs.file(options);
  attrs.set('oci.session', options.sessionId);
  attrs.set('oci.store', options.storeId);
  try {
    return sourceState(`${scheme}://${blobReference(ref)}`, attrs, options);
  } catch (error) {
    return sourceState(`${scheme}://invalid`, attrs, options, error as Error);
  }
}

function blobReference(ref: string): string {
  const named = parseNormalizedNamed(ref);
  if (named.tag) throw new Error('tagged image reference not allowed for blob reference');
  if (!named.digest) throw new Error('checksum required in blob reference');
  return formatReference(named);
}

/**
 * Any source by its identifier (`scheme://…`) and attributes, for what the functions above do not say.
 *
 * @example
 * source('docker-image://docker.io/library/alpine:latest', { 'image.resolvemode': 'pull' });
 */
export function source(
  identifier: string,
  attributes: Readonly<Record<string, string>> | ReadonlyMap<string, string> = {},
  constraints: Constraints = {},
): State {
  const attrs = new Attributes([]);
  const pairs = attributes instanceof Map ? attributes : Object.entries(attributes);
  for (const [key, value] of pairs) attrs.values.set(key, value);
  return sourceState(identifier, attrs, constraints);
}

function sourceState(
  id: string,
  attrs: Attributes,
  constraints: Constraints,
  error?: Error,
  baseImage?: BaseImage,
): State {
  const vertex = new SourceVertex(id, attrs, constraints, error);
  return State.of({ vertex, index: 0, platform: constraints.platform }, { ...initialValues, baseImage });
}

/** A source's attributes, and the capabilities that they ask of the engine. */
class Attributes {
  readonly values = new Map<string, string>();
  readonly caps: string[];

  constructor(caps: string[]) {
    this.caps = caps;
  }

  /** Sets what is given and not empty. */
  set(key: string, value: string | undefined, cap?: string): void {
    if (!value) return;
    this.values.set(key, value);
    if (cap) this.caps.push(cap);
  }

  flag(key: string, value: boolean | undefined, cap: string): void {
    if (value) this.set(key, 'true', cap);
  }

  file({ filename, chmod, chown }: FileInfo, caps: { readonly perm?: string; readonly owner?: string } = {}): void {
    const perm = (chmod ?? 0) & 0o777;
    this.set('http.filename', filename);
    if (perm !== 0) this.set('http.perm', `0${perm.toString(8)}`, caps.perm);
    if (chown?.uid) this.set('http.uid', decimal(chown.uid), caps.owner);
    if (chown?.gid) this.set('http.gid', decimal(chown.gid), caps.owner);
  }
}

class SourceVertex implements Vertex {
  private readonly id: string;
  private readonly attrs: Attributes;
  private readonly constraints: Constraints;
  private readonly error: Error | undefined;

  constructor(id: string, attrs: Attributes, constraints: Constraints, error: Error | undefined) {
    this.id = id;
    this.attrs = attrs;
    this.constraints = constraints;
    this.error = error;
  }

  inputs(): readonly [] {
    return [];
  }

  encode(context: EncodeContext): EncodedOp {
    if (this.error) throw this.error;
    if (this.id === '') throw new Error("source identifier can't be empty");
    let { values, caps } = this.attrs;
    if (this.id.startsWith('local://') && !values.has('local.session') && !values.has('local.unique')) {
      // Without a session, directories of the same name on different clients would share a digest.
      values = new Map(values).set('local.unique', context.constraints.localUniqueId);
      caps = [...caps, 'source.local.unique'];
    }
    return encodeOp(context, {
      inputs: [],
      kind: 'source',
      body: (to) => {
        to.string(1, this.id);
        to.stringMap(2, values);
      },
      constraints: this.constraints,
      caps,
      platformSpecific: /^(docker-image|oci-layout):\/\//.test(this.id),
    });
  }
}

function decimal(value: number | undefined): string | undefined {
  return value?.toString();
}

function jsonList(values: readonly string[] | undefined): string | undefined {
  return values?.length ? marshalJson(values) : undefined;
}
