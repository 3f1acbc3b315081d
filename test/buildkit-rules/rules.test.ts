import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ruleTable } from '../../src/buildkit-rules/rules.ts';

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

const rules = ruleTable.map(({ rule }) => rule);

describe('rules', () => {
  const src = path.resolve(import.meta.dirname, '../../src');
  const sources = ['buildkit-rules', 'lower'].flatMap((dir) =>
    readdirSync(path.join(src, dir), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('rules/'))
      .map((file) => [`${dir}/${file}`, readFileSync(path.join(src, dir, file), 'utf8')] as const),
  );

  test.each(ruleTable)('$rule.name is called from $calledFrom alone', ({ rule: { name }, calledFrom }) => {
    const call = new RegExp(`check${name}\\(`, 'i');
    expect(sources.filter(([, text]) => call.test(text)).map(([file]) => file)).toEqual([...calledFrom].sort());
  });

  test('the table has each file of check/rules once, and each has its test', () => {
    const files = readdirSync(path.resolve(import.meta.dirname, '../../src/buildkit-rules/rules'));
    const kebab = (name: string) =>
      `${name.replace(/(?<=[a-z])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])/g, '-$&').toLowerCase()}.ts`;
    expect(rules.map(({ name }) => kebab(name)).sort()).toEqual(files.sort());
    const tests = readdirSync(path.resolve(import.meta.dirname, 'rules')).filter((file) => file.endsWith('.test.ts'));
    expect(tests.sort()).toEqual(files.map((file) => file.replace(/\.ts$/, '.test.ts')).sort());
  });

  test('22 rules are those of the reference', () =>
    expect(rules.filter(({ name }) => name in pages || name === 'InvalidBaseImagePlatform')).toHaveLength(22));

  test('each rule has its page, but for the one without', () => {
    for (const { name, url } of rules) {
      const page = pages[name];
      if (page !== undefined) expect(url, name).toBe(`https://docs.docker.com/go/dockerfile/rule/${page}/`);
    }
    expect(rules.find(({ name }) => name === 'InvalidBaseImagePlatform')?.url).toBe('');
  });

  test('one rule is experimental and no rule is deprecated', () => {
    expect(rules.filter(({ experimental }) => experimental).map(({ name }) => name)).toEqual([
      'InvalidDefinitionDescription',
    ]);
    expect(rules.filter(({ deprecated }) => deprecated)).toEqual([]);
  });
});
