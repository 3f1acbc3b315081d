import { describe, expect, test } from 'vitest';
import { noCheckConfig } from '../../src/check/check-options.ts';
import { createLinter, formatFinding, type Linter } from '../../src/check/linter.ts';
import { checkCopyIgnoredFile } from '../../src/check/rules/copy-ignored-file.ts';
import { checkExposeInvalidFormat } from '../../src/check/rules/expose-invalid-format.ts';
import { checkExposeProtoCasing } from '../../src/check/rules/expose-proto-casing.ts';
import { checkFromPlatformFlagConstDisallowed } from '../../src/check/rules/from-platform-flag-const-disallowed.ts';
import { checkInvalidBaseImagePlatform } from '../../src/check/rules/invalid-base-image-platform.ts';
import { checkInvalidDefaultArgInFrom } from '../../src/check/rules/invalid-default-arg-in-from.ts';
import { checkMultipleInstructionsDisallowed } from '../../src/check/rules/multiple-instructions-disallowed.ts';
import { checkRedundantTargetPlatform } from '../../src/check/rules/redundant-target-platform.ts';
import { checkSecretsUsedInArgOrEnv } from '../../src/check/rules/secrets-used-in-arg-or-env.ts';
import { checkUndefinedArgInFrom } from '../../src/check/rules/undefined-arg-in-from.ts';
import { checkUndefinedVar } from '../../src/check/rules/undefined-var.ts';
import type { Stage } from '../../src/parser/ast.ts';
import { createPatternMatcher } from '../../src/parser/ignore/pattern-matcher.ts';

function findings(check: (linter: Linter) => void): string[] {
  const found: string[] = [];
  check(createLinter(noCheckConfig, (finding) => found.push(formatFinding(finding))));
  return found;
}

const lines = { start: 1, end: 1 };
const expansion = (result: string, matched: string[] = [], unmatched: string[] = []) => ({
  result,
  matched: new Set(matched),
  unmatched: new Set(unmatched),
});

describe('variables', () => {
  const check = (unmatched: string[], declared: string[], known: string[]) =>
    findings((linter) => {
      const names = new Map(declared.map((name) => [name, undefined]));
      checkUndefinedVar(linter, { lines }, unmatched, names, () => known);
    });

  test('undefined variables are reported with a suggestion', () => {
    expect(check(['PAHT', 'X'], [], ['PATH'])).toEqual([
      "UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?) (line 1)",
      "UndefinedVar: Usage of undefined variable '$X' (line 1)",
    ]);
  });

  test('a declared one without value is fine', () => {
    expect(check(['A'], ['A'], [])).toEqual([]);
  });

  test('undeclared variables of FROM are reported with the name that was meant', () => {
    const declared = new Set(['VERSION']);
    expect(findings((linter) => checkUndefinedArgInFrom(linter, { lines }, ['VERSOIN', 'VERSION'], declared))).toEqual([
      "UndefinedArgInFrom: FROM argument 'VERSOIN' is not declared (did you mean VERSION?) (line 1)",
    ]);
  });
});

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
])('a name tells whether it holds a secret: %s, %s', (key, secret) => {
  const found = findings((linter) => checkSecretsUsedInArgOrEnv(linter, { lines }, 'ENV', key));
  expect(found).toEqual(
    secret
      ? [`SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "${key}") (line 1)`]
      : [],
  );
});

