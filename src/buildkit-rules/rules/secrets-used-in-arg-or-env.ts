import { quote } from '../../go/quote.ts';
import { isSecretName } from '../../text/secret-name.ts';
import type { Linter, Place } from '../linter.ts';
import { defineRule } from '../rule.ts';

/** An ARG or ENV has a name that looks like that of a secret: its value stays in the image or its history. */
export const secretsUsedInArgOrEnv = defineRule({
  name: 'SecretsUsedInArgOrEnv',
  description: 'Sensitive data should not be used in the ARG or ENV commands',
  message: (instruction: string, key: string) =>
    `Do not use ARG or ENV instructions for sensitive data (${instruction} ${quote(key)})`,
});

/** Reports the name of an ARG or ENV if it looks like that of a secret. */
export function checkSecretsUsedInArgOrEnv(
  linter: Linter,
  place: Place,
  instruction: 'ARG' | 'ENV',
  key: string,
): void {
  if (isSecretName(key)) linter.report(secretsUsedInArgOrEnv, place, instruction, key);
}
