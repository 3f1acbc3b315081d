/** Image references as the distribution project reads them, in time linear in their length. */
import { toLower } from '../go/unicode.ts';
import { aString, checkArgument } from '../text/arguments.ts';
import { parseDigest } from './digest.ts';

/** `domain/path:tag@digest`; absent parts are ''. */
export interface ImageReference {
  /** The registry: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** The repository: `library/alpine`. */
  readonly path: string;
  /** '' if absent. */
  readonly tag: string;
  /** '' if absent. */
  readonly digest: string;
}

const maxPathLength = 255;
const defaultDomain = 'docker.io';

/**
 * Parses a reference as written in a FROM: `alpine` is `docker.io/library/alpine`.
 * @throws Error `invalid reference format`, `invalid reference format: repository name (A) must be lowercase`, …
 */
export function parseNormalizedNamed(text: string): ImageReference {
  checkArgument('parseNormalizedNamed', 'text', text, aString);
  if (/^[a-f\d]{64}$/.test(text))
    throw new Error(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  const { domain, rest } = splitDefaultDomain(text);
  const colon = rest.indexOf(':');
  const remote = colon < 0 ? rest : rest.slice(0, colon);
  if (toLower(remote) !== remote)
    throw new Error(`invalid reference format: repository name (${remote}) must be lowercase`);
  return parseReference(`${domain}/${rest}`);
}

/**
 * Parses a reference without adding defaults.
 * @throws Error `invalid reference format`, `repository name must be lowercase`,
 * `repository name must have at least one component`, `repository name must not be more than 255 characters`, and those
 * of {@link parseDigest}
 */
export function parseReference(text: string): ImageReference {
  const reference = splitReference(text);
  if (!reference) {
    if (text === '') throw new Error('repository name must have at least one component');
    throw new Error(splitReference(toLower(text)) ? 'repository name must be lowercase' : 'invalid reference format');
  }
  if (reference.path.length > maxPathLength)
    throw new Error(`repository name must not be more than ${maxPathLength} characters`);
  if (reference.digest) parseDigest(reference.digest);
  return reference;
}

/** The whole reference, `domain/path:tag@digest`. */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag && `:${reference.tag}`;
  const digest = reference.digest && `@${reference.digest}`;
  return referenceName(reference) + tag + digest;
}

/** The reference without tag and digest. */
export function referenceName(reference: ImageReference): string {
  return reference.domain === '' ? reference.path : `${reference.domain}/${reference.path}`;
}

/** The short form that people know: without `docker.io/library/`. */
export function familiarString(reference: ImageReference): string {
  return formatReference(familiar(reference));
}

/**
 * The canonical name of a named context, as in buildx: the short name of the image or stage that it replaces, without
 * the tag `latest`; a suffix `::PLATFORM` stays.
 * @throws Error for a name that neither an image nor a stage can have
 */
export function contextName(text: string): string {
  const [name = '', ...platform] = text.split('::');
  try {
    return [familiarString(parseNormalizedNamed(name)).replace(/:latest$/, ''), ...platform].join('::');
  } catch (error) {
    throw new Error(`invalid context name ${JSON.stringify(text)}: ${(error as Error).message}`, { cause: error });
  }
}

/** Adds the tag `latest` if there is neither tag nor digest. */
export function tagNameOnly(reference: ImageReference): ImageReference {
  return reference.tag || reference.digest ? reference : { ...reference, tag: 'latest' };
}

/** Replaces the tag. @throws Error `invalid tag format` */
export function withTag(reference: ImageReference, tag: string): ImageReference {
  if (!isTag(tag)) throw new Error('invalid tag format');
  return { ...reference, tag };
}

/** Replaces the digest. @throws Error `invalid digest format` */
export function withDigest(reference: ImageReference, digest: string): ImageReference {
  if (!isDigest(digest)) throw new Error('invalid digest format');
  return { ...reference, digest };
}

/** Removes tag and digest. */
export function trimNamed(reference: ImageReference): ImageReference {
  return { ...reference, tag: '', digest: '' };
}

function familiar(reference: ImageReference): ImageReference {
  if (reference.domain !== defaultDomain) return reference;
  return { ...reference, domain: '', path: reference.path.replace(/^library\/(?=[^/]*$)/, '') };
}

/** A first element is a domain if it cannot be part of a name on Docker Hub. */
function splitDefaultDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  let domain = defaultDomain;
  let rest = text;
  if (first === 'index.docker.io') rest = text.slice(slash + 1);
  else if (first === 'localhost' || /[.:]/.test(first) || toLower(first) !== first) {
    domain = first;
    rest = text.slice(slash + 1);
  }
  return { domain, rest: domain === defaultDomain && !rest.includes('/') ? `library/${rest}` : rest };
}

/** Splits a reference from its end: names and tags contain no `@`, and tags no slash. */
function splitReference(text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? '' : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? '' : named.slice(colon + 1);
  if ((at >= 0 && !isDigest(digest)) || (colon >= 0 && !isTag(tag))) return undefined;
  const elements = (colon < 0 ? named : named.slice(0, colon)).split('/');
  const domain = elements.length > 1 && isDomain(elements[0]!) ? elements.shift()! : '';
  return elements.every(isPathComponent) ? { domain, path: elements.join('/'), tag, digest } : undefined;
}

function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

/** Whether a text has the form of a digest; less strict than {@link parseDigest}. */
function isDigest(text: string): boolean {
  const [algorithm = '', encoded = '', ...more] = text.split(':', 3);
  return (
    more.length === 0 &&
    /^[\da-fA-F]{32,}$/.test(encoded) &&
    algorithm.split(/[-_+.]/).every((part) => /^[A-Za-z][A-Za-z\d]*$/.test(part))
  );
}

/** Whether a text is a host name, an IPv4 address or a bracketed IPv6 address, with an optional port. */
function isDomain(text: string): boolean {
  const host = text.replace(/:\d+$/, '');
  if (/^\[[a-fA-F\d:]+\]$/.test(host)) return true;
  return host
    .split('.')
    .every((label) => /^[A-Za-z\d-]+$/.test(label) && !label.startsWith('-') && !label.endsWith('-'));
}

/** Whether a text has lower-case words, separated by one period, one or two underscores or any number of dashes. */
function isPathComponent(text: string): boolean {
  return /^[a-z\d](?:[a-z\d._-]*[a-z\d])?$/.test(text) && !/\.[._-]|[_-]\.|_-|-_|___/.test(text);
}