describe('platforms', () => {
  test('a platform that is the default is reported as redundant', () => {
    const check = (match: ReturnType<typeof expansion>) =>
      findings((linter) => checkRedundantTargetPlatform(linter, { lines }, '$TARGETPLATFORM', match, 'linux/amd64'));
    expect(check(expansion('linux/amd64', ['TARGETPLATFORM']))).toEqual([
      'RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior (line 1)',
    ]);
    expect(check(expansion('linux/amd64', ['TARGETPLATFORM', 'X']))).toEqual([]);
    expect(check(expansion('linux/amd64', ['TARGETPLATFORM'], ['X']))).toEqual([]);
    expect(check(expansion('linux/amd64/v2', ['TARGETPLATFORM']))).toEqual([]);
    expect(check(expansion('linux/amd64'))).toEqual([]);
  });

  test('a constant platform of FROM is reported', () => {
    const check = (name: string, match: ReturnType<typeof expansion>) =>
      findings((linter) =>
        checkFromPlatformFlagConstDisallowed(linter, { lines }, { name }, match, {
          os: 'linux',
          architecture: 'amd64',
        }),
      );
    expect(check('build', expansion('linux/amd64'))).toEqual([
      'FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64" (line 1)',
    ]);
    expect(check('build-amd64', expansion('linux/amd64'))).toEqual([]);
    expect(check('build', expansion('linux/amd64', ['X']))).toEqual([]);
  });

  test('a base image of another platform is reported', () => {
    const amd64 = { os: 'linux', architecture: 'amd64' };
    const arm64 = { os: 'linux', architecture: 'arm64' };
    const format = (platform: typeof amd64) => `${platform.os}/${platform.architecture}`;
    expect(
      findings((linter) =>
        checkInvalidBaseImagePlatform(linter, { lines }, 'alpine', { expected: amd64, actual: arm64, format }),
      ),
    ).toEqual([
      'InvalidBaseImagePlatform: Base image alpine was pulled with platform "linux/arm64", expected "linux/amd64" for current build (line 1)',
    ]);
    expect(
      findings((linter) =>
        checkInvalidBaseImagePlatform(linter, { lines }, 'alpine', { expected: amd64, actual: amd64, format }),
      ),
    ).toEqual([]);
  });
});

test('default arguments that make no image name', () => {
  const stages = ['$A', 'ok', '$B', '$C'].map((text) => ({ from: { lines, image: { text } } }) as Stage);
  const expand = (word: string) => {
    if (word === '$B') throw new Error('no such variable');
    return word === '$A' ? '' : word;
  };
  expect(findings((linter) => checkInvalidDefaultArgInFrom(linter, stages, expand, (name) => name === 'ok'))).toEqual([
    'InvalidDefaultArgInFrom: Default value for ARG $A results in empty or invalid base image name (line 1)',
  ]);
});

test('EXPOSE has findings for a protocol in capitals and for a port that cannot be read', () => {
  expect(
    findings((linter) => {
      checkExposeProtoCasing(linter, { lines }, '80/TCP', 'TCP');
      checkExposeProtoCasing(linter, { lines }, '80/tcp', 'tcp');
      checkExposeInvalidFormat(linter, { lines }, '127.0.0.1:80:81', { ip: '127.0.0.1', hostPort: '80' });
      checkExposeInvalidFormat(linter, { lines }, '81', { ip: '', hostPort: '' });
    }),
  ).toEqual([
    "ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase (line 1)",
    "ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:81' (line 1)",
  ]);
});

test('the earlier of two instructions is reported', () => {
  expect(
    findings((linter) => {
      checkMultipleInstructionsDisallowed(linter, 'CMD', undefined);
      checkMultipleInstructionsDisallowed(linter, 'cmd', { start: 7, end: 8 });
    }),
  ).toEqual([
    'MultipleInstructionsDisallowed: Multiple cmd instructions should not be used in the same stage because only the last one will be used (line 7)',
  ]);
});

describe('ignored files', () => {
  const check = (patterns: string[], source: string) =>
    findings((linter) => checkCopyIgnoredFile(linter, { lines }, 'Copy', source, createPatternMatcher(patterns)));

  test('ignored files are reported by their cleaned path', () => {
    expect(check(['docs'], './docs//a')).toEqual([
      'CopyIgnoredFile: Attempting to Copy file "docs/a" that is excluded by .dockerignore (line 1)',
    ]);
    expect(check(['docs'], 'src')).toEqual([]);
  });

  test('ignored files are not reported if there are exceptions', () => {
    expect(check(['docs', '!docs/b'], 'docs/a')).toEqual([]);
  });

  test('ignored files are not reported if a pattern cannot be matched, as in the reference', () => {
    expect(check(['a\\g'], 'a')).toEqual([]);
  });

  test('the root only if everything is ignored', () => {
    expect(check(['.*'], '.')).toEqual([]);
    expect(check(['*'], '.')).toHaveLength(1);
    expect(check(['**/*'], '/')).toHaveLength(1);
  });
});
