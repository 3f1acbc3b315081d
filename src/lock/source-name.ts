/** The names that sources have in a lock file: one for each source, and none with credentials or other secrets. */
import { familiarString, type ImageReference, tagNameOnly } from '../image/reference.ts';
import type { HideSecrets } from '../text/hide-secrets.ts';
import { redactCredentials } from '../text/redact.ts';

/** A kind of source that a build takes from outside. */
export type SourceKind = 'image' | 'http' | 'git';

const asIs: HideSecrets = (text) => text;

/** A name stays when its secret gets another length. */
const named = (text: string, hide: HideSecrets): string => redactCredentials(hide(text)).replace(/•+/g, 'xxxxx');

/** The name of an image: as in FROM, with its tag. */
export const imageName = (reference: ImageReference, hide: HideSecrets = asIs): string =>
  named(familiarString(tagNameOnly(reference)), hide);

/** The name of a file on the web: its address. */
export const httpName = (url: string, hide: HideSecrets = asIs): string => named(url, hide);

/** The name of a reference in a git repository: `ADDRESS#REF`, or the address for the default branch. */
export const gitName = (remote: string, ref: string, hide: HideSecrets = asIs): string =>
  named(ref === '' ? remote : `${remote}#${ref}`, hide);

/** Whether a git reference is the hash of a commit, which never names anything else. */
export const isCommit = (ref: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
