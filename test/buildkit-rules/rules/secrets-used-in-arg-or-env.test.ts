import { expect, test } from 'vitest';
import { checkSecretsUsedInArgOrEnv } from '../../../src/buildkit-rules/rules/secrets-used-in-arg-or-env.ts';
import { lines, reported } from './findings.ts';

test.each([
  ['API_KEY', true],
  ['apikey', true],
  ['auth', true],
  ['GITHUB_TOKEN_X', true],
  ['DATABASE_PASSWORD', true],
  ['PUBLIC_KEY', false],
  ['KEY_FILE', false],
  ['TOKEN_VERSION', false],
  ['monkey', false],
  ['TOKENS', false],
  ['api_\u212aey', true], // Go's case folding knows the Kelvin sign
])('SecretsUsedInArgOrEnv tells from a name whether it holds a secret: %s, %s', (key, secret) => {
  const found = reported((linter) => checkSecretsUsedInArgOrEnv(linter, { lines }, 'ENV', key));
  expect(found).toEqual(
    secret
      ? [`SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "${key}") (line 1)`]
      : [],
  );
});
