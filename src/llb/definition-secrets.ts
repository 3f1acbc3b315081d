/** Hides the secrets of a definition in texts for people. */
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
    for (const { op } of opsOf(definition)) {
      if (op.op.case !== 'exec') continue;
      for (const variable of op.op.value.meta?.env ?? []) {
        if (values.has(variable)) continue;
        const equals = variable.indexOf('=');
        values.set(variable, [variable.slice(0, equals), variable.slice(equals + 1)]);
      }
    }
  }
  return hideSecretsOf(new Set([...texts].map(decodeText)), values.values());
}
