/** Hints for images and sources that are not on this machine. */
import { describeError } from '../diagnostic/diagnostic.ts';
import type { FrontendResult } from '../gateway/run-frontend.ts';
import { familiarString } from '../image/reference.ts';
import { UnresolvedReference } from '../resolve/registry-resolver.ts';
import { causesOf } from '../text/causes.ts';
import { UnknownImage } from './daemonless-bridge.ts';
import { RemoteSource } from './source-files.ts';

/** What to do about an image or a source that could not be read, in the words of its reader. */
export interface UnavailableAdvice {
  /** For a git or http source. */
  readonly remote: string;
  /** For an image that no resolver knows, by its name. */
  unknown(image: string): string;
  /** For an image whose registry does not give it, by its name. */
  unresolved(image: string): string;
}

/** In the words of the library: the options of `compile` and `checkDockerfile`. */
const libraryAdvice: UnavailableAdvice = {
  remote: 'Give `remote`, as openRemoteSources() makes it, to fetch it, or name a directory that has its files.',
  unknown: (image) =>
    `Add a resolver that knows ${image} to \`images\`: parseImageTable(), ociLayoutResolver() and registryResolver() make some.`,
  unresolved: (image) =>
    `Without its registry, add a resolver that knows ${image} to \`images\`, first: parseImageTable() and ociLayoutResolver() make some.`,
};

/** A hint for an image or a source that could not be read; undefined for any other error. */
export function unavailableHint(error: unknown, advice: UnavailableAdvice = libraryAdvice): string | undefined {
  for (const e of causesOf(error)) {
    if (e instanceof RemoteSource) return advice.remote;
    if (e instanceof UnknownImage) return advice.unknown(e.image);
    if (e instanceof UnresolvedReference) return advice.unresolved(familiarString(e.reference));
  }
  return undefined;
}

/** The result of a frontend whose errors have these hints: a check keeps the hint that an error has. */
export function withUnavailableHints(result: FrontendResult, advice: UnavailableAdvice): FrontendResult {
  const { linted } = result;
  if (!linted) return result;
  const explained = (error: unknown) => {
    const hint = unavailableHint(error, advice);
    return hint === undefined ? error : describeError(error, 'build', { hint });
  };
  const pastErrors = async () => {
    const found = await linted.pastErrors();
    return found && { ...found, errors: found.errors.map(explained) };
  };
  return { ...result, linted: { ...linted, failure: explained(linted.failure), pastErrors } };
}
