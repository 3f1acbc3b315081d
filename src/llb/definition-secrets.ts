/** Hides the secrets of a definition in texts for people. */
import { splitAtFirst } from '../go/split-at-first.ts';
import { decodeText } from '../go/text.ts';
import { type HideSecrets, hideSecretsOf } from '../text/hide-secrets.ts';
import type { Definition, DefinitionEntry } from './definition.ts';

/**
 * What hides tokens, and the values of arguments and variables with the names of secrets, in texts about definitions.
 *
 * @param given names and values that are not part of the definitions, such as build arguments
 * @param opsOf the ops of a definition, for callers that have decoded them
 */
export function hideSecretsOfAll(
  definitions: Iterable<Definition>,
  given: Iterable<readonly [name: string, value: string]> = [],
  opsOf: (definition: Definition) => readonly DefinitionEntry[] = (definition) => definition.ops(),
): HideSecrets {
  const texts = new Set<Uint8Array>();
  const values = new Map<string, readonly [string, string]>();
  for (const [name, value] of given) values.set(`${name}=${value}`, [name, value]);
  for (const definition of definitions) {
    for (const { data } of definition.source?.infos ?? []) texts.add(data);
    let last: readonly string[] = [];
    for (const { op } of opsOf(definition)) {
      if (op.op.case !== 'exec') continue;
      const env = op.op.value.meta?.env ?? [];
      for (const [index, variable] of env.entries()) {
        // Each RUN has the variables of the one before it, and most of them at the same place.
        if (variable === last[index] || values.has(variable)) continue;
        const [name, value = ''] = splitAtFirst(variable, '=');
        values.set(variable, [name, value]);
      }
      last = env;
    }
  }
  return hideSecretsOf(new Set([...texts].map(decodeText)), values.values());
}

/**
 * Decodes the ops of a definition. Those of the only one are decoded once, since each RUN has all variables before it;
 * of several, one is in memory at a time.
 */
export function decodingOnce(
  definitions: ReadonlyMap<string, Definition>,
): (definition: Definition) => DefinitionEntry[] {
  let entries: DefinitionEntry[] | undefined;
  return (definition) => {
    if (definitions.size > 1) return definition.ops();
    entries ??= definition.ops();
    return entries;
  };
}
