import { describe, expect, test } from 'vitest';
import { rules } from '../../src/check/rules.ts';

// Names and pages as the Dockerfile frontend's documentation lists them.
const pages: Record<string, string> = {
  StageNameCasing: 'stage-name-casing',
  FromAsCasing: 'from-as-casing',
  NoEmptyContinuation: 'no-empty-continuation',
  ConsistentInstructionCasing: 'consistent-instruction-casing',
  DuplicateStageName: 'duplicate-stage-name',
  ReservedStageName: 'reserved-stage-name',
  JSONArgsRecommended: 'json-args-recommended',
  MaintainerDeprecated: 'maintainer-deprecated',
  UndefinedArgInFrom: 'undefined-arg-in-from',
  WorkdirRelativePath: 'workdir-relative-path',
  UndefinedVar: 'undefined-var',
  MultipleInstructionsDisallowed: 'multiple-instructions-disallowed',
  LegacyKeyValueFormat: 'legacy-key-value-format',
  RedundantTargetPlatform: 'redundant-target-platform',
  SecretsUsedInArgOrEnv: 'secrets-used-in-arg-or-env',
  InvalidDefaultArgInFrom: 'invalid-default-arg-in-from',
  FromPlatformFlagConstDisallowed: 'from-platform-flag-const-disallowed',
  CopyIgnoredFile: 'copy-ignored-file',
  InvalidDefinitionDescription: 'invalid-definition-description',
  ExposeProtoCasing: 'expose-proto-casing',
  ExposeInvalidFormat: 'expose-invalid-format',
};

describe('rules', () => {
  test('there are 22, each once', () => {
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(22);
    expect(rules).toHaveLength(22);
  });

  test('each has its page, but for the one without', () => {
    for (const { name, url } of rules) {
      const page = pages[name];
      expect(url, name).toBe(page === undefined ? '' : `https://docs.docker.com/go/dockerfile/rule/${page}/`);
    }
    expect(rules.filter(({ url }) => url === '').map(({ name }) => name)).toEqual(['InvalidBaseImagePlatform']);
  });

  test('one is experimental, none deprecated', () => {
    expect(rules.filter(({ experimental }) => experimental).map(({ name }) => name)).toEqual([
      'InvalidDefinitionDescription',
    ]);
    expect(rules.filter(({ deprecated }) => deprecated)).toEqual([]);
  });
});
