/** Finds what a source is pinned to, by its name in a lock. */
import { type DiagnosticError, diagnosticError } from '../diagnostic/diagnostic.ts';
import { withDigest } from '../image/reference.ts';
import { checkArgument, optional } from '../text/arguments.ts';
import { hideValuesOf } from '../text/hide-secrets.ts';
import { aLock, type Lock } from './lock-file.ts';
import { gitName, httpName, imageName, isCommit, type SourceKind } from './source-name.ts';
import type { SourcePins } from './source-pins.ts';

/** How a lock is used. */
export interface PinsOptions {
  /** Whether a source that is not pinned is an error; false by default. */
  readonly isFrozen?: boolean | undefined;
  /** What errors call the lock file; `Dockerfile.lock` by default. */
  readonly filename?: string | undefined;
  /** The build arguments by name: values of those with the names of secrets are in no name of a lock. */
  readonly buildArgs?: ReadonlyMap<string, string> | undefined;
}

/**
 * The pins of a lock. Sources that the Dockerfile itself pins need none.
 *
 * @param lock undefined if there is no lock file
 * @example
 * const pins = pinsOf(readLock(await readFile('Dockerfile.lock', 'utf8')), { isFrozen: true });
 * await compile(options, (bridge) => runFrontend(bridge, { otherFrontends: 'cannot', pins }));
 */
export function pinsOf(
  lock: Lock | undefined,
  { isFrozen = false, filename = 'Dockerfile.lock', buildArgs = new Map() }: PinsOptions = {},
): SourcePins {
  checkArgument('pinsOf', 'lock', lock, optional(aLock));
  const hide = hideValuesOf(buildArgs);
  const pins = new Map(lock?.sources.map(({ kind, name, pin }) => [`${kind} ${name}`, pin]));
  const find = (kind: SourceKind, name: string): string | undefined => {
    const pin = pins.get(`${kind} ${name}`);
    if (pin === undefined && isFrozen) throw unlocked(name, lock === undefined, filename);
    return pin;
  };
  return {
    isFrozen,
    image(reference) {
      if (reference.digest !== '') return reference;
      const digest = find('image', imageName(reference, hide));
      return digest === undefined ? reference : withDigest(reference, digest);
    },
    http: (url) => find('http', httpName(url, hide)) ?? '',
    git: (remote, ref) => (isCommit(ref) ? ref : (find('git', gitName(remote, ref, hide)) ?? ref)),
  };
}

function unlocked(name: string, hasNoLock: boolean, filename: string): DiagnosticError {
  const why = hasNoLock ? `there is no ${filename} beside the Dockerfile` : `${filename} has no pin of it`;
  return diagnosticError('unlocked-source', `${name} is not locked: ${why} (\`tsfront lock\` adds it)`, {
    hint: `Run \`tsfront lock\` and commit ${filename}, or build with TSFRONT_LOCK=use, which takes what is not locked as it is.`,
  });
}
