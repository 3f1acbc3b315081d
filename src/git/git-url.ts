/** URLs of git repositories as BuildKit reads them: web addresses and scp's `user@host:path`. */
import { join } from '../go/path.ts';
import { formatUrl, type GoUrl, parseUrl, parseUrlQuery } from '../go/url.ts';

/** A URL of a git repository in its parts. */
export interface GitUrl {
  /** `ssh` for scp's form. */
  readonly scheme: string;
  /** The host with its port. */
  readonly host: string;
  /** The path on the host. */
  readonly path: string;
  /** The values of the query by key, decoded. */
  readonly query: ReadonlyMap<string, readonly string[]>;
  /** From the fragment `#ref:subdir`; '' if absent. */
  readonly ref: string;
  /** From the fragment; '' if absent. */
  readonly subDir: string;
  /** The address for git, without query and fragment. */
  readonly remote: string;
}

const schemes = new Set(['http', 'https', 'ssh', 'git']);
const schemePrefix = /^([a-zA-Z0-9]+):\/\//;
const scpPrefix = /^([a-zA-Z0-9-_]+)@([a-zA-Z0-9-.]+):/;

/**
 * Parses the address of a git repository.
 * @throws Error `unknown protocol`, `ftp: invalid protocol`, or those of {@link parseUrl}
 */
export function parseGitUrl(text: string): GitUrl {
  const scheme = schemePrefix.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return parseScpUrl(text);
  if (!schemes.has(scheme)) throw new Error(`${scheme}: invalid protocol`);
  return gitUrlFrom(parseUrl(text));
}

/** Takes any URL as the address of a repository. */
export function gitUrlFrom(url: GoUrl): GitUrl {
  return {
    scheme: url.scheme,
    host: url.host,
    path: url.path,
    query: parseUrlQuery(url.rawQuery).values,
    ...splitFragment(url.fragment),
    remote: formatUrl(url),
  };
}

function parseScpUrl(text: string): GitUrl {
  const unknown = new Error('unknown protocol');
  const match = scpPrefix.exec(text);
  if (!match || text.includes('\n')) throw unknown;
  const [prefix, , host = ''] = match;
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(
    text.slice(prefix.length),
  )!;
  const { values, error } = parseUrlQuery(query);
  if (error) throw unknown;
  return { scheme: 'ssh', host, path, query: values, ...splitFragment(fragment), remote: prefix + path };
}

function splitFragment(fragment: string): { ref: string; subDir: string } {
  const colon = fragment.indexOf(':');
  if (colon < 0) return { ref: fragment, subDir: '' };
  return { ref: fragment.slice(0, colon), subDir: join('/', fragment.slice(colon + 1)).slice(1) };
}
