/**
 * A lock as a source policy of BuildKit, for builds without tsfront's frontend: buildx reads the file that
 * EXPERIMENTAL_BUILDKIT_SOURCE_POLICY names. Each rule turns a source into its pin, wherever in a graph it is.
 */
import { formatReference, parseNormalizedNamed } from '../../image/reference.ts';
import { git } from '../../llb/source/git.ts';
import type { State } from '../../llb/state.ts';
import { aLock, type Lock, type LockedSource } from '../../lock/lock-file.ts';
import { checkArgument } from '../../text/arguments.ts';

/** A policy, and what it cannot say. */
export interface LockPolicy {
  /** The policy, JSON. */
  readonly text: string;
  /** Names of sources whose addresses have credentials: a lock does not know them, so a policy cannot name them. */
  readonly omitted: readonly string[];
}

interface Rule {
  readonly action: 'CONVERT';
  readonly selector: { readonly identifier: string; readonly match_type: 'EXACT' | 'WILDCARD' };
  readonly updates: { readonly identifier?: string; readonly attrs?: Readonly<Record<string, string>> };
}

/**
 * Makes a policy of a lock. Equal locks give equal policies.
 *
 * @example
 * const lock = readLock(await readFile('Dockerfile.lock', 'utf8'));
 * await writeFile('policy.json', lockPolicy(lock).text);
 */
export function lockPolicy(lock: Lock): LockPolicy {
  checkArgument('lockPolicy', 'lock', lock, aLock);
  const omitted = lock.sources.filter(({ kind, name }) => kind !== 'image' && name.includes('xxxxx'));
  const rules = lock.sources.filter((it) => !omitted.includes(it)).flatMap(rulesOf);
  rules.sort((a, b) => (a.selector.identifier < b.selector.identifier ? -1 : 1));
  return { text: `${JSON.stringify({ version: 1, rules }, undefined, 2)}\n`, omitted: omitted.map(({ name }) => name) };
}

function rulesOf({ kind, name, pin }: LockedSource): Rule[] {
  switch (kind) {
    case 'image': {
      const reference = formatReference(parseNormalizedNamed(name));
      const identifier = `docker-image://${reference}`;
      return [convert(identifier, `${identifier}@${pin}`)];
    }
    case 'http':
      return [
        {
          action: 'CONVERT',
          selector: { identifier: name, match_type: 'EXACT' },
          updates: { attrs: { 'http.checksum': pin } },
        },
      ];
    case 'git': {
      const hash = name.indexOf('#');
      const [remote, ref] = hash < 0 ? [name, ''] : [name.slice(0, hash), name.slice(hash + 1)];
      const [from, to] = [identifierOf(git(remote, '', { ref })), identifierOf(git(remote, '', { ref: pin }))];
      const pinned = to.replaceAll('$', '$$$$');
      // A directory follows the reference: the star takes it over.
      return [convert(from, pinned), convert(`${from}${ref === '' ? '#' : ''}:*`, `${pinned}:\${1}`)];
    }
  }
}

/**
 * Another identifier. Older versions of BuildKit give none in rules of the type EXACT; a pattern without a star is as
 * exact.
 */
const convert = (from: string, to: string): Rule => ({
  action: 'CONVERT',
  selector: { identifier: from, match_type: 'WILDCARD' },
  updates: { identifier: to },
});

/** The name of the source in a graph. */
function identifierOf(state: State): string {
  for (const { op } of state.marshal().ops()) if (op.op.case === 'source') return op.op.value.identifier;
  throw new Error('a source has an op');
}
