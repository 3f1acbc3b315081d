/** The names that sources have in a lock file: one for each source, and none with credentials. */
import { familiarString, type ImageReference, tagNameOnly } from '../image/reference.ts';
import { redactCredentials } from '../text/redact.ts';

/** A kind of source that a build takes from outside. */
export type SourceKind = 'image' | 'http' | 'git';

/** The name of an image: as in FROM, with its tag. */
export const imageName = (reference: ImageReference): string => familiarString(tagNameOnly(reference));

/** The name of a file on the web: its address. */
export const httpName = (url: string): string => redactCredentials(url);

/** The name of a reference in a git repository: `ADDRESS#REF`, or the address for the default branch. */
export const gitName = (remote: string, ref: string): string =>
  redactCredentials(ref === '' ? remote : `${remote}#${ref}`);

/** Whether a git reference is the hash of a commit, which never names anything else. */
export const isCommit = (ref: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
