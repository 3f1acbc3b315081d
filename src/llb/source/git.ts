/** Git repositories. */
import { type GitUrl, parseGitUrl } from '../../git/git-url.ts';
import { join } from '../../go/path.ts';
import { aString, checkArgument } from '../../text/arguments.ts';
import type { Constraints } from '../constraints.ts';
import { sourceOptions } from '../llb-arguments.ts';
import type { State } from '../state.ts';
import { SourceAttributes, sourceState } from './source.ts';

/** Options of `git`. */
export interface GitOptions extends Constraints {
  /** Branch, tag or commit; that of the fragment if absent, else the default branch. */
  readonly ref?: string | undefined;
  /** Directory of the repository; that of the fragment if absent, else its root. */
  readonly subDir?: string | undefined;
  /** Keeps the .git directory; removes it if false or absent. */
  readonly keepGitDir?: boolean | undefined;
  /** Leaves submodules out; false if absent. */
  readonly skipSubmodules?: boolean | undefined;
  /** Secret with the token for HTTP authentication; `GIT_AUTH_TOKEN` if absent. */
  readonly authTokenSecret?: string | undefined;
  /** Secret with the header for HTTP authentication; `GIT_AUTH_HEADER` if absent. */
  readonly authHeaderSecret?: string | undefined;
  /** Keys of SSH hosts, as `ssh-keyscan` prints them; none if absent. */
  readonly knownSshHosts?: string | undefined;
  /** SSH agent of the session; `default` if absent. */
  readonly mountSshSock?: string | undefined;
  /** Commit that the ref must point to, or the beginning of its hash; not checked if absent. */
  readonly checksum?: string | undefined;
  /** Modification time of the files: that of the commit (`commit`) or of the checkout (`checkout`, the default). */
  readonly mtime?: string | undefined;
  /** Fetches the commit `checksum` without asking the remote what the ref points to; false if absent. */
  readonly fetchByCommit?: boolean | undefined;
  /** Imports the history from a git bundle instead of the remote; needs `checksum`. */
  readonly bundle?: GitBundle | undefined;
  /** Makes a single file `bundle` that contains the commit, instead of a work tree; false if absent. */
  readonly checkoutBundle?: boolean | undefined;
}

/** A git bundle that is kept as a blob. */
export interface GitBundle {
  /** `docker-image+blob://<ref>@sha256:…` or `oci-layout+blob://<ref>@sha256:…`. */
  readonly locator: string;
  /** Session that provides the OCI layout; any session of the build if absent. */
  readonly sessionId?: string | undefined;
  /** Store of the OCI layout; the name in the locator if absent. */
  readonly storeId?: string | undefined;
}

/**
 * Makes a state of a git repository.
 *
 * The library does no network I/O, so it does not ask an SSH host for its keys as BuildKit's client does. Pass them as
 * `knownSshHosts`; without them the daemon accepts any key.
 *
 * @param remote `https://…`, `ssh://…`, `git://…` or `user@host:path`; https if it has no protocol
 * @param fragment `ref:subdir`, as after the `#` of a git context; the options `ref` and `subDir` override it
 * @example
 * git('https://github.com/moby/buildkit.git', 'master', { keepGitDir: true });
 */
export function git(remote: string, fragment = '', options: GitOptions = {}): State {
  checkArgument('git', 'remote', remote, aString);
  checkArgument('git', 'fragment', fragment, aString);
  checkArgument('git', 'options', options, sourceOptions);
  const { url, address } = parseRemote(remote);
  const colon = fragment.indexOf(':');
  const ref = options.ref ?? (colon < 0 ? fragment : fragment.slice(0, colon));
  const subDir = options.subDir ?? (colon < 0 ? '' : join('/', fragment.slice(colon + 1)).slice(1));
  const attrs = new SourceAttributes(['source.git']);
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
  // The identifier does not contain the protocol, so that a repository is the same source over https and ssh.
  let id = url ? url.host + join('/', url.path) : address;
  if (url && (ref || subDir)) id += `#${ref}${subDir && `:${subDir}`}`;
  return sourceState(`git://${id}`, attrs, options);
}

/** An address that is not a URL is passed to the daemon as it is; the daemon reports what is wrong with it. */
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
